"""When IDEALPRO trades: Sunday 17:15 to Friday 17:00 New York, closed 17:00-17:15 on the days between.

No holidays. New York changes its clocks on Sunday at 2:00, while the market is closed, so wall-clock arithmetic
between an opening and its close is exact.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
_CLOSE = time(17, 0)
_OPEN = time(17, 15)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_DAY = timedelta(days=1)


def is_open(at: datetime) -> bool:
    """Tell whether orders can fill at an instant."""
    local = at.astimezone(ZONE)
    clock, weekday = local.time(), local.weekday()
    if weekday == _SATURDAY:
        return False
    if clock < _CLOSE:
        return weekday != _SUNDAY
    return clock >= _OPEN and weekday != _FRIDAY


def next_open(at: datetime) -> datetime:
    """Return the first instant at or after `at` at which the market is open."""
    if is_open(at):
        return at.astimezone(UTC)
    local = at.astimezone(ZONE)
    days = {_FRIDAY: 2, _SATURDAY: 1}.get(local.weekday(), 0)
    return datetime.combine(local.date() + days * _DAY, _OPEN, ZONE).astimezone(UTC)


def next_close(at: datetime) -> datetime:
    """Return the end of the session that `at` lies in, or else of the next one."""
    local = next_open(at).astimezone(ZONE)
    days = 0 if local.time() < _CLOSE else 1
    return datetime.combine(local.date() + days * _DAY, _CLOSE, ZONE).astimezone(UTC)


def session_end(at: datetime) -> datetime:
    """Return when a DAY order entered at `at` expires: the first 17:00 New York that ends a session it was part of."""
    return next_close(at)


def session_start(end: datetime) -> datetime:
    """Return when the session began that ends at `end`, a 17:00 New York of a weekday."""
    local = end.astimezone(ZONE)
    return datetime.combine(local.date() - _DAY, _OPEN, ZONE).astimezone(UTC)
