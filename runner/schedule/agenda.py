"""The fires of many orders as one list, in the order in which they are worked off."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from runner.schedule.recurrence import fires
from runner.schedule.spec import ScheduleSpec


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One fire of one order."""

    time: datetime
    plan: str
    order: str


def merge(schedules: Iterable[tuple[str, str, ScheduleSpec | None]], start: datetime, until: datetime) -> Iterator[Due]:
    """Yield the fires of all (plan, order, spec) in [start, until), sorted by time, plan, order; lazily."""
    streams = (_named(plan, order, fires(spec, start, until)) for plan, order, spec in schedules)
    return (Due(*entry) for entry in heapq.merge(*streams))


def _named(plan: str, order: str, instants: Iterator[datetime]) -> Iterator[tuple[datetime, str, str]]:
    return ((instant, plan, order) for instant in instants)
