"""S01: the fires of fifty schedules in twelve zones are those that a scan of every minute finds.

The oracle knows nothing of days or of offsets: it reads the wall clock of the zone at every minute of the span and
applies Debian cron's rule as its manual tells it. Expressions are read by a parser of its own.

    python -m tests.reliability.test_schedules_scan         # 2024-2030 whole, about a quarter of an hour
"""

from __future__ import annotations

import argparse
import random
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from runner.core.times import to_utc
from runner.schedule import ScheduleSpec, fires

ZONES = (
    "UTC", "America/New_York", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "America/Havana",
    "Africa/Casablanca", "Pacific/Chatham", "America/Santiago", "Asia/Kolkata", "Antarctica/Troll", "Asia/Tehran",
)  # fmt: skip
CRONS = (
    "30 9 * * mon-fri", "0 17 * * 1-5", "30 1 * * *", "30 2 * * *", "0 0 * * *", "59 23 * * *", "0 3 * * 0",
    "15 0,23 * * *", "0,15,30,45 1-3 * * *", "5 2 * * 7", "0 9 13 * fri", "0 9 1 * *", "0 9 31 * *", "0 12 29 2 *",
    "45 1 8-14 3,11 0", "10 2 * 3 sun", "0 0 1 1 *", "0 9 1-7 * mon", "20 4 15 jan,jul *", "1 0-23/6 * * *",
    "2 2-2 * * *", "0 1 * 10 *", "30 0 * 4,9,10 *", "0 2,3 25-31 3,10 *",
    "* * * * 6", "*/20 * * * *", "*/10 2 * * *", "15 * * * *", "0 */2 * * *", "7 */1 * * 6,0", "*/30 0 * * *",
    "* 3 1 * *", "*/15 23 * * *", "*/5 9-16 * * 1-5", "30 */4 * * *", "*/7 1,2 * 3,4,10,11 *", "0 */12 13 * fri",
    "*/59 * * * *", "20 */3 * jan,dec *", "*/30 1 * * sun",
)  # fmt: skip
WALLS = ("2026-03-08 02:30", "2026-11-01 01:30", "2026-03-29 01:30", "2026-10-04 02:15", "2027-06-30 23:59")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
START, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {name: n for n, name in enumerate(_WEEKDAYS)} | {name: n for n, name in enumerate(_MONTHS, 1)}
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall clock of a zone, a minute at a time: as minutes since 1970 read off the wall."""

    start: datetime
    shown: array[int]
    due: array[int]  # the minute of the day that a fixed job may run for, -1 where the wall repeats itself
    gaps: tuple[tuple[int, range], ...]  # where the wall has jumped: at which minute, over which minutes of the wall


def wall_of(zone: ZoneInfo, start: datetime, until: datetime) -> Wall:
    """Read the wall at every minute of [start, until)."""
    first = int((start.replace(tzinfo=None) - EPOCH) / MINUTE)
    shown, due, gaps = array("q"), array("h"), []
    handled = None
    for n in range(int((until - start) / MINUTE)):
        offset = (start + n * MINUTE).astimezone(zone).utcoffset()
        assert offset is not None
        wall = first + n + int(offset / MINUTE)
        shown.append(wall)
        fresh = handled is None or wall > handled
        if handled is not None and wall > handled + 1:
            gaps.append((n, range(handled + 1, wall)))
        due.append(wall % 1440 if fresh else -1)
        handled = wall if fresh else handled
    return Wall(start, shown, due, tuple(gaps))


def numbers(field: str, low: int, high: int) -> set[int]:
    """Read one field of a cron."""
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        ends = (first, last or first)
        if first == "*":
            ends = (str(low), str(high))
        low_, high_ = (int(_NAMES.get(end, end)) for end in ends)
        found |= set(range(low_, high_ + 1, int(step or 1)))
    return found


def reading(cron: str) -> tuple[set[int], Callable[[int], bool], bool]:
    """Return the minutes of the day, a test of days since 1970, and whether the job has a fixed time of day."""
    minute, hour, day, month, weekday = cron.split()
    times = {h * 60 + m for h in numbers(hour, 0, 23) for m in numbers(minute, 0, 59)}
    months, days = numbers(month, 1, 12), numbers(day, 1, 31)
    weekdays = {n % 7 for n in numbers(weekday, 0, 7)}
    either = day != "*" and weekday != "*"

    @cache
    def on_day(number: int) -> bool:
        at = date.fromordinal(EPOCH.toordinal() + number)
        by_day, by_week = at.day in days, at.isoweekday() % 7 in weekdays
        return at.month in months and (by_day or by_week if either else by_day and by_week)

    return times, on_day, not minute.startswith("*") and not hour.startswith("*")


def scan(cron: str, wall: Wall) -> list[datetime]:
    """Return when Debian's cron runs the job, found by looking at every minute."""
    times, on_day, fixed = reading(cron)
    if not fixed:
        hits = [n for n, at in enumerate(wall.shown) if at % 1440 in times and on_day(at // 1440)]
    else:
        ran = {n for n, at in enumerate(wall.due) if at in times and on_day(wall.shown[n] // 1440)}
        ran |= {n for n, gap in wall.gaps if any(at % 1440 in times and on_day(at // 1440) for at in gap)}
        hits = sorted(ran)
    return [wall.start + n * MINUTE for n in hits]


def others(zone: ZoneInfo, start: datetime) -> list[tuple[ScheduleSpec, Callable[[datetime], bool]]]:
    """Return schedules that are no cron, each with a test of an instant that knows nothing of them."""
    found: list[tuple[ScheduleSpec, Callable[[datetime], bool]]] = []
    for minutes in (15, 60, 90, 1440, 10080):
        step, begin = timedelta(minutes=minutes), start + 7 * DAY + 3 * MINUTE
        found.append((ScheduleSpec(zone=zone, every=step), lambda at, m=minutes: int(at.timestamp()) % (m * 60) == 0))
        found.append(
            (
                ScheduleSpec(zone=zone, every=step, start=begin, until=start + 50 * DAY),
                lambda at, b=begin, m=minutes: b <= at < b + 43 * DAY - 3 * MINUTE and (at - b).seconds % 60 == 0
                and int((at - b) / MINUTE) % m == 0,
            )
        )  # fmt: skip
    return found


def check(zone_name: str, start: datetime, until: datetime) -> tuple[int, int]:
    """Hold all fifty schedules of a zone against the scan; returns how many schedules and fires that were."""
    zone = ZoneInfo(zone_name)
    wall = wall_of(zone, start, until)
    fired = 0
    for cron in CRONS:
        found = list(fires(ScheduleSpec(zone=zone, cron=cron), start, until))
        _same(found, scan(cron, wall), f"{cron} in {zone_name}")
        fired += len(found)
    for spec, is_due in others(zone, start):
        found = list(fires(spec, start, until))
        wanted = [start + n * MINUTE for n in range(int((until - start) / MINUTE)) if is_due(start + n * MINUTE)]
        _same(found, wanted, f"{spec} in {zone_name}")
        fired += len(found)
    return len(CRONS) + len(others(zone, start)), fired


def _same(found: Sequence[datetime], wanted: Sequence[datetime], what: str) -> None:
    assert all(before < after for before, after in pairwise(found)), f"{what}: not ascending"
    assert len(set(found)) == len(found)
    missing, extra = sorted(set(wanted) - set(found))[:3], sorted(set(found) - set(wanted))[:3]
    assert (missing, extra) == ([], []), f"{what}: missing {missing}, extra {extra}"
    assert list(found) == list(wanted)


def sample() -> Iterator[tuple[str, datetime]]:
    """Draw three zones, and a day for each; no zone repeats an hour at midnight UTC, so a scan may begin there."""
    drawn = random.randrange(2**32)
    print("seed", drawn)
    random_ = random.Random(drawn)
    for zone in random_.sample(ZONES, 3):
        yield zone, START + random_.randrange(2400) * DAY


def test_s01_fifty_schedules_equal_a_scan_of_every_minute() -> None:
    for zone, start in sample():
        print(zone, start)
        count, fired = check(zone, start, start + 60 * DAY)
        assert count == 50
        assert fired > 10_000


@pytest.mark.parametrize(
    ("zone", "change"),
    [("America/New_York", "2026-11-01"), ("Australia/Lord_Howe", "2026-10-04"), ("Pacific/Chatham", "2027-04-04")],
)
def test_s01_the_scan_holds_over_clock_changes(zone: str, change: str) -> None:
    middle = datetime.fromisoformat(change).replace(tzinfo=UTC)
    assert check(zone, middle - 4 * DAY, middle + 4 * DAY)[0] == 50


@pytest.mark.parametrize("zone", ZONES)
def test_s01_at_a_clock_change_a_local_time_is_one_instant(zone: str) -> None:
    """`at` by the wall: skipped, the end of the gap; doubled, the first; found by reading the wall at each minute."""
    info = ZoneInfo(zone)
    for text in WALLS:
        local = datetime.fromisoformat(text)
        shown = [
            (at, at.astimezone(info).replace(tzinfo=None))
            for at in (local.replace(tzinfo=UTC) + n * MINUTE for n in range(-15 * 60, 15 * 60))
        ]
        wanted = next(at for at, wall in shown if wall >= local)
        assert list(fires(ScheduleSpec(zone=info, at=(to_utc(local, info),)), START, UNTIL)) == [wanted]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Scan every minute of 2024 to 2030 in twelve zones.")
    parser.add_argument("--zones", nargs="*", default=ZONES)
    chosen = parser.parse_args()
    total = 0
    for name in chosen.zones:
        schedules, fired_ = check(name, START, UNTIL)
        total += fired_
        print(f"{name}: {schedules} schedules, {fired_} fires, none missing, none extra", flush=True)
    print(f"{total} fires equal the scan")
