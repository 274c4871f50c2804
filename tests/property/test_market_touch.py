"""First touch against a scan of every second of the same path."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway import hours
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Quote, SyntheticMarket, Touch
from runner.gateway.path import FINE, Goal, Path
from runner.gateway.rates import Anchors, last_rate_day

SEED = 11


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


FIXING = at(*last_rate_day().timetuple()[:3], 12)
WINDOWS = [  # what, first second, seconds
    ("EUR.USD", at(2025, 3, 5, 13, 10), 3_600),  # over a fixing, in the busiest hour
    ("EUR.USD", at(2025, 3, 7, 21, 30), 3_600 * 49),  # over a weekend with a clock change
    ("USD.JPY", at(2024, 8, 5, 20, 40), 3_600),  # over the break
    ("EUR.DKK", at(2020, 6, 3, 8), 1_800),  # hardly moves
    ("USD.TRY", at(2018, 8, 10, 11), 1_800),  # moves a lot
    ("GBP.USD", FIXING, 9_000),  # over the last fixing
    ("EUR.USD", at(2060, 5, 5, 9), 3_600),
    ("EUR.HUF", at(1985, 2, 5, 9), 1_800),
    ("AAPL", at(2026, 11, 25, 20, 30), 3_600 * 43),  # over Thanksgiving
    ("SPY", at(2026, 3, 6, 21, 10), 3_600),  # Friday evening, when the quote holds still
    ("IBM", at(2026, 3, 4, 22, 5), 3_600),  # begins while it does
    ("6EZ6", at(2026, 3, 4, 21, 30), 3_600 * 2),
    ("XAUUSD", at(2045, 3, 1, 21, 30), 3_600 * 2),
]
EXTENDED = {"SPY", "IBM"}  # are watched outside regular hours too


@cache
def market() -> SyntheticMarket:
    return SyntheticMarket(SEED)


@cache
def scanned(window: int) -> list[tuple[int, Quote]]:
    """Every open second of a window with its quote."""
    pair, first, seconds = WINDOWS[window]
    found = (
        (second, market().quote(pair, second, pair in EXTENDED))
        for second in range(first, first + seconds)
        if market().is_open(pair, second, pair in EXTENDED)
    )
    return [(second, quote) for second, quote in found if quote is not None]


def by_scan(window: int, touch: Touch, start: int, end: int) -> int | None:
    for second, quote in scanned(window):
        price = quote.bid if touch.side == "bid" else quote.ask
        if start <= second < end and (price >= touch.level if touch.above else price <= touch.level):
            return second
    return None


def touches(window: int, count: int) -> Iterator[tuple[Touch, int, int]]:
    draw = random.Random(window)
    pair, first, seconds = WINDOWS[window]
    tick = INSTRUMENTS[pair].quoted_step
    prices = [quote.bid for _, quote in scanned(window)]
    low, ticks = min(prices), int((max(prices) - min(prices)) / tick)
    low -= low % tick
    for _ in range(count):
        level = low + tick * draw.randint(-ticks // 4 - 3, ticks + ticks // 4 + 3)
        start = first + draw.randrange(seconds)
        yield (
            Touch(draw.choice(("bid", "ask")), draw.random() < 0.5, level),
            start,
            min(start + draw.randrange(seconds), first + seconds),
        )


@pytest.mark.parametrize("window", range(len(WINDOWS)), ids=lambda index: f"{WINDOWS[index][0]}-{WINDOWS[index][1]}")
def test_a_thousand_levels_are_touched_when_a_scan_says(window: int) -> None:
    pair = WINDOWS[window][0]
    later = never = 0
    for touch, start, end in touches(window, 125):
        expected = by_scan(window, touch, start, end)
        assert market().first_touch(pair, touch, start, end, pair in EXTENDED) == expected, (touch, start, end)
        later += expected is not None and expected > market().next_open(pair, start, pair in EXTENDED)
        never += expected is None
    assert later >= 5
    assert never >= 5


@given(
    st.sampled_from(["EUR.USD", "USD.JPY", "EUR.TRY", "EUR.CHF"]),
    st.integers(at(1975, 1, 1), at(2200, 1, 1)),
    st.integers(1, 200),
    st.integers(-300, 300),
    st.sampled_from(["bid", "ask"]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_short_waits_at_any_time(pair: str, start: int, seconds: int, ticks: int, side: str, above: bool) -> None:
    quote = market().quote(pair, start)
    assert quote is not None
    touch = Touch("bid" if side == "bid" else "ask", above, quote.bid + INSTRUMENTS[pair].min_tick * ticks / 20)
    expected = None
    for second in range(start, start + seconds):
        now = market().quote(pair, second)
        assert now is not None
        price = now.bid if touch.side == "bid" else now.ask
        if hours.is_open(second) and (price >= touch.level if above else price <= touch.level):
            expected = second
            break
    assert market().first_touch(pair, touch, start, start + seconds) == expected


@given(st.integers(0, 2**64), st.integers(at(1999, 6, 1), at(2300, 1, 1)), st.integers(1, 10**9), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_long_wait_ends_at_the_level_and_never_before(seed: int, start: int, seconds: int, above: bool) -> None:
    mine = SyntheticMarket(seed)
    first = mine.quote("EUR.USD", start)
    assert first is not None
    touch = Touch("ask", above, first.ask * (102 if above else 98) / 100)
    found = mine.first_touch("EUR.USD", touch, start, start + seconds)
    draw = random.Random(seed)
    for second in (draw.randrange(start, found or start + seconds) for _ in range(50)):
        quote = mine.quote("EUR.USD", second)
        assert quote is not None
        assert (quote.ask < touch.level) if above else (quote.ask > touch.level)
    if found is not None:
        met = mine.quote("EUR.USD", found)
        assert met is not None
        assert (met.ask >= touch.level) if above else (met.ask <= touch.level)


@given(
    st.lists(st.integers(50_000 * FINE, 150_000 * FINE), min_size=2, max_size=5),
    st.integers(1, 300_000),
    st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_any_fixings_are_met_exactly_and_bound_what_lies_between(prices: list[int], apart: int, seed: int) -> None:
    times = [1_700_000_000 + apart * i for i in range(len(prices))]
    path = Path(seed, "EUR.USD", Anchors(times, prices))
    assert [path.price(when) for when in times] == prices
    draw = random.Random(seed)
    inside = [path.price(draw.randrange(times[0], times[-1])) for _ in range(100)]
    for sign, extreme in ((1, max(inside)), (-1, min(inside))):
        beyond = Goal(sign, extreme + sign, (0,) * hours.OPEN_SLOTS)
        found = path.first(beyond, times[0], times[-1])
        assert found is None or sign * path.price(found) > sign * extreme
