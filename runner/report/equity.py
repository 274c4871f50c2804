"""Equity, drawdown and exposure over time: a walk through executions and prices, oldest first.

What is left in each currency (realized, and open at the last known price, less commission) is worth what the currency
is worth at that instant. Equity is counted from the beginning of the period: then it is nothing. What was open in a
world that has ended (`worlds.py`) is no exposure any more, and stays in equity at the last price known then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from runner.core.contract import ContractSpec
from runner.core.money import EXACT
from runner.report.fills import BookKey, Deal
from runner.report.known import Prices, Rates
from runner.report.lines import ExposurePoint, Mark, Period, Point, Trough, floor, step_of
from runner.report.pnl import Book

ZERO = Decimal(0)
_Step = tuple[datetime, int, Deal | tuple[str, Mark] | int]  # an execution, a price, or a world that ends


@dataclass(slots=True)
class Curve:
    """What a walk comes to; points are the last of each step of its span, such as an hour."""

    points: dict[datetime, Point] = field(default_factory=dict)
    exposure: dict[datetime, ExposurePoint] = field(default_factory=dict)
    unrated: set[str] = field(default_factory=set)
    troughs: list[Trough] = field(default_factory=list)

    @property
    def trough(self) -> Trough | None:
        """The deepest, None if equity never fell below its highest."""
        return max(self.troughs, key=lambda trough: trough.amount, default=None)

    @property
    def held(self) -> Mapping[str, Decimal]:
        """What is held at the end, by currency."""
        return next(reversed(self.exposure.values())).amounts if self.exposure else {}


class _Ledger:
    """The books of all plans, and what they come to in each currency."""

    def __init__(self) -> None:
        self._books: dict[BookKey, Book] = defaultdict(Book)
        self._realized: dict[BookKey, Decimal] = defaultdict(Decimal)
        self._contracts: dict[BookKey, ContractSpec] = {}
        self._by_name: dict[str, set[BookKey]] = defaultdict(set)
        self._values: dict[BookKey, Decimal] = {}
        self._spent: dict[str, Decimal] = defaultdict(Decimal)  # commission, by currency
        self._marks: dict[str, Decimal] = {}

    def take(self, deal: Deal) -> None:
        row, key = deal.row, deal.book
        self._contracts[key] = deal.contract
        self._by_name[deal.contract.name].add(key)
        self._realized[key] += self._books[key].take(row.side, row.quantity, row.price)
        if row.commission is not None and row.commission_currency is not None:
            self._spent[row.commission_currency] += row.commission
        self._marks[deal.contract.name] = row.price
        self._value(key)

    def mark(self, contract: str, price: Decimal) -> None:
        self._marks[contract] = price
        for key in self._by_name.get(contract, ()):
            self._value(key)

    def end(self, world: int) -> None:
        """Keep what a world came to, and hold nothing of it any more."""
        for key, book in self._books.items():
            if key[0] == world:
                self._realized[key] += book.position * self._marks[key[2]] - book.cost
                self._books[key] = Book()
                self._value(key)

    def _value(self, key: BookKey) -> None:
        book, contract = self._books[key], self._contracts[key]
        result = self._realized[key] + book.position * self._marks[contract.name] - book.cost
        self._values[key] = result * contract.worth

    def left(self) -> Mapping[str, Decimal]:
        """Return what is left in each currency."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for key, value in self._values.items():
            totals[self._contracts[key].currency] += value
        for currency, spent in self._spent.items():
            totals[currency] -= spent
        return totals

    def exposure(self) -> dict[str, Decimal]:
        """Return what is held: of a pair its base currency, against what it cost; else its value at the last price."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for key, book in self._books.items():
            contract = self._contracts[key]
            if contract.is_pair:
                totals[contract.symbol] += book.position
                totals[contract.currency] -= book.cost
            else:
                totals[contract.currency] += book.position * self._marks[contract.name] * contract.worth
        return {currency: totals[currency] for currency in sorted(totals)}


class _Walk:
    def __init__(self, period: Period, rates: Rates, *, step: timedelta) -> None:
        self.curve = Curve()
        self._period = period
        self._rates = rates
        self._step = step
        self._ledger = _Ledger()
        self._before: Decimal | None = ZERO  # what equity was when the period began
        self._has_begun = period.start is None
        self._highest, self._highest_at = ZERO, period.start
        self._trough: Trough | None = None

    def go(self, steps: Iterable[_Step]) -> None:
        for at, _, step in steps:
            if not self._has_begun and self._period.has(at):
                self._begin()
            match step:
                case Deal():
                    self._ledger.take(step)
                case int():
                    self._ledger.end(step)
                case contract, mark:
                    self._ledger.mark(contract, mark.price)
            if self._has_begun:
                self._note(at, step)
        if self._trough is not None:
            self.curve.troughs.append(self._trough)
        self.curve.exposure = {point.at: point for point in sorted(self.curve.exposure.values(), key=lambda p: p.at)}

    def _begin(self) -> None:
        if self._period.start is not None:
            self._before = self._worth(self._period.start)
        self._has_begun = True

    def _note(self, at: datetime, step: Deal | tuple[str, Mark] | int) -> None:
        bucket = floor(at, self._step)
        held_at = at if isinstance(step, int) else bucket  # what was held before the end of a world is to be seen, too
        if not isinstance(step, tuple) or bucket not in self.curve.exposure:
            self.curve.exposure[held_at] = ExposurePoint(at=at, amounts=self._ledger.exposure())
        worth = self._worth(at)
        if worth is None or self._before is None:
            return
        equity = worth - self._before
        self._follow(at, equity)
        self.curve.points[bucket] = Point(at=at, equity=equity, drawdown=min(equity - self._highest, ZERO))

    def _follow(self, at: datetime, equity: Decimal) -> None:
        if equity >= self._highest:
            if self._trough is not None:
                trough = self._trough
                self.curve.troughs.append(Trough(amount=trough.amount, since=trough.since, at=trough.at, until=at))
                self._trough = None
            self._highest, self._highest_at = equity, at
            return
        depth = self._highest - equity
        if self._trough is None or depth > self._trough.amount:
            self._trough = Trough(amount=depth, since=self._highest_at or at, at=at, until=None)

    def _worth(self, at: datetime) -> Decimal | None:
        total, is_known = ZERO, True
        for currency, amount in self._ledger.left().items():
            if not amount:
                continue
            rate = self._rates.of(currency, at)
            if rate is None:
                self.curve.unrated.add(currency)
                is_known = False
            else:
                total += amount * rate.value
        return total if is_known else None


def walk(deals: Sequence[Deal], prices: Prices, rates: Rates, *, period: Period, ends: Mapping[int, datetime]) -> Curve:
    """Return equity, drawdown and exposure in a period; nothing before its first execution. `ends` is of worlds."""
    if not deals:
        return Curve()
    begun = max(deals[0].row.at, period.start or deals[0].row.at)
    with localcontext(EXACT):
        steps = sorted(_steps(deals, prices, period, ends), key=lambda step: step[:2])
        found = _Walk(period, rates, step=step_of(steps[-1][0] - begun))
        found.go(steps)
        return found.curve


def _steps(deals: Sequence[Deal], prices: Prices, period: Period, ends: Mapping[int, datetime]) -> Iterator[_Step]:
    """Yield executions before the prices of their instant: a price that is no fill then counts."""
    first = deals[0].row.at
    for deal in deals:
        yield deal.row.at, 0, deal
    traded = {deal.contract.name for deal in deals}
    for contract in prices.contracts():
        if contract in traded:
            for mark in prices.of(contract):
                if mark.at >= first and period.is_before_end(mark.at):
                    yield mark.at, 1, (contract, mark)
    for world, at in ends.items():
        if at >= first and period.is_before_end(at):
            yield at, 2, world
