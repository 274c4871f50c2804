"""Schedules without clock changes: rules, bounds, words, complaints."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from runner.schedule import Due, ScheduleSpec, check_cron, fires, merge, words

ZONE = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
FAR = datetime(9999, 12, 31, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_weekdays_of_2025_in_new_york() -> None:
    found = list(fires(ScheduleSpec(zone=ZONE, cron="30 9 * * mon-fri"), utc(2025, 1, 1, 5), utc(2026, 1, 1, 5)))
    assert len(found) == 261
    assert all(at.astimezone(ZONE).weekday() < 5 and at.astimezone(ZONE).hour == 9 for at in found)
    assert all(at.tzinfo is UTC for at in found)


def test_a_year_of_weekdays_is_cheap() -> None:
    spec = ScheduleSpec(zone=ZONE, cron="30 9 * * mon-fri")
    began = time.process_time()
    assert sum(1 for _ in fires(spec, utc(2025, 1, 1), utc(2026, 1, 1))) == 261
    assert time.process_time() - began < 0.05


def test_without_schedule_it_is_due_once_at_start() -> None:
    assert list(fires(None, utc(2025, 1, 1), FAR)) == [utc(2025, 1, 1)]
    assert list(fires(None, utc(2025, 1, 1), utc(2025, 1, 1))) == []


def test_the_span_is_half_open_and_cut_by_the_window_of_the_spec() -> None:
    spec = ScheduleSpec(zone=ZONE, cron="0 12 * * *", start=utc(2025, 6, 2, 16), until=utc(2025, 6, 4, 16))
    assert list(fires(spec, utc(2025, 1, 1), utc(2026, 1, 1))) == [utc(2025, 6, 2, 16), utc(2025, 6, 3, 16)]
    assert list(fires(spec, utc(2025, 6, 3, 16), utc(2025, 6, 3, 16, 0, 1))) == [utc(2025, 6, 3, 16)]
    assert list(fires(spec, utc(2025, 6, 4), utc(2025, 6, 3))) == []
    assert list(fires(spec, utc(2025, 6, 2, 16, 0, 1), utc(2025, 6, 3, 16))) == []


def test_every_counts_from_its_start() -> None:
    spec = ScheduleSpec(zone=ZONE, every=7 * HOUR, start=utc(2025, 1, 1, 1))
    assert list(fires(spec, utc(2025, 1, 1, 2), utc(2025, 1, 1, 20))) == [utc(2025, 1, 1, 8), utc(2025, 1, 1, 15)]
    assert next(fires(spec, utc(2024, 1, 1), FAR)) == utc(2025, 1, 1, 1)


def test_every_counts_from_1970_where_no_start_is_given() -> None:
    spec = ScheduleSpec(zone=ZONE, every=timedelta(days=1))
    assert list(islice(fires(spec, utc(2025, 3, 8, 1), FAR), 2)) == [utc(2025, 3, 9), utc(2025, 3, 10)]
    assert list(fires(ScheduleSpec(zone=ZONE, every=timedelta(days=999_999_999)), utc(2025, 1, 1), FAR)) == []


def test_at_is_sorted_and_each_time_counts_once() -> None:
    spec = ScheduleSpec(zone=ZONE, at=(utc(2025, 3, 2), utc(2025, 3, 1), utc(2025, 3, 1).astimezone(ZONE)))
    assert list(fires(spec, utc(2025, 1, 1), FAR)) == [utc(2025, 3, 1), utc(2025, 3, 2)]


def test_an_endless_span_is_walked_only_as_far_as_asked() -> None:
    found = fires(ScheduleSpec(zone=ZONE, cron="0 0 29 2 *"), utc(2025, 1, 1), FAR)
    assert [at.year for at in islice(found, 3)] == [2028, 2032, 2036]


@pytest.mark.parametrize(
    ("cron", "first"),
    [
        ("0 0 * * 0", utc(2025, 6, 1)),
        ("0 0 * * 7", utc(2025, 6, 1)),
        ("0 0 * * 1", utc(2025, 6, 2)),
        ("0 0 * * mon", utc(2025, 6, 2)),
        ("0 0 L * *", utc(2025, 6, 30)),
        ("0 0 LW 8 *", utc(2025, 8, 29)),
        ("0 0 * * 5L", utc(2025, 6, 27)),
        ("0 0 * * 1#1", utc(2025, 6, 2)),
        ("0 0 5 * fri", utc(2025, 6, 5)),  # OR: the fifth, a Thursday, comes before Friday the sixth
        ("0 0 13 * 2", utc(2025, 6, 3)),  # OR: Tuesday comes before the thirteenth
    ],
)
def test_days_are_numbered_and_joined_as_in_crontab(cron: str, first: datetime) -> None:
    assert next(fires(ScheduleSpec(zone=ZoneInfo("UTC"), cron=cron), utc(2025, 6, 1), FAR)) == first


@pytest.mark.parametrize("cron", ["30 9 * * mon-fri", "0 0 29 2 *", "0 0 29 2 */7", "0 0 L * *", "*/5 9-17 * * 1-5"])
def test_sound_crons(cron: str) -> None:
    assert check_cron(cron) is None


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("60 * * * *", "minute field of the cron is '60', expected 0-59"),
        ("0 24 * * *", "hour field"),
        ("0 0 32 * *", "day-of-month field"),
        ("0 0 * 13 *", "month field"),
        ("0 0 * * 8", "day-of-week field"),
        ("0 0 * * fri-mon", "day-of-week field"),
        ("0 0 * * *\n*", "6 fields"),
        ("* * * * * *", "6 fields"),
        ("* * * *", "4 fields"),
        ("", "0 fields"),
        ("@daily", "alias"),
        ("@reboot", "alias"),
        ("é * * * *", "ASCII"),
        ("9" * 5000, "too long"),
        ("9" * 400 + " * * * *", "minute field"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 2,4,6,9,11 *", "never fires"),
        ("0 0 LW 2 */7", "never fires"),
    ],
)
def test_what_is_wrong_is_said_and_at_once(cron: str, said: str) -> None:
    began = time.process_time()
    problem = check_cron(cron)
    assert problem is not None
    assert said in problem
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 31 * *", "At 09:00 on the 31st day of every month"),
        ("0 9 11,12,13,22 * *", "At 09:00 on the 11th, the 12th, the 13th, and the 22nd day of month"),
        ("*/23 * * * *", "Every 23rd minute of every hour"),
    ],
)
def test_ordinals_in_words(cron: str, said: str) -> None:
    assert words(ScheduleSpec(zone=ZONE, cron=cron)) == said


def test_words() -> None:
    assert words(None) == "once"
    assert words(ScheduleSpec(zone=ZONE, cron="30 9 * * mon-fri")) == "At 09:30 on Monday through Friday"
    assert words(ScheduleSpec(zone=ZONE, every=HOUR)) == "every 1h"
    assert words(ScheduleSpec(zone=ZONE, every=timedelta(minutes=90))) == "every 90m"
    assert words(ScheduleSpec(zone=ZONE, every=timedelta(days=2))) == "every 2d"
    assert words(ScheduleSpec(zone=ZONE, at=(utc(2027, 3, 1, 14, 30),))) == "at 2027-03-01 09:30:00 EST"
    many = ScheduleSpec(zone=ZONE, at=tuple(utc(2027, 3, day) for day in range(1, 6)))
    assert words(many).endswith("and 2 more")


def test_merge_sorts_by_time_plan_order_and_is_lazy() -> None:
    hourly, once = ScheduleSpec(zone=ZONE, every=HOUR), None
    found = merge([("b", "x", hourly), ("a", "y", hourly), ("a", "x", hourly), ("c", "x", once)], utc(2025, 1, 1), FAR)
    assert list(islice(found, 5)) == [
        Due(utc(2025, 1, 1), "a", "x"),
        Due(utc(2025, 1, 1), "a", "y"),
        Due(utc(2025, 1, 1), "b", "x"),
        Due(utc(2025, 1, 1), "c", "x"),
        Due(utc(2025, 1, 1, 1), "a", "x"),
    ]
