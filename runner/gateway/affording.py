"""What an order would do to the account, and whether that is allowed."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from runner.core.money import EXACT, cents
from runner.gateway.account import Account, Margins
from runner.gateway.book import Entry
from runner.gateway.commissions import commission
from runner.gateway.settings import BASE_CURRENCY
from runner.gateway.valuation import Valuation

ZERO = Decimal(0)


def bought(entry: Entry, price: Decimal) -> Decimal:
    """Return how many whole units an order for a sum of money buys or sells at a price."""
    return EXACT.divide(entry.order.cash_quantity or ZERO, price).to_integral_value(ROUND_FLOOR)


class Affording:
    """Previews of orders; nothing changes."""

    def __init__(self, account: Account, valuation: Valuation) -> None:
        self._account = account
        self._valuation = valuation

    def preview(self, entry: Entry, at: int) -> Margins:
        """Return the margins before and after an order."""
        units = self._quantity(entry, at)
        marks = self._valuation.marks(at)
        return self._account.preview(marks, entry.pair, units if entry.is_buy else -units)

    def cost(self, entry: Entry, at: int) -> Decimal:
        """Return the commission that an order would cost."""
        price = entry.order.limit_price or self._valuation.price(entry.pair, at) or ZERO
        rate = self._valuation.rate(entry.pair, price, at)
        return commission(entry.pair, self._quantity(entry, at), price, rate)

    def _closes(self, entry: Entry) -> bool:
        """Tell whether an order can only make a position smaller."""
        holding = self._account.holdings.get(entry.pair)
        held = ZERO if holding is None else holding.units
        is_other_side = held < 0 if entry.is_buy else held > 0
        return is_other_side and 0 < entry.remaining <= abs(held)

    def _quantity(self, entry: Entry, at: int) -> Decimal:
        """Return what is left to fill; of an order that spends money, what that buys at about the price of now."""
        if entry.quantity or not entry.order.cash_quantity:
            return entry.remaining
        price = entry.order.limit_price or self._valuation.price(entry.pair, at)
        return bought(entry, price) if price else ZERO

    def no_margin(self, entry: Entry, at: int) -> str | None:
        """Say why an order cannot be afforded, None if it can; one that lowers the margin always can."""
        if self._closes(entry):
            return None
        told = self.preview(entry, at)
        if told.after <= told.before or told.after <= told.equity:
            return None
        equity, margin = (f"[{cents(amount)} {BASE_CURRENCY}]" for amount in (told.equity, told.after))
        return (
            "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
            f"{equity} MUST EXCEED THE INITIAL MARGIN {margin}"
        )
