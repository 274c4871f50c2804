"""The words of a market: a quote, a touch, and what any market can be asked.

Instants are epoch seconds. A quote holds from its second to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from runner.gateway.hours_sessions import hours_of
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

    def is_open(self, key: str, at: int, extended: bool = False) -> bool:
        """Tell whether it trades at that second."""
        ...

    def next_open(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first open second, at itself or later."""
        ...

    def next_close(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first instant after at at which the market closes."""
        ...


class KeepsHours:
    """The hours of every instrument, which no market changes."""

    def is_open(self, key: str, at: int, extended: bool = False) -> bool:
        """Tell whether it trades at that second."""
        return hours_of(key, extended).is_open(at)

    def next_open(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first open second, at itself or later."""
        return hours_of(key, extended).next_open(at)

    def next_close(self, key: str, at: int, extended: bool = False) -> int:
        """Return the first instant after at at which the market closes."""
        return hours_of(key, extended).next_close(at)
