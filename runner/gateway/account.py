"""The account: cash by currency, what is held of each instrument, and what that is worth in the base currency.

A pair moves cash in both of its currencies and leaves a virtual position; a stock, metal or option is bought with cash;
of a future or CFD only its profit becomes cash, when it is realized.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

from runner.core.money import EXACT
from runner.gateway.commissions import commission
from runner.gateway.instruments import INSTRUMENTS, Instrument
from runner.gateway.settings import BASE_CURRENCY

__all__ = ["Account", "Holding", "Margins", "Marks", "commission"]

ZERO = Decimal(0)
_ONE = Decimal(1)

# Initial and maintenance margin: a share of the value (of an option all of it), of a future an amount for each contract
# (made up, of the usual order of size); stocks as Regulation T says.
_MARGINS = {
    "CASH": (Decimal("0.025"), Decimal("0.025")),
    "STK": (Decimal("0.5"), Decimal("0.25")),
    "FUT": (Decimal(2750), Decimal(2500)),
    "CMDTY": (Decimal("0.05"), Decimal("0.05")),
    "CFD": (Decimal("0.2"), Decimal("0.2")),
    "OPT": (Decimal(1), Decimal(1)),
}


class Marks(Protocol):
    """What things are worth at one instant."""

    def value(self, currency: str) -> Decimal:
        """Return what a unit of the currency is worth in the base currency."""
        ...

    def price(self, key: str) -> Decimal | None:
        """Return the price of an instrument, None if none was ever known."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one instrument: signed units, and the average price they were opened at."""

    units: Decimal = ZERO
    average: Decimal = ZERO
    realized: Decimal = ZERO  # in the instrument's currency, before commission

    def after(self, units: Decimal, price: Decimal, multiplier: Decimal = _ONE) -> tuple[Holding, Decimal]:
        """Return the holding after buying (or selling, units < 0) at price, and the profit that this realized."""
        total = self.units + units
        if self.units * units >= 0:
            value = EXACT.add(EXACT.multiply(self.units, self.average), EXACT.multiply(units, price))
            return replace(self, units=total, average=EXACT.divide(value, total) if total else ZERO), ZERO
        closed = min(abs(units), abs(self.units)).copy_sign(self.units)
        profit = EXACT.multiply(closed, price - self.average)
        if multiplier != _ONE:
            profit = EXACT.multiply(profit, multiplier)
        average = ZERO if total == 0 else self.average if total * self.units > 0 else price
        return Holding(total, average, self.realized + profit), profit


_NOTHING = Holding()


@dataclass(frozen=True, kw_only=True, slots=True)
class Margins:
    """What a whatIf order tells, in the base currency."""

    equity: Decimal
    before: Decimal
    after: Decimal
    maintenance_before: Decimal
    maintenance_after: Decimal


