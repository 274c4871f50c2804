"""What the gateway tells about quotes: values in, ticks out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from runner.gateway import history_trades as trades
from runner.gateway.hours_sessions import Session, hours_of
from runner.gateway.instruments import Instrument
from runner.gateway.market import Market, Quote, Touch
from runner.gateway.trails import Trail
from runner.wire.messages import Answer, TickGeneric, TickPrice, TickSize, TickString

_POINTS = 200  # of a day, looked at before its extremes are searched for
_AUTO_EXECUTES = 1
_BID = Trail(is_buy=False, amount=Decimal(1))  # what its extreme is asked for: the highest
_DELAYED = {1: 66, 2: 67, 4: 68, 0: 69, 3: 70, 5: 71, 6: 72, 7: 73, 8: 74, 9: 75, 14: 76, 45: 88, 49: 90}
_SIZE_OF = {1: 0, 2: 3, 4: 5}  # the tick of the size that goes with a price
_STAMP, _VOLUME, _HALTED = 45, 8, 49
Value = Decimal | int
Values = dict[int, Value]  # tick type -> price, size, or epoch seconds


@dataclass(slots=True)
class Day:
    """The trading day so far."""

    session: Session
    until: int  # the next one opens
    opened: Decimal
    high: Decimal
    low: Decimal
    close: Decimal | None  # of the day before
    seen: int  # the last second of it that is in high and low

    def reaches(self, at: int) -> bool:
        """Tell whether it can be continued to that second: a second left out may have been the highest."""
        return at <= self.seen + 1 or self.session.close <= at < self.until

    def take(self, quote: Quote, at: int) -> None:
        """Go on to that second."""
        if at == self.seen + 1 and at < self.session.close:
            self.seen = at
            self.high, self.low = max(self.high, quote.bid), min(self.low, quote.bid)


def day_of(market: Market, one: Instrument, at: int) -> Day | None:
    """Return the trading day in which at lies, or the last one before; None where it has no prices."""
    kept = hours_of(one.local_symbol)
    sessions = kept.before(at + 1)
    today, yesterday = next(sessions), next(sessions)
    end = min(at + 1, today.close)
    track = market.track(one.local_symbol, (today.opening, end), (end - today.opening) // _POINTS + 1, [today.opening])
    if track is None or not track.times:
        return None
    last = market.quote(one.local_symbol, yesterday.close - 1)
    grid = Decimal(1).scaleb(-track.decimals)
    span = (track.times[0], end)
    high = market.extreme(one.local_symbol, _BID, *span)
    return Day(
        today,
        next(kept.ahead(today.close)).opening,
        _tidy(one, track.bids[0] * grid),
        _tidy(one, max(track.bids) * grid if high is None else high),
        _tidy(one, _lowest(market, one, span, min(track.bids) * grid)),
        None if last is None else last.bid,
        end - 1,
    )


def _tidy(one: Instrument, price: Decimal) -> Decimal:
    """Return a price with the decimals of the instrument, and more only where it has more."""
    short = price.quantize(one.quoted_step)
    return short if short == price else price


def _lowest(market: Market, one: Instrument, span: tuple[int, int], known: Decimal) -> Decimal:
    """Return the lowest bid of a span, at the known one or below: by steps that double, then halve."""
    reached, step = known, 1

    def touches(level: Decimal) -> bool:
        return market.first_touch(one.local_symbol, Touch("bid", False, level), *span) is not None

    while touches(reached - one.quoted_step * step):
        reached -= one.quoted_step * step
        step *= 2
    while step > 1:
        step //= 2
        if touches(reached - one.quoted_step * step):
            reached -= one.quoted_step * step
    return reached


def values(one: Instrument, quote: Quote, day: Day | None, at: int) -> Values:
    """Return the ticks of an instrument as they stand, in the order in which they are told."""
    told: Values = {1: quote.bid, 0: quote.bid_size, 2: quote.ask, 3: quote.ask_size}
    if one.has_trades:
        traded = at if day is None else min(at, day.session.close - 1)
        told[4] = trades.price(quote, traded)
        told[5] = trades.volume(one, traded, traded + 1)
        told[_STAMP] = traded
        told[_HALTED] = 0
    if day is not None:
        if one.has_trades:
            told[_VOLUME] = trades.volume(one, day.session.opening, min(at + 1, day.session.close))
            told[14] = day.opened
        told.update({6: day.high, 7: day.low})
        if day.close is not None:
            told[9] = day.close
    return told


def ticks(request_id: int, now: Values, before: Values, *, delayed: bool = False) -> Iterator[Answer]:
    """Say which of the values are not what they were; of a price also its size."""
    for kind, value in now.items():
        if before.get(kind) != value:
            number = _DELAYED[kind] if delayed else kind
            if kind == _STAMP:
                yield TickString(request_id=request_id, tick_type=number, value=str(value))
            elif kind == _HALTED:
                yield TickGeneric(request_id=request_id, tick_type=number, value=Decimal(value))
            elif isinstance(value, int):
                yield TickSize(request_id=request_id, tick_type=number, size=Decimal(value))
            else:
                yield TickPrice(
                    request_id=request_id,
                    tick_type=number,
                    price=value,
                    size=Decimal(now.get(_SIZE_OF.get(kind, -1), 0)),
                    attributes=_AUTO_EXECUTES if kind in (1, 2) else 0,
                )
