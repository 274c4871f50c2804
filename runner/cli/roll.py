"""The plans of one lane of `fxrun serve`, as its process is told them by the one that started it.

Orders come pickled on stdin. On another descriptor the lane says what happens, as the lines of `--json`, and each
second, with an empty line, that it lives, and in one more what it has counted since its start. Nothing may wait for
whoever listens: what is not taken at once is kept, a thousand lines of it, and how many were left out is a line as
well. If stdin ends, whoever started it is gone, and it stops as at SIGTERM: no lane goes on without anybody to look
after it.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from runner.cli.observing import LEFT_OUT
from runner.engine.renewal import Change
from runner.plan.model import Plan
from runner.report.render_json import line

if TYPE_CHECKING:
    from runner.cli.figures import Figures
    from runner.core.events import Event
    from runner.engine.desk import Rules

_LONGEST = getattr(select, "PIPE_BUF", 512)  # bytes that a pipe takes whole or not at all; 512 by POSIX
_SECOND = 1.0
MOST_WAITING = 1000  # lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a lane is told: plans that are new or edited, and the names of those that are gone."""

    plans: tuple[Plan, ...] = ()
    gone: tuple[str, ...] = ()


class Roll:
    """The plans of a lane; orders come in on a thread of their own, and are taken by the engine's."""

    def __init__(self, plans: Sequence[Plan], alive: int) -> None:
        """`alive` is the descriptor on which to say that the loop goes round, and what happens."""
        self.told: Callable[[Sequence[Plan]], None] = lambda _plans: None  # of those that are new or edited
        self.rules: Callable[[Sequence[Plan]], Rules] | None = None
        self._plans = {plan.name: plan for plan in plans}
        self._waiting: list[Order] = []
        self._lock = threading.Lock()
        self._alive = alive
        self._figures: Figures | None = None
        self._beat = 0.0
        self._unsaid: deque[tuple[bytes, bool]] = deque()  # each with whether it is an alarm
        self._left_out = 0
        os.set_blocking(alive, False)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans that are carried out."""
        return tuple(self._plans.values())

    def begin(self, stop: Callable[[], None], figures: Figures) -> None:
        """Take orders from now on, until stdin ends; then stop. Tell the figures from now on."""
        self._figures = figures
        threading.Thread(target=self._listen, args=(_orders(), stop), name="orders", daemon=True).start()

    def _listen(self, stream: BinaryIO, stop: Callable[[], None]) -> None:
        with suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
            while True:
                order = pickle.load(stream)
                with self._lock:
                    self._waiting.append(order)
        stop()

    def changes(self) -> Change | None:
        """Return all plans, if orders have come since the last call."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return None
        before = {name: plan.digest for name, plan in self._plans.items()}
        for order in waiting:
            for name in order.gone:
                self._plans.pop(name, None)
            self._plans.update((plan.name, plan) for plan in order.plans)
        self.told([plan for plan in self.plans if before.get(plan.name) != plan.digest])
        assert self.rules is not None
        return Change(plans=self.plans, rules=self.rules(self.plans))

    def beat(self, _instant: datetime) -> None:
        """Say that the loop goes round, if that was not done a moment ago."""
        now = time.monotonic()
        if now - self._beat >= _SECOND:
            self._beat = now
            self._pass_on()
            if self._unsaid:
                return
            self._write(b"\n")
            if self._figures is not None:
                self._write(json.dumps(self._figures.told(), separators=(",", ":")).encode() + b"\n")

    def tell(self, event: Event) -> None:
        """Say what happens."""
        if self._figures is not None:
            self._figures.take(event)
        self._say(line(event))

    def alarm(self, name: str, fields: Mapping[str, object]) -> None:
        """Say what somebody must be told."""
        self._say(json.dumps({"type": "alarm", "event": name, **fields}), is_alarm=True)

    def _say(self, text: str, *, is_alarm: bool = False) -> None:
        told = text.encode() + b"\n"
        if len(told) > _LONGEST:
            self._left_out += 1
        else:
            self._unsaid.append((told, is_alarm))
        if len(self._unsaid) > MOST_WAITING:
            self._left_out += 1
            self._unsaid.remove(next((one for one in self._unsaid if not one[1]), self._unsaid[0]))
        self._pass_on()

    def _pass_on(self) -> None:
        """Say what is taken now: how many lines are missing first, then the oldest."""
        while self._unsaid or self._left_out:
            missing = json.dumps({"type": LEFT_OUT, "count": self._left_out}).encode() + b"\n"
            if not self._write(missing if self._left_out else self._unsaid[0][0]):
                return
            if self._left_out:
                self._left_out = 0
            else:
                self._unsaid.popleft()

    def _write(self, told: bytes) -> bool:
        """Write a line that a pipe takes whole or not at all; returns whether it did."""
        try:
            os.write(self._alive, told)
        except OSError:
            return False
        return True


@cache
def _orders() -> BinaryIO:
    """Return stdin in a file of its own: Python ends badly while another thread reads from sys.stdin itself."""
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb")


def first_order() -> Order:
    """Wait for the plans that a lane begins with."""
    found = pickle.load(_orders())
    assert isinstance(found, Order)
    return found
