"""Profit and loss, summary, exit code and the text report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.events import FireState, Summary
from runner.core.fx import parse_pair
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.core.times import stamp
from runner.journal.rows import ExecutionRow, FireRow, OrderRow
from runner.report.blotter import blotter, exceptions, results
from runner.report.pnl import Lot, holdings
from runner.report.progress import Progress
from runner.report.render_text import draw, report
from runner.report.summary import COUNTED_AS, exit_code, summarize

START = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
USD = "USD"


def execution(side: Side, quantity: str, price: str, *, plan: str = "p", pair: str = "EUR.USD") -> ExecutionRow:
    return ExecutionRow(
        order_ref="r",
        plan=plan,
        exec_id="1.1",
        contract=pair,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        at=START,
        commission=Decimal(2),
        commission_currency=USD,
    )


def ticket(number: int, *, role: Role = Role.ENTRY, pair: str = "EUR.USD") -> OrderTicket:
    found = parse_pair(pair)
    assert found is not None
    return OrderTicket(
        key=OrderKey(plan="p", order="main", fire=stamp(START + timedelta(days=number)), role=role.value),
        role=role,
        contract=ContractSpec(symbol=found.base, currency=found.quote),
        side=Side.BUY,
        quantity=Decimal(25_000),
        order_type=OrderType.MARKET,
    )


def order(number: int, state: OrderState = OrderState.FILLED, **changes: object) -> OrderRow:
    row = OrderRow(
        ticket=ticket(number),
        state=state,
        filled=Decimal(25_000) if state is OrderState.FILLED else Decimal(0),
        average_price=Decimal("1.0850") if state is OrderState.FILLED else None,
        perm_id=None,
        closed_with_run=False,
        note="",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def fire(number: int, state: FireState | None = FireState.SENT) -> FireRow:
    due = START + timedelta(days=number)
    return FireRow(plan="p", order="main", fire=stamp(due), due=due, state=state, reason=None)


@dataclass(frozen=True, slots=True)
class Made:
    """A run of many filled orders."""

    fires: Sequence[FireRow]
    orders: Sequence[OrderRow]
    executions: Sequence[ExecutionRow]


def made(count: int) -> Made:
    orders = [order(number) for number in range(count)]
    executions = [
        replace(execution(Side.BUY, "25000", "1.0850"), order_ref=row.ticket.order_ref, exec_id=f"{number}.1")
        for number, row in enumerate(orders)
    ]
    return Made([fire(number) for number in range(count)], orders, executions)


# --- profit and loss


def test_first_in_is_first_out() -> None:
    (held,) = holdings(
        [
            execution(Side.BUY, "100", "1.10"),
            execution(Side.BUY, "100", "1.20"),
            execution(Side.SELL, "150", "1.30"),
        ]
    )
    assert held.realized == Decimal("100") * Decimal("0.20") + Decimal("50") * Decimal("0.10")
    assert held.lots == (Lot(Decimal(50), Decimal("1.20")),)
    assert held.average_price == Decimal("1.20")
    assert held.unrealized(Decimal("1.10")) == Decimal(-5)


def test_a_sale_through_zero_opens_a_short() -> None:
    (held,) = holdings([execution(Side.BUY, "100", "1.10"), execution(Side.SELL, "300", "1.00")])
    assert held.realized == Decimal(-10)
    assert held.lots == (Lot(Decimal(-200), Decimal("1.00")),)
    assert held.unrealized(Decimal("0.90")) == Decimal(20)


def test_plans_and_pairs_keep_their_own_books() -> None:
    held = holdings(
        [
            execution(Side.BUY, "100", "1.10", plan="b"),
            execution(Side.SELL, "100", "1.20", plan="a"),
            execution(Side.BUY, "100", "150", plan="a", pair="USD.JPY"),
        ]
    )
    assert [(h.plan, h.contract, h.currency, h.position) for h in held] == [
        ("a", "EUR.USD", "USD", Decimal(-100)),
        ("a", "USD.JPY", "JPY", Decimal(100)),
        ("b", "EUR.USD", "USD", Decimal(100)),
    ]
    assert all(h.realized == 0 for h in held)


quantities = st.integers(1, 10**9).map(lambda n: str(Decimal(n) / 100))
prices = st.integers(1, 10**6).map(lambda n: str(Decimal(n) * Decimal("0.00005")))
executions = st.lists(st.builds(execution, st.sampled_from(Side), quantities, prices), min_size=1, max_size=40)


@given(executions, prices)
def test_realized_and_unrealized_are_the_cash_flow_and_the_position_at_the_mark(
    rows: list[ExecutionRow], price: str
) -> None:
    mark = Decimal(price)
    (held,) = holdings(rows)
    cash = sum(-row.side.sign * row.quantity * row.price for row in rows)
    assert held.realized + held.unrealized(mark) == cash + held.position * mark


@given(executions)
def test_what_is_open_is_the_position_and_all_on_one_side(rows: list[ExecutionRow]) -> None:
    (held,) = holdings(rows)
    assert sum(lot.quantity for lot in held.lots) == held.position == held.bought - held.sold
    assert len({lot.quantity > 0 for lot in held.lots}) <= 1
    assert all(lot.quantity for lot in held.lots)


@given(executions)
def test_a_book_that_is_closed_has_realized_its_cash_flow(rows: list[ExecutionRow]) -> None:
    (held,) = holdings(rows)
    if held.position:
        side = Side.SELL if held.position > 0 else Side.BUY
        rows = [*rows, execution(side, str(abs(held.position)), "1.5")]
    (closed,) = holdings(rows)
    assert closed.lots == ()
    assert closed.average_price is None
    assert closed.realized == sum(-row.side.sign * row.quantity * row.price for row in rows)


# --- summary


@given(st.lists(st.sampled_from(OrderState), max_size=30))
def test_the_counts_add_up_to_the_orders(states: list[OrderState]) -> None:
    s = summarize(["p"], [], [order(n, state) for n, state in enumerate(states)], [])
    assert s.orders == len(states)
    assert s.orders == s.filled + s.working + s.cancelled + s.expired + s.rejected + s.denied + s.unknown


@pytest.mark.parametrize("state", OrderState)
def test_every_state_counts_as_a_word_of_the_summary(state: OrderState) -> None:
    assert getattr(summarize(["p"], [], [order(0, state)], []), COUNTED_AS[state]) == 1


def test_a_cancelled_order_with_a_part_fill_is_cancelled() -> None:
    part = order(0, OrderState.CANCELLED, filled=Decimal(10_000))
    s = summarize(["p"], [fire(0)], [part], [execution(Side.BUY, "10000", "1.1")])
    assert (s.cancelled, s.filled, s.positions) == (1, 0, {"EUR.USD": Decimal(10_000)})


def test_fires_count_those_skipped_here_and_those_recorded_before() -> None:
    s = summarize(["b", "a"], [fire(0), fire(1, FireState.SKIPPED), fire(2, FireState.MISSED)], [], [], skipped=4)
    assert (s.plan, s.fires, s.skipped, s.missed) == ("b,a", 7, 5, 1)


def test_commissions_by_currency_without_those_unknown() -> None:
    rows = [
        execution(Side.BUY, "1", "1"),
        replace(execution(Side.SELL, "1", "1"), commission=Decimal("0.5"), commission_currency="CHF"),
        replace(execution(Side.BUY, "1", "1"), commission=None, commission_currency=None),
    ]
    assert summarize(["p"], [], [], rows).commission == {"CHF": Decimal("0.5"), "USD": Decimal(2)}


def test_positions_add_up_over_plans_and_leave_out_what_is_flat() -> None:
    rows = [
        execution(Side.BUY, "100", "1.1", plan="a"),
        execution(Side.SELL, "100", "1.2", plan="b"),
        execution(Side.SELL, "7", "1.3", pair="GBP.USD"),
    ]
    s = summarize(["a", "b", "p"], [], [], rows)
    assert s.positions == {"GBP.USD": Decimal(-7)}
    assert s.realized_pnl == {"USD": Decimal(0)}


@pytest.mark.parametrize(
    ("counts", "interrupted", "code"),
    [
        ({}, False, 0),
        ({"working": 1, "expired": 1, "cancelled": 1, "skipped": 1}, False, 0),
        ({"denied": 1}, False, 3),
        ({"denied": 1, "rejected": 1}, False, 4),
        ({"denied": 1, "rejected": 1, "missed": 1}, False, 7),
        ({"denied": 1, "rejected": 1, "missed": 1, "unknown": 1}, False, 6),
        ({"unknown": 1}, True, 130),
        ({}, True, 130),
    ],
)
def test_the_first_exit_code_that_applies(counts: dict[str, int], interrupted: bool, code: int) -> None:
    assert exit_code(Summary(plan="p", **counts), interrupted) == code  # type: ignore[arg-type]


# --- the report


def text_of(run: Made, **options: object) -> str:
    s = summarize(["p"], run.fires, run.orders, run.executions)
    return report(s, run.fires, run.orders, run.executions, **options)  # type: ignore[arg-type]


def test_a_report_whole() -> None:
    assert text_of(made(2), header=["p: 1 order", "prices: synthetic intraday path"], footer=["warning 399"]) == (
        "p: 1 order\n"
        "prices: synthetic intraday path\n"
        "\n"
        "Orders\n"
        "fire (UTC)            order  pair     side  quantity  type    state   filled  avg price  commission\n"
        "--------------------  -----  -------  ----  --------  ------  ------  ------  ---------  ----------\n"
        "2025-01-06T14:30:00Z  main   EUR.USD  buy     25_000  market  filled  25_000    1.08500    2.00 USD\n"
        "2025-01-07T14:30:00Z  main   EUR.USD  buy     25_000  market  filled  25_000    1.08500    2.00 USD\n"
        "\n"
        "Profit and loss (first in, first out, before commission)\n"
        "plan  pair     bought  sold  position  avg price  realized     mark  unrealized  commission\n"
        "----  -------  ------  ----  --------  ---------  --------  -------  ----------  ----------\n"
        "p     EUR.USD  50_000     0    50_000    1.08500  0.00 USD  1.08500    0.00 USD    4.00 USD\n"
        "\n"
        "mark: the price of the pair's last fill in this run\n"
        "warning 399\n"
        "2 fires; 2 orders, 2 filled; commission 4.00 USD; realized 0.00 USD; position EUR.USD 50_000\n"
    )


def test_forty_orders_are_shown_and_of_more_the_ends() -> None:
    assert "left out" not in text_of(made(40))
    assert text_of(made(40)).count("market") == 40
    lines = text_of(made(41)).splitlines()
    assert sum("market" in text for text in lines) == 20
    gap = lines.index("... 21 more rows are not shown here; --json has all of them")
    assert lines[gap - 1].startswith(stamp(START + timedelta(days=9)))
    assert lines[gap + 1].startswith(stamp(START + timedelta(days=31)))


def test_a_given_mark_values_the_position() -> None:
    run = made(1)
    text = text_of(run, marks={"EUR.USD": Decimal("1.0950")})
    assert "1.09500  250.00 USD" in text
    assert "last fill" not in text


def test_a_flat_book_needs_no_mark() -> None:
    flat = [execution(Side.BUY, "10", "1.1"), execution(Side.SELL, "10", "1.0")]
    assert "last fill" not in report(summarize(["p"], [fire(0)], [order(0)], flat), [fire(0)], [order(0)], flat)
    assert text_of(made(1)).splitlines()[-1].startswith("1 fire; 1 order, 1 filled;")


def test_a_run_without_fires_is_its_header_and_figures() -> None:
    assert text_of(made(0), header=["h"]) == "h\n\n0 fires; 0 orders; commission -; realized -; position flat\n"


def test_what_went_wrong_is_said_with_its_reason() -> None:
    fires = [fire(0), replace(fire(1, FireState.MISSED), reason="90 s late"), fire(2)]
    orders = [order(0, OrderState.REJECTED, note="201: no margin"), order(2, OrderState.NOT_RECEIVED), order(3)]
    s = summarize(["p"], fires, orders, [])
    text = report(s, fires, orders, [])
    assert (
        "Exceptions\n"
        "fire (UTC)            order  state     reason\n"
        "--------------------  -----  --------  --------------\n"
        "2025-01-06T14:30:00Z  main   rejected  201: no margin\n"
        "2025-01-07T14:30:00Z  main   missed    90 s late\n"
        "2025-01-08T14:30:00Z  main   unknown   -\n"
    ) in text
    assert text.endswith(
        "3 fires, 1 missed; 3 orders, 1 filled, 1 rejected, 1 unknown; commission -; realized -; position flat\n"
    )


def test_plans_are_named_where_there_are_several() -> None:
    other = replace(fire(1, FireState.MISSED), plan="q")
    assert exceptions([fire(0), other], [order(0)]).rows[0][1] == "q/main"
    assert blotter([fire(0), other], [order(0)], []).rows[0][1] == "p/main"


def test_yen_have_three_decimals_and_exits_say_their_role() -> None:
    exit_ticket = replace(
        ticket(0, role=Role.STOP_LOSS, pair="USD.JPY"), order_type=OrderType.STOP, stop_price=Decimal("155.5")
    )
    row = order(0, OrderState.HELD, ticket=exit_ticket)
    (cells,) = blotter([fire(0)], [row], []).rows
    assert cells[1:7] == ("main stop_loss", "USD.JPY", "buy", "25_000", "stop 155.500", "held")


def test_a_flat_pair_has_no_mark() -> None:
    (cells,) = results([execution(Side.BUY, "10", "1.1"), execution(Side.SELL, "10", "1.0")], {}).rows
    assert cells[4:9] == ("0", "-", "-1.00 USD", "-", "-")


def test_drawn_tables_hold_the_same_cells_and_take_no_markup() -> None:
    from rich.console import Console

    run = made(41)
    tables = [blotter(run.fires, run.orders, run.executions), results(run.executions, {})]
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    draw(console, ["[bold]not markup[/bold]"], tables, ["[red]closing"])
    file = console.file
    assert isinstance(file, io.StringIO)
    drawn = file.getvalue()
    assert "[bold]not markup[/bold]" in drawn
    assert "[red]closing" in drawn
    assert "21 more rows" in drawn
    assert all(cell in drawn for table in tables for row in table.rows for cell in row)


@pytest.mark.parametrize("width", [60, 90])
def test_a_narrow_terminal_cuts_nothing_off(width: int) -> None:
    from rich.console import Console

    run = made(1)
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    draw(console, [], [blotter(run.fires, run.orders, run.executions)], [])
    file = console.file
    assert isinstance(file, io.StringIO)
    assert "…" not in file.getvalue()
    digits = "".join(c for c in file.getvalue() if c.isdigit())
    assert sorted(digits) == sorted("20250106143000" + "25000" + "25000" + "108500" + "200")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_narrow_terminal_breaks_rows_between_cells_and_no_cell(width: int) -> None:
    from rich.console import Console

    run = made(2)
    tables = [blotter(run.fires, run.orders, run.executions), results(run.executions, {})]
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    draw(console, [], tables, [])
    file = console.file
    assert isinstance(file, io.StringIO)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= max(width, len(tables[1].title))
    for table in tables:
        assert all(any(cell in line for line in lines) for row in table.rows for cell in row)
        assert all(any(column.title in line for line in lines) for column in table.columns)


# --- progress


class Terminal(io.StringIO):
    """What stderr is to somebody who watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_a_bar_on_a_terminal_only(stream: type[io.StringIO], shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = stream()
    monkeypatch.setattr("sys.stderr", screen)
    with Progress(START, START + timedelta(days=10)) as bar:
        bar.advance(START + timedelta(days=5))
        bar.advance(START + timedelta(days=11))
    assert bool(screen.getvalue()) is shown
