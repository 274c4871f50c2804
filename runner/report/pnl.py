"""Profit and loss by first in, first out: exact, in the currency of each contract, before commission.

Each plan keeps its own book of each contract: what one plan bought is not closed by what another sold. Each simulated
run keeps its own, too (`worlds.py`).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from runner.core.contract import currency_of
from runner.core.money import EXACT
from runner.core.ticket import Side
from runner.journal.rows import ExecutionRow
from runner.report.worlds import ONE, Worlds

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity that is still open, signed, at the price it was opened at."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What the executions of one plan in one contract come to; `contract` is its name: EUR.USD, AAPL.STK.USD.

    What is open, `lots`, is that of the world that is still there.
    """

    plan: str
    contract: str
    bought: Decimal
    sold: Decimal
    realized: Decimal
    lots: tuple[Lot, ...]
    last_price: Decimal
    multiplier: Decimal = Decimal(1)

    @property
    def currency(self) -> str:
        """What the prices and the result are in: of a pair its quote currency."""
        return currency_of(self.contract)

    @property
    def position(self) -> Decimal:
        """Units held, negative when short."""
        with localcontext(EXACT):
            return sum((lot.quantity for lot in self.lots), ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what is open, None when flat."""
        if not self.lots:
            return None
        with localcontext(EXACT):
            return sum((lot.quantity * lot.price for lot in self.lots), ZERO) / self.position

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return what closing everything at `mark` would realize."""
        with localcontext(EXACT):
            return sum((lot.quantity * (mark - lot.price) for lot in self.lots), ZERO) * self.multiplier


class Book:
    """The open lots of one plan in one contract, oldest first; `take` each execution in its order.

    `position` is their quantity, signed; `cost` the sum of quantity times price, both exact.
    """

    def __init__(self) -> None:
        self.lots: deque[Lot] = deque()
        self.position = ZERO
        self.cost = ZERO

    def take(self, side: Side, quantity: Decimal, price: Decimal) -> Decimal:
        """Close open lots of the other side, oldest first, open what is left; return what that realized."""
        with localcontext(EXACT):
            signed = side.sign * quantity
            gained = _apply(self.lots, Lot(signed, price))
            self.position += signed
            self.cost += signed * price + gained
            return gained


def holdings(executions: Iterable[ExecutionRow], worlds: Worlds = ONE) -> tuple[Holding, ...]:
    """Match executions, oldest first, into one holding for each plan and contract, sorted by them."""
    books: dict[tuple[str, str], list[ExecutionRow]] = defaultdict(list)
    for execution in executions:
        books[execution.plan, execution.contract].append(execution)
    return tuple(_holding(plan, contract, books[plan, contract], worlds) for plan, contract in sorted(books))


def realized(executions: Iterable[ExecutionRow], worlds: Worlds = ONE) -> Mapping[str, Decimal]:
    """Return the realized result by currency, sorted; a contract that was only opened counts as zero."""
    return added_up((holding.currency, holding.realized) for holding in holdings(executions, worlds))


def added_up(amounts: Iterable[tuple[str, Decimal]]) -> Mapping[str, Decimal]:
    """Add up amounts by what they are of, a currency or a contract, sorted by that."""
    totals: dict[str, Decimal] = {}
    for name, amount in amounts:
        totals[name] = EXACT.add(totals.get(name, ZERO), amount)
    return dict(sorted(totals.items()))


def positions(executions: Iterable[ExecutionRow]) -> Mapping[str, Decimal]:
    """Return the units held by contract over all plans, signed, sorted; flat ones are left out."""
    totals = added_up((holding.contract, holding.position) for holding in holdings(executions))
    return {contract: total for contract, total in totals.items() if total}


def _holding(plan: str, contract: str, executions: list[ExecutionRow], worlds: Worlds) -> Holding:
    books: dict[int, Book] = defaultdict(Book)
    gained, last = ZERO, executions[-1]
    with localcontext(EXACT):
        for execution in executions:
            world = worlds.of(execution.run)
            gained += books[world].take(execution.side, execution.quantity, execution.price)
            last = last if worlds.is_over(world) else execution
    return Holding(
        plan=plan,
        contract=contract,
        bought=_total(executions, Side.BUY),
        sold=_total(executions, Side.SELL),
        realized=EXACT.multiply(gained, last.multiplier),
        lots=tuple(books[worlds.present].lots),
        last_price=last.price,
        multiplier=last.multiplier,
    )


def _total(executions: list[ExecutionRow], side: Side) -> Decimal:
    with localcontext(EXACT):
        return sum((execution.quantity for execution in executions if execution.side is side), ZERO)


def _apply(lots: deque[Lot], new: Lot) -> Decimal:
    """Close open lots of the other side, oldest first, open what is left; return what that realized."""
    gained, left = ZERO, new.quantity
    while left and lots and (lots[0].quantity < 0) != (left < 0):
        oldest = lots.popleft()
        closed = min(abs(left), abs(oldest.quantity)).copy_sign(oldest.quantity)
        gained += closed * (new.price - oldest.price)
        left += closed
        if oldest.quantity != closed:
            lots.appendleft(Lot(oldest.quantity - closed, oldest.price))
    if left:
        lots.append(Lot(left, new.price))
    return gained
