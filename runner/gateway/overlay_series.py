"""The quotes that a scenario declares, second by second, as a series that can be searched as a file of quotes can."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from runner.core.money import EXACT
from runner.errors import UsageError
from runner.gateway.hours_sessions import hours_of
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.prices import Market, Track
from runner.gateway.quotes_file import DIGITS
from runner.gateway.quotes_series import Series
from runner.gateway.scenario import Point, Scenario

_HALF = Decimal("0.5")


class _Anchor(NamedTuple):
    """A point of the path that has a price, in 10**-8."""

    at: int
    price: int
    is_gap: bool


def check(scenario: Scenario, base: Market) -> None:
    """Raise UsageError if the market has no price at a point, or a move leads to none."""
    for point in scenario.points:
        where = f"scenario {scenario.name}, {datetime.fromtimestamp(point.at, UTC):%Y-%m-%dT%H:%M:%SZ}"
        if scenario.pair is not None and base.quote(scenario.pair, point.at) is None:
            raise UsageError(f"{where}: the prices below it have none of {scenario.pair} then; begin where they do")
        if point.move is not None and _price(point, base, scenario.pair or "") <= 0:
            raise UsageError(f"{where}: the move leads to a price of zero or less; the market is not as high as that")


def offset_after(scenario: Scenario, base: Market) -> Decimal:
    """Return how far the price is from the market's own once the scenario is over, on the grid of quotes."""
    if scenario.pair is None or not (anchors := _anchors(scenario, base)):
        return Decimal(0)
    last = anchors[-1]
    step = INSTRUMENTS[scenario.pair].quoted_step
    apart = Decimal(last.price).scaleb(-DIGITS) - _middle(base, scenario.pair, last.at)
    return EXACT.multiply(EXACT.divide(apart, step).to_integral_value(), step)


def quotes_of(scenario: Scenario, base: Market) -> Iterator[tuple[int, int, Series | None]]:
    """Yield the stretches from point to point, each with its quotes, None where there are none."""
    anchors = _anchors(scenario, base)
    for point, following in pairwise(scenario.points):
        declared = _declared(scenario, point, following.at, anchors, base) if point.is_liquid else None
        yield point.at, following.at, declared


def _anchors(scenario: Scenario, base: Market) -> list[_Anchor]:
    pair = scenario.pair or ""
    return [_Anchor(point.at, _price(point, base, pair), point.gap) for point in scenario.points if point.has_price]


def _price(point: Point, base: Market, pair: str) -> int:
    if point.move is None:
        return _units(point.price or Decimal(0))
    return _units(point.move.of(_middle(base, pair, point.at)))


def _middle(base: Market, pair: str, at: int) -> Decimal:
    quote = base.quote(pair, at)
    return Decimal(0) if quote is None else (quote.bid + quote.ask) * _HALF


def _units(price: Decimal) -> int:
    return int(price.scaleb(DIGITS).to_integral_value())


def _declared(scenario: Scenario, point: Point, end: int, anchors: list[_Anchor], base: Market) -> Series | None:
    """Return the quotes from a point to the next one, None if none of its seconds trades."""
    pair = scenario.pair or ""
    grain = _units(INSTRUMENTS[pair].quoted_step)
    middle = _course(point.at, anchors, base, pair)
    times: list[int] = []
    bids: list[int] = []
    asks: list[int] = []
    for span in hours_of(pair, False).within(point.at, end):
        track = base.track(pair, span, 1, ())
        if track is None:
            continue
        for at, bid, ask in _seconds(track, *span):
            spread = ask - bid if point.spread is None else _units(point.spread)
            low = (middle(at, bid + ask) - spread // 2) // grain * grain
            if not bids or (low, low + spread) != (bids[-1], asks[-1]):
                times.append(at)
                bids.append(low)
                asks.append(low + spread)
    return Series(times, bids, asks, candles=False) if times else None


def _seconds(track: Track, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield every second of a span with the market's own bid and ask, in 10**-8."""
    scale = 10 ** (DIGITS - track.decimals)
    place = 0
    for at in range(start, end):
        while place + 1 < len(track.times) and track.times[place + 1] <= at:
            place += 1
        yield at, track.bids[place] * scale, track.asks[place] * scale


def _course(at: int, anchors: list[_Anchor], base: Market, pair: str) -> Callable[[int, int], int]:
    """Return the middle at a second, given twice the market's own, for the stretch that begins at a point."""
    place = bisect_right([anchor.at for anchor in anchors], at)
    before = anchors[place - 1] if place else None
    behind = anchors[place] if place < len(anchors) else None
    if before is None:
        return lambda _at, twice: twice // 2
    if behind is None:
        apart = before.price - _units(_middle(base, pair, before.at))
        return lambda _at, twice: twice // 2 + apart
    if behind.is_gap:
        return lambda _at, _twice: before.price
    rise, lasts = behind.price - before.price, behind.at - before.at
    return lambda now, _twice: before.price + rise * (now - before.at) // lasts
