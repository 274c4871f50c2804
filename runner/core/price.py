"""A price as a plan writes it: a number, or so far away from something that is known only at the fire."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from runner.core.money import plain


class Anchor(Enum):
    """What a price is counted from."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"  # halfway between them
    ENTRY = "entry"  # the price of the entry; for exits alone


class Unit(Enum):
    """What an offset is counted in."""

    PRICE = "price"  # quote currency for one unit of base currency
    PIPS = "pips"
    PERCENT = "%"  # of the anchor
    R = "R"  # the risk of the entry: its distance from the stop-loss


@dataclass(frozen=True, slots=True)
class PriceExpr:
    """`anchor + offset unit`: `bid - 5 pips` is (BID, -5, PIPS), and 1.085 is (None, 1.085, PRICE).

    Without an anchor, PIPS, PERCENT and R are distances: of an exit from the entry, of a trailing stop from the market.
    """

    anchor: Anchor | None
    offset: Decimal
    unit: Unit = Unit.PRICE

    @property
    def number(self) -> Decimal | None:
        """The price itself where it is a plain number, else None."""
        return self.offset if self.anchor is None and self.unit is Unit.PRICE else None

    @property
    def is_distance(self) -> bool:
        """True for `20 pips`, `0.5%` and `2R`."""
        return self.anchor is None and self.unit is not Unit.PRICE

    @property
    def text(self) -> str:
        """It as a plan writes it."""
        unit = {Unit.PRICE: "", Unit.PIPS: " pips"}.get(self.unit, self.unit.value)
        if self.anchor is None:
            return f"{plain(self.offset)}{unit}"
        if not self.offset:
            return self.anchor.value
        return f"{self.anchor.value} {'-' if self.offset < 0 else '+'} {plain(abs(self.offset))}{unit}"

    @property
    def wants_quote(self) -> bool:
        """True if it cannot be worked out without bid and ask."""
        return self.anchor in (Anchor.BID, Anchor.ASK, Anchor.MID)


def fixed(price: Decimal) -> PriceExpr:
    """Return a plain number as a price."""
    return PriceExpr(None, price)
