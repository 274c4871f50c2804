"""What was due while no runner ran: rows that say so, and where each order's schedule is taken up again."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from runner.core.events import FireDone, FireState
from runner.core.ids import ONCE
from runner.engine import on_halt
from runner.engine.desk import Desk, Pending
from runner.journal.rows import FireRow
from runner.plan.model import Instruction
from runner.schedule import Due, merge

MISSED = "fxrun was not running"
NEVER_ARRIVED = "it was proven not to have arrived at the broker, and the run ended before it was sent again"
_TICK = timedelta.resolution
MOST_LATE = 500  # fires that are recorded as missed in one transaction
Name = tuple[str, str]  # plan and order


def dues(instructions: Mapping[Name, Instruction], start: datetime, until: datetime, desk: Desk) -> Iterator[Due]:
    """Yield what is due in [start, until), by time; in a supervised run what was due before as well, if it still is."""
    if not desk.link.supervised:
        return merge(((*name, each.schedule) for name, each in instructions.items()), start, until)
    starts = take_up(instructions.values(), start, desk)
    streams = (merge([(*name, instructions[name].schedule)], low, until) for name, low in starts.items())
    return (due for due in heapq.merge(*streams) if due.time >= start or _is_told(due, desk))


def _is_told(due: Due, desk: Desk) -> bool:
    """Tell whether a fire from before the run is to be spoken of: not recorded yet, or without a schedule."""
    return due.fire == ONCE or desk.journal.fire(due.plan, due.order, due.fire) is None


def take_up(instructions: Iterable[Instruction], now: datetime, desk: Desk) -> dict[Name, datetime]:
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
        late = now - instruction.policy.deadline
        if start < late:
            start = min(_pass_over(instruction, start, late, desk), _pass_halts_over(instruction, start, late, desk))
        starts[instruction.plan, instruction.order] = start
        seen = start - _TICK
        if known is not None:
            seen = max(known, seen - _jitter(instruction))
        desk.journal.record_evaluated(instruction.plan, instruction.order, seen)
    return starts


def reach(instruction: Instruction) -> timedelta:
    """Return how far back a fire may lie that still matters: twice its deadline, and its jitter."""
    return 2 * instruction.policy.deadline + _jitter(instruction)


def _jitter(instruction: Instruction) -> timedelta:
    """Return how much later than at its instant a fire may be due.

    What was looked at is noted so much earlier: a fire that still waits, and by an edited plan waits less, is looked at
    once more.
    """
    return timedelta() if instruction.schedule is None else instruction.schedule.jitter


def _settle(desk: Desk) -> None:
    """Give a state to fires whose run died before it could: after that every fire has one, or an open order."""
    for row, has_arrived in desk.journal.left_claimed():
        if has_arrived:
            desk.journal.assume_sent(row.plan, row.order, row.fire)
            continue
        desk.journal.miss_fire(row.plan, row.order, row.fire, NEVER_ARRIVED)
        desk.emit(_told(replace(row, state=FireState.MISSED, reason=NEVER_ARRIVED)))


def _told(row: FireRow) -> FireDone:
    state = FireState.MISSED if row.state is None else row.state
    return FireDone(plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=state, reason=row.reason)


def _pass_over(instruction: Instruction, start: datetime, late: datetime, desk: Desk) -> datetime:
    """Record the fires in [start, late), and return from where on they are still to be sent.

    Where the last one is to be made up for, that is its instant.
    """
    if instruction.schedule is None:
        return late
    found = merge([(instruction.plan, instruction.order, instruction.schedule)], start, late)
    kept = _Kept(found) if instruction.policy.catch_up else found
    for row in desk.journal.record_unsent(map(_row, kept)):
        desk.emit(_told(row))
    return late if not isinstance(kept, _Kept) or kept.last is None else kept.last.time


def overdue(
    due: Due | None, dues: Iterator[Due], pending_of: Callable[[Due], Pending], now: datetime
) -> tuple[list[Pending], Due | None]:
    """Return the fires whose deadline had passed when they came up, some hundreds at most, and what comes next.

    A clock that is set forward by a day makes thousands of fires late at once.
    """
    late: list[Pending] = []
    while due is not None and len(late) < MOST_LATE:
        pending = pending_of(due)
        if due.skipped is not None or not pending.is_late(now) or pending.deadline is None:
            break
        late.append(pending)
        due = next(dues, None)
    return late, due


def _pass_halts_over(instruction: Instruction, start: datetime, late: datetime, desk: Desk) -> datetime:
    """Do the same for halts that the order should have answered."""
    if not on_halt.answers(instruction):
        return late
    rows = list(on_halt.passed_over(instruction, start, late, desk, MISSED))
    for row in desk.journal.record_unsent(rows):
        desk.emit(_told(row))
    return on_halt.made_up_for(instruction, start, late, desk)


class _Kept:
    """Passes on all that is due but the last fire, which it keeps."""

    def __init__(self, dues: Iterator[Due]) -> None:
        self._dues = dues
        self.last: Due | None = None

    def __iter__(self) -> Iterator[Due]:
        for due in self._dues:
            if due.skipped is not None:
                yield due
                continue
            if self.last is not None:
                yield self.last
            self.last = due


def _row(due: Due) -> FireRow:
    state = FireState.MISSED if due.skipped is None else FireState.SKIPPED
    reason = due.skipped or MISSED
    return FireRow(plan=due.plan, order=due.order, fire=due.fire, due=due.time, state=state, reason=reason)
