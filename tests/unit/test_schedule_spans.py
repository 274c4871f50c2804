"""Where a span begins and ends, to the microsecond, and what every kind of schedule counts from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from runner.schedule import ScheduleSpec, fires
from runner.schedule.recurrence import count

UTC_ZONE = ZoneInfo("UTC")
TICK, MINUTE, HOUR, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2025, 5, 6, 12, tzinfo=UTC)
FAR = datetime(9999, 12, 31, tzinfo=UTC)
KINDS = {
    "fixed": ScheduleSpec(zone=UTC_ZONE, cron="0 12,13,14 * * *"),
    "running": ScheduleSpec(zone=UTC_ZONE, cron="0 */1 * * *"),
    "every": ScheduleSpec(zone=UTC_ZONE, every=HOUR),
    "at": ScheduleSpec(zone=UTC_ZONE, at=(BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR)),
}


@pytest.mark.parametrize("spec", KINDS.values(), ids=KINDS)
def test_a_span_holds_its_begin_and_not_its_end(spec: ScheduleSpec) -> None:
    assert list(fires(spec, BEGIN, BEGIN)) == []
    assert list(fires(spec, BEGIN, BEGIN + TICK)) == [BEGIN]
    assert list(fires(spec, BEGIN + TICK, BEGIN + HOUR)) == []
    assert list(fires(spec, BEGIN, BEGIN + HOUR)) == [BEGIN]
    assert list(fires(spec, BEGIN - TICK, BEGIN + HOUR + TICK)) == [BEGIN, BEGIN + HOUR]
    assert list(fires(spec, BEGIN + HOUR, BEGIN)) == []


def test_without_schedule_a_span_of_a_moment_is_enough() -> None:
    assert list(fires(None, BEGIN, BEGIN + TICK)) == [BEGIN]
    assert list(fires(None, BEGIN, BEGIN - TICK)) == []


@pytest.mark.parametrize("step", [timedelta(seconds=7), timedelta(days=3), timedelta(hours=5, microseconds=3)])
def test_every_counts_in_whole_steps_from_1970_or_its_start(step: timedelta) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for anchor, spec in (
        (epoch, ScheduleSpec(zone=UTC_ZONE, every=step)),
        (BEGIN - TICK, ScheduleSpec(zone=UTC_ZONE, every=step, start=BEGIN - TICK)),
    ):
        for start in (BEGIN, BEGIN + step - TICK):
            found = list(islice(fires(spec, start, FAR), 3))
            first = anchor + -((anchor - start) // step) * step
            assert found == [first, first + step, first + 2 * step]


def test_the_window_of_a_schedule_cuts_both_ends() -> None:
    spec = ScheduleSpec(zone=UTC_ZONE, every=HOUR, start=BEGIN, until=BEGIN + 2 * HOUR)
    assert list(fires(spec, BEGIN - DAY, BEGIN + DAY)) == [BEGIN, BEGIN + HOUR]
    assert list(fires(spec, BEGIN + TICK, BEGIN + DAY)) == [BEGIN + HOUR]
    assert list(fires(spec, BEGIN - DAY, BEGIN + HOUR)) == [BEGIN]


def test_instants_are_utc_in_whatever_zone_a_span_is_given() -> None:
    away = timezone(timedelta(hours=-11))
    for spec in KINDS.values():
        found = list(fires(spec, BEGIN.astimezone(away), (BEGIN + 3 * HOUR).astimezone(away)))
        assert found == [BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR]
        assert all(fire.tzinfo is UTC for fire in found)


def test_no_schedule_goes_on_for_ever() -> None:
    for name in ("fixed", "running", "every"):
        late = datetime(9499, 12, 31, 11, tzinfo=UTC)
        found = list(fires(KINDS[name], late, FAR))
        assert found
        assert found[-1] < datetime(9500, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
@pytest.mark.parametrize("cron", ["15 0,23 * * *", "*/15 0,23 31,1 1,3,12 *", "*/20 23 28 2 *"])
def test_local_days_far_from_utc_and_the_ends_of_months(zone: str, cron: str) -> None:
    """A scan of every minute from December to April."""
    spec = ScheduleSpec(zone=ZoneInfo(zone), cron=cron)
    minutes, hours, days, months, _ = cron.split()
    wanted = (
        {"15": {15}, "*/15": {0, 15, 30, 45}, "*/20": {0, 20, 40}}[minutes],
        {int(hour) for hour in hours.split(",")},
        set(range(1, 32)) if days == "*" else {int(day) for day in days.split(",")},
        set(range(1, 13)) if months == "*" else {int(month) for month in months.split(",")},
    )
    start, until = datetime(2024, 12, 30, tzinfo=UTC), datetime(2025, 4, 2, tzinfo=UTC)
    scan = [start + n * 5 * MINUTE for n in range((until - start) // (5 * MINUTE))]
    local = [(at, at.astimezone(spec.zone)) for at in scan]
    matches = [
        at
        for at, wall in local
        if all(x in w for x, w in zip((wall.minute, wall.hour, wall.day, wall.month), wanted, strict=True))
    ]
    assert list(fires(spec, start, until)) == matches
    assert matches
    for begin in matches[:3]:
        assert next(fires(spec, begin, until)) == begin
        assert list(fires(spec, begin, begin + TICK)) == [begin]


@pytest.mark.parametrize("spec", [None, *KINDS.values()], ids=["none", *KINDS])
def test_fires_are_counted_as_they_are_walked(spec: ScheduleSpec | None) -> None:
    for begin in (BEGIN - TICK, BEGIN, BEGIN + TICK):
        for end in (BEGIN - HOUR, BEGIN, BEGIN + TICK, BEGIN + HOUR, BEGIN + 2 * HOUR + TICK):
            assert count(spec, begin, end) == len(list(fires(spec, begin, end)))


@pytest.mark.parametrize("start", [None, BEGIN - TICK, BEGIN, BEGIN + HOUR])
@pytest.mark.parametrize("until", [None, BEGIN, BEGIN + HOUR, BEGIN + 5 * HOUR])
def test_a_window_is_counted_as_it_is_walked(start: datetime | None, until: datetime | None) -> None:
    spec = ScheduleSpec(zone=UTC_ZONE, every=timedelta(minutes=7), start=start, until=until)
    for begin in (BEGIN - 2 * HOUR, BEGIN, BEGIN + TICK, BEGIN + 6 * HOUR):
        for end in (begin - TICK, begin, begin + HOUR, begin + 9 * HOUR):
            assert count(spec, begin, end) == len(list(fires(spec, begin, end)))


def test_counting_ends_where_schedules_do() -> None:
    year = datetime(9499, 12, 31, tzinfo=UTC)
    assert count(KINDS["every"], year, FAR) == 24