class Account:
    """State of one account, changed by fills only."""

    def __init__(self, number: str, cash: Mapping[str, Decimal]) -> None:
        self.number = number
        self.cash = dict(cash)
        self.cash.setdefault(BASE_CURRENCY, ZERO)
        self.holdings: dict[str, Holding] = {}
        self.commissions = ZERO

    def fill(self, key: str, units: Decimal, price: Decimal) -> Decimal:
        """Take in an execution (units < 0: sold); returns the profit it realized, in the instrument's currency."""
        one = INSTRUMENTS[key]
        self.holdings[key], profit = self.holdings.get(key, _NOTHING).after(units, price, one.multiplier)
        if one.is_margined:
            self._pay(one.currency, profit)
            return profit
        if one.is_pair:
            self._pay(one.symbol, units)
        self._pay(one.currency, -EXACT.multiply(EXACT.multiply(units, price), one.multiplier))
        return profit

    def convert(self, key: str, units: Decimal, price: Decimal) -> None:
        """Take in an execution of a pair at FXCONV: cash moves in both currencies, and nothing is held."""
        self._pay(INSTRUMENTS[key].symbol, units)
        self._pay(INSTRUMENTS[key].currency, -EXACT.multiply(units, price))

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount

    def charge(self, amount: Decimal) -> None:
        """Pay a commission in the base currency."""
        self.cash[BASE_CURRENCY] -= amount
        self.commissions += amount

    # --- one position, in the instrument's currency

    def average_cost(self, key: str) -> Decimal:
        """Return the average price of a position, of a future that of a whole contract."""
        return EXACT.multiply(self.holdings.get(key, _NOTHING).average, INSTRUMENTS[key].multiplier)

    def market_value(self, key: str, marks: Marks) -> Decimal:
        """Return what a position is worth, of a future the value of what its contracts stand for."""
        holding = self.holdings.get(key, _NOTHING)
        value = EXACT.multiply(holding.units, self._price(key, marks))
        return EXACT.multiply(value, INSTRUMENTS[key].multiplier)

    def unrealized(self, key: str, marks: Marks) -> Decimal:
        """Return what closing a position at its price would bring."""
        holding = self.holdings.get(key, _NOTHING)
        profit = EXACT.multiply(holding.units, self._price(key, marks) - holding.average)
        return EXACT.multiply(profit, INSTRUMENTS[key].multiplier)

    def _price(self, key: str, marks: Marks) -> Decimal:
        price = marks.price(key)
        return self.holdings.get(key, _NOTHING).average if price is None else price

    # --- the whole of it, in the base currency

    def equity(self, marks: Marks) -> Decimal:
        """Return the net liquidation value: cash, what was bought at its price, the open profit of futures and CFDs."""
        total = sum((EXACT.multiply(amount, marks.value(currency)) for currency, amount in self.cash.items()), ZERO)
        for key, one in self._beside_pairs():
            amount = self.unrealized(key, marks) if one.is_margined else self.market_value(key, marks)
            total += EXACT.multiply(amount, marks.value(one.currency))
        return total

    def gross(self, marks: Marks) -> Decimal:
        """Return the gross position value: what was bought or sold short with cash."""
        amounts = (
            EXACT.multiply(abs(self.market_value(key, marks)), marks.value(one.currency))
            for key, one in self._beside_pairs()
            if not one.is_margined
        )
        return sum(amounts, ZERO)

    def _beside_pairs(self) -> Iterator[tuple[str, Instrument]]:
        for key, holding in self.holdings.items():
            if holding.units and not (one := INSTRUMENTS[key]).is_pair:
                yield key, one

    def margin(self, marks: Marks) -> Decimal:
        """Return the initial margin of all positions."""
        return self._margins(marks)[0]

    def maintenance(self, marks: Marks) -> Decimal:
        """Return the maintenance margin of all positions."""
        return self._margins(marks)[1]

    def _margins(
        self, marks: Marks, known: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType({})
    ) -> tuple[Decimal, Decimal]:
        """Return the margins of all positions; `known`: those that need not be worked out again."""
        initial = maintenance = ZERO
        for key, holding in self.holdings.items():
            if holding.units:
                more = known.get(key) or self._margins_of(marks, key, holding.units)
                initial, maintenance = initial + more[0], maintenance + more[1]
        return initial, maintenance

    def _margins_of(self, marks: Marks, key: str, units: Decimal) -> tuple[Decimal, Decimal]:
        """Return initial and maintenance margin of a position."""
        one, value = INSTRUMENTS[key], abs(units)
        if one.is_pair:
            value = EXACT.multiply(value, marks.value(one.symbol))
        elif one.security_type != "FUT":
            worth = EXACT.multiply(self._price(key, marks), marks.value(one.currency))
            value = EXACT.multiply(EXACT.multiply(value, worth), one.multiplier)
        initial, maintenance = _MARGINS[one.security_type]
        return EXACT.multiply(value, initial), EXACT.multiply(value, maintenance)

    def preview(self, marks: Marks, key: str, units: Decimal) -> Margins:
        """Return what an order would do to the margins, changing nothing."""
        held = self.holdings.get(key, _NOTHING).units
        now, then = (self._margins_of(marks, key, some) for some in (held, held + units))
        initial, maintenance = self._margins(marks, {key: now})
        return Margins(
            equity=self.equity(marks),
            before=initial,
            after=initial + then[0] - now[0],
            maintenance_before=maintenance,
            maintenance_after=maintenance + then[1] - now[1],
        )
