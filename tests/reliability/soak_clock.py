"""Virtual time that outlives sessions, and errands that are run as it passes.

The clock of a simulated run counts the bytes of one connection. This one asks instead: the gateway has acted on all
that was sent, the connection has published all that came, no session is being opened, and nothing waits to be handled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from queue import Empty

from runner.core.clock import VirtualTime
from runner.core.facts import Fact, Handled
from runner.engine.clock import Handler, Inbox, Unsettled, WallClock
from runner.gateway.faults_trouble import Agenda
from runner.gateway.server import Gateway
from runner.ib.connection import Connection

SETTLE_TIMEOUT = 30.0  # wall seconds
GLANCE = 0.002  # wall seconds between two looks at what came


class PatientClock:
    """Moves virtual time to whatever comes next: what the run waits for, what the gateway will do, or an errand."""

    def __init__(
        self, virtual: VirtualTime, gateway: Gateway, connection: Connection, inbox: Inbox, errands: Agenda
    ) -> None:
        self._virtual = virtual
        self._gateway = gateway
        self._connection = connection
        self._inbox = inbox
        self._errands = errands
        self.is_opening: Callable[[], bool] = lambda: False  # a login is awaited, and nothing has come of it yet
        self.steps = 0

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
            wakes = self._gateway.wake()
            if (
                self._gateway.meter.wait(consumed=0, wakes=wakes, timeout=max(0.001, deadline - time.monotonic()))
                is None
            ):
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
        """Move to the next event, at most to due, settle, run the errands that are due, and settle again."""
        self.steps += 1
        upcoming = (self._gateway.meter.reading().next_event, self._errands.next())
        instant = max(min([due, *(at for at in upcoming if at is not None)]), self.now())
        self._virtual.set(instant)
        self.settle(handle)
        if (first := self._errands.next()) is not None and first <= instant:
            self._errands.run(instant)
            self.settle(handle)
        return instant

    def linger(self, handle: Handler, wanted: Callable[[], bool]) -> None:
        """Settle: after that nothing is still coming."""
        self.settle(handle)

    def wake(self) -> None:
        """Do nothing: it waits for nothing but settling."""

    def close(self) -> None:
        """Do nothing: it runs nothing."""


class ErrandClock(WallClock):
    """The wall's time, with errands that are run on the engine's thread as it passes."""

    def __init__(self, inbox: Inbox, errands: Agenda) -> None:
        super().__init__(inbox)
        self._errands = errands
        self.steps = 0

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Wait for the next fact, for due, or for an errand."""
        self.steps += 1
        first = self._errands.next()
        reached = super().advance(due if first is None else max(min(due, first), self.now()), handle)
        self._errands.run(self.now())
        return reached
