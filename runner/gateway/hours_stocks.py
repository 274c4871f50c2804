"""On which days the New York Stock Exchange trades, and on which of them only until one o'clock: its rules since 1999.

Days are counted from 1970-01-01. That the exchange was closed for a reason of one day only (mourning, a storm) is a
list, which knows nothing of the future.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_EPOCH = date(1970, 1, 1).toordinal()
_JUNETEENTH_SINCE = 2022
_CLOSED_ONCE = (
    "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29", "2012-10-30",
    "2018-12-05", "2025-01-09",
)  # fmt: skip


def is_trading_day(day: int) -> bool:
    """Tell whether the exchange opens on that day."""
    when = date.fromordinal(_EPOCH + day)
    return when.weekday() < _SATURDAY and when not in _holidays(when.year)


def is_short_day(day: int) -> bool:
    """Tell whether a trading day ends early: before Independence Day and Christmas, and after Thanksgiving."""
    when = date.fromordinal(_EPOCH + day)
    if when.month == 11:
        return when == _nth(when.year, 11, _THURSDAY, 4) + timedelta(days=1)
    return (when.month, when.day) in ((7, 3), (12, 24)) and when.weekday() <= _THURSDAY


@cache
def _holidays(year: int) -> frozenset[date]:
    """The holidays of a year that fall on a weekday, or are kept on one."""
    kept = [_kept(date(year, 7, 4)), _kept(date(year, 12, 25)), _easter(year) - timedelta(days=2)]
    kept += [_nth(year, 1, _MONDAY, 3), _nth(year, 2, _MONDAY, 3), _nth(year, 9, _MONDAY, 1)]
    kept += [_nth(year, 6, _MONDAY, 1) - timedelta(days=7), _nth(year, 11, _THURSDAY, 4)]
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:  # the last day of a year is never given away for it
        kept.append(_kept(new_year))
    if year >= _JUNETEENTH_SINCE:
        kept.append(_kept(date(year, 6, 19)))
    once = (date.fromisoformat(text) for text in _CLOSED_ONCE)
    return frozenset((*kept, *once))


def _kept(day: date) -> date:
    """Return the weekday on which a holiday is kept."""
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday, good from 1900 to 2099 (Gauss)."""
    moon = (19 * (year % 19) + 24) % 30
    week = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    days = moon + week
    if (moon, week) == (29, 6) or ((moon, week) == (28, 6) and year % 19 > 10):
        days -= 7
    return date(year, 3, 22) + timedelta(days=days)
