"""A market with a scenario over it answers every search as a look at each second does."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Quote, SyntheticMarket, Touch, Trail
from runner.gateway.overlay import Overlay
from runner.gateway.scenario import Move, Point, Scenario
from runner.gateway.trails import stop_price

PAIR = "EUR.USD"
UNIT = INSTRUMENTS[PAIR].quoted_step
NOON = 1_741_780_800  # Wednesday 2025-03-12 12:00:00 UTC
BASE = SyntheticMarket(1)
PIP = Decimal("0.0001")

pips = st.integers(-60, 60).map(lambda number: number * PIP)
points = st.builds(
    Point,
    at=st.just(0),
    move=st.none() | st.builds(Move, amount=pips) | st.builds(Move, percent=st.integers(-2, 2).map(Decimal)),
    gap=st.booleans(),
    spread=st.none() | st.integers(0, 30).map(lambda number: number * PIP),
    is_liquid=st.sampled_from((True, True, True, False)),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    drawn = draw(st.lists(points, min_size=1, max_size=4))
    gaps = draw(st.lists(st.integers(1, 60), min_size=len(drawn), max_size=len(drawn)))
    at, placed = NOON, []
    for point, gap in zip(drawn, gaps, strict=True):
        at += gap
        placed.append(Point(at=at, move=point.move, gap=point.gap, spread=point.spread, is_liquid=point.is_liquid))
    return Scenario(name="drawn", source="made", pair=PAIR, points=tuple(placed))


def quotes(market: Overlay, start: int, end: int) -> list[tuple[int, Quote]]:
    found = ((at, market.quote(PAIR, at)) for at in range(start, end))
    return [(at, quote) for at, quote in found if quote is not None]


spans = st.tuples(st.integers(-20, 200), st.integers(0, 150))


@settings(max_examples=150, deadline=None)
@given(scenarios(), spans, st.sampled_from(("bid", "ask")), st.booleans(), pips)
def test_a_touch_is_the_first_second_that_meets_it(
    scenario: Scenario, span: tuple[int, int], side: Literal["bid", "ask"], above: bool, away: Decimal
) -> None:
    market, start = Overlay(BASE, scenario), NOON + span[0]
    end = start + span[1]
    now = BASE.quote(PAIR, start)
    assert now is not None
    touch = Touch(side=side, above=above, level=now.bid + away)
    expected = next((at for at, quote in quotes(market, start, end) if touch.holds(quote)), None)
    assert market.first_touch(PAIR, touch, start, end) == expected


trails = st.tuples(st.booleans(), st.integers(1, 40), st.booleans())


@settings(max_examples=150, deadline=None)
@given(scenarios(), spans, trails)
def test_a_drawdown_and_an_extreme_are_those_of_every_second(
    scenario: Scenario, span: tuple[int, int], drawn: tuple[bool, int, bool]
) -> None:
    market, start = Overlay(BASE, scenario), NOON + span[0]
    end = start + span[1]
    is_buy, by, in_percent = drawn
    amount, percent = (None, Decimal(by) / 100) if in_percent else (by * PIP, None)
    trail = Trail(is_buy=is_buy, amount=amount, percent=percent)
    best: Decimal | None = None
    expected = None
    for at, quote in quotes(market, start, end):
        price = quote.ask if is_buy else quote.bid
        if best is None or price * trail.sign > best * trail.sign:
            best = price
        stop = stop_price(trail, best, UNIT)
        if expected is None and price * trail.sign <= stop * trail.sign:
            expected = (at, stop, best)
    assert market.extreme(PAIR, trail, start, end) == best
    found = market.first_drawdown(PAIR, trail, start, end)
    assert (None if found is None else tuple(found)) == expected


@settings(max_examples=60, deadline=None)
@given(scenarios(), spans)
def test_a_track_is_every_second(scenario: Scenario, span: tuple[int, int]) -> None:
    market, start = Overlay(BASE, scenario), NOON + span[0]
    end = start + span[1]
    expected = quotes(market, start, end)
    track = market.track(PAIR, (start, end), 1, ())
    if track is None:
        assert expected == []
        return
    assert list(track.times) == sorted(track.times)
    unit = Decimal(1).scaleb(-track.decimals)
    told = dict(zip(track.times, zip(track.bids, track.asks, strict=True), strict=True))
    held = None
    for at, quote in expected:
        held = told.get(at, held)
        assert held is not None
        assert (held[0] * unit, held[1] * unit) == (quote.bid, quote.ask)


@given(scenarios(), st.integers(-1000, 1000))
def test_other_pairs_and_the_time_before_are_untouched(scenario: Scenario, seconds: int) -> None:
    market, at = Overlay(BASE, scenario), NOON + seconds
    assert market.quote("GBP.USD", at) == BASE.quote("GBP.USD", at)
    if at < scenario.start:
        assert market.quote(PAIR, at) == BASE.quote(PAIR, at)
