"""Prices from a CSV file instead of the synthetic path.

The first line names the columns, in any order and case: `time`, then `bid` and `ask`, or `open`, `high`, `low` and
`close`; optionally `pair` (EUR.USD, EUR/USD or EURUSD). Other columns are ignored. Without `pair` the file serves every
pair that is asked for. A time is ``YYYY-MM-DD[(T| )HH:MM[:SS]][Z|+HH:MM]``, UTC without an offset, or epoch seconds;
the times of a pair ascend.

Candles are of middle prices and get the pair's typical spread. A candle is walked in four equal steps: its open, the
nearer of low and high (the low if they are equally near), the other one, its close; it lasts as long as the least
distance between two candles of the pair. A price holds until the next one, the last one for ever. The market has the
hours of currencies, whatever the file says.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from runner.gateway import hours
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.prices import CurrencyHours, Quote, Touch, Track
from runner.gateway.quotes_file import ANY_PAIR, DIGITS, Table, read

_BLOCK = 1024
_SIZE = 1_000_000
_SPREAD = 10  # tenths of a pip, for candles of a pair that is not in the table


class _Series:
    """The prices of one pair in time, in 10**-8."""

    def __init__(self, times: Sequence[int], bids: Sequence[int], asks: Sequence[int], *, candles: bool) -> None:
        self.times, self.bids, self.asks, self.candles = times, bids, asks, candles
        self._blocks: dict[tuple[bool, bool, int], int] = {}

    def next_touch(self, index: int, touch: Touch, level: int) -> int:
        """Return the first place from index on whose price meets the level; the length of the series if none does."""
        prices = self.bids if touch.side == "bid" else self.asks
        while index < len(prices):
            block_end = min((index // _BLOCK + 1) * _BLOCK, len(prices))
            if self._block_meets(touch, index // _BLOCK, level):
                for place in range(index, block_end):
                    if (prices[place] >= level) if touch.above else (prices[place] <= level):
                        return place
            index = block_end
        return index

    def _block_meets(self, touch: Touch, block: int, level: int) -> bool:
        key = (touch.side == "bid", touch.above, block)
        if key not in self._blocks:
            prices = (self.bids if key[0] else self.asks)[block * _BLOCK : (block + 1) * _BLOCK]
            self._blocks[key] = max(prices) if touch.above else min(prices)
        return self._blocks[key] >= level if touch.above else self._blocks[key] <= level


def _series(table: Table) -> _Series:
    if not table.is_candles:
        return _Series(table.times, *table.columns, candles=False)
    lasts = min((b - a for a, b in zip(table.times, table.times[1:], strict=False)), default=60)
    first, high, low, last = table.columns
    lows_first = [f - w <= h - f for f, h, w in zip(first, high, low, strict=True)]
    nearer = array("q", [w if down else h for down, h, w in zip(lows_first, high, low, strict=True)])
    farther = array("q", [h if down else w for down, h, w in zip(lows_first, high, low, strict=True)])
    times, prices = (array("q", bytes(32 * len(first))) for _ in range(2))
    for step, column in enumerate((first, nearer, farther, last)):
        prices[step::4] = column
        times[step::4] = array("q", [at + lasts * step // 4 for at in table.times])
    return _Series(times, prices, prices, candles=True)


class QuotesMarket(CurrencyHours):
    """The prices of a file."""

    def __init__(self, path: str | Path) -> None:
        """Read the file once, whole; raises UsageError with file:line:column."""
        self._series = {pair: _series(table) for pair, table in read(Path(path)).items()}

    def quote(self, pair: str, at: int) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None before the first."""
        if (series := self._of(pair)) is None:
            return None
        place = bisect_right(series.times, hours.last_open(at)) - 1
        if place < 0:
            return None
        below, above = _around(pair, series)
        bid, ask = series.bids[place] - below, series.asks[place] + above
        return Quote(_decimal(bid, pair), _decimal(ask, pair), _SIZE, _SIZE)

    def first_touch(self, pair: str, touch: Touch, start: int, end: int) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        if (series := self._of(pair)) is None:
            return None
        below, above = _around(pair, series)
        level = _level(touch) + (below if touch.side == "bid" else -above)
        times = series.times
        place = series.next_touch(_current(times, start), touch, level)
        while place < len(times) and times[place] < end:
            until = times[place + 1] if place + 1 < len(times) else end
            since = max(times[place], start)
            at = hours.next_open(since)
            if at < end and (at == since or at < until):
                return at
            place = series.next_touch(place + 1, touch, level)
        return None

    def track(self, pair: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return every price of the file that is in force in [start, end); None for a pair without any."""
        if (series := self._of(pair)) is None:
            return None
        below, above = _around(pair, series)
        start, end = span
        part = slice(max(bisect_right(series.times, start) - 1, 0), bisect_left(series.times, end))
        bids, asks = (
            [price + by for price in side[part]] for side, by in ((series.bids, -below), (series.asks, above))
        )
        return Track(series.times[part], bids, asks, DIGITS)

    def _of(self, pair: str) -> _Series | None:
        return self._series.get(pair) or self._series.get(ANY_PAIR)


def _current(times: Sequence[int], at: int) -> int:
    """Return the first place whose price is in force during the second at, or the first place of all."""
    place = bisect_left(times, at)
    return place if place < len(times) and times[place] == at else max(place - 1, 0)


def _around(pair: str, series: _Series) -> tuple[int, int]:
    """How far bid and ask lie from the prices of the series: half the typical spread each for candles."""
    if not series.candles:
        return 0, 0
    known = INSTRUMENTS.get(pair)
    spread = (known.spread if known else _SPREAD) * 10 ** (DIGITS - _decimals(pair))
    return spread // 2, spread - spread // 2


def _decimals(pair: str) -> int:
    return 3 if pair.endswith("JPY") else 5


def _decimal(price: int, pair: str) -> Decimal:
    """Return the price with the pair's decimals, and more only where it has more."""
    short, rest = divmod(price, 10 ** (DIGITS - _decimals(pair)))
    return Decimal(price).scaleb(-DIGITS) if rest else Decimal(short).scaleb(-_decimals(pair))


def _level(touch: Touch) -> int:
    return int(touch.level.scaleb(DIGITS).to_integral_value(ROUND_CEILING if touch.above else ROUND_FLOOR))
