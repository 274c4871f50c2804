"""Prices of what is no pair: stocks, the future, gold."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Quote, QuotesMarket, SyntheticMarket, Touch

OTHERS = ["AAPL", "IBM", "SPY", "6EZ6", "XAUUSD", "IBDE40", "AAPL  261218C00230000"]
ASKED = {one for one, known in INSTRUMENTS.items() if known.security_type in ("STK", "CMDTY", "CFD")}
ASKED |= {"6EH4", "6EZ6", "AAPL  261218C00230000", "SPY   261218P00600000"}


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


NOON = at(2026, 11, 24, 17)


def quote(key: str, when: int, *, extended: bool = False, seed: int = 1) -> Quote:
    found = SyntheticMarket(seed).quote(key, when, extended)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key", "bid", "ask"),
    [
        ("AAPL", "216.77", "216.78"),
        ("SPY", "532.20", "532.21"),
        ("6EZ6", "1.07190", "1.07195"),
        ("XAUUSD", "3360.17", "3360.47"),
    ],
)
def test_the_prices_of_a_seed_never_change(key: str, bid: str, ask: str) -> None:
    found = quote(key, at(2025, 3, 5, 15))
    assert (str(found.bid), str(found.ask)) == (bid, ask)


@pytest.mark.parametrize("key", sorted(ASKED))
@given(st.integers(at(1995, 1, 1), at(2060, 1, 1)), st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_quote_is_one_that_its_exchange_could_show(key: str, when: int, extended: bool) -> None:
    one, found = INSTRUMENTS[key], quote(key, when, extended=extended)
    assert 0 < found.bid < found.ask
    assert found.ask - found.bid <= max(found.bid / 100, one.spread * 5 * one.quoted_step), "at most five times wider"
    for price in (found.bid, found.ask):
        assert price % one.min_tick == 0
        assert -price.as_tuple().exponent == one.decimals  # type: ignore[operator]
    for size in (found.bid_size, found.ask_size):
        assert (size - one.sizes.least) % one.sizes.step == 0
        assert one.sizes.least <= size <= one.sizes.least + one.sizes.step * one.sizes.steps


@pytest.mark.parametrize("key", OTHERS)
def test_an_instant_is_the_same_however_it_is_reached(key: str) -> None:
    one, other = SyntheticMarket(3), SyntheticMarket(3)
    seconds = range(NOON, NOON + 3_600, 60)
    assert [one.quote(key, second) for second in seconds] == [other.quote(key, second) for second in seconds[::-1]][
        ::-1
    ]
    assert one.quote(key, NOON) != SyntheticMarket(4).quote(key, NOON)


def test_a_stock_stays_in_sight_of_its_level_and_moves_by_day() -> None:
    market = SyntheticMarket(5)
    closes = [market.quote("AAPL", at(year, month, 15, 17)) for year in range(2000, 2040) for month in range(1, 13)]
    bids = [found.bid for found in closes if found is not None]
    assert 80 < min(bids) < max(bids) < 600
    assert len(set(bids)) > 400


def test_the_future_has_the_price_of_the_pair_on_its_own_grid() -> None:
    market = SyntheticMarket(2)
    for second in range(NOON, NOON + 3_600, 30):
        pair, future = market.quote("EUR.USD", second), market.quote("6EH7", second)
        assert pair is not None
        assert future is not None
        assert abs(pair.bid - future.bid) <= Decimal("0.00010")


def test_a_closed_market_shows_its_last_quote() -> None:
    close, evening = at(2026, 11, 24, 21), at(2026, 11, 25, 0, 30)
    assert quote("AAPL", close) == quote("AAPL", close - 1) == quote("AAPL", evening)
    assert quote("AAPL", evening, extended=True) != quote("AAPL", close - 1)
    friday_five, friday_seven = at(2026, 11, 20, 22), at(2026, 11, 21, 0)
    still = quote("AAPL", friday_five - 1, extended=True)
    assert quote("AAPL", friday_five, extended=True) == still == quote("AAPL", friday_seven, extended=True)


def test_outside_regular_hours_the_spread_is_wider() -> None:
    before, inside = quote("AAPL", at(2026, 11, 24, 12), extended=True), quote("AAPL", NOON)
    assert before.ask - before.bid > inside.ask - inside.bid == Decimal("0.01")


@pytest.mark.parametrize(
    ("key", "start", "seconds"),
    [
        ("AAPL", NOON, 600),
        ("6EZ6", NOON, 600),
        ("AAPL", at(2026, 11, 20, 21, 55), 1_200),  # runs into the evening that holds still
        ("AAPL", at(2026, 11, 24, 22, 10), 900),  # begins in the pause of the path
    ],
)
def test_a_track_is_the_quotes_one_by_one(key: str, start: int, seconds: int) -> None:
    market = SyntheticMarket(1)
    track = market.track(key, (start, start + seconds), 1, ())
    assert track is not None
    told = dict(zip(track.times, zip(track.bids, track.asks, strict=True), strict=True))
    assert track.times[0] == start
    now = (0, 0)
    for second in range(start, start + seconds):
        now = told.get(second, now)
        found = market.quote(key, second, extended=True)
        assert found is not None
        assert tuple(Decimal(price).scaleb(-track.decimals) for price in now) == (found.bid, found.ask)


def file_market(folder: Path, text: str) -> QuotesMarket:
    file = folder / "quotes.csv"
    file.write_text(text, encoding="utf-8")
    return QuotesMarket(file)


def test_a_file_may_name_anything_that_is_listed(tmp_path: Path) -> None:
    rows = [
        f"{NOON},aapl,230.00,230.01",
        f"{NOON},6EZ6,1.15000,1.15005",
        f"{NOON},XAUUSD,2700.1,2700.4",
        f"{NOON + 60},AAPL,231.00,231.01",
    ]
    market = file_market(tmp_path, "time,pair,bid,ask\n" + "\n".join(rows) + "\n")
    apple = market.quote("AAPL", NOON)
    assert apple == Quote(Decimal("230.00"), Decimal("230.01"), 1000, 1000)
    assert str(apple.bid) == "230.00"
    assert market.quote("6EZ6", NOON) == Quote(Decimal("1.15000"), Decimal("1.15005"), 27, 27)
    assert market.quote("EUR.USD", NOON) is None
    touch = Touch("ask", above=True, level=Decimal("231"))
    assert market.first_touch("AAPL", touch, NOON, NOON + 600) == NOON + 60
    evening = NOON + 6 * 3_600
    assert market.first_touch("AAPL", touch, evening, evening + 3_600) is None
    assert market.first_touch("AAPL", touch, evening, evening + 3_600, extended=True) == evening


def test_candles_of_a_stock_get_its_spread(tmp_path: Path) -> None:
    market = file_market(tmp_path, f"time,pair,open,high,low,close\n{NOON},IBM,240,240,240,240\n")
    assert market.quote("IBM", NOON) == Quote(Decimal("239.98"), Decimal("240.02"), 1000, 1000)
    market = file_market(tmp_path, f"time,pair,open,high,low,close\n{NOON},6EZ6,1.15,1.15,1.15,1.15\n")
    found = market.quote("6EZ6", NOON)
    assert found is not None
    assert found.ask - found.bid == Decimal("0.00005")
