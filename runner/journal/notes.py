"""What a run notes for `fxrun status`, and for the next start."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from runner.journal import decoding
from runner.journal.database import Database
from runner.journal.decoding import moment


class Notes:
    """A part of an open journal."""

    _db: Database

    def record_evaluated(self, plan: str, order: str, at: datetime) -> None:
        """Note up to when the fires of an order have been looked at."""
        self._db.write("put_evaluated", plan=plan, order_name=order, at=moment(at))

    def record_progress(self, orders: Iterable[tuple[str, str]], at: datetime) -> None:
        """Note for orders, as plan and order, up to when their fires have been looked at."""
        with self._db.transaction():
            for plan, order in orders:
                self._db.do("put_evaluated", plan=plan, order_name=order, at=moment(at))

    def evaluated(self, plan: str, order: str) -> datetime | None:
        """Return up to when the fires of an order have been looked at, None if they never were."""
        return self._db.first(lambda row: decoding.instant(row[0]), "evaluated", plan=plan, order_name=order)

    def note_plan(self, plan: str, file: str, digest: str, next_fire: datetime | None) -> None:
        """Note a plan that is carried out, and when it is due next."""
        due = None if next_fire is None else moment(next_fire)
        self._db.write("put_plan", plan=plan, file=file, digest=digest, next_fire=due)

    def drop_plan(self, plan: str) -> None:
        """Forget that a plan is carried out; its fires and orders stay."""
        self._db.write("drop_plan", plan=plan)

    def set_link(self, state: str, detail: str, at: datetime) -> None:
        """Note how the connection stands."""
        self._db.write("put_link", state=state, detail=detail, at=moment(at))
