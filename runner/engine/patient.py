"""Virtual time that outlives sessions: for a simulated run whose gateway goes away and comes back.

The clock of any other simulated run counts the bytes of one connection. This one asks instead: the gateway has acted on
all that was sent, the connection has published all that came, no session is being opened, and nothing waits to be
handled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from queue import Empty
from typing import Protocol

from runner.core.clock import QuietPeer, VirtualTime
from runner.core.facts import Fact, Handled
from runner.engine.clock import Handler, Inbox, Unsettled

SETTLE_TIMEOUT = 30.0  # wall seconds
GLANCE = 0.002  # wall seconds between two looks at what came


class Line(Protocol):
    """A connection as far as settling needs it."""

    @property
    def sent_bytes(self) -> int:
        """Bytes handed to the socket of this session so far."""
        ...

    @property
    def is_quiet(self) -> bool:
        """True if no session is being opened, and all that has come was published."""
        ...


class PatientClock:
    """Moves virtual time to whatever comes next: what the run waits for, or what the gateway will do."""

    is_real = False

    def __init__(self, virtual: VirtualTime, peer: QuietPeer, connection: Line, inbox: Inbox) -> None:
        self._virtual = virtual
        self._peer = peer
        self._connection = connection
        self._inbox = inbox
        self.is_opening: Callable[[], bool] = lambda: False  # a login is awaited, and nothing has come of it yet

    def now(self) -> datetime:
        """Return plan time."""
        return self._virtual.now()

    def seconds(self) -> float:
        """Return plan time as seconds: nothing else passes."""
        return self._virtual.now().timestamp()

    def settle(self, handle: Handler) -> None:
        """Handle facts until nothing more comes of what was sent."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while True:
            sent = self._connection.sent_bytes
            self.rest(deadline)
            is_quiet = self._connection.is_quiet and not self.is_opening()
            handled = self._take_in(handle)
            if is_quiet and (not handled or self._connection.sent_bytes == sent) and self._inbox.empty():
                return
            if not handled:
                self._wait(handle, deadline)

    def rest(self, deadline: float | None = None) -> None:
        """Wait until the gateway has acted on all that was sent: after a first wake it looks at its sockets again."""
        deadline = time.monotonic() + SETTLE_TIMEOUT if deadline is None else deadline
        for _ in range(2):
            wakes, left = self._peer.wake(), max(0.001, deadline - time.monotonic())
            if self._peer.meter.wait(consumed=0, wakes=wakes, timeout=left) is None:
                raise Unsettled(f"the gateway did not come to rest within {SETTLE_TIMEOUT:.0f} s")

    def _take_in(self, handle: Handler) -> int:
        """Handle what has come; returns how many facts there were that mean something."""
        handled = 0
        while not self._inbox.empty():
            handled += self._hand_over(self._inbox.get(), handle)
        return handled

    def _hand_over(self, fact: Fact, handle: Handler) -> bool:
        if isinstance(fact, Handled):
            return False
        handle(fact)
        return True

    def _wait(self, handle: Handler, deadline: float) -> None:
        try:
            self._hand_over(self._inbox.get(timeout=GLANCE), handle)
        except Empty:
            if time.monotonic() > deadline:
                raise Unsettled(f"the client did not come to rest within {SETTLE_TIMEOUT:.0f} s") from None

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Move to the gateway's next event or to due, whichever is first, and settle there."""
        upcoming = self._peer.meter.reading().next_event
        instant = due if upcoming is None else max(min(upcoming, due), self.now())
        self._virtual.set(instant)
        self.settle(handle)
        return instant

    def linger(self, handle: Handler, wanted: Callable[[], bool]) -> None:
        """Settle: after that nothing is still coming."""
        self.settle(handle)

    def wake(self) -> None:
        """Do nothing: it waits for nothing but settling."""

    def close(self) -> None:
        """Do nothing: it runs nothing."""
