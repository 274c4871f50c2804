"""A market with a scenario laid over it: one pair's quotes as declared, those of all others as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from runner.gateway.hours_sessions import hours_of
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.overlay_series import check, offset_after, quotes_of
from runner.gateway.overlay_shift import Shifted
from runner.gateway.prices import KeepsHours, Market, Quote, Touch, Track
from runner.gateway.quotes import SeriesMarket
from runner.gateway.quotes_file import DIGITS
from runner.gateway.scenario import Scenario
from runner.gateway.trails import Drawdown, Trail, stop_price

_NEVER, _EVER = -(1 << 62), 1 << 62


@dataclass(frozen=True, slots=True)
class _Part:
    """A span of time and the market in it, None where there are no quotes."""

    start: int
    end: int
    market: Market | None


class Overlay(KeepsHours):
    """Asks the market that is in force: before the scenario, in each part of it, and after it."""

    def __init__(self, base: Market, scenario: Scenario) -> None:
        """Lay a scenario over a market; raises UsageError where that has no price to go by, or the path none at all."""
        check(scenario, base)
        self._base = base
        self._scenario = scenario

    @cached_property
    def _parts(self) -> tuple[_Part, ...]:
        scenario, base = self._scenario, self._base
        assert scenario.pair is not None  # else nothing asks
        offset = offset_after(scenario, base)
        after: Market = Shifted(base, scenario.pair, offset) if offset else base
        parts = [_Part(_NEVER, scenario.start, base)]
        for start, end, declared in quotes_of(scenario, base):
            parts.append(_Part(start, end, None if declared is None else SeriesMarket({scenario.pair: declared})))
        return (*parts, _Part(scenario.end, _EVER, after))

    def _within(self, start: int, end: int) -> Iterator[tuple[int, int, Market]]:
        """Yield the spans of [start, end) that have quotes, with their markets."""
        for part in self._parts:
            first, last = max(part.start, start), min(part.end, end)
            if first < last and part.market is not None:
                yield first, last, part.market

    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None where there is none."""
        if key != self._scenario.pair:
            return self._base.quote(key, at, extended)
        at = hours_of(key, extended).last_open(at)
        found = next(self._within(at, at + 1), None)
        return None if found is None else found[2].quote(key, at, extended)

    def first_touch(self, key: str, touch: Touch, start: int, end: int, extended: bool = False) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        if key != self._scenario.pair:
            return self._base.first_touch(key, touch, start, end, extended)
        within = self._within(start, end)
        found = (market.first_touch(key, touch, first, last, extended) for first, last, market in within)
        return next((at for at in found if at is not None), None)

    def first_drawdown(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Drawdown | None:
        """Return the first open second of [start, end) at which the price has come back from its extreme since start.

        None where it does not. The stop that one part has drawn along is the first stop of the next.
        """
        if key != self._scenario.pair:
            return self._base.first_drawdown(key, trail, start, end, extended)
        best: Decimal | None = None
        for first, last, market in self._within(start, end):
            if (found := market.first_drawdown(key, trail, first, last, extended)) is not None:
                return found if best is None else found._replace(extreme=_further(trail, best, found.extreme))
            extreme = market.extreme(key, trail, first, last, extended)
            if extreme is not None:
                best = extreme if best is None else _further(trail, best, extreme)
                trail = replace(trail, stop=stop_price(trail, best, INSTRUMENTS[key].quoted_step))
        return None

    def extreme(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Decimal | None:
        """Return the highest bid (a purchase: the lowest ask) in the open seconds of [start, end), None without any."""
        if key != self._scenario.pair:
            return self._base.extreme(key, trail, start, end, extended)
        within = self._within(start, end)
        found = [market.extreme(key, trail, first, last, extended) for first, last, market in within]
        return max((one for one in found if one is not None), key=lambda one: one * trail.sign, default=None)

    def track(self, key: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices over an open span [start, end), of all its parts one after the other."""
        if key != self._scenario.pair:
            return self._base.track(key, span, apart, wanted)
        times: list[int] = []
        bids: list[int] = []
        asks: list[int] = []
        for first, last, market in self._within(*span):
            found = market.track(key, (first, last), apart, wanted)
            if found is not None:
                scale = 10 ** (DIGITS - found.decimals)
                times += (max(at, first) for at in found.times)
                bids += (bid * scale for bid in found.bids)
                asks += (ask * scale for ask in found.asks)
        return Track(times, bids, asks, DIGITS) if times else None


def _further(trail: Trail, one: Decimal, other: Decimal) -> Decimal:
    return max(one, other, key=lambda price: price * trail.sign)
