"""When currencies trade: Sunday 17:15 to Friday 17:00 New York, a break 17:00-17:15 each day, no holidays.

Every clock change of New York falls on a Sunday morning, so a trading week is always the same 479 quarter hours; only
the instant of its opening moves. Instants are epoch seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

WEEK = 604_800
SLOT = 900  # the break is one slot
OPEN_SLOTS = 479  # Sunday 17:15 to Friday 17:00
_DAY_SLOTS = 96
_BREAK = 95  # Monday 17:00 is that many slots after Sunday 17:15
_ORIGIN = 321_300  # Sunday 1970-01-04 17:15 read as UTC
_EARLIEST = _ORIGIN + 4 * 3600  # no later in UTC than this does that week open, daylight time or not
_ZONE = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock reading, the zone comes later


@cache
def week_open(week: int) -> int:
    """Return the instant at which the week (0 opens 1970-01-04) opens."""
    local = _ORIGIN + week * WEEK
    offset = (_EPOCH + timedelta(seconds=local)).replace(tzinfo=_ZONE).utcoffset() or timedelta()
    return local - int(offset.total_seconds())


def locate(at: int) -> tuple[int, int]:
    """Return the week that at belongs to (the weekend after it included) and the seconds since its opening."""
    week = (at - _EARLIEST) // WEEK
    opening = week_open(week)
    if at < opening:
        week -= 1
        opening = week_open(week)
    return week, at - opening


def is_open(at: int) -> bool:
    """Tell whether the market trades at that second."""
    slot = locate(at)[1] // SLOT
    return slot < OPEN_SLOTS and slot % _DAY_SLOTS != _BREAK


def next_open(at: int) -> int:
    """Return the first open second, at itself or later."""
    week, since = locate(at)
    slot = since // SLOT
    if slot >= OPEN_SLOTS:
        return week_open(week + 1)
    return at if slot % _DAY_SLOTS != _BREAK else at - since + (slot + 1) * SLOT


def last_open(at: int) -> int:
    """Return the last open second, at itself or earlier."""
    since = locate(at)[1]
    slot = since // SLOT
    if slot >= OPEN_SLOTS:
        return at - since + OPEN_SLOTS * SLOT - 1
    return at if slot % _DAY_SLOTS != _BREAK else at - since + slot * SLOT - 1


def next_close(at: int) -> int:
    """Return the first instant after at from which the market is closed, having been open just before."""
    week, since = locate(at)
    day = max(0, (since - _BREAK * SLOT) // 86_400 + 1)
    opening = at - since
    if day > 4:
        day, opening = 0, week_open(week + 1)
    return opening + day * 86_400 + _BREAK * SLOT
