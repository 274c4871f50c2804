"""Trades where only quotes are known: of stocks and futures, one a second while the market is open.

A trade is made at the bid or the ask of its second. What has been traded by then is a function of the second alone, so
the volumes of bars add up whatever their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from runner.gateway.instruments import Instrument
from runner.gateway.prices import Quote

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_PACE = 3  # steps of size a second, on average


def _drawn(at: int) -> int:
    return (at * _GOLDEN & _MASK) >> 40


def is_bought(at: int) -> bool:
    """Tell whether the trade of that second was made at the ask."""
    return bool(_drawn(at) & 1)


def price(quote: Quote, at: int) -> Decimal:
    """Return the price of the trade of that second."""
    return quote.ask if is_bought(at) else quote.bid


def prices(times: Sequence[int], bids: Sequence[int], asks: Sequence[int]) -> list[int]:
    """Return the prices of the trades of some seconds."""
    sides = zip(times, bids, asks, strict=True)
    return [ask if (at * _GOLDEN & _MASK) >> 40 & 1 else bid for at, bid, ask in sides]


def volume(one: Instrument, start: int, end: int) -> int:
    """Return what is traded in an open span [start, end)."""
    return one.sizes.step * (_by(end) - _by(start))


def _by(at: int) -> int:
    return _PACE * at + _drawn(at) % _PACE
