from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.gateway import hours
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Quote, SyntheticMarket, Touch
from runner.gateway.path import FINE, Goal, Path, key_of, mix
from runner.gateway.rates import Anchors

FIXINGS = Anchors([1_600_000_000 + 86_400 * i for i in range(40)], [110_000 * FINE + 500 * FINE * i for i in range(40)])
LAST = FIXINGS.times[-1]


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


GOLDEN: dict[tuple[int, str, tuple[int, ...]], tuple[str, str]] = {
    (1, "EUR.USD", (2025, 1, 2, 14, 30)): ("1.03323", "1.03325"),
    (1, "EUR.USD", (2025, 6, 20, 8, 0, 1)): ("1.15013", "1.15015"),
    (2, "EUR.USD", (2025, 1, 2, 14, 30)): ("1.03206", "1.03208"),
    (1, "USD.JPY", (2024, 8, 5, 6)): ("143.534", "143.540"),
    (1, "GBP.USD", (2016, 6, 24, 3, 12, 45)): ("1.41510", "1.41518"),
    (0, "USD.CHF", (2015, 1, 15, 9, 30)): ("0.90597", "0.90602"),
    (123456789, "AUD.USD", (2008, 10, 8, 23, 59, 59)): ("0.68462", "0.68468"),
    (1, "EUR.CHF", (1999, 3, 3, 12)): ("1.59308", "1.59314"),
}
PATH_GOLDEN = [33152000, 33151654, 32658813, 32794231, 29975509]


def test_the_mixer_is_splitmix64s() -> None:
    """The first outputs of the published generator for seed 1234567."""
    state = [(1234567 + step * 0x9E3779B97F4A7C15) % 2**64 for step in (1, 2, 3)]
    assert [mix(value) for value in state] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_prices_are_the_same_on_every_machine(case: tuple[int, str, tuple[int, ...]]) -> None:
    seed, pair, when = case
    quote = SyntheticMarket(seed).quote(pair, at(*when))
    assert quote is not None
    assert (str(quote.bid), str(quote.ask)) == GOLDEN[case]


def test_paths_outside_the_fixings_are_the_same_on_every_machine() -> None:
    path = Path(1, "EUR.USD", FIXINGS)
    assert [path.price(when) for when in (LAST, LAST + 1, LAST + 10**6, LAST + 10**9, 10**6)] == PATH_GOLDEN


def test_keys_differ_by_seed_and_name() -> None:
    keys = {key_of(seed, name) for seed in (-1, 0, 1, 2**64 + 2) for name in INSTRUMENTS}
    assert len(keys) == 4 * len(INSTRUMENTS)


def test_the_order_of_questions_does_not_matter() -> None:
    one, other = SyntheticMarket(3), SyntheticMarket(3)
    whens = [at(2025, 1, 6, 12) + 7919 * i for i in range(50)]
    ahead = [one.quote("EUR.USD", when) for when in whens]
    assert [other.quote("EUR.USD", when) for when in reversed(whens)] == ahead[::-1]


@pytest.mark.parametrize("pair", [name for name, one in INSTRUMENTS.items() if one.is_pair])
@pytest.mark.parametrize("year", [1980, 2003, 2026, 2027, 2060, 8999])
def test_quotes_are_sound_at_any_time(pair: str, year: int) -> None:
    market, instrument = SyntheticMarket(1), INSTRUMENTS[pair]
    for month in (1, 7):
        quote = market.quote(pair, at(year, month, 9, 3, 4, 5))
        assert quote is not None
        assert 0 < quote.bid < quote.ask
        assert quote.bid.as_tuple().exponent == quote.ask.as_tuple().exponent == -instrument.decimals
        assert quote.bid_size >= 1_000_000 <= quote.ask_size


def test_far_from_the_fixings_prices_stay_around_the_last_one() -> None:
    path = Path(1, "EUR.USD", FIXINGS)
    last = FIXINGS.prices[-1]
    prices = [path.price(LAST + 9_999_991 * i) for i in range(5000)]
    assert last * 2 // 5 < min(prices) < last * 19 // 20
    assert last * 21 // 20 < max(prices) < last * 8 // 5


