"""How far a price may come back from its extreme: the terms of a trailing stop, in decimals and in whole units.

A sale trails the highest bid, a purchase the lowest ask. Searches count in `height`: sign * price in units of the grid
of quotes, so that for both the extreme is the greatest height and the stop is reached from above.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, NamedTuple

from runner.core.money import EXACT

_HUNDRED = Decimal(100)
LOWEST = -(1 << 100)  # below every height


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """Of amount and percent one is given; a first stop price holds until the trail overtakes it.

    All prices are those of the trade; `shift` is how far they lie above those of the market that is searched.
    """

    is_buy: bool
    amount: Decimal | None = None
    percent: Decimal | None = None
    stop: Decimal | None = None
    shift: Decimal = Decimal(0)

    @property
    def side(self) -> Literal["bid", "ask"]:
        """The side of the market that is trailed."""
        return "ask" if self.is_buy else "bid"

    @property
    def sign(self) -> int:
        """Of a height: 1 for a sale, which trails the bid, -1 for a purchase, which trails the ask."""
        return -1 if self.is_buy else 1


class Drawdown(NamedTuple):
    """When the price has come back as far, the stop price then in force, and the extreme that it trails."""

    at: int
    stop: Decimal
    extreme: Decimal


class Terms:
    """A trail in heights, which are multiples of unit; the stop keeps to every so many of them."""

    def __init__(self, trail: Trail, unit: Decimal, every: int = 1) -> None:
        self._trail, self._unit, self._every, self.sign = trail, unit, every, trail.sign
        part = trail.amount if trail.percent is None else EXACT.divide(trail.percent, _HUNDRED)
        # as a fraction: of a unit, or of the height
        over = Decimal(0) if part is None else part if trail.percent is not None else EXACT.divide(part, unit)
        self._above, self._below = over.as_integer_ratio()
        self._shift = _floor(trail.shift * trail.sign, unit)
        self._first = None if trail.stop is None else _floor(trail.stop * trail.sign, unit) - self._shift

    def stop(self, height: int) -> int:
        """Return the height at or below which the stop is met once the extreme has been that height."""
        of = abs(height + self._shift) if self._trail.percent is not None else 1
        stop = (height + (-of * self._above // self._below)) // self._every * self._every
        return stop if self._first is None or self._first < stop else self._first

    def price(self, height: int) -> Decimal:
        """Return the price at a height."""
        return self.sign * (height + self._shift) * self._unit

    def told(self, at: int, extreme: int) -> Drawdown:
        """Say that the stop was met."""
        stop = self.stop(extreme)
        is_first = stop == self._first and self._trail.stop is not None
        return Drawdown(
            at, self._trail.stop if is_first and self._trail.stop else self.price(stop), self.price(extreme)
        )


def stop_price(trail: Trail, extreme: Decimal, unit: Decimal) -> Decimal:
    """Return the stop price in force when the trailed price has been as far as extreme, on the grid of unit."""
    terms = Terms(trail, unit)
    return terms.told(0, _floor(extreme * trail.sign, unit)).stop


def _floor(price: Decimal, unit: Decimal) -> int:
    return int(EXACT.divide(price, unit).to_integral_value(ROUND_FLOOR))
