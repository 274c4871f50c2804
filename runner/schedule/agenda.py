"""The fires of many orders as one list, in the order in which they are worked off."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runner.core.ids import ONCE, fire_key
from runner.schedule.recurrence import fires, timed
from runner.schedule.spec import ScheduleSpec


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One fire of one order; `fire` is its key, `skipped` why nothing is sent at it."""

    time: datetime
    plan: str
    order: str
    fire: str = field(default="", compare=False)
    skipped: str | None = field(default=None, compare=False)


def merge(schedules: Iterable[tuple[str, str, ScheduleSpec | None]], start: datetime, until: datetime) -> Iterator[Due]:
    """Yield all of (plan, order, spec) in [start, until), skipped ones too, sorted by time, plan, order; lazily."""
    streams = (_named(plan, order, spec, start, until) for plan, order, spec in schedules)
    return (_due(*entry) for entry in heapq.merge(*streams))


def upcoming(
    schedules: Iterable[tuple[str, str, ScheduleSpec | None]], start: datetime, until: datetime
) -> Iterator[Due]:
    """Yield of `merge` what is to be sent."""
    return (due for due in merge(schedules, start, until) if due.skipped is None)


_Entry = tuple[datetime, str, str, str, str]


def _named(plan: str, order: str, spec: ScheduleSpec | None, start: datetime, until: datetime) -> Iterator[_Entry]:
    if spec is None:
        return ((instant, plan, order, ONCE, "") for instant in fires(spec, start, until))
    return ((at, plan, order, fire_key(nominal), why) for at, nominal, why in timed(spec, start, until))


def _due(time: datetime, plan: str, order: str, fire: str, skipped: str) -> Due:
    return Due(time, plan, order, fire, skipped or None)
