"""Executions: what each does to its order and the account, and how it is told; corrected later if need be."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from decimal import Decimal

from runner.core.money import EXACT, cents
from runner.gateway import reports
from runner.gateway.account import Account
from runner.gateway.archive import Same
from runner.gateway.book import Entry
from runner.gateway.commissions import commission
from runner.gateway.instruments import FXCONV, INSTRUMENTS
from runner.gateway.reports import Fill, Numbers, Terms
from runner.gateway.valuation import Valuation

ZERO = Decimal(0)
_KEPT_DAYS = 7  # as far back as executions can be asked for
_FINEST = Decimal("1e-10")


class Executions:
    """Every execution that can still be asked for."""

    def __init__(self, account: Account, valuation: Valuation, numbers: Numbers) -> None:
        self._account = account
        self._valuation = valuation
        self._numbers = numbers
        self._fills: deque[Fill] = deque()
        self._same = Same()
        self._shared: dict[tuple[int, str, str, bool, bool, bool], Terms] = {}

    def since(self, start: int) -> list[Fill]:
        """Return the executions from start on, oldest first."""
        return [fill for fill in self._fills if fill.at >= start]

    def find(self, execution_id: str) -> Fill | None:
        """Return the execution with that id."""
        return next((fill for fill in reversed(self._fills) if fill.execution_id == execution_id), None)

    def add(self, fill: Fill) -> None:
        """Keep one, and forget those that nobody can ask for any more."""
        self._fills.append(fill)
        oldest = reports.day_start(fill.at, _KEPT_DAYS)
        while self._fills[0].at < oldest:
            self._fills.popleft()

    def book(self, entry: Entry, quantity: Decimal, price: Decimal, at: int) -> Fill:
        """Take an execution into the order and the account."""
        one = self._same.one
        quantity, price, filled = one(quantity), one(price), one(entry.filled + quantity)
        entry.price = _average(entry, quantity, price)
        entry.filled, entry.last_price, entry.ended = filled, price, at
        rate = self._valuation.rate(entry.pair, entry.price, at)
        cost = one(max(commission(entry.pair, filled, entry.price, rate) - entry.paid, ZERO))
        entry.paid = one(entry.paid + cost)
        profit = self._move(entry, quantity if entry.is_buy else -quantity, price)
        self._account.charge(cost)
        fill = Fill(
            at=at,
            order_id=entry.order_id,
            perm_id=entry.perm_id,
            order_ref=entry.order.order_ref,
            of=self._terms(entry),
            number=self._numbers.execution(entry, at),
            quantity=quantity,
            price=price,
            cumulative=filled,
            average=entry.price,
            cost=cost,
            profit=self._worth(entry.pair, profit, at),
        )
        self.add(fill)
        return fill

    def _move(self, entry: Entry, units: Decimal, price: Decimal) -> Decimal:
        """Let the account have an execution; returns the profit that it realized."""
        if entry.contract.exchange != FXCONV:
            return self._account.fill(entry.pair, units, price)
        self._account.convert(entry.pair, units, price)
        return ZERO

    def _terms(self, entry: Entry) -> Terms:
        """Return what the executions of one client in one instrument share."""
        key = (
            entry.client_id,
            entry.pair,
            entry.contract.exchange,
            entry.is_buy,
            entry.order.order_type == "MKT",
            entry.is_unbound,
        )
        if (known := self._shared.get(key)) is None:
            known = self._shared[key] = Terms(
                client_id=entry.client_id,
                account=self._account.number,
                contract=entry.contract,
                side="BOT" if entry.is_buy else "SLD",
                liquidity=2 if entry.order.order_type == "MKT" else 1,
                is_unbound=entry.is_unbound,
            )
        return known

    def _worth(self, key: str, profit: Decimal, at: int) -> Decimal | None:
        """Return a profit in the base currency."""
        if not profit:
            return None
        return self._same.one(cents(EXACT.multiply(profit, self._valuation.value(INSTRUMENTS[key].currency, at))))

    def corrected(self, entry: Entry, old: Fill, price: Decimal, at: int) -> Fill:
        """Put another price in place of that of an execution; returns what takes its place, `.02` for `.01`."""
        key, sign = entry.pair, 1 if entry.is_buy else -1
        self._move(entry, -sign * old.quantity, old.price)
        profit = self._move(entry, sign * old.quantity, price)
        change = EXACT.divide(EXACT.multiply(old.quantity, price - old.price), entry.filled)
        entry.price = _rounded(entry.price + change)
        entry.last_price = price if entry.last_price == old.price else entry.last_price
        new = replace(
            old,
            revision=old.revision + 1,
            price=price,
            average=entry.price,
            profit=self._worth(key, profit, at) if old.profit is not None else None,
        )
        self._fills = deque(new if fill is old else fill for fill in self._fills)
        return new


def _average(entry: Entry, quantity: Decimal, price: Decimal) -> Decimal:
    """Return the average price of an order with one more execution."""
    if not entry.filled or price == entry.price:
        return price
    spent = EXACT.add(EXACT.multiply(entry.filled, entry.price), EXACT.multiply(quantity, price))
    return _rounded(EXACT.divide(spent, entry.filled + quantity))


def _rounded(price: Decimal) -> Decimal:
    short = price.quantize(_FINEST)
    return price if len(short.as_tuple().digits) >= len(price.as_tuple().digits) else short
