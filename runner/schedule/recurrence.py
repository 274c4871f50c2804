"""From a schedule to its instants: lazily, in UTC, without a clock.

What a rule means is in `cron`, `days` and `sessions`, how it walks through a zone in `local`. Here they are put in
order, held against the calendar and the blackouts, and moved on by the jitter. Instants are compared in UTC only: two
datetimes of one ZoneInfo compare by wall clock and ignore the fold.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from runner.core.times import stamp, to_utc
from runner.schedule.calendars import Calendar, calendar_of
from runner.schedule.cron import parse_cron
from runner.schedule.days import local_rule, move, moved
from runner.schedule.local import LocalRule, walk
from runner.schedule.phrase import DayRule, SessionRule
from runner.schedule.sessions import session_instants
from runner.schedule.spec import Holiday, Occurrence, ScheduleSpec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9500, 1, 1, tzinfo=UTC)  # later than any time that can be written, early enough for arithmetic
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)  # counted in integers, a step of a billion days cannot overflow
Judged = tuple[datetime, str]  # an instant, and why nothing is due there: empty for a fire
Timed = tuple[datetime, datetime, str]  # when, the instant before the jitter, and why nothing is due


def fires(spec: ScheduleSpec | None, start: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every instant in [start, until) at which spec is due; without spec it is due once, at start."""
    if spec is None:
        return iter((start,) if start < until else ())
    if spec.is_plain:
        return (instant for instant, _ in _nominal(spec, start, until))
    return (instant for instant, _, reason in timed(spec, start, until) if not reason)


def occurrences(spec: ScheduleSpec | None, start: datetime, until: datetime) -> Iterator[Occurrence]:
    """Yield what `fires` yields and, each with its reason, what is skipped between; all in [start, until), by time."""
    if spec is None:
        return (Occurrence(instant, instant) for instant in fires(spec, start, until))
    return (Occurrence(instant, nominal, reason or None) for instant, nominal, reason in timed(spec, start, until))


def timed(spec: ScheduleSpec, start: datetime, until: datetime) -> Iterator[Timed]:
    """Yield what `occurrences` does as bare tuples, for who merges many."""
    judged = _nominal(spec, start - spec.jitter, until)
    found: Iterator[Timed]
    if spec.jitter:
        found = (each for each in _jittered(spec, judged) if start <= each[0] < until)
    else:
        found = ((nominal, nominal, reason) for nominal, reason in judged)
    return _outside(spec, found) if spec.blackout else found


