"""The tables of a finished run as text cells: one list of rows, whatever draws them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

from runner.core.contract import currency_of, is_listed_name, unit_of
from runner.core.events import FireState
from runner.core.fx import Pair
from runner.core.money import EXACT, cents, plain
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, Role
from runner.core.times import stamp
from runner.journal.rows import ExecutionRow, FireRow, OrderRow
from runner.report.pnl import Holding, holdings
from runner.report.summary import COUNTED_AS, commissions

MOST_ROWS = 40
SHOWN_AT_EACH_END = 10
ABSENT = "-"
_FINEST = Decimal("0.00001")

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and how its cells are set."""

    title: str
    right: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of cells under columns; `gap` names the row before which `left_out` rows are not shown."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    gap: int = 0
    left_out: int = 0


_ORDERS = (
    Column("fire (UTC)"),
    Column("order"),
    Column("pair"),
    Column("side"),
    Column("quantity", right=True),
    Column("type"),
    Column("state"),
    Column("filled", right=True),
    Column("avg price", right=True),
    Column("commission", right=True),
)
_EXCEPTIONS = (Column("fire (UTC)"), Column("order"), Column("state"), Column("reason"))
_RESULTS = (
    Column("plan"),
    Column("pair"),
    Column("bought", right=True),
    Column("sold", right=True),
    Column("position", right=True),
    Column("avg price", right=True),
    Column("realized", right=True),
    Column("mark", right=True),
    Column("unrealized", right=True),
    Column("commission", right=True),
)


def blotter(fires: Sequence[FireRow], orders: Sequence[OrderRow], executions: Iterable[ExecutionRow]) -> Table:
    """Return the orders of a run, one row each in the order of their fires; the middle of a long list is left out."""
    due, many = _due(fires), _many(fires, orders)
    costs: dict[str, list[ExecutionRow]] = defaultdict(list)
    for execution in executions:
        costs[execution.order_ref].append(execution)
    shown, left_out = _ends(orders)
    rows = tuple(
        (_when(order.ticket, due), _name(order.ticket, many), *_cells(order, costs[order.ticket.order_ref]))
        for order in shown
    )
    columns = _headed(_ORDERS, (order.ticket.contract.name for order in shown))
    return Table(title="Orders", columns=columns, rows=rows, gap=SHOWN_AT_EACH_END, left_out=left_out)


def exceptions(fires: Sequence[FireRow], orders: Sequence[OrderRow]) -> Table:
    """Return the fires that were not sent and the orders that were refused or are unknown, with the reason of each."""
    due, many = _due(fires), _many(fires, orders)
    rows = [
        (stamp(fire.due), f"{fire.plan}/{fire.order}" if many else fire.order, fire.state.value, fire.reason or ABSENT)
        for fire in fires
        if fire.state not in (None, FireState.SENT)
    ]
    rows += [
        (_when(order.ticket, due), _name(order.ticket, many), _state(order), order.note or ABSENT)
        for order in orders
        if COUNTED_AS[order.state] in ("rejected", "unknown")  # a denied one has its fire above
    ]
    shown, left_out = _ends(sorted(rows))
    return Table(title="Exceptions", columns=_EXCEPTIONS, rows=tuple(shown), gap=SHOWN_AT_EACH_END, left_out=left_out)


def results(executions: Sequence[ExecutionRow], marks: Mapping[str, Decimal]) -> Table:
    """Return profit and loss, one row for each plan and contract; one without a mark is valued at its last fill."""
    costs: dict[tuple[str, str], list[ExecutionRow]] = defaultdict(list)
    for execution in executions:
        costs[execution.plan, execution.contract].append(execution)
    rows = tuple(
        _result(holding, marks.get(holding.contract, holding.last_price), costs[holding.plan, holding.contract])
        for holding in holdings(executions)
    )
    columns = _headed(_RESULTS, (row[1] for row in rows))
    return Table(title="Profit and loss (first in, first out, before commission)", columns=columns, rows=rows)


def _headed(columns: tuple[Column, ...], names: Iterable[str]) -> tuple[Column, ...]:
    """Call the column of contracts by that word where not all of them are pairs."""
    if not any(map(is_listed_name, names)):
        return columns
    return tuple(Column("contract") if column.title == "pair" else column for column in columns)


