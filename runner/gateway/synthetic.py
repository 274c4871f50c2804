"""The synthetic market: every instrument's path, with the spread of the hour around it.

All paths live on the trading week of the currencies. Where an instrument trades while they do not (stocks between
17:00 and 17:15, and on Friday evening), its quote holds still.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache

from runner.core.money import EXACT
from runner.gateway import hours
from runner.gateway.drawdown import Heights, Search, extreme
from runner.gateway.hours_sessions import CURRENCIES, hours_of
from runner.gateway.instruments import INSTRUMENTS, Instrument
from runner.gateway.path import FINE, Goal, Path, key_of, mix, slot_hour
from runner.gateway.prices import KeepsHours, Quote, Touch, Track
from runner.gateway.rates import Anchors, anchors
from runner.gateway.rates_made_up import made_up
from runner.gateway.trails import Drawdown, Terms, Trail

# How much wider than typical the spread is in each New York hour: narrow by day, wide at the roll.
_WIDENING = (2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 5, 3, 2, 2, 2, 2, 2)
_OF_STOCKS = (4, 4, 4, 4, 4, 4, 4, 4, 3, 1, 1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4)
Span = tuple[int, int]


class _Priced:
    """One instrument of the synthetic market: its path, and the spread around it in each slot of the week."""

    def __init__(self, seed: int, instrument: Instrument, path: Path) -> None:
        self.decimals, self.step, self.path = instrument.decimals, instrument.step, path
        widening = _OF_STOCKS if instrument.calendar == "stocks" else _WIDENING
        self.spreads = tuple(instrument.spread * widening[slot_hour(slot)] for slot in range(hours.OPEN_SLOTS))
        self.unit = instrument.quoted_step
        self.keeps_currency_hours = instrument.calendar == "currencies"
        self._key = key_of(seed, instrument.local_symbol + " size")
        self._least, self._lot, more = instrument.sizes
        self._lots = more + 1

    def quote(self, at: int) -> Quote:
        spread = self.spreads[hours.locate(at)[1] // hours.SLOT]
        bid = (self.path.price(at) - spread * FINE // 2) // FINE
        sizes = mix(self._key ^ at)
        return Quote(
            Decimal(bid * self.step).scaleb(-self.decimals),
            Decimal((bid + spread) * self.step).scaleb(-self.decimals),
            self._least + sizes % self._lots * self._lot,
            self._least + (sizes >> 32) % self._lots * self._lot,
        )

    def track(self, span: Span, apart: int, wanted: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
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
        if self.step > 1:
            bids, asks = [bid * self.step for bid in bids], [ask * self.step for ask in asks]
        return times, bids, asks

    def goal(self, touch: Touch) -> Goal:
        """Say the condition on bid or ask as one on the path: bid >= L is path >= L + half a spread, and so on."""
        level = EXACT.divide(touch.level, self.unit)
        whole = int(level.to_integral_value(ROUND_CEILING if touch.above else ROUND_FLOOR))
        edge = whole * FINE if touch.above else (whole + 1) * FINE - 1
        offsets = tuple(-offset for offset in self._offsets(touch.side))
        return Goal(1 if touch.above else -1, edge, offsets)

    def heights(self, side: str, sign: int) -> Heights:
        """Return one side of the market, upwards or downwards."""
        return Heights(self.path, sign, self._offsets(side))

    def _offsets(self, side: str) -> tuple[int, ...]:
        """Return how far the side lies from the path in each slot, in path units."""
        shift = FINE if side == "ask" else 0
        return tuple(spread * shift - spread * FINE // 2 for spread in self.spreads)


class SyntheticMarket(KeepsHours):
    """Prices drawn from a seed around the ECB's daily rates, or made-up levels; the same on every machine."""

    def __init__(self, seed: int, *, kept: int = 4096) -> None:
        """`kept`: how many quotes are kept in memory, since they are asked for again."""
        self._seed = seed
        self._known: dict[str, _Priced | None] = {}
        self._quote = lru_cache(kept)(_Priced.quote)

    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None for what is unknown."""
        known = self._of(key)
        if known is None:
            return None
        if not known.keeps_currency_hours:
            at = hours_of(key, extended).last_open(at)
        return self._quote(known, hours.last_open(at))

    def first_touch(self, key: str, touch: Touch, start: int, end: int, extended: bool = False) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        known = self._of(key)
        if known is None or start >= end:
            return None
        goal = known.goal(touch)
        if known.keeps_currency_hours:
            return known.path.first(goal, start, end)
        if self._holds_still(key, start, extended) and touch.holds(self.quote(key, start, extended)):
            return start
        found = (known.path.first(goal, *span) for span in hours_of(key, extended).within(start, end))
        return next((at for at in found if at is not None), None)

    def first_drawdown(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Drawdown | None:
        """Return the first open second of [start, end) at which the price has come back from its extreme since start.

        None where it does not.
        """
        known = self._of(key)
        if known is None or start >= end:
            return None
        heights = known.heights(trail.side, trail.sign)
        search = Search(heights, Terms(trail, known.unit))
        if self._holds_still(key, start, extended):
            moving = hours.last_open(start)
            found = search.meets(start, heights.at(moving, known.path.price(moving)))
            if found is not None:
                return found
        return search.first(self._moving(key, start, end, extended))

    def extreme(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Decimal | None:
        """Return the highest bid (a purchase: the lowest ask) in the open seconds of [start, end), None without any."""
        known = self._of(key)
        if known is None or start >= end:
            return None
        heights, held = known.heights(trail.side, trail.sign), []
        if self._holds_still(key, start, extended):
            moving = hours.last_open(start)
            held.append((moving, moving + 1))
        found = extreme(heights, [*held, *self._moving(key, start, end, extended)])
        return None if found is None else trail.sign * found * known.unit

    def track(self, key: str, span: Span, apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices at every open second of [start, end), or at points of the path, those wanted among them."""
        known = self._of(key)
        if known is None:
            return None
        start, end = span
        times: list[int] = []
        bids: list[int] = []
        asks: list[int] = []
        if not hours.is_open(start):
            _, bids, asks = known.track((last := hours.last_open(start), last + 1), 1, ())
            times = [start]
        for part in CURRENCIES.within(start, end):
            for column, more in zip((times, bids, asks), known.track(part, apart, wanted), strict=True):
                column += more
        return Track(times, bids, asks, known.decimals)

    def _moving(self, key: str, start: int, end: int, extended: bool) -> Iterator[Span]:
        """Yield the spans of [start, end) in which it trades and its quote moves."""
        for span in hours_of(key, extended).within(start, end):
            yield from CURRENCIES.within(*span)

    def _holds_still(self, key: str, at: int, extended: bool) -> bool:
        return not hours.is_open(at) and hours_of(key, extended).is_open(at)

    def _of(self, key: str) -> _Priced | None:
        if key not in self._known:
            self._known[key] = self._made(key)
        return self._known[key]

    def _made(self, key: str) -> _Priced | None:
        if (instrument := INSTRUMENTS.get(key)) is None:
            return None
        scale = FINE * 10**instrument.decimals // instrument.step
        name, fixings = key, self._fixings(instrument, scale)
        if instrument.security_type == "FUT":  # what it is a future on has the same path
            name = f"{instrument.symbol}.{instrument.currency}"
        elif instrument.security_type == "CFD":
            name = instrument.underlying or key
        return None if fixings is None else _Priced(self._seed, instrument, Path(self._seed, name, fixings))

    def _fixings(self, instrument: Instrument, scale: int) -> Anchors | None:
        if instrument.security_type in ("CASH", "FUT"):
            return anchors(instrument.symbol, instrument.currency, scale)
        if instrument.security_type == "OPT":
            return made_up(self._seed, instrument.local_symbol, scale, like="OPT")
        return made_up(self._seed, instrument.underlying or instrument.local_symbol, scale)
