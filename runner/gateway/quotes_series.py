"""The prices of one instrument from a file, in time; searched by blocks, of which the extremes are remembered."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import compress, count, repeat
from operator import add, sub

from runner.gateway.hours_sessions import Session
from runner.gateway.prices import Touch
from runner.gateway.quotes_file import Table
from runner.gateway.trails import LOWEST, Terms

_BLOCK = 1024
_STRETCH = 64  # places that are looked at together before each is


class Series:
    """Bids and asks in 10**-8, each from its time to the next."""

    def __init__(self, times: Sequence[int], bids: Sequence[int], asks: Sequence[int], *, candles: bool) -> None:
        self.times, self.bids, self.asks, self.candles = times, bids, asks, candles
        self._extremes: dict[tuple[bool, bool, int], int] = {}

    def next_touch(self, index: int, last: int, touch: Touch, level: int) -> int:
        """Return the first place of [index, last) whose price meets the level; last or beyond if none does."""
        is_bid, is_above = touch.side == "bid", touch.above
        prices = self.bids if is_bid else self.asks
        while index < last:
            block_end = min((index // _BLOCK + 1) * _BLOCK, last)
            extreme = self.extreme(is_bid, is_above, index // _BLOCK)
            if extreme >= level if is_above else extreme <= level:
                found = _first(prices, range(index, block_end, _STRETCH), block_end, level, is_above=is_above)
                if found is not None:
                    return found
            index = block_end
        return index

    def extreme(self, is_bid: bool, highest: bool, block: int) -> int:
        """Return the highest or lowest price of a block."""
        key = (is_bid or self.candles, highest, block)  # candles have one series for both sides
        if key not in self._extremes:
            prices = (self.bids if is_bid else self.asks)[block * _BLOCK : (block + 1) * _BLOCK]
            self._extremes[key] = max(prices) if highest else min(prices)
        return self._extremes[key]

    def current(self, at: int) -> int:
        """Return the first place whose price is in force during the second at, or the first place of all."""
        place = bisect_left(self.times, at)
        return place if place < len(self.times) and self.times[place] == at else max(place - 1, 0)

    def runs(self, sessions: Iterator[Session]) -> Iterator[tuple[int, int, int]]:
        """Yield of each session its opening, and the places [first, last) whose prices are in force in it."""
        for opening, close in sessions:
            last = bisect_left(self.times, close)
            if last:
                yield opening, self.current(opening), last


def _first(prices: Sequence[int], starts: range, end: int, level: int, *, is_above: bool) -> int | None:
    """Return the first place below end whose price meets the level, looking at one stretch after the other."""
    for start in starts:
        part = prices[start : min(start + _STRETCH, end)]
        if max(part) >= level if is_above else min(part) <= level:
            meets = (price >= level for price in part) if is_above else (price <= level for price in part)
            return next(compress(count(start), meets))
    return None


class Climb:
    """The heights of one side, see `runner.gateway.trails`: the greatest so far, and the first that met the stop."""

    def __init__(self, series: Series, sign: int, shift: int) -> None:
        """The price that is traded lies shift below the bid of the series, or above the ask."""
        self._series, self._sign, self._shift = series, sign, shift
        self._prices = series.bids if sign > 0 else series.asks
        self.best = LOWEST

    def rise(self, first: int, last: int) -> None:
        """Take in the places [first, last)."""
        while first < last:
            end = min((first // _BLOCK + 1) * _BLOCK, last)
            high = self._block(first, end)[1]
            if high > self.best:
                self.best = high
            first = end

    def first_met(self, terms: Terms, first: int, last: int) -> int | None:
        """Take in the places [first, last) up to the first that meets the stop, which is returned."""
        while first < last:
            end = min((first // _BLOCK + 1) * _BLOCK, last)
            low, high = self._block(first, end)
            if low > terms.stop(max(self.best, high)):
                self.best = max(self.best, high)
            elif (found := self._walk(terms, first, end)) is not None:
                return found
            first = end
        return None

    def _walk(self, terms: Terms, first: int, last: int) -> int | None:
        stop = terms.stop(self.best)
        for place in range(first, last):
            height = self._sign * self._prices[place] - self._shift
            if height > self.best:
                self.best, stop = height, terms.stop(height)
            if height <= stop:
                return place
        return None

    def _block(self, first: int, end: int) -> tuple[int, int]:
        """Return the lowest and the greatest height of places that lie in one block."""
        is_bid, block = self._sign > 0, first // _BLOCK
        if end - first == _BLOCK:
            low, high = (self._series.extreme(is_bid, highest, block) for highest in (False, True))
        else:
            part = self._prices[first:end]
            low, high = min(part), max(part)
        return (low - self._shift, high - self._shift) if is_bid else (-high - self._shift, -low - self._shift)


def series_of(table: Table) -> Series:
    """Return the prices of a table; candles become four each."""
    if not table.is_candles:
        return Series(table.times, *table.columns, candles=False)
    lasts = min(map(sub, table.times[1:], table.times), default=60)
    first, high, low, last = table.columns
    nearer = array("q", [w if f - w <= h - f else h for f, h, w in zip(first, high, low, strict=True)])
    farther = array("q", map(sub, map(add, high, low), nearer))
    times, prices = (array("q", bytes(32 * len(first))) for _ in range(2))
    for step, column in enumerate((first, nearer, farther, last)):
        prices[step::4] = column
        times[step::4] = array("q", map(add, table.times, repeat(lasts * step // 4)))
    return Series(times, prices, prices, candles=True)