@pytest.mark.parametrize("edge", [FIXINGS.times[0], FIXINGS.times[7], LAST, LAST + 2**27, FIXINGS.times[0] - 2**27])
def test_the_path_has_no_seams(edge: int) -> None:
    path = Path(1, "EUR.USD", FIXINGS)
    steps = [abs(path.price(second + 1) - path.price(second)) for second in range(edge - 30, edge + 30)]
    assert max(steps) < 25 * FINE


def test_an_unknown_pair_has_no_price() -> None:
    market = SyntheticMarket(1)
    assert market.quote("EUR.XAU", at(2025, 1, 6)) is None
    assert market.first_touch("EUR.XAU", Touch("bid", True, Decimal(1)), 0, 10**9) is None


def test_a_closed_market_keeps_its_last_quote() -> None:
    market = SyntheticMarket(1)
    close = at(2025, 1, 10, 22)
    last = market.quote("EUR.USD", close - 1)
    assert last == market.quote("EUR.USD", close) == market.quote("EUR.USD", at(2025, 1, 12, 22, 14, 59))
    assert market.next_open("EUR.USD", close) == at(2025, 1, 12, 22, 15)
    assert market.next_close("EUR.USD", close - 1) == close
    assert not market.is_open("EUR.USD", close)


def spread(market: SyntheticMarket, when: int) -> Decimal:
    quote = market.quote("EUR.USD", when)
    assert isinstance(quote, Quote)
    return quote.ask - quote.bid


def test_spreads_are_narrow_by_day_and_wide_at_the_roll() -> None:
    market = SyntheticMarket(1)
    assert spread(market, at(2025, 1, 7, 15)) == Decimal("0.00002")
    assert spread(market, at(2025, 1, 7, 2)) == Decimal("0.00004")
    assert spread(market, at(2025, 1, 7, 22, 20)) == Decimal("0.00010")


def test_days_have_the_range_of_real_ones() -> None:
    """EUR.USD moved about 40 to 90 pips on most days of 2024."""
    market = SyntheticMarket(1)
    ranges = []
    for day in range(2, 27):
        quotes = [market.quote("EUR.USD", at(2024, 9, day) + 300 * i) for i in range(288)]
        if hours.is_open(at(2024, 9, day, 12)):
            bids = [quote.bid for quote in quotes if quote]
            ranges.append(max(bids) - min(bids))
    assert Decimal("0.0040") < sorted(ranges)[len(ranges) // 2] < Decimal("0.0090")


def test_a_touch_that_holds_at_once_is_at_the_start_or_the_opening() -> None:
    market = SyntheticMarket(1)
    always = Touch("ask", True, Decimal(0))
    assert market.first_touch("EUR.USD", always, at(2025, 1, 7, 12), at(2025, 1, 8)) == at(2025, 1, 7, 12)
    assert market.first_touch("EUR.USD", always, at(2025, 1, 11), at(2025, 2, 1)) == at(2025, 1, 12, 22, 15)
    assert market.first_touch("EUR.USD", always, at(2025, 1, 11), at(2025, 1, 12)) is None
    assert market.first_touch("EUR.USD", always, at(2025, 1, 8), at(2025, 1, 8)) is None


def test_a_goal_is_met_in_trading_hours_only() -> None:
    goal = Goal(1, 0, (0,) * hours.OPEN_SLOTS)
    assert goal.met(at(2025, 1, 10, 21, 59, 59), 0)
    assert not goal.met(at(2025, 1, 10, 22), 0)
    assert not goal.met(at(2025, 1, 7, 22, 5), 0)
    assert not goal.met(at(2025, 1, 7, 12), -1)


@pytest.mark.parametrize("sign", [1, -1])
def test_no_day_of_a_block_is_skipped_for_its_calm_neighbours(sign: int) -> None:
    """One big move makes the days around it lively, and those share blocks with days that hardly move."""
    start = FIXINGS.times[0]
    prices = [110_000 * FINE if day < 25 else 113_000 * FINE for day in range(100)]
    path = Path(4, "EUR.USD", Anchors([start + 86_400 * day for day in range(100)], prices))
    for day in (10, 30, 33, 38):
        seconds = range(start + day * 86_400, start + (day + 1) * 86_400, 500)
        best = max((sign * path.price(second), second) for second in seconds if hours.is_open(second))
        found = path.first(Goal(sign, sign * best[0], (0,) * hours.OPEN_SLOTS), seconds.start, seconds.start + 99_999)
        assert found is not None
        assert found <= best[1]
