"""A run from its first fire to its end: one thread, one queue, one heap of what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runner.core.facts import ConnectionLost, ExecutionsEnd, Fact, OpenOrdersEnd
from runner.engine.clock import EngineClock
from runner.engine.fire import Desk, carry_out
from runner.errors import ConnectionFailed
from runner.journal.rows import OrderRow
from runner.plan.model import Plan
from runner.schedule import Due, merge

ACK_DEADLINE = timedelta(seconds=10)  # a TWS that is alive answers an order well within it
DRAIN = timedelta(days=365)  # how long a finite schedule's last orders are followed

END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The time of a run: [start, until); without `until` it goes on until the schedule and its orders have ended."""

    start: datetime
    until: datetime | None


class Run:
    """Carries out plans over a span. Construct, `go`, then read the journal; `lost` tells of a broken connection."""

    def __init__(
        self, plans: Sequence[Plan], span: Span, clock: EngineClock, desk: Desk, on_time: Callable[[datetime], None]
    ) -> None:
        self._instructions = {(i.plan, i.order): i for plan in plans for i in plan.instructions}
        self._span = span
        self._clock = clock
        self._desk = desk
        self._on_time = on_time
        self._waiting: dict[str, datetime] = {}  # order_ref -> when its silence becomes an unknown outcome
        self._last_fire = span.start
        self._ends: set[type] = set()
        self.lost: str | None = None

    def go(self) -> None:
        """Run to the end. KeyboardInterrupt passes through; call `finish` in any case."""
        dues = self._dues()
        due = next(dues, None)
        while self.lost is None:
            target = self._target(due)
            if target is None or (target == self._span.until and self._clock.now() >= target):
                return
            reached = self._clock.advance(self._before_until(target), self._handle)
            self._on_time(reached)
            self._watch_silence()
            if self._span.until is not None and reached >= self._span.until:
                return
            while due is not None and due.time <= reached and self.lost is None:
                self._fire(due)
                due = next(dues, None)

    def take_up(self, rows: Sequence[OrderRow]) -> None:
        """Ask the broker about orders that an earlier run left open; what it does not speak of stays unknown."""
        tracker, connection = self._desk.tracker, self._desk.connection
        for row in rows:
            tracker.follow(row)
            tracker.give_up(row.ticket.order_ref, "left open by an earlier run; the broker has not spoken of it since")
        connection.request_open_orders()
        connection.request_executions()
        limit = self._clock.now() + ACK_DEADLINE
        while self.lost is None and len(self._ends) < 2 and self._clock.now() < limit:
            self._clock.advance(limit, self._handle)

    def finish(self) -> None:
        """Call what was never answered by its name: unknown."""
        reason = self.lost or "no answer came before the run ended"
        for order_ref in self._desk.tracker.unresolved():
            self._desk.tracker.give_up(order_ref, reason)

    def _dues(self) -> Iterator[Due]:
        entries = [(i.plan, i.order, i.schedule) for i in self._instructions.values()]
        return merge(entries, self._span.start, self._span.until or END_OF_TIME)

    def _target(self, due: Due | None) -> datetime | None:
        """Return the instant to wait for, None if the run is over."""
        silences = min(self._waiting.values(), default=None)
        if due is not None:
            last = due.time
        elif self._span.until is not None:
            last = self._span.until
        elif self._desk.tracker.is_settled() or self._clock.now() >= self._last_fire + DRAIN:
            return None
        else:
            last = self._last_fire + DRAIN
        return last if silences is None else min(last, max(silences, self._clock.now()))

    def _before_until(self, target: datetime) -> datetime:
        return target if self._span.until is None else min(target, self._span.until)

    def _fire(self, due: Due) -> None:
        self._last_fire = due.time
        instruction = self._instructions[due.plan, due.order]
        try:
            carry_out(instruction, due.time, self._clock.now(), self._desk)
        except ConnectionFailed as error:
            self.lost = str(error)
            return
        self._clock.settle(self._handle)
        limit = self._clock.now() + ACK_DEADLINE
        for order_ref in self._desk.tracker.unresolved():
            self._waiting.setdefault(order_ref, limit)

    def _watch_silence(self) -> None:
        if not self._waiting:
            return
        silent = set(self._desk.tracker.unresolved())
        self._waiting = {ref: limit for ref, limit in self._waiting.items() if ref in silent}
        for order_ref, limit in list(self._waiting.items()):
            if self._clock.now() >= limit:
                del self._waiting[order_ref]
                self._desk.tracker.give_up(order_ref, f"no answer within {int(ACK_DEADLINE.total_seconds())} s")

    def _handle(self, fact: Fact) -> None:
        if isinstance(fact, ConnectionLost):
            self.lost = fact.reason
        elif isinstance(fact, OpenOrdersEnd | ExecutionsEnd):
            self._ends.add(type(fact))
        else:
            self._desk.tracker.handle(fact)
