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
_TICK = timedelta.resolution


def take_up(instructions: Iterable[Instruction], now: datetime, desk: Desk) -> dict[tuple[str, str], datetime]:
    """Record what was missed, and return for each order the instant from which on its fires are still to be sent.

    A plan that has never run, or was armed since, is looked at from then on only: what an edit put into the past was
    never due.
    """
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
        told = FireDone(
            plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=FireState.MISSED, reason=row.reason
        )
        desk.emit(told)
