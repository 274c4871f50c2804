"""The hours of stocks, futures and gold, against the rule on the clock of New York."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.gateway import hours
from runner.gateway.hours_sessions import Hours, hours_of
from runner.gateway.hours_stocks import is_short_day, is_trading_day
from runner.gateway.market import SyntheticMarket

NEW_YORK = ZoneInfo("America/New_York")
EPOCH = date(1970, 1, 1)
# As the exchange has published them.
CLOSED = {
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
    2028: "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
}
SHORT = {
    2024: "07-03 11-29 12-24", 2025: "07-03 11-28 12-24", 2026: "11-27 12-24", 2027: "11-26", 2028: "07-03 11-24",
}  # fmt: skip


def weekdays(year: int) -> list[date]:
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    return [day for day in days if day.year == year and day.weekday() < 5]


def number(day: date) -> int:
    return (day - EPOCH).days


@pytest.mark.parametrize("year", CLOSED)
def test_holidays_and_short_days_are_those_that_were_published(year: int) -> None:
    trading = [day for day in weekdays(year) if is_trading_day(number(day))]
    closed = [f"{day:%m-%d}" for day in weekdays(year) if day not in trading]
    assert closed == CLOSED[year].split()
    assert [f"{day:%m-%d}" for day in trading if is_short_day(number(day))] == SHORT[year].split()


def test_easter_is_right_where_the_rule_bends() -> None:
    for friday in ("1954-04-16", "1981-04-17", "2000-04-21", "2049-04-16", "2076-04-17"):
        assert not is_trading_day(number(date.fromisoformat(friday)))


def by_the_book(key: str, at: int, extended: bool) -> bool:
    local = datetime.fromtimestamp(at, NEW_YORK)
    day, clock = local.date(), local.time()
    if key == "EUR.USD":
        return hours.is_open(at)
    if key == "AAPL":
        text = f"{day:%m-%d}"
        if day.weekday() > 4 or text in CLOSED[day.year].split():
            return False
        is_short = text in SHORT[day.year].split()
        opening, close = (
            (time(4), time(17 if is_short else 20)) if extended else (time(9, 30), time(13 if is_short else 16))
        )
        return opening <= clock < close
    if day.weekday() == 4:
        return clock < time(17)
    if day.weekday() == 6:
        return clock >= time(18)
    return day.weekday() < 4 and not time(17) <= clock < time(18)


WEEKS = [
    datetime(*day, tzinfo=UTC) for day in ((2026, 3, 6), (2026, 10, 29), (2026, 11, 24), (2025, 7, 1), (2027, 12, 22))
]


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("key", ["EUR.USD", "AAPL", "6EZ6", "XAUUSD"])
@pytest.mark.parametrize("week", WEEKS, ids=str)
def test_every_quarter_of_a_week_and_its_edges(week: datetime, key: str, extended: bool) -> None:
    first = int(week.timestamp())
    scan = range(first, first + 8 * 86_400, 900)
    table = {at: by_the_book(key, at, extended) for at in scan}
    market = SyntheticMarket(1)
    assert [at for at in scan if market.is_open(key, at, extended) != table[at]] == []
    opens = [at for at in scan if table[at]]
    closes = [at for at in scan if not table[at] and table.get(at - 900)]
    for at in scan:
        if at <= opens[-1]:
            assert market.next_open(key, at, extended) == next(opening for opening in opens if opening >= at)
        if at < closes[-1]:
            assert market.next_close(key, at, extended) == next(close for close in closes if close > at)
        if at >= opens[0]:
            last = max(opening for opening in opens if opening <= at)
            assert hours_of(key, extended).last_open(at) == (at if table[at] else last + 899)


HOURS = st.sampled_from([hours_of("EUR.USD"), hours_of("AAPL"), hours_of("AAPL", extended=True), hours_of("6EZ6")])
INSTANTS = st.integers(915_494_400, 4_102_444_800)


@given(HOURS, INSTANTS)
def test_the_edges_agree_with_one_another(of: Hours, at: int) -> None:
    opening, close, last = of.next_open(at), of.next_close(at), of.last_open(at)
    assert last <= at <= opening < close
    assert of.is_open(at) == (opening == at) == (last == at)
    assert of.is_open(opening)
    assert of.is_open(last)
    assert of.is_open(close - 1)
    assert not of.is_open(close)
    assert opening == at or not of.is_open(opening - 1)
    assert last == at or not of.is_open(last + 1)


@given(HOURS, INSTANTS, st.integers(1, 30 * 86_400))
def test_spans_ahead_and_before_are_the_same_sessions(of: Hours, start: int, seconds: int) -> None:
    end = start + seconds
    spans = list(of.within(start, end))
    assert all(opening < close for opening, close in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    back = []
    for opening, close in of.before(end):
        if close <= start:
            break
        back.append((max(opening, start), min(close, end)))
    assert back[::-1] == spans


def test_a_day_tells_its_session_or_none() -> None:
    thanksgiving = number(date(2026, 11, 26))
    of = hours_of("AAPL", extended=True)
    assert of.on(thanksgiving) is None
    session = of.on(thanksgiving + 1)
    assert session is not None
    assert datetime.fromtimestamp(session.close, NEW_YORK).isoformat() == "2026-11-27T17:00:00-05:00"
