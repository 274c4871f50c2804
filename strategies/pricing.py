"""From what a plan writes to numbers, with what is known at the fire."""

from __future__ import annotations

from decimal import Decimal

from runner.core.price import PriceExpr
from runner.core.size import SizeExpr
from strategies.base import Denied


def number(price: PriceExpr | None) -> Decimal | None:
    """Return a price that is a plain number; raises Denied for any other."""
    if price is None:
        return None
    if price.number is None:
        raise Denied("its price cannot be worked out yet")
    return price.number


def quantity(size: SizeExpr) -> Decimal:
    """Return a size in units of the base currency; raises Denied if more would have to be known."""
    if size.units is None:
        raise Denied("its size cannot be worked out yet")
    return size.units
