"""A simulated run's world ends with it: report, dashboard and digest say the same of a journal of two of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.contract import ContractSpec
from runner.core.events import FireState
from runner.core.facts import ExecutionSeen
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.dashboard.results import results
from runner.journal.control import Ledger
from runner.journal.rows import FireRow
from runner.journal.store import Journal
from runner.notify.digest import digest_of, read
from runner.report import page, sheets
from runner.report.build import Background, build
from runner.report.lines import Period, Report
from runner.report.worlds import worlds_of

T0 = datetime(2025, 1, 6, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAIR = ContractSpec(symbol="EUR", currency="USD")


def deal(
    journal: Journal, hours: int, side: Side, price: str, plan: str = "p", *, told: datetime | None = None
) -> None:
    """Claim an order at so many hours, and take in its fill, which is told to have been then or at another time."""
    at = T0 + hours * HOUR
    key = OrderKey(plan=plan, order="main", fire=f"{at:%d%H}", role="entry")
    ticket = OrderTicket(
        key=key, role=Role.ENTRY, contract=PAIR, side=side, quantity=Decimal(1000), order_type=OrderType.MARKET
    )
    row = FireRow(plan=plan, order="main", fire=key.fire, due=at, state=FireState.SENT, reason=None)
    assert journal.claim(row, (ticket,))
    seen = ExecutionSeen(
        order_id=1, client_id=1, perm_id=1, order_ref=ticket.order_ref, exec_id=f"{plan}{hours}.01",
        account="DU1234567", contract=PAIR.name, side=side, price=Decimal(price), quantity=Decimal(1000), at=told or at,
    )  # fmt: skip
    journal.put_execution(seen, ticket.order_ref, told or at)


@pytest.fixture(params=["simulate", "live"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two runs: p buys in each and sells once in the second; q buys in the first alone."""
    with closing(Journal(str(tmp_path / "j.db"))) as journal:
        journal.bind(request.param, "DU1234567")
        journal.open_run(T0)
        deal(journal, 0, Side.BUY, "1.10")
        deal(journal, 1, Side.BUY, "1.10", "q")
        deal(journal, 3, Side.BUY, "1.12")
        journal.open_run(T0 + 5 * HOUR)
        deal(journal, 6, Side.BUY, "1.20")
        deal(journal, 7, Side.SELL, "1.23")
    return tmp_path / "j.db"


def report(path: Path, period: Period | None = None) -> Report:
    with Ledger(path) as ledger:
        history = ledger.history()
    return build(history, period or Period(), Background(), title="t", source="j.db")


def test_report_dashboard_and_digest_agree(path: Path) -> None:
    with Ledger(path) as ledger:
        mode, runs, fills = ledger.history().mode, ledger.runs(), ledger.fills()
    found, shown = report(path), results(list(reversed(fills)), worlds_of(mode, runs))
    is_simulated = mode == "simulate"
    gained = Decimal(30) if is_simulated else Decimal(130)  # 1.23 closes 1.20 of its own run, or 1.10 of the first
    assert found.totals.realized == {"USD": gained}
    (curve,) = shown.curves
    assert curve.total == gained
    assert {one.plan: one.realized for one in shown.holdings} == {"p": gained, "q": Decimal(0)}
    message = digest_of([read("", "lane", path, T0 + 8 * HOUR)], None, T0 + 8 * HOUR)
    assert f"realized, before commission: {gained}.00 USD" in message.body
    held = sum((one.position for one in shown.holdings), Decimal(0))
    assert held == found.totals.held.get("EUR", Decimal(0)) == (Decimal(0) if is_simulated else Decimal(3000))


def test_what_a_world_came_to_stays_in_equity_when_it_is_over(path: Path) -> None:
    found = report(path)
    if found.mode != "simulate":
        assert found.equity[-1].equity == Decimal(400)  # 130, and at 1.23 three are open
        return
    points = [(point.at, point.equity) for point in found.equity]
    over = T0 + 3 * HOUR + timedelta(seconds=1)
    assert points[2:] == [(over, 40), (T0 + 6 * HOUR, 40), (T0 + 7 * HOUR, 70)]
    assert [(point.at, point.amounts["EUR"]) for point in found.exposure] == [
        (T0, 1000), (T0 + HOUR, 2000), (T0 + 3 * HOUR, 3000), (over, 0),
        (T0 + 6 * HOUR, 1000), (T0 + 7 * HOUR, 0),
    ]  # fmt: skip
    lines = [(line.run, line.plan, line.position, line.unrealized) for line in found.plans]
    assert lines == [(1, "p", 2000, 20), (2, "p", 0, None), (1, "q", 1000, 20)]  # at 1.12, the last of its run


def test_the_page_says_of_which_run_a_line_is_where_there_are_several(path: Path) -> None:
    found = report(path)
    titles = [head.title for head in page.shown(sheets.plans(found)).heads]
    assert (titles[-1] == "run") is (found.mode == "simulate")


def test_before_the_next_run_began_the_first_was_still_there(path: Path) -> None:
    found = report(path, Period(until=T0 + 4 * HOUR))
    assert found.totals.held["EUR"] == 3000


def test_a_run_that_has_had_no_fill_yet_holds_nothing(path: Path) -> None:
    with closing(Journal(str(path))) as journal:
        journal.open_run(T0 + 9 * HOUR)
    with Ledger(path) as ledger:
        mode, runs, fills = ledger.history().mode, ledger.runs(), ledger.fills()
    if mode == "simulate":
        assert [one.position for one in results(fills[::-1], worlds_of(mode, runs)).holdings] == [0, 0]
        assert report(path).totals.held == {}


def test_the_digest_asks_nobody_to_resolve_what_ended_with_its_gateway(path: Path) -> None:
    with closing(Journal(str(path))) as journal:
        mode = journal.history(of_run=False).mode
        for ref in [row.ticket.order_ref for row in journal.open_orders()][:1]:
            (row,) = [row for row in journal.open_orders() if row.ticket.order_ref == ref]
            journal.set_order(replace(row, state=OrderState.UNKNOWN))
        if mode == "simulate":
            journal.close_open_orders("the run ended")
    message = digest_of([read("", "lane", path, T0 + 8 * HOUR)], None, T0 + 8 * HOUR)
    assert ("fxrun resolve" in message.body) is (mode == "live")


def test_the_last_executions_are_those_recorded_last_by_their_times(path: Path) -> None:
    with closing(Journal(str(path))) as journal:
        journal.open_run(T0 + 9 * HOUR)
        deal(journal, 2, Side.SELL, "1.11", "late")  # told late
    with Ledger(path) as ledger:
        assert [row.exec_id for row in ledger.fills(2)] == ["p7.01", "late2.01"]
        assert [row.at for row in ledger.fills()] == sorted((row.at for row in ledger.fills()), reverse=True)
        assert [replace(row, run=0) for row in ledger.fills()][::-1] == [
            replace(row, run=0) for row in ledger.history().executions
        ]
