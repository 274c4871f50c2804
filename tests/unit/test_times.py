"""Times as they are written: what is read, what is refused, what a clock change does to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.core.times import is_bare_date, parse_duration, parse_time, stamp, to_utc

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2025-07-01", "2025-07-01T04:00:00Z"),
        ("2025-01-01", "2025-01-01T05:00:00Z"),
        ("2025-07-01 09:30", "2025-07-01T13:30:00Z"),
        ("2025-07-01T09:30:15", "2025-07-01T13:30:15Z"),
        ("2025-07-01T09:30Z", "2025-07-01T09:30:00Z"),
        ("2025-07-01Z", "2025-07-01T00:00:00Z"),
        ("2025-07-01T09:30+05:30", "2025-07-01T04:00:00Z"),
        ("2025-07-01 09:30:00-03:00", "2025-07-01T12:30:00Z"),
        ("2026-03-08 02:30", "2026-03-08T07:00:00Z"),  # skipped: the end of the gap
        ("2026-11-01 01:30", "2026-11-01T05:30:00Z"),  # doubled: the first
    ],
)
def test_times_are_read(text: str, read: str) -> None:
    assert stamp(parse_time(text, ZONE)) == read
    assert parse_time(text, ZONE).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "2025-7-1", "2025-07-01 9:30", "2025-07-01 09:30:00.5", "2025-07-01  09:30", "20250701",
        "2025-07-01T09", "2025-02-30", "2025-07-01 24:00", "2025-07-01 09:60", "2025-07-01 09:30 Z", "2025-W01-1",
        "2025-07-01T09:30+0530", "2025-07-01T09:30+24:00", "2025-07-01T09:30+05:60", "1970-01-01", "9001-01-01",
        "0000-01-01", "٢٠٢٥-07-01", "2025-07-01t09:30", "2025-07-01\n",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|year|offset|day|hour|minute|month"):
        parse_time(text, ZONE)


@pytest.mark.parametrize(
    ("zone", "skipped", "end"),
    [
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 10), "2026-10-03T15:30:00Z"),  # noqa: DTZ001
        ("America/Havana", datetime(2026, 3, 8, 0, 0), "2026-03-08T05:00:00Z"),  # noqa: DTZ001
        ("Pacific/Apia", datetime(2011, 12, 30, 12, 0), "2011-12-30T10:00:00Z"),  # noqa: DTZ001
    ],
)
def test_a_skipped_time_is_the_end_of_its_gap(zone: str, skipped: datetime, end: str) -> None:
    assert stamp(to_utc(skipped, ZoneInfo(zone))) == end


def test_every_wall_minute_around_a_change_is_found_again() -> None:
    """Outside a gap, what to_utc returns reads as the wall-clock time it was asked for."""
    for name in ("America/New_York", "Australia/Lord_Howe", "Europe/London", "America/Santiago"):
        zone = ZoneInfo(name)
        for day in range(1, 366, 3):
            for hour in range(24):
                local = datetime(2026, 1, 1) + timedelta(days=day, hours=hour, minutes=7)  # noqa: DTZ001
                assert to_utc(local, zone).astimezone(zone).replace(tzinfo=None) >= local


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), ("1d", 86400), ("48h", 172800)])
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0h", "1", "h", "1.5h", "-1h", "1 h", "1w", "01h", "1h30m", "٣h", "9999999999d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_the_longest_duration_does_not_overflow() -> None:
    assert parse_duration("999999999d") == timedelta(days=999_999_999)


def test_stamps_are_read_back() -> None:
    at = datetime(2026, 11, 25, 9, 30, tzinfo=ZONE)
    assert stamp(at) == "2026-11-25T14:30:00Z"
    assert parse_time(stamp(at), UTC) == at


def test_bare_dates() -> None:
    assert is_bare_date("2025-07-01")
    assert not is_bare_date("2025-07-01Z")
    assert not is_bare_date("2025-07-01 00:00")
