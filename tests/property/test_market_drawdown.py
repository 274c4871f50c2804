"""Trailing stops against a walk through every second."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Drawdown, Market, QuotesMarket, SyntheticMarket, Trail
from runner.gateway.trails import stop_price


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


WINDOWS = [  # what, first second, seconds, outside regular hours
    ("EUR.USD", at(2025, 3, 5, 13, 10), 3_600, False),  # over a fixing
    ("EUR.USD", at(2025, 3, 7, 21, 30), 3_600 * 49, False),  # over a weekend with a clock change
    ("USD.JPY", at(2024, 8, 5, 20, 40), 3_600, False),  # over the break
    ("USD.TRY", at(2060, 8, 10, 11), 1_800, False),
    ("AAPL", at(2026, 11, 25, 20, 45), 156_600, False),  # over Thanksgiving, into a short day
    ("AAPL", at(2026, 11, 25, 20, 45), 5_400, True),
    ("SPY", at(2026, 11, 20, 21, 30), 3_600 * 4, True),  # Friday evening, when the quote holds still
    ("SPY", at(2026, 11, 24, 22, 5), 3_600, True),  # begins while it does
    ("6EZ6", at(2026, 11, 24, 21, 30), 3_600 * 2, False),
    ("XAUUSD", at(2026, 11, 20, 21, 45), 178_500, False),
]


@cache
def synthetic() -> SyntheticMarket:
    return SyntheticMarket(7)


def prices(
    market: Market, key: str, seconds: Iterable[int], trail: Trail, extended: bool
) -> Iterable[tuple[int, Decimal]]:
    for second in seconds:
        if market.is_open(key, second, extended) and (quote := market.quote(key, second, extended)) is not None:
            yield second, quote.ask if trail.is_buy else quote.bid


def walk(told: Iterable[tuple[int, Decimal]], trail: Trail, unit: Decimal) -> Drawdown | None:
    """The rule word for word."""
    extreme = stop = None
    for second, price in told:
        if extreme is None or (price < extreme if trail.is_buy else price > extreme):
            extreme = price
            way = trail.amount if trail.percent is None else extreme * trail.percent / 100
            assert way is not None
            trailed = extreme + way if trail.is_buy else extreme - way
            trailed = (trailed / unit).to_integral_value(ROUND_CEILING if trail.is_buy else ROUND_FLOOR) * unit
            first = trailed if trail.stop is None else trail.stop
            stop = min(first, trailed) if trail.is_buy else max(first, trailed)
        assert stop is not None
        if price >= stop if trail.is_buy else price <= stop:
            return Drawdown(second, stop, extreme)
    return None


def trails(draw: random.Random, near: list[Decimal], unit: Decimal) -> Iterable[Trail]:
    span = max(near) - min(near)
    for number in range(24):
        is_buy = number % 2 == 0
        way = span * draw.randint(1, 130) / 100
        first = near[0] + way / 2 if is_buy else near[0] - way / 2
        stop = None if number % 4 < 2 else first - first % unit
        if number % 3 == 0:
            yield Trail(is_buy=is_buy, percent=round(way / near[0] * 100, 4), stop=stop)
        else:
            yield Trail(is_buy=is_buy, amount=way - way % unit + unit, stop=stop)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window[0]}-{window[1]}")
def test_a_path_comes_back_when_a_walk_says(window: tuple[str, int, int, bool]) -> None:
    key, first, seconds, extended = window
    market, unit = synthetic(), INSTRUMENTS[key].quoted_step
    told = {
        is_buy: list(prices(market, key, range(first, first + seconds), Trail(is_buy=is_buy), extended))
        for is_buy in (False, True)
    }
    draw, found = random.Random(first), 0
    for trail in trails(draw, [price for _, price in told[False]], unit):
        start = first + draw.randrange(seconds // 2)
        seen = [(second, price) for second, price in told[trail.is_buy] if second >= start]
        expected = walk(seen, trail, unit)
        assert market.first_drawdown(key, trail, start, first + seconds, extended) == expected, trail
        best = min if trail.is_buy else max
        extreme = best(price for _, price in seen)
        assert market.extreme(key, trail, start, first + seconds, extended) == extreme
        if expected is not None:
            found += 1
            assert stop_price(trail, expected.extreme, unit) == expected.stop
    assert found >= 2


@given(
    st.integers(0, 2**32),
    st.sampled_from(["EUR.USD", "AAPL", "6EZ6", "XAUUSD"]),
    st.integers(at(2010, 1, 1), at(2045, 1, 1)),
    st.integers(1, 400),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_over_months_it_is_the_first_of_many_samples(seed: int, key: str, start: int, part: int, is_buy: bool) -> None:
    market, unit = SyntheticMarket(seed), INSTRUMENTS[key].quoted_step
    trail, end = Trail(is_buy=is_buy, percent=Decimal(part) / 50), start + 90 * 86_400
    found = market.first_drawdown(key, trail, start, end)
    until = end if found is None else found.at
    draw = random.Random(seed)
    extreme = market.extreme(key, trail, start, until)
    samples = sorted(draw.randrange(start, until) for _ in range(300)) if until > start else []
    for _, price in prices(market, key, samples, trail, False):
        assert extreme is not None
        assert price >= extreme if is_buy else price <= extreme
    seen = walk(prices(market, key, samples, trail, False), trail, unit)
    assert seen is None
    if found is not None:
        quote = market.quote(key, found.at)
        assert quote is not None
        assert market.is_open(key, found.at)
        assert quote.ask >= found.stop if is_buy else quote.bid <= found.stop
        assert found.extreme == market.extreme(key, trail, start, found.at + 1)
        assert found.stop == stop_price(trail, found.extreme, unit)


def test_a_month_is_searched_in_no_time() -> None:
    market, start = synthetic(), at(2025, 3, 5, 14, 30)
    trail = Trail(is_buy=False, percent=Decimal("2.5"))
    begun = datetime.now(UTC)
    for _ in range(5):
        market.first_drawdown("EUR.USD", trail, start, start + 30 * 86_400)
    assert (datetime.now(UTC) - begun).total_seconds() < 5 * 0.5  # usually 5 ms each


ROWS = st.lists(st.tuples(st.integers(1, 9_000), st.integers(9_900, 10_100), st.integers(0, 3)), min_size=1)


@given(ROWS, st.integers(-60_000, 60_000), st.integers(1, 200_000), st.integers(1, 150), st.data())
@settings(max_examples=120, deadline=None)
def test_a_file_comes_back_when_a_walk_says(
    rows: list[tuple[int, int, int]], start: int, wait: int, way: int, data: st.DataObject
) -> None:
    key, extended, is_buy = data.draw(
        st.tuples(st.sampled_from(["EUR.USD", "AAPL", "XAUUSD"]), st.booleans(), st.booleans())
    )
    first = stamp = at(2025, 3, 5, 14)
    lines = ["time,pair,bid,ask"]
    for apart, bid, spread in rows:
        stamp += apart
        lines.append(f"{stamp},{key},{bid / 100:.2f},{(bid + spread) / 100:.2f}")
    start += first
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "quotes.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        market = QuotesMarket(file)
    trail = Trail(is_buy=is_buy, amount=Decimal(way) / 100)
    if data.draw(st.booleans()):
        trail = Trail(is_buy=is_buy, percent=Decimal(way) / 100, stop=Decimal(9_990 + 20 * is_buy) / 100)
    moments = {start, *(int(line.split(",")[0]) for line in lines[1:])}
    moments |= {market.next_open(key, moment, extended) for moment in moments}
    seconds = sorted(moment for moment in moments if start <= moment < start + wait)
    told = list(prices(market, key, seconds, trail, extended))
    expected = walk(told, trail, INSTRUMENTS[key].quoted_step)
    assert market.first_drawdown(key, trail, start, start + wait, extended) == expected
    extreme = (min if is_buy else max)((price for _, price in told), default=None)
    assert market.extreme(key, trail, start, start + wait, extended) == extreme


def test_a_long_file_is_searched_by_blocks() -> None:
    first = at(2025, 3, 5, 15)
    heights = [10_000 + (number if number < 6_000 else 12_000 - number) for number in range(9_000)]
    lines = ["time,bid,ask", *(f"{first + n},{h / 10_000:.4f},{(h + 1) / 10_000:.4f}" for n, h in enumerate(heights))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "quotes.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        market = QuotesMarket(file)
    found = market.first_drawdown("EUR.USD", Trail(is_buy=False, amount=Decimal("0.25")), first, first + 9_000)
    assert found == Drawdown(first + 8_500, Decimal("1.35"), Decimal("1.6"))
    assert market.first_drawdown("EUR.USD", Trail(is_buy=False, amount=Decimal("0.3")), first, first + 9_000) is None
