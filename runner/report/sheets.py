"""The tables of a report: typed cells under columns, whatever writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from runner.core.money import cents
from runner.journal.rows import PastOrder
from runner.report.lines import DayLine, FillLine, FireLine, Outcome, PlanLine, Report
from runner.report.summary import COUNTED_AS

Cell = str | Decimal | int | datetime | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `is_money` is shown to the hundredth where people read it, `in_page` is for files alone if false.

    `is_price` is of the contract of its row; `is_prose` is a sentence, which may be broken into lines; `is_rare` is in
    the page only if a row has something there.
    """

    title: str
    is_money: bool = False
    in_page: bool = True
    is_price: bool = False
    is_prose: bool = False
    is_rare: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """Rows of cells under columns; `name` is that of its file. Money and prices are exact."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def _file(title: str) -> Column:
    return Column(title, in_page=False)


def _price(title: str) -> Column:
    return Column(title, is_price=True)


def _money(title: str, *, in_page: bool = True) -> Column:
    return Column(title, is_money=True, in_page=in_page)


COLUMNS: Mapping[str, tuple[Column, ...]] = {  # by the name of the table
    "plans": (
        Column("plan"), Column("contract"), Column("fills"), Column("bought"), Column("sold"), Column("position"),
        _price("average price"), _price("mark"), _file("marked at (UTC)"), _file("mark is"), Column("currency"),
        _money("realized"), _money("unrealized"), _money("slippage"), _money("half-spread"),
        _file("fills without quote"), _money("realized in account"), _file("account currency"),
        Column("run", is_rare=True),
    ),
    "commissions": (
        Column("plan"), Column("contract"), _money("commission"), Column("currency"), Column("run", is_rare=True),
    ),
    "fills": (
        Column("time (UTC)"), Column("plan"), Column("order"), _file("fire"), Column("role"), Column("contract"),
        Column("side"), Column("effect"), Column("quantity"), _price("price"), _money("value", in_page=False),
        Column("currency"), _price("bid at fire"), _price("ask at fire"), _file("quoted at (UTC)"),
        _price("slippage"), _money("slippage amount"), _file("half-spread"), _money("half-spread amount"),
        _money("commission"), Column("commission currency"), _money("realized"), _file("rate"), _file("rate at (UTC)"),
        _file("rate told by"), _money("realized in account"), _file("account currency"), _file("order_ref"),
        _file("exec_id"),
    ),
    "orders": (
        Column("due (UTC)"), Column("plan"), Column("order"), Column("role"), Column("contract"), Column("side"),
        Column("quantity"), Column("type"), _price("limit"), _price("stop"), Column("tif"), Column("state"),
        Column("filled"), _price("average price"), Column("note", is_prose=True), _file("order_ref"), _file("perm_id"),
    ),
    "fires": (
        Column("due (UTC)"), Column("plan"), Column("order"), Column("outcome"), Column("seconds late"),
        _file("left at (UTC)"), Column("orders"), Column("filled"), Column("reason", is_prose=True), _file("fire"),
    ),
    "days": (Column("plan"), Column("day"), Column("outcome"), *(Column(outcome.value) for outcome in Outcome)),
    "equity": (Column("time (UTC)"), _money("equity"), _money("drawdown"), Column("currency")),
    "exposure": (Column("time (UTC)"), Column("currency"), _money("amount")),
    "prices": (Column("time (UTC)"), Column("contract"), _price("price"), Column("told by")),
}  # fmt: skip


def sheets(report: Report) -> tuple[Sheet, ...]:
    """Return all tables of a report."""
    return (
        plans(report),
        commissions(report),
        fills(report),
        orders(report),
        fires(report),
        days(report),
        equity(report),
        exposure(report),
        prices(report),
    )


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else cents(amount)


def plans(report: Report) -> Sheet:
    """Profit and loss of each plan and contract, and what its fills cost."""
    rows = tuple(_plan(line, report.currency) for line in report.plans)
    title = "Profit and loss by plan: first in, first out, before commission"
    return Sheet(name="plans", title=title, columns=COLUMNS["plans"], rows=rows)


def _plan(line: PlanLine, currency: str | None) -> tuple[Cell, ...]:
    mark = line.mark
    marked = (None, None, None) if mark is None else (mark.price, mark.at, mark.source.value)
    return (
        line.plan, line.contract, line.fills, line.bought, line.sold, line.position, line.average_price, *marked,
        line.currency, line.realized, line.unrealized, line.slippage, line.half_spread, line.unmeasured,
        _cents(line.realized_in_account), currency, line.run,
    )  # fmt: skip


def commissions(report: Report) -> Sheet:
    """What was charged, by plan, contract and currency."""
    rows = tuple(
        (line.plan, line.contract, line.commission[currency], currency, line.run)
        for line in report.plans
        for currency in sorted(line.commission)
    )
    return Sheet(name="commissions", title="Commission", columns=COLUMNS["commissions"], rows=rows)


def fills(report: Report) -> Sheet:
    """Every execution, by its latest revision."""
    rows = tuple(_fill(line, report.currency) for line in report.fills)
    return Sheet(name="fills", title="Fills", columns=COLUMNS["fills"], rows=rows)


def _fill(line: FillLine, currency: str | None) -> tuple[Cell, ...]:
    quote, rate = line.quote, line.rate
    quoted = (None, None, None) if quote is None else (quote.bid, quote.ask, quote.at)
    rated = (None, None, None) if rate is None else (rate.value, rate.at, rate.told_by)
    return (
        line.at, line.plan, line.order, line.fire, line.role, line.contract, line.side.value.lower(), line.effect,
        line.quantity, line.price, line.value, line.currency, *quoted, line.slippage, line.slippage_amount,
        line.half_spread, line.half_spread_amount, line.commission, line.commission_currency, line.realized, *rated,
        _cents(line.realized_in_account), currency, line.order_ref, line.exec_id,
    )  # fmt: skip


def orders(report: Report) -> Sheet:
    """The blotter: every order as it was intended, and what became of it."""
    return Sheet(name="orders", title="Blotter", columns=COLUMNS["orders"], rows=tuple(map(_order, report.orders)))


def _order(row: PastOrder) -> tuple[Cell, ...]:
    ticket = row.ticket
    return (
        row.fire_due, ticket.key.plan, ticket.key.order, ticket.key.role, ticket.contract.name,
        ticket.side.value.lower(), ticket.quantity, ticket.order_type.word, ticket.limit_price,
        ticket.stop_price, ticket.time_in_force.value, COUNTED_AS[row.state], row.filled, row.average_price,
        row.note, ticket.order_ref, row.perm_id,
    )  # fmt: skip


def fires(report: Report) -> Sheet:
    """Every fire: what became of it, and how late its orders left."""
    return Sheet(name="fires", title="Fires", columns=COLUMNS["fires"], rows=tuple(map(_fire, report.fires)))


def _fire(line: FireLine) -> tuple[Cell, ...]:
    return (
        line.due, line.plan, line.order, line.outcome.value, line.seconds_late, line.left_at, line.orders, line.filled,
        line.reason, line.fire,
    )  # fmt: skip


def days(report: Report) -> Sheet:
    """The calendar: of each plan and UTC day the worst outcome, and how many fires had which."""
    return Sheet(name="days", title="Days", columns=COLUMNS["days"], rows=tuple(map(_day, report.days)))


def _day(line: DayLine) -> tuple[Cell, ...]:
    return (line.plan, line.day, line.outcome.value, *(line.counts.get(outcome, 0) for outcome in Outcome))


def equity(report: Report) -> Sheet:
    """Equity and drawdown."""
    rows = tuple((point.at, cents(point.equity), cents(point.drawdown), report.currency) for point in report.equity)
    return Sheet(name="equity", title="Equity", columns=COLUMNS["equity"], rows=rows)


def exposure(report: Report) -> Sheet:
    """What was held, by currency."""
    return Sheet(name="exposure", title="Exposure", columns=COLUMNS["exposure"], rows=tuple(_exposure(report)))


def _exposure(report: Report) -> Iterator[tuple[Cell, ...]]:
    for point in report.exposure:
        for currency, amount in point.amounts.items():
            yield point.at, currency, amount


def prices(report: Report) -> Sheet:
    """The prices that are known."""
    rows: Iterable[tuple[Cell, ...]] = (
        (mark.at, contract, mark.price, mark.source.value)
        for contract in sorted(report.paths)
        for mark in report.paths[contract]
    )
    return Sheet(name="prices", title="Prices", columns=COLUMNS["prices"], rows=tuple(rows))
