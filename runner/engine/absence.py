"""What was due while no runner ran: rows that say so, and where each order's schedule is taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from runner.core.events import FireDone, FireState
from runner.core.ids import fire_key
from runner.engine.fire import START_DEADLINE, Desk
from runner.journal.rows import FireRow
from runner.plan.model import Instruction
from runner.schedule import fires

MISSED = "fxrun was not running"
NEVER_ARRIVED = "it was proven not to have arrived at the broker, and the run ended before it was sent again"
_TICK = timedelta.resolution


def take_up(instructions: Iterable[Instruction], now: datetime, desk: Desk) -> dict[tuple[str, str], datetime]:
    """Record what was missed, and return for each order the instant from which on its fires are still to be sent.

    A plan that has never run, or was armed since, is looked at from then on only: what an edit put into the past was
    never due.
    """
    _settle(desk)
    starts = {}
    for instruction in instructions:
        known = desk.journal.evaluated(instruction.plan, instruction.order)
        arming = desk.journal.arming(instruction.plan)
        since = [at for at in (known, None if arming is None else arming.at) if at is not None]
        start = now if known is None else min(max(since) + _TICK, now)
        late = now - START_DEADLINE
        if start < late:
            _miss(instruction, fires(instruction.schedule, start, late), desk)
            start = late
        starts[instruction.plan, instruction.order] = start
        desk.journal.record_evaluated(instruction.plan, instruction.order, start - _TICK)
    return starts


def _settle(desk: Desk) -> None:
    """Give a state to fires whose run died before it could: after that every fire has one, or an open order."""
    for row, has_arrived in desk.journal.left_claimed():
        if has_arrived:
            desk.journal.assume_sent(row.plan, row.order, row.fire)
            continue
        desk.journal.miss_fire(row.plan, row.order, row.fire, NEVER_ARRIVED)
        desk.emit(_missed(row, NEVER_ARRIVED))


def _missed(row: FireRow, reason: str) -> FireDone:
    return FireDone(plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=FireState.MISSED, reason=reason)


def _miss(instruction: Instruction, dues: Iterator[datetime], desk: Desk) -> None:
    if instruction.schedule is None:
        return
    rows = (
        FireRow(
            plan=instruction.plan,
            order=instruction.order,
            fire=fire_key(due),
            due=due,
            state=FireState.MISSED,
            reason=MISSED,
        )
        for due in dues
    )
    for row in desk.journal.record_missed(rows):
        desk.emit(_missed(row, MISSED))
