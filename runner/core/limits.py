"""What fxrun never exceeds: limits as values; `runner.risk.checks` holds orders against them.

IDEALPRO's largest orders are the figures of IB's table of spot currency order sizes as other runners had them in 2023.
The table moves: a TWS refuses what is larger whatever stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

_Number = TypeVar("_Number", int, Decimal)
_LARGEST = {
    "USD": 7_000_000, "EUR": 6_000_000, "GBP": 5_000_000, "AUD": 6_000_000, "CAD": 6_000_000, "CHF": 6_000_000,
    "NZD": 8_000_000, "SGD": 8_000_000, "JPY": 550_000_000, "CNH": 40_000_000, "DKK": 35_000_000, "NOK": 35_000_000,
    "SEK": 40_000_000, "HKD": 50_000_000, "MXN": 70_000_000, "ZAR": 100_000_000,
}  # fmt: skip


def largest_order(base: str) -> Decimal | None:
    """Return IDEALPRO's largest order of a base currency, in its units; None where the table has no figure."""
    size = _LARGEST.get(base)
    return None if size is None else Decimal(size)


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a currency."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of a zone's day in which orders may be sent: [opens, closes), over midnight if closes is earlier."""

    opens: time
    closes: time
    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        clock = at.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """None, or nothing in a tuple, does not bind. Quantities are units of the base currency.

    Those of a day count entries: an exit undoes one. Notionals hold at most one amount a currency, and all of them
    bind; so do all windows. Raises ValueError for a number that is negative or not finite.
    """

    max_quantity: Decimal | None = None
    max_daily_quantity: Decimal | None = None  # of all orders of a base currency in a UTC day
    max_notional: tuple[Amount, ...] = ()
    max_daily_notional: tuple[Amount, ...] = ()
    max_open_orders: int | None = None  # of one pair and side
    max_fires_per_day: int | None = None  # of one plan in a UTC day
    max_orders_per_minute: int | None = None
    price_collar: Decimal | None = None  # a fraction of the last quote: 0.02 is 2 %
    pairs: frozenset[str] | None = None  # names such as EUR.USD
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that nothing can be held against."""
        numbers = (self.max_quantity, self.max_daily_quantity, self.price_collar)
        amounts = (amount.value for amount in (*self.max_notional, *self.max_daily_notional))
        counts = (self.max_open_orders, self.max_fires_per_day, self.max_orders_per_minute)
        for number in (*numbers, *amounts, *map(_as_decimal, counts)):
            if number is not None and not (number.is_finite() and number >= 0):
                raise ValueError(f"not a limit: {number}")

    @property
    def needs_quote(self) -> bool:
        """True if some check may want a bid and an ask."""
        return self.price_collar is not None or bool(self.max_notional) or bool(self.max_daily_notional)

    def stricter(self, other: Limits) -> Limits:
        """Return limits that bind wherever either of the two does."""
        return Limits(
            max_quantity=_least(self.max_quantity, other.max_quantity),
            max_daily_quantity=_least(self.max_daily_quantity, other.max_daily_quantity),
            max_notional=_least_of_each((*self.max_notional, *other.max_notional)),
            max_daily_notional=_least_of_each((*self.max_daily_notional, *other.max_daily_notional)),
            max_open_orders=_least(self.max_open_orders, other.max_open_orders),
            max_fires_per_day=_least(self.max_fires_per_day, other.max_fires_per_day),
            max_orders_per_minute=_least(self.max_orders_per_minute, other.max_orders_per_minute),
            price_collar=_least(self.price_collar, other.price_collar),
            pairs=_common(self.pairs, other.pairs),
            windows=_all_windows((*self.windows, *other.windows)),
        )


def _as_decimal(count: int | None) -> Decimal | None:
    return None if count is None else Decimal(count)


def _least(one: _Number | None, two: _Number | None) -> _Number | None:
    if one is None or two is None:
        return two if one is None else one
    return min(one, two)


def _least_of_each(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    least: dict[str, Amount] = {}
    for amount in amounts:
        known = least.setdefault(amount.currency, amount)
        if amount.value < known.value:
            least[amount.currency] = amount
    return tuple(least[currency] for currency in sorted(least))


def _common(one: frozenset[str] | None, two: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or two is None:
        return two if one is None else one
    return one & two


def _all_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(sorted(set(windows), key=lambda window: (window.opens, window.closes, str(window.zone))))


NO_LIMITS = Limits()
