"""What commands beside a runner ask of it: rows in the journal, obeyed between two steps.

Halt, pause and arming need no obedience: every claim reads them in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runner.core.crashpoints import crashpoint
from runner.core.order_state import OrderState
from runner.engine.desk import Desk
from runner.errors import ConnectionFailed
from runner.journal.rows import ControlRow

ALL = "--all"
LOOK = 0.5  # seconds between two looks


class Obedience:
    """Looks for rows as time passes and answers each with a note."""

    def __init__(self, desk: Desk, seconds: Callable[[], float]) -> None:
        self._desk = desk
        self._seconds = seconds
        self._looked = float("-inf")
        self._halt: str | None = None

    def tick(self) -> str | None:
        """Obey what can be obeyed now; returns the reason of a halt that is new, else None."""
        if self._seconds() - self._looked < LOOK:
            return None
        self._looked = self._seconds()
        for row in self._desk.journal.controls():
            if (note := self._obey(row)) is not None:
                self._desk.journal.control_done(row.id, note, self._desk.inquest.now())
        before, self._halt = self._halt, self._desk.journal.halted()
        return self._halt if before is None else None

    def _obey(self, row: ControlRow) -> str | None:
        """Return what was done, None if it cannot be done yet."""
        match row.kind:
            case "cancel":
                return self._cancel(row.target)
            case "resolve":
                self._desk.tracker.resolved(row.target)
                return "taken over"
            case _:
                return f"{row.kind} is not known to this runner"

    def _cancel(self, target: str) -> str | None:
        desk = self._desk
        wanted = [ref for ref in desk.tracker.open_refs() if _meets(desk, ref, target)]
        if not wanted:
            return "no order of fxrun was open"
        if not desk.link.is_usable:
            return None
        sent = cancel(wanted, desk)
        missing = len(wanted) - sent
        return f"{sent} cancels sent" + (f", {missing} orders have no order id in this session" if missing else "")


def cancel(refs: Iterable[str], desk: Desk) -> int:
    """Ask for the cancellation of orders, under every order id that they have; returns how many were asked for."""
    count = 0
    for ref in refs:
        routes = desk.tracker.routes_of(ref)
        count += bool(routes)
        for route in routes:
            crashpoint("before_cancel")
            desk.tracker.cancel_asked(ref)
            try:
                desk.connection.cancel(route)
            except ConnectionFailed:
                return count
            crashpoint("after_cancel")
    return count


def _meets(desk: Desk, ref: str, target: str) -> bool:
    row = desk.tracker.row(ref)
    return row.state is not OrderState.UNKNOWN and target in (ALL, ref, row.ticket.key.plan)
