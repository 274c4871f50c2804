"""IDEALPRO's week in New York, minute by minute, and across both clock changes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.core.fx_hours import is_open, next_close, next_open, session_end

ZONE = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    """Read a New York time such as `2026-03-06 17:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2026-11-27 16:59:59", True),  # Friday
        ("2026-11-27 17:00", False),
        ("2026-11-27 17:15", False),
        ("2026-11-28 12:00", False),  # Saturday
        ("2026-11-29 17:14:59", False),  # Sunday
        ("2026-11-29 17:15", True),
        ("2026-11-30 00:00", True),
        ("2026-11-30 16:59", True),
        ("2026-11-30 17:00", False),  # the break
        ("2026-11-30 17:14:59", False),
        ("2026-11-30 17:15", True),
    ],
)
def test_is_open(text: str, answer: bool) -> None:
    assert is_open(at(text)) is answer


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("2026-11-25 10:00", "2026-11-25 10:00", "2026-11-25 17:00"),
        ("2026-11-25 17:00", "2026-11-25 17:15", "2026-11-26 17:00"),
        ("2026-11-25 18:00", "2026-11-25 18:00", "2026-11-26 17:00"),
        ("2026-11-27 17:00", "2026-11-29 17:15", "2026-11-30 17:00"),
        ("2026-11-28 03:00", "2026-11-29 17:15", "2026-11-30 17:00"),
        ("2026-11-29 10:00", "2026-11-29 17:15", "2026-11-30 17:00"),
        ("2026-03-06 20:00", "2026-03-08 17:15", "2026-03-09 17:00"),  # the clock changes on the 8th
        ("2026-10-31 20:00", "2026-11-01 17:15", "2026-11-02 17:00"),
    ],
)
def test_edges(text: str, opens: str, closes: str) -> None:
    assert next_open(at(text)) == at(opens)
    assert next_close(at(text)) == at(closes)
    assert session_end(at(text)) == at(closes)
    assert next_open(at(text)).tzinfo is UTC


@pytest.mark.parametrize("start", ["2026-03-05 00:00", "2026-10-29 00:00"])
def test_edges_are_where_a_scan_of_every_minute_finds_them(start: str) -> None:
    minutes = [at(start) + n * MINUTE for n in range(7 * 24 * 60)]
    states = [is_open(minute) for minute in minutes]
    for before in range(0, len(minutes) - 4 * 24 * 60, 7):
        opens = states.index(True, before)
        assert next_open(minutes[before]) == minutes[opens]
        assert next_close(minutes[before]) == minutes[states.index(False, opens)]


def test_it_is_cheap() -> None:
    instant = at("2026-11-28 03:00")
    began = time.process_time()
    for _ in range(10_000):
        is_open(instant)
    assert time.process_time() - began < 0.2
