"""The cases that every client's script runs, and how the Python ones run them: one JSON line a case on stdout."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

CASES = (
    "connect",
    # what is traded
    "details",
    "ambiguous",
    "unknown",
    "no exchange",
    "stock",
    "future",
    "gold",
    # kinds of orders
    "market",
    "limit",
    "stop",
    "stop limit",
    "trail",
    "trail limit",
    "market if touched",
    "limit if touched",
    # how long they are good
    "good till cancelled",
    "immediate or cancel",
    "fill or kill",
    "good till date",
    "good after time",
    "outside hours",
    # quantities
    "cash quantity",
    "all or none",
    "minimum quantity",
    "part fills",
    "odd lot",
    # orders that belong together
    "bracket, profit",
    "bracket, loss",
    "oca 1",
    "oca 2",
    "oca 3",
    "modify",
    "condition: time",
    "condition: price",
    # ends and refusals
    "cancel",
    "cancel unknown",
    "cancel filled",
    "cancel twice",
    "duplicate id",
    "price off the tick",
    "margin",
    "what if",
    "global cancel",
    "kind refused",
    # other clients
    "two clients",
    "id in use",
    "client 0",
    # data
    "streaming",
    "snapshot",
    "quotes of a stock",
    "no subscription",
    "duplicate ticker",
    "unknown ticker",
    "history",
    "history, kept up",
    "head timestamp",
    "no trades bars",
    "matching symbols",
    "market rule",
    # account
    "summary",
    "ledger",
    "updates",
    "updates multi",
    "positions",
    "positions multi",
    "profit",
    "profit of one",
    "executions",
    "completed orders",
    "family codes",
    "user info",
    "times",
    # the rest
    "not offered",
    "reconnect",
)


class NotHere(Exception):
    """The client, or the version it speaks, has no way to say this; why."""


class Complaints(logging.Handler):
    """Keeps what a client logs from warning upwards."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.texts.append(record.getMessage())


def wait_for(what: str, told: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Return what told() returns once that is true; for what works in a thread of its own."""
    deadline = time.monotonic() + seconds
    while not (found := told()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.002)
    return found


def run(cases: Mapping[str, Callable[[], None]], version: Callable[[], int], verdict: Callable[[], list[str]]) -> int:
    """Run all cases, those named on the command line only if any are; verdict: what a case must not leave behind."""
    wanted = sys.argv[2:] or CASES
    failed = False
    for name in CASES:
        if name in wanted:
            began = time.monotonic()
            ok, detail = _outcome(cases.get(name), verdict)
            failed |= ok is False
            said = {"case": name, "ok": ok, "version": version(), "detail": detail}
            print(json.dumps(said | {"seconds": round(time.monotonic() - began, 2)}), flush=True)
    return int(failed)


def _outcome(case: Callable[[], None] | None, verdict: Callable[[], list[str]]) -> tuple[bool | None, str]:
    if case is None:
        return False, "the script has no such case"
    try:
        case()
    except NotHere as reason:
        verdict()
        return None, str(reason)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = " < ".join(str(one.lineno) for one in reversed(traceback.extract_tb(error.__traceback__)[1:]))
        return False, f"{type(error).__name__}: {error} (lines {where}: {place.line}); {verdict()}"
    left = verdict()
    return not left, "; ".join(left)