def count(spec: ScheduleSpec | None, start: datetime, until: datetime) -> int:
    """Return how many instants `fires` would yield; without walking where the step is fixed."""
    if spec is None or spec.every is None or not spec.is_plain:
        return sum(1 for _ in fires(spec, start, until))
    low, high = _bounds(spec, start, until)
    anchor = spec.start or _EPOCH
    return max(0, -((anchor - high) // spec.every) + ((anchor - low) // spec.every)) if low < high else 0


def _bounds(spec: ScheduleSpec, start: datetime, until: datetime) -> tuple[datetime, datetime]:
    low = max(start, spec.start) if spec.start is not None else start
    return low, min(until, spec.until or _LATEST, _LATEST)


def _nominal(spec: ScheduleSpec, start: datetime, until: datetime) -> Iterator[Judged]:
    """Yield the instants of the rule in [start, until) and the window of spec."""
    low, high = _bounds(spec, start, until)
    if low >= high:
        return iter(())
    return _between(_candidates(spec, low, high), low.astimezone(UTC), high.astimezone(UTC))


def _candidates(spec: ScheduleSpec, low: datetime, high: datetime) -> Iterator[Judged]:
    if spec.every is not None:
        return _judged(spec, _every(spec.every, spec.start or _EPOCH, low, high))
    if spec.cron is not None:
        rule = _placed(parse_cron(spec.cron), spec)
        return _judged(spec, walk(rule, spec.zone, low, high))
    if spec.on:
        streams = [_of_phrase(rule, spec, low, high) for rule in spec.on]
        return streams[0] if len(streams) == 1 else heapq.merge(*(_ordered(stream) for stream in streams))
    return _judged(spec, iter(sorted({_placed_instant(at, spec).astimezone(UTC) for at in spec.at})))


def _of_phrase(rule: DayRule | SessionRule, spec: ScheduleSpec, low: datetime, high: datetime) -> Iterator[Judged]:
    if isinstance(rule, DayRule):
        local = _placed(_compiled(rule, spec.calendar), spec)
        return _judged(spec, walk(local, spec.zone, low, high))
    return session_instants(rule, spec.calendar, _calendar(spec), low, high)


@lru_cache(maxsize=16_384)
def _compiled(rule: DayRule, calendar: tuple[str, ...]) -> LocalRule:
    return local_rule(rule, calendar_of(calendar))


def _between(candidates: Iterator[Judged], low: datetime, high: datetime) -> Iterator[Judged]:
    """Keep what lies in [low, high) and is later than all before it."""
    last = low - _MINUTE
    for judged in candidates:
        fire = judged[0]
        if fire >= high:
            return
        if fire >= low and fire > last:
            yield judged
            last = fire


def _ordered(instants: Iterable[Judged]) -> Iterator[Judged]:
    """Drop what a clock change puts before an instant that came already."""
    last = None
    for judged in instants:
        if last is None or judged[0] > last:
            yield judged
            last = judged[0]


def _every(step: timedelta, anchor: datetime, low: datetime, high: datetime) -> Iterator[datetime]:
    count = (low - anchor) // step  # the last at or before low
    while (distance := count * (step // _TICK)) < (high - anchor) // _TICK:
        yield anchor.astimezone(UTC) + distance * _TICK
        count += 1


# --- calendar, blackouts, jitter


def _calendar(spec: ScheduleSpec) -> Calendar | None:
    return calendar_of(spec.calendar) if spec.calendar else None


def _placed(rule: LocalRule, spec: ScheduleSpec) -> LocalRule:
    """Return the rule with its closed days moved, if they are to be."""
    if not spec.calendar or spec.holiday is Holiday.SKIP:
        return rule
    return moved(rule, calendar_of(spec.calendar), forward=spec.holiday is Holiday.NEXT)


def _placed_instant(at: datetime, spec: ScheduleSpec) -> datetime:
    if not spec.calendar or spec.holiday is Holiday.SKIP:
        return at
    local = at.astimezone(spec.zone)
    day = move(local.date(), calendar_of(spec.calendar), forward=spec.holiday is Holiday.NEXT)
    return at if day == local.date() else to_utc(datetime.combine(day, local.time()), spec.zone)


def _judged(spec: ScheduleSpec, instants: Iterator[datetime]) -> Iterator[Judged]:
    """Add to each instant why the calendar closes its day, as the schedule's zone has it."""
    if not spec.calendar:
        return ((instant, "") for instant in instants)
    closed: Callable[[date], str | None] = calendar_of(spec.calendar).closed
    zone = spec.zone
    return ((instant, closed(instant.astimezone(zone).date()) or "") for instant in instants)


def _jittered(spec: ScheduleSpec, judged: Iterator[Judged]) -> Iterator[Timed]:
    """Move each instant on by its share of the jitter; what overtakes another comes first."""
    held: list[Timed] = []
    for nominal, reason in judged:
        while held and held[0][0] <= nominal:
            yield heapq.heappop(held)
        heapq.heappush(held, (nominal + _delay(spec, nominal), nominal, reason))
    while held:
        yield heapq.heappop(held)


def _delay(spec: ScheduleSpec, nominal: datetime) -> timedelta:
    """Return a share of the jitter, the same whenever and wherever it is asked for."""
    digest = hashlib.sha256(f"{spec.salt}|{stamp(nominal)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (spec.jitter // _SECOND + 1) * _SECOND


def _outside(spec: ScheduleSpec, found: Iterator[Timed]) -> Iterator[Timed]:
    """Add to what falls into a blackout which one that is."""
    for instant, nominal, reason in found:
        blackout = next((each for each in spec.blackout if not reason and each.covers(instant, spec.zone)), None)
        yield instant, nominal, reason if blackout is None else f"blackout: {blackout.text}"
