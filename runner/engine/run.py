"""A run from its first fire to its end: one thread, one queue, one heap of what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runner.core.facts import CompletedOrdersEnd, ConnectionLost, ExecutionsEnd, Fact, OpenOrdersEnd
from runner.engine.clock import EngineClock
from runner.engine.fire import Desk, carry_out
from runner.errors import ConnectionFailed
from runner.journal.rows import OrderRow
from runner.plan.model import Plan
from runner.schedule import Due, merge

ACK_DEADLINE = timedelta(seconds=10)  # a TWS that is alive answers an order well within it
DRAIN = timedelta(days=365)  # how long a finite schedule's last orders are followed

_ENDS = (OpenOrdersEnd, CompletedOrdersEnd, ExecutionsEnd)
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The time of a run: [start, until); without `until` it goes on until the schedule and its orders have ended."""

    start: datetime
    until: datetime | None

    @property
    def last(self) -> datetime | None:
        """The last instant that is part of the run."""
        return None if self.until is None else self.until - timedelta.resolution


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
        self._is_stopped = False
        self.lost: str | None = None

    def go(self) -> None:
        """Run to the end, or until it is stopped or the connection lost; call `finish` in any case."""
        dues = self._dues()
        due = next(dues, None)
        while not self._is_over:
            target = self._target(due)
            if target is None or (target == self._span.last and self._clock.now() >= target):
                return
            reached = self._clock.advance(target, self._handle)
            self._on_time(reached)
            self._watch_silence()
            while due is not None and due.time <= reached and not self._is_over:
                self._fire(due)
                due = next(dues, None)

    def take_up(self, rows: Sequence[OrderRow]) -> None:
        """Ask the broker about orders that an earlier run left open; what it does not speak of stays unknown."""
        tracker = self._desk.tracker
        for row in rows:
            tracker.resume(row)
        self._ask_for_orders()
        limit = self._clock.now() + ACK_DEADLINE
        while not self._is_over and len(self._ends) < len(_ENDS) and self._clock.now() < limit:
            self._clock.advance(limit, self._handle)
        if self._is_over:  # not asked to the end: what the journal says stands, and the next run asks again
            return
        for order_ref in tracker.unheard():
            tracker.give_up(order_ref, "left open by an earlier run; the broker has not spoken of it since")

    def _ask_for_orders(self) -> None:
        connection = self._desk.connection
        try:
            connection.request_open_orders()
            connection.request_completed_orders()
            connection.request_executions()
        except ConnectionFailed as error:
            self.lost = str(error)

    def stop(self) -> None:
        """End the run before its next step; may be called from a signal handler."""
        self._is_stopped = True
        self._clock.wake()

    @property
    def _is_over(self) -> bool:
        return self._is_stopped or self.lost is not None

    def finish(self) -> None:
        """Take in what is still under way, then give up."""
        tracker = self._desk.tracker
        self._clock.linger(self._handle, lambda: self.lost is None and tracker.is_owed())
        self.give_up()

    def give_up(self) -> None:
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
        elif self._span.last is not None:
            last = self._span.last
        elif self._desk.tracker.is_settled() or self._clock.now() >= self._last_fire + DRAIN:
            return None
        else:
            last = self._last_fire + DRAIN
        return last if silences is None else min(last, max(silences, self._clock.now()))

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
            self.lost = self.lost or fact.reason
        elif isinstance(fact, _ENDS):
            self._ends.add(type(fact))
        else:
            self._desk.tracker.handle(fact)
