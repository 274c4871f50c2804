"""The two ways time passes for the engine: the wall's, and a virtual one that moves only when all is quiet.

Both hand facts to the engine as they come and return when the wanted instant is reached. Transport time (deadlines of
sockets) is the machine's monotonic clock in both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Protocol

from runner.core.clock import QuietPeer, Reading, VirtualTime
from runner.core.facts import ConnectionLost, Fact, Handled
from runner.errors import FxrunError

SETTLE_TIMEOUT = 10.0  # wall seconds
GLANCE = 0.25  # wall seconds between two looks at what came, while the gateway is not through
LINGER = 5.0  # wall seconds that a run waits at its end for answers that are under way
Inbox = SimpleQueue[Fact]
Handler = Callable[[Fact], None]


class Unsettled(FxrunError):
    """The simulated gateway and the client did not come to rest: a fault of fxrun, with the counters."""


class Sender(Protocol):
    """A connection as far as settling needs it."""

    @property
    def sent_bytes(self) -> int:
        """Bytes handed to the socket so far, the greeting included."""
        ...

    def take_in(self, timeout: float) -> None:
        """Publish what has come, or comes within that many seconds; does nothing if a reader does that."""
        ...


class EngineClock(Protocol):
    """How the engine lets time pass."""

    is_real: bool  # the wall's: it passes while something is done

    def now(self) -> datetime:
        """Return plan time."""
        ...

    def seconds(self) -> float:
        """Return transport time: the machine's monotonic clock, or virtual time where that is all there is."""
        ...

    def settle(self, handle: Handler) -> None:
        """Hand over the facts that what was just sent gives rise to, as far as that can be known."""
        ...

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Let time pass to the next instant at which something happens, at most to due; return the instant reached."""
        ...

    def linger(self, handle: Handler, wanted: Callable[[], bool]) -> None:
        """Hand over what has come, and for a moment what is still coming as long as it is wanted; time stands still."""
        ...

    def wake(self) -> None:
        """Let `advance` return soon; may be called from a signal handler."""
        ...

    def close(self) -> None:
        """Stop whatever it runs."""
        ...


class VirtualClock:
    """Moves a virtual time from event to event, and settles in between."""

    is_real = False

    def __init__(self, virtual: VirtualTime, peer: QuietPeer, connection: Sender, inbox: Inbox) -> None:
        self._virtual = virtual
        self._peer = peer
        self._connection = connection
        self._inbox = inbox
        self._handled = 0
        self._wakes = 0
        self._is_lost = False

    def now(self) -> datetime:
        """Return plan time."""
        return self._virtual.now()

    def seconds(self) -> float:
        """Return plan time as seconds: on virtual time nothing else passes."""
        return self._virtual.now().timestamp()

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Move to the gateway's next event or to due, whichever is first, and settle there.

        A gateway to which nothing happens by then is left asleep: it looks at the clock when it is sent something. One
        that has died is waited for, so that nothing is claimed before its end is known.
        """
        upcoming = self._peer.meter.reading().next_event
        instant = due if upcoming is None else max(min(upcoming, due), self.now())
        self._virtual.set(instant)
        if (upcoming is not None and upcoming <= instant) or self._peer.is_gone:
            self._wakes = self._peer.wake()
        self.settle(handle)
        return instant

    def settle(self, handle: Handler) -> None:
        """Handle facts until all bytes sent are consumed, all produced are handled and none is left."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while not self._is_lost:
            sent = self._connection.sent_bytes
            reading = self._consumed(sent, deadline, handle)
            self._handle_until(reading.produced, deadline, handle)
            if self._connection.sent_bytes == sent:
                return

    def _consumed(self, sent: int, deadline: float, handle: Handler) -> Reading:
        """Return what the gateway has done once it has read all that was sent, or once the connection is lost."""
        while not self._is_lost:
            timeout = min(GLANCE, deadline - time.monotonic())
            if timeout <= 0:
                raise Unsettled(self._counters())
            reading = self._peer.reached(consumed=sent, wakes=self._wakes, timeout=timeout)
            if reading is not None:
                return reading
            self._connection.take_in(timeout)
            self._handle_until(0, deadline, handle)
        return Reading()

    def _handle_until(self, produced: int, deadline: float, handle: Handler) -> None:
        while not self._is_lost and (self._handled < produced or not self._inbox.empty()):
            fact = self._next(deadline)
            if isinstance(fact, Handled):
                self._handled = fact.total
                continue
            self._is_lost = isinstance(fact, ConnectionLost)
            handle(fact)

    def _next(self, deadline: float) -> Fact:
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        left = max(0.001, deadline - time.monotonic())
        self._connection.take_in(left)
        try:
            return self._inbox.get(timeout=left)
        except Empty:
            raise Unsettled(self._counters()) from None

    def linger(self, handle: Handler, wanted: Callable[[], bool]) -> None:
        """Settle: after that nothing is still coming."""
        self.settle(handle)

    def wake(self) -> None:
        """Do nothing: it waits for nothing but settling."""

    def _counters(self) -> str:
        reading = self._peer.meter.reading()
        return (
            f"virtual time did not settle within {SETTLE_TIMEOUT:.0f} s: sent {self._connection.sent_bytes}, "
            f"consumed {reading.consumed}, produced {reading.produced}, handled {self._handled}, "
            f"wakes {reading.wakes} of {self._wakes}"
        )

    def close(self) -> None:
        """Do nothing: it runs nothing."""


class WallClock:
    """The wall's time; APScheduler holds one job for the next instant and wakes the engine's queue."""

    is_real = True

    def __init__(self, inbox: Inbox) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._inbox = inbox
        self._due: datetime | None = None
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
        self._scheduler.start()

    def now(self) -> datetime:
        """Return the wall's time."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return the machine's monotonic clock."""
        return time.monotonic()

    def settle(self, handle: Handler) -> None:
        """Hand over what has come so far; a TWS answers when it answers."""
        while not self._inbox.empty():
            handle(self._inbox.get())

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Wait for the next fact or for due. The wait is cut each second, so that a changed clock is seen."""
        if self.now() < due:
            self._wake_at(due)
            try:
                handle(self._inbox.get(timeout=1.0))
            except Empty:
                return min(self.now(), due)
        self.settle(handle)
        return min(self.now(), due)

    def linger(self, handle: Handler, wanted: Callable[[], bool]) -> None:
        """Hand over what comes until no more is wanted, at most for LINGER seconds."""
        deadline = time.monotonic() + LINGER
        self.settle(handle)
        while wanted() and (left := deadline - time.monotonic()) > 0:
            with suppress(Empty):
                handle(self._inbox.get(timeout=left))

    def _wake_at(self, due: datetime) -> None:
        if due != self._due:
            self._due = due
            self._scheduler.add_job(self.wake, "date", run_date=due, id="next", replace_existing=True)

    def wake(self) -> None:
        """Put something on the queue that means nothing."""
        self._inbox.put(Handled(total=0))

    def close(self) -> None:
        """Stop the scheduler; without its job first, or its thread may look for one in a store that is gone."""
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=False)
