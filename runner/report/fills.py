"""Executions as lines: what each cost against the quote at its fire, and what it realized, first in, first out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext

from runner.core.contract import ContractSpec
from runner.core.money import EXACT
from runner.core.standing import Quote
from runner.core.ticket import Role, Side
from runner.journal.rows import ExecutionRow, History, PastOrder
from runner.report.known import Prices, Quotes, Rates
from runner.report.lines import FillLine, Mark, Period, PlanLine
from runner.report.pnl import Book
from runner.report.summary import commissions
from runner.report.totals import sum_known
from runner.report.worlds import Worlds

ZERO = Decimal(0)
BookKey = tuple[int, str, str]  # world, plan, contract


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """An execution with the order it belongs to and the book it goes into."""

    row: ExecutionRow
    order: PastOrder
    book: BookKey

    @property
    def contract(self) -> ContractSpec:
        """What was dealt."""
        return self.order.ticket.contract


def deals(history: History, period: Period, worlds: Worlds) -> Iterator[Deal]:
    """Yield the executions up to the end of a period, oldest first."""
    orders = {order.ticket.order_ref: order for order in history.orders}
    for row in history.executions:
        if period.is_before_end(row.at):
            order = orders[row.order_ref]
            yield Deal(row=row, order=order, book=(worlds.of(row.run), row.plan, order.ticket.contract.name))


@dataclass(slots=True)
class Account:
    """The books as they fill, and the lines of the fills that lie in a period."""

    period: Period
    quotes: Quotes
    rates: Rates
    books: dict[BookKey, Book] = field(default_factory=lambda: defaultdict(Book))
    contracts: dict[BookKey, ContractSpec] = field(default_factory=dict)
    lines: dict[BookKey, list[FillLine]] = field(default_factory=lambda: defaultdict(list))

    def take(self, deal: Deal) -> FillLine:
        """Take in the next execution."""
        row, book = deal.row, self.books[deal.book]
        self.contracts[deal.book] = deal.contract
        effect = _effect(book.position, row.side.sign * row.quantity)
        gained = EXACT.multiply(book.take(row.side, row.quantity, row.price), deal.contract.worth)
        line = _line(deal, effect, gained, self.quotes, self.rates)
        if self.period.has(row.at):
            self.lines[deal.book].append(line)
        return line


def _effect(before: Decimal, change: Decimal) -> str:
    if not before or (before > 0) is (change > 0):
        return "opens"
    return "closes" if abs(change) <= abs(before) else "turns"


def _line(deal: Deal, effect: str, gained: Decimal, quotes: Quotes, rates: Rates) -> FillLine:
    row, key, contract = deal.row, deal.order.ticket.key, deal.contract
    quote = quotes.of(key)
    is_measured = quote is not None and deal.order.ticket.role is Role.ENTRY
    slippage, half = _against(row.side, row.price, quote) if quote is not None and is_measured else (None, None)
    amount = EXACT.multiply(row.quantity, contract.worth)
    rate = rates.of(contract.currency, row.at)
    return FillLine(
        run=deal.order.run,
        at=row.at,
        plan=row.plan,
        order=key.order,
        fire=key.fire,
        role=key.role,
        order_ref=row.order_ref,
        exec_id=row.exec_id,
        contract=contract.name,
        side=row.side,
        effect=effect,
        quantity=row.quantity,
        price=row.price,
        currency=contract.currency,
        value=EXACT.multiply(amount, row.price),
        quote=quote,
        slippage=slippage,
        slippage_amount=None if slippage is None else EXACT.multiply(slippage, amount),
        half_spread=half,
        half_spread_amount=None if half is None else EXACT.multiply(half, amount),
        commission=row.commission,
        commission_currency=row.commission_currency,
        realized=gained,
        rate=rate,
        realized_in_account=_converted(gained, None if rate is None else rate.value),
    )


def _converted(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    if not amount:
        return ZERO
    return None if rate is None else EXACT.multiply(amount, rate)


def _against(side: Side, price: Decimal, quote: Quote) -> tuple[Decimal, Decimal]:
    """Return how much worse a price is than the side of the quote it deals at, and half of the spread."""
    with localcontext(EXACT):
        touched = quote.ask if side is Side.BUY else quote.bid
        return side.sign * (price - touched), (quote.ask - quote.bid) / 2


def plan_lines(account: Account, prices: Prices, ends: Mapping[int, datetime]) -> list[PlanLine]:
    """Return what each book came to, by plan and contract; `prices` are those up to the period's end.

    What is open in a world that has ended is valued at the last price known then.
    """
    has_worlds = len({world for world, _, _ in account.books}) > 1
    keys = sorted(account.books, key=lambda key: (key[1], key[2], key[0]))
    return [_plan_line(account, key, prices.last(key[2], ends.get(key[0])), has_worlds) for key in keys]


def _plan_line(account: Account, key: BookKey, mark: Mark | None, has_worlds: bool) -> PlanLine:
    book, lines, contract = account.books[key], account.lines[key], account.contracts[key]
    with localcontext(EXACT):
        open_result = None
        if book.position and mark is not None:
            open_result = (book.position * mark.price - book.cost) * contract.worth
        return PlanLine(
            run=key[0] if has_worlds else None,
            plan=key[1],
            contract=key[2],
            currency=contract.currency,
            fills=len(lines),
            bought=_sum(line.quantity for line in lines if line.side is Side.BUY),
            sold=_sum(line.quantity for line in lines if line.side is Side.SELL),
            position=book.position,
            average_price=book.cost / book.position if book.position else None,
            mark=mark,
            realized=_sum(line.realized for line in lines),
            unrealized=open_result,
            commission=commissions(lines),
            slippage=_sum_known(line.slippage_amount for line in lines),
            half_spread=_sum_known(line.half_spread_amount for line in lines),
            unmeasured=sum(line.is_unmeasured for line in lines),
            realized_in_account=sum_known([line.realized_in_account for line in lines]),
        )


def _sum(amounts: Iterator[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _sum_known(amounts: Iterator[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None
