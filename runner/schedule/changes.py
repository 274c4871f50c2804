"""When a zone changes its clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """At `instant`, in UTC, clocks that would have shown `before` show `after`: naive local times."""

    instant: datetime
    before: datetime
    after: datetime


def clock_changes(zone: tzinfo, start: datetime, until: datetime) -> Iterator[ClockChange]:
    """Yield the changes of a zone's clocks in [start, until), two within a day as one."""
    low = start.astimezone(UTC)
    while low < until:
        high = low + _DAY
        if _offset(zone, low) != _offset(zone, high):
            instant = _between(zone, low, high)
            shown = [instant.replace(tzinfo=None) + offset for offset in (_offset(zone, low), _offset(zone, high))]
            if instant < until:
                yield ClockChange(instant, *shown)
        low = high


def _between(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """Return the first second whose offset is not that of low any more."""
    before = _offset(zone, low)
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: tzinfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
