"""The account: cash by currency, the virtual position of each pair, and what they are worth in the base currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from runner.core.money import EXACT, cents
from runner.gateway.settings import BASE_CURRENCY

ZERO = Decimal(0)
INITIAL_MARGIN = Decimal("0.025")  # of the notional of every position
_MINIMUM_COMMISSION = Decimal("2.00")
_COMMISSION_RATE = Decimal("0.00002")  # 0.2 basis points of the value of the trade, IDEALPRO's first tier
Rate = Callable[[str], Decimal]  # currency -> what one unit of it is worth in the base currency


@dataclass(frozen=True, slots=True)
class Holding:
    """The virtual position of one pair: signed units, and the average price they were opened at."""

    units: Decimal = ZERO
    average: Decimal = ZERO
    realized: Decimal = ZERO  # in the quote currency, before commission

    def after(self, units: Decimal, price: Decimal) -> tuple[Holding, Decimal]:
        """Return the holding after buying (or selling, units < 0) at price, and the profit that this realized."""
        total = self.units + units
        if self.units * units >= 0:
            value = EXACT.add(EXACT.multiply(self.units, self.average), EXACT.multiply(units, price))
            return replace(self, units=total, average=EXACT.divide(value, total) if total else ZERO), ZERO
        closed = min(abs(units), abs(self.units)).copy_sign(self.units)
        profit = EXACT.multiply(closed, price - self.average)
        average = ZERO if total == 0 else self.average if total * self.units > 0 else price
        return Holding(total, average, self.realized + profit), profit


@dataclass(frozen=True, kw_only=True, slots=True)
class Margins:
    """What a whatIf order tells, in the base currency."""

    equity: Decimal
    before: Decimal
    after: Decimal


class Account:
    """State of one account, changed by fills only."""

    def __init__(self, number: str, cash: Mapping[str, Decimal]) -> None:
        self.number = number
        self.cash = dict(cash)
        self.cash.setdefault(BASE_CURRENCY, ZERO)
        self.holdings: dict[str, Holding] = {}
        self.commissions = ZERO

    def fill(self, pair: str, units: Decimal, price: Decimal) -> Decimal:
        """Take in an execution (units < 0: sold); returns the profit it realized, in the quote currency."""
        base, quote = pair.split(".")
        self.holdings[pair], profit = self.holdings.get(pair, Holding()).after(units, price)
        self.cash[base] = self.cash.get(base, ZERO) + units
        self.cash[quote] = self.cash.get(quote, ZERO) - EXACT.multiply(units, price)
        return profit

    def charge(self, amount: Decimal) -> None:
        """Pay a commission in the base currency."""
        self.cash[BASE_CURRENCY] -= amount
        self.commissions += amount

    def equity(self, rate: Rate) -> Decimal:
        """Return the net liquidation value."""
        return sum((EXACT.multiply(amount, rate(currency)) for currency, amount in self.cash.items()), ZERO)

    def margin(self, rate: Rate, pair: str = "", units: Decimal = ZERO) -> Decimal:
        """Return the initial margin of all positions, with units more of pair."""
        positions = {name: holding.units for name, holding in self.holdings.items()}
        if pair:
            positions[pair] = positions.get(pair, ZERO) + units
        notional = (EXACT.multiply(abs(held), rate(name.split(".")[0])) for name, held in positions.items())
        return EXACT.multiply(sum(notional, ZERO), INITIAL_MARGIN)

    def preview(self, rate: Rate, pair: str, units: Decimal) -> Margins:
        """Return what an order would do to the margin, changing nothing."""
        return Margins(equity=self.equity(rate), before=self.margin(rate), after=self.margin(rate, pair, units))


def commission(units: Decimal, rate: Decimal) -> Decimal:
    """Return the cost of one order in the base currency; rate: what a unit of the pair's base is worth."""
    value = EXACT.multiply(abs(units), rate)
    return max(_MINIMUM_COMMISSION, cents(EXACT.multiply(value, _COMMISSION_RATE)))
