from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.gateway import hours

NEW_YORK = ZoneInfo("America/New_York")
CHANGES = [  # Sundays on which New York's clocks change
    datetime(*day, tzinfo=UTC)
    for day in (
        (2024, 3, 10), (2024, 11, 3), (2025, 3, 9), (2025, 11, 2), (2026, 3, 8), (2026, 11, 1), (2027, 3, 14),
        (2027, 11, 7), (2028, 3, 12), (2028, 11, 5), (2029, 3, 11), (2029, 11, 4), (2030, 3, 10), (2030, 11, 3),
    )
]  # fmt: skip


def by_the_book(at: int) -> bool:
    """The rule as IB words it, on the clock of New York."""
    local = datetime.fromtimestamp(at, NEW_YORK)
    day, clock = local.isoweekday(), local.time()
    if time(17) <= clock < time(17, 15):
        return False
    if day == 5:
        return clock < time(17)
    if day == 7:
        return clock >= time(17, 15)
    return day != 6


def minutes(around: datetime) -> range:
    first = int((around - timedelta(days=4)).timestamp())
    return range(first, first + 9 * 86_400, 60)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_minute_around_a_clock_change(change: datetime) -> None:
    assert [at for at in minutes(change) if hours.is_open(at) != by_the_book(at)] == []


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_edges_are_where_a_scan_finds_them(change: datetime) -> None:
    scan = minutes(change)
    table = [by_the_book(at) for at in scan]
    next_open = next_close = None
    for i in range(len(scan) - 1, 0, -1):
        if table[i]:
            next_open = scan[i]
        elif table[i - 1]:
            next_close = scan[i]
        if next_open is not None:
            assert hours.next_open(scan[i]) == next_open
        if next_close is not None and next_close > scan[i - 1]:
            assert hours.next_close(scan[i - 1]) == next_close
    last = None
    for at, is_open in zip(scan, table, strict=True):
        last = at if is_open else last
        if last is not None:
            assert hours.last_open(at) == (at if is_open else last + 59)


def test_edges_hold_to_the_second() -> None:
    close = int(datetime(2026, 11, 27, 22, tzinfo=UTC).timestamp())  # Friday 17:00 in winter
    opening = int(datetime(2026, 11, 29, 22, 15, tzinfo=UTC).timestamp())
    assert hours.is_open(close - 1)
    assert not hours.is_open(close)
    assert hours.next_close(close - 1) == close
    assert hours.next_open(close) == opening == hours.next_open(opening)
    assert hours.last_open(opening - 1) == close - 1
    assert not hours.is_open(opening - 1)
    assert hours.next_close(close) == opening + 85_500


def test_there_are_no_holidays() -> None:
    assert hours.is_open(int(datetime(2026, 12, 25, 15, tzinfo=UTC).timestamp()))


def test_hours_reach_as_far_as_plans_do() -> None:
    assert by_the_book(221_845_391_000) == hours.is_open(221_845_391_000)
