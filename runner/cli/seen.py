"""One look at a journal, for `fxrun status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.cli import options, standing, trading
from runner.core.events import FireState
from runner.core.order_state import OrderState

if TYPE_CHECKING:
    from runner.cli.standing import PlanStanding
    from runner.journal.control import Ledger
    from runner.journal.remarks import Unlisted
    from runner.journal.rows import ControlRow, FireRow, OpenRow

UNKNOWN, MISSED = 6, 7  # exit codes
RECENT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """One look at a journal and at the files of its plans."""

    at: datetime
    runs: bool
    link: tuple[str, str, datetime] | None
    halt: tuple[str, datetime] | None
    plans: tuple[PlanStanding, ...]
    unknown: tuple[OpenRow, ...]
    missed: tuple[FireRow, ...]
    unlisted: tuple[Unlisted, ...]  # executions that the broker stopped telling of
    waiting: tuple[ControlRow, ...]  # cancels that no runner has obeyed yet

    @property
    def exit_code(self) -> int:
        """What a script learns first."""
        if self.unknown:
            return UNKNOWN
        return MISSED if self.missed else 0


def look(ledger: Ledger) -> Status:
    """Look at an open journal, and at the files of its plans."""
    now = options.now()
    link, halt = ledger.link(), ledger.halted()
    plans = standing.of_plans(ledger, now)
    recent = [fire for plan in plans for fire in plan.fires if fire.due > now - RECENT]
    return Status(
        at=now,
        runs=ledger.has_runner(),
        link=None if link is None else (link.state, link.detail, link.at),
        halt=None if halt is None else (halt.reason, halt.at),
        plans=plans,
        unknown=trading.orders_in(ledger, {OrderState.UNKNOWN}),
        missed=tuple(fire for fire in recent if fire.state is FireState.MISSED),
        unlisted=ledger.unlisted(now - RECENT),
        waiting=tuple(row for row in ledger.controls() if row.kind == "cancel"),
    )
