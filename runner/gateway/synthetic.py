"""The synthetic market: every pair's path, with the spread of the hour around it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache

from runner.gateway import hours
from runner.gateway.instruments import INSTRUMENTS, Instrument
from runner.gateway.path import FINE, Goal, Path, key_of, mix, slot_hour
from runner.gateway.prices import CurrencyHours, Quote, Touch, Track
from runner.gateway.rates import Anchors, anchors

# How much wider than typical the spread is in each New York hour: narrow by day, wide at the roll.
_WIDENING = (2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 5, 3, 2, 2, 2, 2, 2)


class _Pair:
    """One pair of the synthetic market: its path, and the spread around it in each slot of the week."""

    def __init__(self, seed: int, instrument: Instrument, fixings: Anchors) -> None:
        name = instrument.local_symbol
        self.decimals = instrument.decimals
        self.path = Path(seed, name, fixings)
        self.spreads = tuple(instrument.spread * _WIDENING[slot_hour(slot)] for slot in range(hours.OPEN_SLOTS))
        self._key = key_of(seed, name + " size")

    def quote(self, at: int) -> Quote:
        spread = self.spreads[hours.locate(at)[1] // hours.SLOT]
        bid = (self.path.price(at) - spread * FINE // 2) // FINE
        sizes = mix(self._key ^ at)
        return Quote(
            Decimal(bid).scaleb(-self.decimals),
            Decimal(bid + spread).scaleb(-self.decimals),
            1_000_000 + sizes % 9 * 500_000,
            1_000_000 + (sizes >> 32) % 9 * 500_000,
        )

    def track(self, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track:
        times, prices = self.path.track(span, apart, wanted)
        bids: list[int] = []
        asks: list[int] = []
        while len(bids) < len(times):
            at = times[len(bids)]
            since = hours.locate(at)[1]
            spread = self.spreads[since // hours.SLOT]
            slot_end = at - since % hours.SLOT + hours.SLOT
            part = prices[len(bids) : bisect_left(times, slot_end)]
            bids += [(price - spread * FINE // 2) // FINE for price in part]
            asks += [bid + spread for bid in bids[len(asks) :]]
        return Track(times, bids, asks, self.decimals)

    def goal(self, touch: Touch) -> Goal:
        """Say the condition on bid or ask as one on the path: bid >= L is path >= L + half a spread, and so on."""
        return _goal(self, touch)


def _goal(pair: _Pair, touch: Touch) -> Goal:
    level = int(touch.level.scaleb(pair.decimals).to_integral_value(ROUND_CEILING if touch.above else ROUND_FLOOR))
    edge = level * FINE if touch.above else (level + 1) * FINE - 1
    shift = FINE if touch.side == "ask" else 0
    offsets = tuple(spread * FINE // 2 - spread * shift for spread in pair.spreads)
    return Goal(1 if touch.above else -1, edge, offsets)


class SyntheticMarket(CurrencyHours):
    """Prices drawn from a seed around the ECB's daily rates; the same on every machine."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pairs: dict[str, _Pair | None] = {}
        self._quote = lru_cache(4096)(_Pair.quote)

    def quote(self, pair: str, at: int) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None for an unknown pair."""
        known = self._pair(pair)
        return None if known is None else self._quote(known, hours.last_open(at))

    def first_touch(self, pair: str, touch: Touch, start: int, end: int) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        known = self._pair(pair)
        return None if known is None else known.path.first(known.goal(touch), start, end)

    def track(self, pair: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices at every open second of [start, end), or at points of the path, those wanted among them."""
        known = self._pair(pair)
        return None if known is None else known.track(span, apart, wanted)

    def _pair(self, name: str) -> _Pair | None:
        if name not in self._pairs:
            self._pairs[name] = self._made(name)
        return self._pairs[name]

    def _made(self, name: str) -> _Pair | None:
        if (instrument := INSTRUMENTS.get(name)) is None:
            return None
        fixings = anchors(instrument.symbol, instrument.currency, FINE * 10**instrument.decimals)
        return None if fixings is None else _Pair(self._seed, instrument, fixings)
