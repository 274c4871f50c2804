"""The words of a market: a quote, a touch, and what any market can be asked.

Instants are epoch seconds. A quote holds from its second to the next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from runner.gateway.hours_sessions import hours_of
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.trails import Drawdown, Trail


@dataclass(frozen=True, slots=True)
class Quote:
    """Both sides of the market; sizes in units of the instrument."""

    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int


@dataclass(frozen=True, slots=True)
class Touch:
    """A condition on a price: the side is at the level or above it, else at it or below."""

    side: Literal["bid", "ask"]
    above: bool
    level: Decimal

    def holds(self, quote: Quote | None) -> bool:
        """Tell whether a quote meets the condition."""
        if quote is None:
            return False
        price = quote.bid if self.side == "bid" else quote.ask
        return price >= self.level if self.above else price <= self.level


class Trade(NamedTuple):
    """The last trade, how much has traded in its session, and the price at which the regular one before closed."""

    price: Decimal
    size: int
    volume: int
    close: Decimal | None


class Track(NamedTuple):
    """Prices in time: bid and ask, in 10**-decimals, from each instant to the next; times ascend."""

    times: Sequence[int]
    bids: Sequence[int]
    asks: Sequence[int]
    decimals: int


class Market(Protocol):
    """Prices and hours of any instrument, which is named by its local symbol.

    extended: its hours outside the regular session count as well; only stocks have any.
    """

    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None where there is no data."""
        ...

    def first_touch(self, key: str, touch: Touch, start: int, end: int, extended: bool = False) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        ...

    def first_drawdown(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Drawdown | None:
        """Return the first open second of [start, end) at which the price has come back from its extreme since start.

        None where it does not.
        """
        ...

    def extreme(self, key: str, trail: Trail, start: int, end: int, extended: bool = False) -> Decimal | None:
        """Return the highest bid (a purchase: the lowest ask) in the open seconds of [start, end), None without any."""
        ...

    def track(self, key: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices over an open span [start, end): every one (apart 1), or points at most that far apart.

        The points wanted, which ascend, are among them. None where there is no data.
        """
        ...

    def last_trade(self, key: str, at: int, extended: bool = False) -> Trade | None:
        """Return the last trade of a stock or future; None where there is no data, or nobody reports trades."""
        ...

    def is_open(self, key: str, at: int, extended: bool = False) -> bool:
        """Tell whether it trades at that second."""
        ...

    def next_open(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first open second, at itself or later."""
        ...

    def next_close(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first instant after at at which the market closes."""
        ...


class KeepsHours(ABC):
    """The hours of every instrument, which no market changes, and its trades, made up from the quotes."""

    @abstractmethod
    def quote(self, key: str, at: int, extended: bool = False) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None where there is no data."""

    def is_open(self, key: str, at: int, extended: bool = False) -> bool:
        """Tell whether it trades at that second."""
        return hours_of(key, extended).is_open(at)

    def next_open(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first open second, at itself or later."""
        return hours_of(key, extended).next_open(at)

    def next_close(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first instant after at at which the market closes."""
        return hours_of(key, extended).next_close(at)

    def last_trade(self, key: str, at: int, extended: bool = False) -> Trade | None:
        """Return the last trade of a stock or future; None where there is no data, or nobody reports trades."""
        one = INSTRUMENTS.get(key)
        if one is None or not one.has_trades or (now := self.quote(key, at, extended)) is None:
            return None
        last = hours_of(key, extended).last_open(at)
        begun = next(hours_of(key, extended).before(last + 1)).opening
        closing = self.quote(key, hours_of(key).last_open(begun - 1))
        return Trade(
            price=_middle(now, one.quoted_step),
            size=min(now.bid_size, now.ask_size),
            volume=(last - begun + 1) * one.sizes.least,
            close=None if closing is None else _middle(closing, one.quoted_step),
        )


def _middle(quote: Quote, step: Decimal) -> Decimal:
    """Return the middle on the grid, the lower of two."""
    return (quote.bid + quote.ask) / 2 // step * step
