"""Virtual time, or the wall's, with errands that are run as it passes."""

from __future__ import annotations

from datetime import datetime

from runner.core.clock import VirtualTime
from runner.engine import patient
from runner.engine.clock import Handler, Inbox, WallClock
from runner.gateway.faults_trouble import Agenda
from runner.gateway.server import Gateway
from runner.ib.connection import Connection


class PatientClock(patient.PatientClock):
    """Moves virtual time to whatever comes next: what the run waits for, what the gateway will do, or an errand."""

    def __init__(
        self, virtual: VirtualTime, gateway: Gateway, connection: Connection, inbox: Inbox, errands: Agenda
    ) -> None:
        super().__init__(virtual, gateway, connection, inbox)
        self._errands = errands
        self.steps = 0

    def advance(self, due: datetime, handle: Handler) -> datetime:
        """Move to the next event, at most to due, settle, run the errands that are due, and settle again."""
        self.steps += 1
        first = self._errands.next()
        instant = super().advance(due if first is None else max(min(due, first), self.now()), handle)
        if (first := self._errands.next()) is not None and first <= instant:
            self._errands.run(instant)
            self.settle(handle)
        return instant


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
