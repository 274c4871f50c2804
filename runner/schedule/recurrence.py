"""From a schedule to its instants: lazily, in UTC, without a clock.

Cron follows Debian's rule at clock changes. A fixed time of day (no `*` at the start of minute or hour) fires once a
day it is due: skipped, at the end of the gap; doubled, the first time. With a `*` there, local time is simply watched
as it runs: what a gap skips does not happen, what an hour repeats happens again. Instants are compared in UTC only: two
datetimes of one ZoneInfo compare by wall clock and ignore the fold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from runner.core.times import to_utc
from runner.schedule.cron import CronRule, parse_cron
from runner.schedule.spec import ScheduleSpec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9500, 1, 1, tzinfo=UTC)  # later than any time that can be written, early enough for arithmetic
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)  # counted in integers, a step of a billion days cannot overflow


def fires(spec: ScheduleSpec | None, start: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every instant in [start, until) at which spec is due; without spec it is due once, at start."""
    if spec is None:
        return iter((start,) if start < until else ())
    low = max(start, spec.start) if spec.start is not None else start
    high = min(until, spec.until or _LATEST, _LATEST)
    if low >= high:
        return iter(())
    return _between(_candidates(spec, low, high), low.astimezone(UTC), high.astimezone(UTC))


def count(spec: ScheduleSpec | None, start: datetime, until: datetime) -> int:
    """Return how many instants `fires` would yield; without walking where the step is fixed."""
    if spec is None or spec.every is None:
        return sum(1 for _ in fires(spec, start, until))
    low = max(start, spec.start) if spec.start is not None else start
    high = min(until, spec.until or _LATEST, _LATEST)
    anchor = spec.start or _EPOCH
    return max(0, -((anchor - high) // spec.every) + ((anchor - low) // spec.every)) if low < high else 0


def _candidates(spec: ScheduleSpec, low: datetime, high: datetime) -> Iterator[datetime]:
    if spec.cron is not None:
        rule = parse_cron(spec.cron)
        return (_fixed if rule.fixed else _running)(rule, spec.zone, low, high)
    if spec.every is not None:
        return _every(spec.every, spec.start or _EPOCH, low, high)
    return iter(sorted({at.astimezone(UTC) for at in spec.at}))


def _between(candidates: Iterator[datetime], low: datetime, high: datetime) -> Iterator[datetime]:
    """Keep what lies in [low, high) and is later than all before it."""
    last = low - _MINUTE
    for fire in candidates:
        if fire >= high:
            return
        if fire >= low and fire > last:
            yield fire
            last = fire


def _every(step: timedelta, anchor: datetime, low: datetime, high: datetime) -> Iterator[datetime]:
    count = (low - anchor) // step  # the last at or before low
    while (distance := count * (step // _TICK)) < (high - anchor) // _TICK:
        yield anchor.astimezone(UTC) + distance * _TICK
        count += 1


def _fixed(rule: CronRule, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """Yield each due time of each day; the day before low is looked at as a gap may push its last time on."""
    for day in _days(rule, low.astimezone(zone).date() - _DAY, high.astimezone(zone).date()):
        for at in rule.times:
            yield to_utc(datetime.combine(day, at), zone)


def _running(rule: CronRule, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """Yield the instants at which local time matches, one UTC day after the other."""
    last = low.astimezone(UTC).date() - _DAY
    for day in _days(rule, last - _DAY, high.astimezone(UTC).date() + _DAY):
        for near in (day - _DAY, day, day + _DAY):  # the UTC days that a local day can reach into
            if near > last:
                yield from _matches(rule, zone, near)
                last = near


def _days(rule: CronRule, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if day.month not in rule.months:
            day = (day.replace(day=1) + 31 * _DAY).replace(day=1)
            continue
        if rule.on_day(day):
            yield day
        day += _DAY


def _matches(rule: CronRule, zone: tzinfo, day: date) -> Iterator[datetime]:
    opens = datetime.combine(day, time(), UTC)
    shift = opens.astimezone(zone).utcoffset()
    if shift is not None and shift == (opens + _DAY).astimezone(zone).utcoffset():
        return _shifted(rule, opens, shift)
    return _scanned(rule, zone, opens)


def _shifted(rule: CronRule, opens: datetime, shift: timedelta) -> Iterator[datetime]:
    """Yield the matches of a UTC day of one offset: pure arithmetic."""
    first = (opens + shift).date()
    for day in (first, first + _DAY):
        if day.month in rule.months and rule.on_day(day):
            midnight = datetime.combine(day, time(), UTC) - shift
            for at in rule.times:
                fire = midnight + timedelta(hours=at.hour, minutes=at.minute)
                if opens <= fire < opens + _DAY:
                    yield fire


def _scanned(rule: CronRule, zone: tzinfo, opens: datetime) -> Iterator[datetime]:
    """Yield the matches of a UTC day in which the clock changes: every minute is looked at."""
    times = frozenset((at.hour, at.minute) for at in rule.times)
    for minute in range(24 * 60):
        fire = opens + minute * _MINUTE
        local = fire.astimezone(zone)
        if (local.hour, local.minute) in times and local.month in rule.months and rule.on_day(local.date()):
            yield fire
