"""Every clock change of 2024 to 2030 in fifteen zones, held against a scan of every minute.

The oracle is Debian cron's rule as its manual page states it, told again from the wall clock's side: cron wakes every
minute and reads the wall. A fixed job runs for every wall minute it has not handled yet: after a jump forward it
catches up at once (several skipped times of one job are one run), after a jump back it waits until the wall is past
what it has handled. A job with `*` in minute or hour just compares the wall with its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.schedule import ScheduleSpec, fires

ZONES = (
    "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Pacific/Chatham",
    "Australia/Sydney", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca", "America/Santiago",
    "Antarctica/Troll", "America/Nuuk", "Asia/Beirut",
)  # fmt: skip
CRONS = (
    "30 1 * * *", "30 2 * * *", "0 0 * * *", "15 0,23 * * *", "0,15,30,45 1-3 * * *", "59 23 * * *",
    "5 2 * * 0", "* * * * *", "*/20 * * * *", "*/10 2 * * *", "15 * * * *", "0 */2 * * *", "7 */1 * * 6,0",
    "*/30 0 * * *", "* 3 * * *", "*/15 23 * * *",
)  # fmt: skip
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Matches = Callable[[datetime], bool]


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the hour before each change of the zone's offset; mid-year days where it never changes."""
    at, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    found = False
    while at < last:
        if at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset():
            found = True
            yield next(
                at + h * HOUR
                for h in range(24)
                if (at + h * HOUR).astimezone(zone).utcoffset() != (at + (h + 1) * HOUR).astimezone(zone).utcoffset()
            )
        at += DAY
    if not found:
        yield datetime(2026, 6, 30, 12, tzinfo=UTC)


def numbers(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        bounds = (low, high) if first == "*" else (int(first), int(last or first))
        found |= set(range(bounds[0], bounds[1] + 1, int(step or 1)))
    return found


def matcher(cron: str) -> Matches:
    minute, hour, _, _, weekday = cron.split()
    minutes, hours, weekdays = numbers(minute, 0, 59), numbers(hour, 0, 23), numbers(weekday, 0, 6)
    return lambda wall: wall.minute in minutes and wall.hour in hours and wall.isoweekday() % 7 in weekdays


def debian(cron: str, clock: list[tuple[datetime, datetime]]) -> list[datetime]:
    """Run a job over (instant, wall) pairs, a minute apart."""
    matches = matcher(cron)
    if any(field.startswith("*") for field in cron.split()[:2]):
        return [instant for instant, wall in clock if matches(wall)]
    ran, handled = [], clock[0][1] - MINUTE
    for instant, wall in clock:
        if wall == handled + MINUTE:
            due = matches(wall)
        else:
            due = any(matches(handled + n * MINUTE) for n in range(1, (wall - handled) // MINUTE + 1))
        if due:
            ran.append(instant)
        handled = max(handled, wall)
    return ran


@pytest.mark.parametrize("name", ZONES)
def test_fires_equal_a_scan_of_every_minute_around_each_clock_change(name: str) -> None:
    zone = ZoneInfo(name)
    specs = {cron: ScheduleSpec(zone=zone, cron=cron) for cron in CRONS}
    for change in changes(zone):
        start, until = change - 27 * HOUR, change + 27 * HOUR
        instants = [start + n * MINUTE for n in range((until - start) // MINUTE)]
        clock = [(instant, instant.astimezone(zone).replace(tzinfo=None)) for instant in instants]
        for cron, spec in specs.items():
            assert list(fires(spec, start, until)) == debian(cron, clock), f"{cron} at {change} in {name}"


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Santiago"])
def test_a_span_may_begin_at_any_minute_of_a_change(name: str) -> None:
    """Wherever a run starts, it sees the same fires from there on: nothing is repeated, nothing is lost."""
    zone = ZoneInfo(name)
    for change in list(changes(zone))[:4]:
        until = change + 6 * HOUR
        for cron in ("30 1,2 * * *", "10 0,23 * * *", "*/10 2 * * *"):
            spec = ScheduleSpec(zone=zone, cron=cron)
            whole = list(fires(spec, change - 6 * HOUR, until))
            for n in range(-180, 240, 10):
                start = change + n * MINUTE
                assert list(fires(spec, start, until)) == [fire for fire in whole if fire >= start]


def test_the_examples_of_the_manual() -> None:
    zone = ZoneInfo("America/New_York")

    def on(cron: str, month: int, day: int) -> list[str]:
        start = datetime(2026, month, day, 5, tzinfo=UTC)
        return [f"{fire:%H:%M}" for fire in fires(ScheduleSpec(zone=zone, cron=cron), start, start + 20 * HOUR)]

    assert on("30 1 * * *", 3, 8) == ["06:30"]
    assert on("30 2 * * *", 3, 8) == ["07:00"]  # skipped: at the end of the gap
    assert on("30 1 * * *", 11, 1) == ["05:30"]  # doubled: the first
    assert on("30 2 * * *", 11, 1) == ["07:30"]


def test_a_day_that_never_was_is_made_up_for_at_its_end() -> None:
    """Samoa left out 30 December 2011."""
    spec = ScheduleSpec(zone=ZoneInfo("Pacific/Apia"), cron="30 9 * * *")
    found = list(fires(spec, datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC)))
    assert [f"{fire:%d %H:%M}" for fire in found] == ["29 19:30", "30 10:00", "30 19:30", "31 19:30"]
    end = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert next(fires(spec, end, end + DAY)) == end  # also for a span that begins just there


def test_a_change_across_midnight_keeps_order() -> None:
    """Until 2011 Newfoundland went from 00:01 back to 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    start, until = datetime(2010, 11, 6, tzinfo=UTC), datetime(2010, 11, 9, tzinfo=UTC)
    instants = [start + n * MINUTE for n in range((until - start) // MINUTE)]
    clock = [(instant, instant.astimezone(zone).replace(tzinfo=None)) for instant in instants]
    for cron in CRONS:
        assert list(fires(ScheduleSpec(zone=zone, cron=cron), start, until)) == debian(cron, clock), cron
