"""The walk through the days and minutes of a zone, for a rule that says which of them it means.

Clock changes by Debian cron's rule. A fixed time of day fires once a day it is due: skipped, at the end of the gap;
doubled, the first time. A rule that runs by real time simply watches local time: what a gap skips does not happen,
what an hour repeats happens again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from runner.core.times import to_utc

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalRule:
    """What a rule says about local time."""

    times: tuple[time, ...]
    months: frozenset[int]
    on_day: Callable[[date], bool]  # of a month that is in months
    fixed: bool  # no * in minute or hour of a cron: Debian's rule for clock changes applies


def walk(rule: LocalRule, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """Yield the UTC instants that a rule means, from a day before low to about high, nearly in order."""
    return (_fixed if rule.fixed else _running)(rule, zone, low, high)


def _fixed(rule: LocalRule, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """Yield each due time of each day; the day before low is looked at as a gap may push its last time on."""
    for day in _days(rule, low.astimezone(zone).date() - _DAY, high.astimezone(zone).date()):
        for at in rule.times:
            yield to_utc(datetime.combine(day, at), zone)


def _running(rule: LocalRule, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """Yield the instants at which local time matches, one UTC day after the other."""
    last = low.astimezone(UTC).date() - _DAY
    for day in _days(rule, last - _DAY, high.astimezone(UTC).date() + _DAY):
        for near in (day - _DAY, day, day + _DAY):  # the UTC days that a local day can reach into
            if near > last:
                yield from _matches(rule, zone, near)
                last = near


def _days(rule: LocalRule, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if day.month not in rule.months:
            day = (day.replace(day=1) + 31 * _DAY).replace(day=1)
            continue
        if rule.on_day(day):
            yield day
        day += _DAY


def _matches(rule: LocalRule, zone: tzinfo, day: date) -> Iterator[datetime]:
    opens = datetime.combine(day, time(), UTC)
    shift = opens.astimezone(zone).utcoffset()
    if shift is not None and shift == (opens + _DAY).astimezone(zone).utcoffset():
        return _shifted(rule, opens, shift)
    return _scanned(rule, zone, opens)


def _shifted(rule: LocalRule, opens: datetime, shift: timedelta) -> Iterator[datetime]:
    """Yield the matches of a UTC day of one offset: pure arithmetic."""
    first = (opens + shift).date()
    for day in (first, first + _DAY):
        if day.month in rule.months and rule.on_day(day):
            midnight = datetime.combine(day, time(), UTC) - shift
            for at in rule.times:
                fire = midnight + timedelta(hours=at.hour, minutes=at.minute)
                if opens <= fire < opens + _DAY:
                    yield fire


def _scanned(rule: LocalRule, zone: tzinfo, opens: datetime) -> Iterator[datetime]:
    """Yield the matches of a UTC day in which the clock changes: every minute is looked at."""
    times = frozenset((at.hour, at.minute) for at in rule.times)
    for minute in range(24 * 60):
        fire = opens + minute * _MINUTE
        local = fire.astimezone(zone)
        if (local.hour, local.minute) in times and local.month in rule.months and rule.on_day(local.date()):
            yield fire
