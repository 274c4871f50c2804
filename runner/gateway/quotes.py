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

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from runner.gateway.hours_sessions import hours_of
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.prices import KeepsHours, Quote, Touch, Track
from runner.gateway.quotes_file import ANY_PAIR, DIGITS, read
from runner.gateway.quotes_series import Climb, Series, series_of
from runner.gateway.trails import LOWEST, Drawdown, Terms, Trail

_UNIT = Decimal(1).scaleb(-DIGITS)
_SIZE = 1_000_000
_SPREAD = 10  # tenths of a pip, for candles of a pair that is not in the table


class SeriesMarket(KeepsHours):
    """Prices that are known, by instrument; those under ANY_PAIR are everybody's."""

    def __init__(self, series: Mapping[str, Series]) -> None:
        self._series = series

    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None before the first."""
        if (series := self._of(key)) is None:
            return None
        place = bisect_right(series.times, hours_of(key, extended).last_open(at)) - 1
        if place < 0:
            return None
        below, above = _around(key, series)
        bid, ask = series.bids[place] - below, series.asks[place] + above
        size = _size(key)
        return Quote(_decimal(bid, key), _decimal(ask, key), size, size)

    def first_touch(self, key: str, touch: Touch, start: int, end: int, extended: bool = False) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        if (series := self._of(key)) is None:
            return None
        below, above = _around(key, series)
        level = _level(touch) + (below if touch.side == "bid" else -above)
        times, open_hours = series.times, hours_of(key, extended)
        last = bisect_left(times, end)
        place = series.next_touch(series.current(start), last, touch, level)
        while place < last:
            until = times[place + 1] if place + 1 < len(times) else end
            since = max(times[place], start)
            at = open_hours.next_open(since)
            if at < end and (at == since or at < until):
                return at
            place = series.next_touch(place + 1, last, touch, level)
        return None

    def first_drawdown(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Drawdown | None:
        """Return the first open second of [start, end) at which the price has come back from its extreme since start.

        None where it does not.
        """
        if (series := self._of(key)) is None:
            return None
        climb, terms = _climb(key, series, trail), Terms(trail, _UNIT, _step(key))
        for opening, first, last in series.runs(hours_of(key, extended).within(start, end)):
            if (place := climb.first_met(terms, first, last)) is not None:
                return terms.told(max(series.times[place], opening), climb.best)
        return None

    def extreme(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Decimal | None:
        """Return the highest bid (a purchase: the lowest ask) in the open seconds of [start, end), None without any."""
        if (series := self._of(key)) is None:
            return None
        climb = _climb(key, series, trail)
        for _, first, last in series.runs(hours_of(key, extended).within(start, end)):
            climb.rise(first, last)
        return None if climb.best == LOWEST else _decimal(trail.sign * climb.best, key)

    def track(self, key: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return every price of the file that is in force in [start, end); None for an instrument without any."""
        if (series := self._of(key)) is None:
            return None
        below, above = _around(key, series)
        start, end = span
        part = slice(max(bisect_right(series.times, start) - 1, 0), bisect_left(series.times, end))
        bids, asks = (
            [price + by for price in side[part]] for side, by in ((series.bids, -below), (series.asks, above))
        )
        return Track(series.times[part], bids, asks, DIGITS)

    def _of(self, pair: str) -> Series | None:
        return self._series.get(pair) or self._series.get(ANY_PAIR)


class QuotesMarket(SeriesMarket):
    """The prices of a file."""

    def __init__(self, path: str | Path) -> None:
        """Read the file once, whole; raises UsageError with file:line:column."""
        super().__init__({key: series_of(table) for key, table in read(Path(path)).items()})


def _around(pair: str, series: Series) -> tuple[int, int]:
    """How far bid and ask lie from the prices of the series: half the typical spread each for candles."""
    if not series.candles:
        return 0, 0
    known = INSTRUMENTS.get(pair)
    spread = (known.spread if known else _SPREAD) * _step(pair)
    return spread // 2, spread - spread // 2


def _climb(key: str, series: Series, trail: Trail) -> Climb:
    below, above = _around(key, series)
    return Climb(series, trail.sign, above if trail.is_buy else below)


def _step(key: str) -> int:
    """Return the grid of quoted prices in 10**-8."""
    known = INSTRUMENTS.get(key)
    grain: int = 10 ** (DIGITS - _decimals(key))
    return grain if known is None else grain * known.step


def _size(key: str) -> int:
    known = INSTRUMENTS.get(key)
    if known is None or known.is_pair:
        return _SIZE
    return known.sizes.least + known.sizes.steps // 2 * known.sizes.step


def _decimals(key: str) -> int:
    known = INSTRUMENTS.get(key)
    if known is None:
        return 3 if key.endswith("JPY") else 5
    return known.decimals


def _decimal(price: int, pair: str) -> Decimal:
    """Return the price with the pair's decimals, and more only where it has more."""
    short, rest = divmod(price, 10 ** (DIGITS - _decimals(pair)))
    return Decimal(price).scaleb(-DIGITS) if rest else Decimal(short).scaleb(-_decimals(pair))


def _level(touch: Touch) -> int:
    return int(touch.level.scaleb(DIGITS).to_integral_value(ROUND_CEILING if touch.above else ROUND_FLOOR))
