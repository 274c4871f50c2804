"""The words of a market: a quote, a touch, and what any market can be asked.

Instants are epoch seconds; pairs are named as IB does, EUR.USD. A quote holds from its second to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from runner.gateway import hours


@dataclass(frozen=True, slots=True)
class Quote:
    """Both sides of the market; sizes in base units."""

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


class Track(NamedTuple):
    """Prices in time: bid and ask, in 10**-decimals, from each instant to the next; times ascend."""

    times: Sequence[int]
    bids: Sequence[int]
    asks: Sequence[int]
    decimals: int


class Market(Protocol):
    """Prices and hours of any pair."""

    def quote(self, pair: str, at: int) -> Quote | None:
        """Return the quote at that second, of the last open second in a closed market; None where there is no data."""
        ...

    def first_touch(self, pair: str, touch: Touch, start: int, end: int) -> int | None:
        """Return the first open second of [start, end) at which the condition holds."""
        ...

    def track(self, pair: str, span: tuple[int, int], apart: int, wanted: Sequence[int]) -> Track | None:
        """Return the prices over an open span [start, end): every one (apart 1), or points at most that far apart.

        The points wanted, which ascend, are among them. None where there is no data.
        """
        ...

    def is_open(self, pair: str, at: int) -> bool:
        """Tell whether the pair trades at that second."""
        ...

    def next_open(self, pair: str, at: int) -> int:
        """Return the first open second, at itself or later."""
        ...

    def next_close(self, pair: str, at: int) -> int:
        """Return the first instant after at at which the market closes."""
        ...


class CurrencyHours:
    """The hours every pair shares."""

    def is_open(self, pair: str, at: int) -> bool:
        """Tell whether the pair trades at that second."""
        return hours.is_open(at)

    def next_open(self, pair: str, at: int) -> int:
        """Return the first open second, at itself or later."""
        return hours.next_open(at)

    def next_close(self, pair: str, at: int) -> int:
        """Return the first instant after at at which the market closes."""
        return hours.next_close(at)
