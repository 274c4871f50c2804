"""What is worth a warning in a plan that is sound: fires while the market is closed, and odd lots.

Of what is no pair the broker alone knows the hours, so nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from runner.core.fx_hours import is_open, next_open
from runner.core.money import plain
from runner.core.times import stamp
from runner.errors import Problem
from runner.plan.model import Instruction, Mark, Plan
from runner.schedule import fires

YEAR = timedelta(days=365)
_LOOKED_AT = 10_000  # of a schedule that fires every few seconds, so many fires tell enough
SCHEDULE = ("schedule.cron", "schedule.every", "schedule.at", "schedule")


def mark_of(instruction: Instruction, *keys: str) -> Mark | None:
    """Return where the first of keys stands that the plan writes; None if it leaves all of them to their defaults."""
    return next((instruction.marks[key] for key in keys if key in instruction.marks), None)


def of_year(plan: Plan, start: datetime) -> Iterator[Problem]:
    """Yield the warnings of a plan for the year from start on."""
    for instruction in plan.instructions:
        if instruction.schedule is not None and instruction.contract.is_pair:
            yield from _closed_fires(plan, instruction, start)
        yield from odd_lot(plan, instruction)


def of_fire(plan: Plan, instruction: Instruction, fire: datetime) -> Iterator[Problem]:
    """Yield the warnings of one fire."""
    if instruction.contract.is_pair and not is_open(fire):
        message = f"the market is closed at {stamp(fire)}; the order would wait until {stamp(next_open(fire))}"
        yield at_key(plan, instruction, SCHEDULE, message)
    yield from odd_lot(plan, instruction)


def _closed_fires(plan: Plan, instruction: Instruction, start: datetime) -> Iterator[Problem]:
    count, first, seen = 0, None, 0
    for fire in fires(instruction.schedule, start, start + YEAR):
        seen += 1
        if not is_open(fire):
            count, first = count + 1, first or fire
        if seen == _LOOKED_AT:
            break
    if first is None:
        return
    among = f"of the next {seen} fires" if seen == _LOOKED_AT else f"of {seen} fires in the next year"
    message = (
        f"{count} {among} fall in a closed market, the first at {stamp(first)}; such an order waits until it opens"
    )
    yield at_key(plan, instruction, SCHEDULE, message)


def odd_lot(plan: Plan, instruction: Instruction) -> Iterator[Problem]:
    """Yield a warning if the size is below the smallest that IDEALPRO takes as a full order."""
    if not instruction.contract.is_pair:
        return
    pair = instruction.contract.pair
    units = instruction.size.units
    if pair.minimum is not None and units and units < pair.minimum:  # 0 where the strategy works the size out
        size, least = f"{plain(units)} {pair.base}", f"{plain(pair.minimum)} {pair.base}"
        message = f"{size} is an odd lot: below IDEALPRO's minimum of {least} an order gets a worse price (code 399)"
        yield at_key(plan, instruction, ("size",), message)


def at_key(plan: Plan, instruction: Instruction, keys: tuple[str, ...], message: str) -> Problem:
    """Return a warning at the first of keys that the plan writes, with the order's name where there are several."""
    mark = mark_of(instruction, *keys) or Mark(1, 1)
    named = f"order {instruction.order}: {message}" if len(plan.instructions) > 1 else message
    return Problem(plan.file, mark.line, mark.column, named)
