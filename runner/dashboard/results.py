"""Positions, profit and loss by first in, first out, and its course as a line: from the executions of a journal."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path

from runner.core.contract import currency_of
from runner.core.money import EXACT
from runner.errors import FxrunError
from runner.journal.control import Ledger
from runner.journal.rows import ExecutionRow
from runner.report.pnl import Book, Holding, holdings
from runner.report.summary import commissions
from runner.report.worlds import ONE, Worlds, worlds_of

WIDTH, HEIGHT = 600, 140  # units of a plot
ZERO = Decimal(0)
_PATIENCE = 10  # a result is kept for so many times what it took to make
_MOMENT = 0.3  # seconds that a page waits for one
_Key = tuple[Path, str | None]  # a journal, and a plan of it or all


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """What was realized in a currency, before commission, after each execution; `path` is it in units of a plot."""

    currency: str
    first: datetime
    last: datetime
    total: Decimal
    lowest: Decimal  # 0 counts
    highest: Decimal
    path: str
    zero: int  # where 0 is, in units from the top


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """What the executions of a journal, or of one plan, come to."""

    holdings: tuple[Holding, ...] = ()
    curves: tuple[Curve, ...] = ()
    commission: Mapping[str, Decimal] = field(default_factory=dict)
    executions: int = 0


def results(executions: Sequence[ExecutionRow], worlds: Worlds = ONE) -> Results:
    """Work it out, from executions oldest first."""
    courses = sorted(_courses(executions, worlds).items())
    return Results(
        holdings=holdings(executions, worlds),
        curves=tuple(_curve(*course) for course in courses if any(gain for _, gain in course[1])),
        commission=commissions(executions),
        executions=len(executions),
    )


def _courses(executions: Sequence[ExecutionRow], worlds: Worlds) -> Mapping[str, list[tuple[datetime, Decimal]]]:
    books: dict[tuple[int, str, str], Book] = defaultdict(Book)
    courses: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    with localcontext(EXACT):
        for one in executions:
            book = books[worlds.of(one.run), one.plan, one.contract]
            gained = book.take(one.side, one.quantity, one.price) * one.multiplier
            course = courses[currency_of(one.contract)]
            course.append((one.at, (course[-1][1] if course else ZERO) + gained))
    return courses


def _curve(currency: str, points: Sequence[tuple[datetime, Decimal]]) -> Curve:
    first, last = points[0][0], points[-1][0]
    lowest = min(ZERO, *(value for _, value in points))
    highest = max(ZERO, *(value for _, value in points))
    span = (highest - lowest) or Decimal(1)
    long = (last - first).total_seconds() or 1.0

    def height(value: Decimal) -> int:
        return int((highest - value) / span * HEIGHT) if highest > lowest else HEIGHT // 2

    by_column = {int((at - first).total_seconds() / long * WIDTH): height(value) for at, value in points}
    before, *rest = by_column.items()
    steps = "".join(f"H{column}V{row}" for column, row in rest)
    return Curve(
        currency=currency, first=first, last=last, total=points[-1][1], lowest=lowest, highest=highest,
        path=f"M0 {height(ZERO)}V{before[1]}{steps}H{WIDTH}", zero=height(ZERO),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    last: object
    until: float  # when it may be worked out anew
    found: Results


class Accounts:
    """The results of journals. Long ones are worked out on threads, and no more than a tenth of the time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[_Key, _Known] = {}
        self._workers: dict[_Key, threading.Thread] = {}
        self.done = 0  # how often something has been worked out

    def of(self, journal: Path, last: object, plan: str | None = None) -> Results | None:
        """Return the results of a journal, or of a plan: the latest that there are, None while there are none.

        `last` is another thing once an execution has come.
        """
        key = (journal, plan)
        known = self._known.get(key)
        if known is None or (known.last != last and self._clock() >= known.until):
            worker = self._workers.get(key)
            if worker is None or not worker.is_alive():
                worker = threading.Thread(target=self._work, args=(key, last), name="results", daemon=True)
                self._workers[key] = worker
                worker.start()
            worker.join(_MOMENT)
            known = self._known.get(key)
        return None if known is None else known.found

    def _work(self, key: _Key, last: object) -> None:
        began = self._clock()
        found = results(*_executions(*key))
        ended = self._clock()
        self._known[key] = _Known(last, ended + _PATIENCE * (ended - began), found)
        self.done += 1


def _executions(journal: Path, plan: str | None) -> tuple[list[ExecutionRow], Worlds]:
    if not journal.is_file():
        return [], ONE
    try:
        with Ledger(journal) as ledger:
            bound, runs, found = ledger.mode_and_account(), ledger.runs(), ledger.fills()
    except FxrunError:
        return [], ONE
    worlds = ONE if bound is None else worlds_of(bound[0], runs)
    return [one for one in reversed(found) if plan in (None, one.plan)], worlds
