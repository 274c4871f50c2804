"""Orders that left and have not been answered: what holds up the next one, and when a silence becomes a question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from runner.core.facts import ConnectionLost, Fact, LoggedIn
from runner.engine.desk import Desk

ACK_DEADLINE = timedelta(seconds=10)  # a TWS that is alive answers an order well within it


class Answers:
    """Used by the engine's thread alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[str, datetime] = {}  # order_ref -> when its silence becomes an open question
        self._in_flight: set[str] = set()  # the orders sent last, until each is answered

    def waits(self) -> Iterable[datetime]:
        """Return the instants at which a silence becomes a question."""
        return self._waiting.values()

    def sent(self, now: datetime) -> None:
        """Take note of orders that have left since the last look."""
        for order_ref in self._desk.tracker.unresolved():
            if order_ref not in self._waiting:
                self._waiting[order_ref] = now + ACK_DEADLINE
                self._in_flight.add(order_ref)
        self._look()

    def take(self, fact: Fact) -> None:
        """Take note of what a fact, which the tracker has had, answers."""
        if isinstance(fact, (LoggedIn, ConnectionLost)):
            self._in_flight.clear()
        self._look()

    def _look(self) -> None:
        if self._in_flight:
            self._in_flight.intersection_update(self._desk.tracker.unresolved())
        if not self._in_flight:
            self._desk.link.answered()

    def tend(self, now: datetime) -> None:
        """Ask about orders that nobody has answered for too long."""
        if not self._waiting:
            return
        silent = set(self._desk.tracker.unresolved())
        self._waiting = {ref: limit for ref, limit in self._waiting.items() if ref in silent}
        for order_ref, limit in list(self._waiting.items()):
            if now >= limit:
                del self._waiting[order_ref]
                self._in_flight.discard(order_ref)
                self._desk.inquest.silent(order_ref, f"no answer within {int(ACK_DEADLINE.total_seconds())} s")