def amounts(by_currency: Mapping[str, Decimal]) -> str:
    """Write money of one or more currencies: 12.50 USD, 3.00 CHF."""
    return ", ".join(f"{money(by_currency[name])} {name}" for name in sorted(by_currency)) or ABSENT


def money(amount: Decimal) -> str:
    """Write an amount to the hundredth with thousands separated by underscores, as plans write them."""
    return f"{cents(amount) + 0:,f}".replace(",", "_")  # + 0: no negative zero


def units(quantity: Decimal) -> str:
    """Write a quantity with thousands separated by underscores."""
    whole, _, part = plain(quantity).partition(".")
    return f"{int(whole):_}" + (f".{part}" if part else "")


def _due(fires: Iterable[FireRow]) -> Mapping[tuple[str, str, str], str]:
    return {(fire.plan, fire.order, fire.fire): stamp(fire.due) for fire in fires}


def _when(ticket: OrderTicket, due: Mapping[tuple[str, str, str], str]) -> str:
    key = ticket.key
    return due.get((key.plan, key.order, key.fire), key.fire)


def _many(fires: Iterable[FireRow], orders: Iterable[OrderRow]) -> bool:
    """Tell whether the rows are of more than one plan, whose names then have to be said."""
    return len({fire.plan for fire in fires} | {order.ticket.key.plan for order in orders}) > 1


def _ends(rows: Sequence[_Row]) -> tuple[Sequence[_Row], int]:
    """Return what is shown of a list, and how many rows of its middle are not."""
    if len(rows) <= MOST_ROWS:
        return rows, 0
    return [*rows[:SHOWN_AT_EACH_END], *rows[-SHOWN_AT_EACH_END:]], len(rows) - 2 * SHOWN_AT_EACH_END


def _name(ticket: OrderTicket, many: bool) -> str:
    name = f"{ticket.key.plan}/{ticket.key.order}" if many else ticket.key.order
    return name if ticket.key.role == Role.ENTRY.value else f"{name} {ticket.key.role}"


def _cells(order: OrderRow, executions: Sequence[ExecutionRow]) -> tuple[str, ...]:
    ticket = order.ticket
    return (
        ticket.contract.name,
        ticket.side.value.lower(),
        units(ticket.quantity),
        _type(ticket),
        _state(order),
        units(order.filled),
        price_of(ticket.contract.name, order.average_price),
        amounts(commissions(executions)),
    )


def _state(order: OrderRow) -> str:
    """Word a state as the summary counts it, with the finer word of an order that waits for something."""
    counted = COUNTED_AS[order.state]
    return "held" if order.state is OrderState.HELD else counted


def _type(ticket: OrderTicket) -> str:
    prices = [price for price in (ticket.stop_price, ticket.limit_price) if price is not None]
    trail = [] if ticket.trail is None else [ticket.trail.text]
    shown = [price_of(ticket.contract.name, price) for price in prices]
    return " ".join((ticket.order_type.word, *shown, *trail))


def price_of(contract: str, price: Decimal | None) -> str:
    """Write a price of a contract: of a pair to its tick, of anything else to no more places than it needs."""
    if price is None:
        return ABSENT
    finest = _FINEST if is_listed_name(contract) else Decimal(1).scaleb(-_places_of(contract))
    shown = price.quantize(finest, ROUND_HALF_EVEN, EXACT)  # an average is finer than any tick
    whole, _, part = plain(shown).partition(".")
    places = _places_of(contract)
    return f"{whole}.{part.ljust(places, '0')}" if places else whole


def _places_of(contract: str) -> int:
    """Return how many decimals a price of a contract has at least: those of a pair's tick, 2 of anything else."""
    if is_listed_name(contract):
        return 2
    tick = Pair(unit_of(contract), currency_of(contract)).tick_size
    return len(plain(tick).partition(".")[2])


def _result(holding: Holding, mark: Decimal, executions: Sequence[ExecutionRow]) -> tuple[str, ...]:
    position = holding.position
    return (
        holding.plan,
        holding.contract,
        units(holding.bought),
        units(holding.sold),
        units(position),
        price_of(holding.contract, holding.average_price),
        f"{money(holding.realized)} {holding.currency}",
        price_of(holding.contract, mark) if position else ABSENT,
        f"{money(holding.unrealized(mark))} {holding.currency}" if position else ABSENT,
        amounts(commissions(executions)),
    )
