"""Stops that follow the market: where one stands at an instant, and when it will be reached."""

from __future__ import annotations

from decimal import Decimal

from runner.core.money import EXACT
from runner.gateway.book import Entry
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Market, Quote
from runner.gateway.trails import Trail, stop_price

ZERO = Decimal(0)


def _trail(entry: Entry) -> Trail:
    order = entry.order
    amount = order.aux_price if order.trailing_percent is None else None
    return Trail(is_buy=entry.is_buy, amount=amount, percent=order.trailing_percent, stop=entry.stop)


def begin(entry: Entry, quote: Quote | None, at: int) -> None:
    """Put the stop where the order says, else where the quote does."""
    entry.seen = at
    entry.stop = entry.order.trail_stop_price
    if entry.stop is None and quote is not None:
        entry.stop = _stop(entry, quote.ask if entry.is_buy else quote.bid)


def _stop(entry: Entry, extreme: Decimal) -> Decimal:
    return stop_price(_trail(entry), extreme, INSTRUMENTS[entry.pair].quoted_step)


def follow(market: Market, entry: Entry, at: int) -> None:
    """Move the stop to where it stands at that instant, if the market has drawn it along."""
    if at <= entry.seen:
        return
    span, extended = (entry.seen + 1, at + 1), entry.order.outside_rth
    found = market.first_drawdown(entry.pair, _trail(entry), *span, extended=extended)
    if found is not None:
        entry.stop = found.stop
    elif (extreme := market.extreme(entry.pair, _trail(entry), *span, extended=extended)) is not None:
        entry.stop = _stop(entry, extreme)
    entry.seen = at


def next_touch(market: Market, entry: Entry, end: int) -> int | None:
    """Return when the stop is reached, None if not before end."""
    found = market.first_drawdown(entry.pair, _trail(entry), entry.seen + 1, end, extended=entry.order.outside_rth)
    return None if found is None else found.at


def limit_of(entry: Entry, tick: Decimal) -> Decimal:
    """Return the limit that a trailing stop limit gets when its stop is reached."""
    order = entry.order
    offset = order.limit_price_offset
    if offset is None:
        offset = abs((order.limit_price or ZERO) - (order.trail_stop_price or ZERO))
    stop = entry.stop or ZERO
    limit = stop + offset if entry.is_buy else stop - offset
    return EXACT.multiply(EXACT.divide(limit, tick).to_integral_value(), tick)
