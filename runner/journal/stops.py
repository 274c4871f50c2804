"""What stops sending: halts, and pauses of plans."""

from __future__ import annotations

from datetime import datetime

from runner.journal import decoding
from runner.journal.claiming import ALL
from runner.journal.database import Database
from runner.journal.decoding import moment


class Stops:
    """A part of an open journal."""

    _db: Database

    def halted(self) -> str | None:
        """Return why all sending is halted, None if it is not."""
        found = self._db.first(decoding.halt, "halt")
        return None if found is None else found.reason

    def halt_stands(self, at: datetime) -> bool:
        """Tell whether the halt of an instant is the one that holds."""
        found = self._db.first(decoding.halt, "halt")
        return found is not None and found.at == at

    def halts(self, since: datetime) -> tuple[datetime, ...]:
        """Return when somebody halted all sending by hand, later than an instant; lifted ones too, oldest first."""
        return self._db.read(lambda row: decoding.instant(row[0]), "halts_after", since=moment(since))

    def set_halt(self, reason: str, at: datetime) -> None:
        """Halt all sending until somebody resumes it."""
        self.set_pause(ALL, reason, at)

    def set_pause(self, plan: str, reason: str, at: datetime) -> None:
        """Halt what a plan sends until somebody resumes it."""
        with self._db.transaction(durable=True):
            self._db.do("put_stop", plan=plan, reason=reason, at=moment(at))
