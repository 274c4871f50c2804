"""A market in which one pair costs a fixed amount more, or less, than in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from runner.gateway.prices import KeepsHours, Market, Quote, Touch, Track
from runner.gateway.trails import Drawdown, Trail


class Shifted(KeepsHours):
    """Asks the other market, with levels that are as much lower, and adds the amount to what it says of the pair."""

    def __init__(self, base: Market, pair: str, offset: Decimal) -> None:
        """`offset` is a multiple of the step in which the pair is quoted."""
        self._base = base
        self._pair = pair
        self._offset = offset

    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second."""
        found = self._base.quote(key, at, extended)
        if found is None or key != self._pair:
            return found
        return replace(found, bid=found.bid + self._offset, ask=found.ask + self._offset)

    def first_touch(self, key: str, touch: Touch, start: int, end: int, extended: bool = False) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        if key == self._pair:
            touch = replace(touch, level=touch.level - self._offset)
        return self._base.first_touch(key, touch, start, end, extended)

    def first_drawdown(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Drawdown | None:
        """Return the first open second of [start, end) at which the price has come back from its extreme since start.

        None where it does not.
        """
        if key == self._pair:
            trail = replace(trail, shift=trail.shift + self._offset)
        return self._base.first_drawdown(key, trail, start, end, extended)

    def extreme(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Decimal | None:
        """Return the highest bid (a purchase: the lowest ask) in the open seconds of [start, end), None without any."""
        found = self._base.extreme(key, trail, start, end, extended)
        return found if found is None or key != self._pair else found + self._offset

    def track(self, key: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices over an open span [start, end)."""
        found = self._base.track(key, span, apart, wanted)
        if found is None or key != self._pair:
            return found
        by = int(self._offset.scaleb(found.decimals))
        return found._replace(bids=[bid + by for bid in found.bids], asks=[ask + by for ask in found.asks])
