"""A size as a plan writes it: units, or what becomes units at the fire."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from runner.core.money import plain

LOT = Decimal(100_000)  # units of the base currency: a standard lot


class SizeKind(Enum):
    """What an amount of size is counted in."""

    UNITS = "units"  # of the base currency
    LOTS = "lots"
    MONEY = "money"  # of the currency that is named, one of the pair's two
    CASH = "% of cash"  # of what the account has of the currency that is paid with
    RISK = "% risk"  # of the net liquidation: what is lost if the stop-loss is hit


@dataclass(frozen=True, slots=True)
class SizeExpr:
    """`30_000 USD` is (30000, MONEY, "USD"), `0.25 lots` is (0.25, LOTS), `50% of cash` is (50, CASH)."""

    amount: Decimal
    kind: SizeKind = SizeKind.UNITS
    currency: str | None = None  # for MONEY alone

    @property
    def units(self) -> Decimal | None:
        """Units of the base currency where nothing else need be known, else None."""
        if self.kind is SizeKind.UNITS:
            return self.amount
        return self.amount * LOT if self.kind is SizeKind.LOTS else None

    @property
    def text(self) -> str:
        """It as a plan writes it."""
        amount = plain(self.amount)
        match self.kind:
            case SizeKind.LOTS:
                return f"{amount} lots"
            case SizeKind.MONEY:
                return f"{amount} {self.currency}"
            case SizeKind.CASH:
                return f"{amount}% of cash"
            case SizeKind.RISK:
                return f"risk {amount}%"
        return amount


def units(amount: Decimal) -> SizeExpr:
    """Return a plain number of units as a size."""
    return SizeExpr(amount)
