"""Stocks, futures and gold over the socket: found, filled in their own hours, charged, held and valued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.market import Market, QuotesMarket
from runner.wire.messages import (
    AccountSummary,
    CommissionReport,
    ContractData,
    ExecutionDetails,
    MarketRule,
    OpenOrder,
    PlaceOrder,
    Position,
    RequestAccountSummary,
    RequestContractDetails,
    RequestMarketRule,
    RequestPositions,
    WireContract,
)
from tests.integration.gateway_peer import Client, Stage, errors, only, order, staged, statuses

AAPL = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
GOLD = WireContract(symbol="XAUUSD", security_type="CMDTY", exchange="SMART", currency="USD")
EURO = WireContract(symbol="EUR", security_type="FUT", exchange="CME", currency="USD", last_trade_date="202612")
START = datetime(2026, 11, 25, 15, tzinfo=UTC)  # the day before Thanksgiving, 10:00 in New York
ROWS = [  # seconds after START
    (0, "AAPL", "230.00", "230.02"), (0, "6EZ6", "1.15000", "1.15005"), (0, "XAUUSD", "2700.00", "2700.30"),
    (0, "EUR.USD", "1.15000", "1.15002"), (60, "AAPL", "231.00", "231.02"), (120, "6EZ6", "1.15100", "1.15105"),
    (180, "AAPL", "233.00", "233.02"), (240, "AAPL", "231.90", "231.92"), (8 * 3600, "AAPL", "229.00", "229.02"),
]  # fmt: skip


@pytest.fixture
def market(tmp_path: Path) -> Market:
    path = tmp_path / "quotes.csv"
    rows = [f"{int(START.timestamp()) + at},{key},{bid},{ask}" for at, key, bid, ask in ROWS]
    path.write_text("\n".join(["time,pair,bid,ask", *rows, ""]), encoding="utf-8")
    return QuotesMarket(path)


def trade(order_id: int, contract: WireContract, quantity: int, action: str = "BUY", **rest: object) -> PlaceOrder:
    kind = str(rest.pop("kind", "MKT"))
    return order(order_id, action, kind, contract=contract, total_quantity=Decimal(quantity), **rest)


def held(client: Client) -> dict[str, tuple[Decimal, Decimal]]:
    told = only(Position, client.ask(RequestPositions()))
    return {one.contract.local_symbol: (one.position, one.average_cost) for one in told}


def summary(client: Client, request_id: int = 90) -> dict[str, Decimal]:
    wanted = "NetLiquidation,TotalCashValue,GrossPositionValue,InitMarginReq,MaintMarginReq"
    told = only(AccountSummary, client.ask(RequestAccountSummary(request_id=request_id, group="All", tags=wanted)))
    return {one.tag: Decimal(one.value) for one in told}


def later(stage: Stage, client: Client, seconds: int) -> list[object]:
    stage.pass_until(START + timedelta(seconds=seconds))
    return list(client.ask())


def test_what_is_bought_is_charged_held_and_valued(market: Market) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        told = client.ask(trade(1, AAPL, 300), trade(2, EURO, 2), trade(3, GOLD, 10))
        assert errors(told) == []
        fills = {one.contract.local_symbol: one.execution for one in only(ExecutionDetails, told)}
        assert {key: str(one.price) for key, one in fills.items()} == {
            "AAPL": "230.02",
            "6EZ6": "1.15005",
            "XAUUSD": "2700.30",
        }
        assert [one.commission for one in only(CommissionReport, told)] == [
            Decimal("1.50"),
            Decimal("4.94"),
            Decimal("4.05"),
        ]
        assert held(client) == {
            "AAPL": (300, Decimal("230.02")),
            "6EZ6": (2, Decimal("143756.25")),
            "XAUUSD": (10, Decimal("2700.30")),
        }
        spent = Decimal("1.50") + Decimal("4.94") + Decimal("4.05")
        cash = 1_000_000 - 300 * Decimal("230.02") - 10 * Decimal("2700.30") - spent
        stocks, gold = 300 * Decimal("230.01"), 10 * Decimal("2700.15")
        open_profit = 2 * 125_000 * Decimal("-0.000025")
        assert summary(client) == {
            "NetLiquidation": round(cash + stocks + gold + open_profit, 2),
            "TotalCashValue": cash,
            "GrossPositionValue": stocks + gold,
            "InitMarginReq": round(stocks / 2 + gold / 20 + 5_500, 2),
            "MaintMarginReq": round(stocks / 4 + gold / 20 + 5_000, 2),
        }


def test_only_the_profit_of_a_future_is_paid(market: Market) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        client.ask(trade(1, EURO, 2))
        later(stage, client, 120)
        told = client.ask(trade(2, EURO, 2, "SELL"))
        (report,) = only(CommissionReport, told)
        assert report.realized_pnl in (Decimal("237.50"), Decimal("237.50") - Decimal("9.88"))
        assert summary(client)["TotalCashValue"] == 1_000_000 + Decimal("237.50") - 2 * Decimal("4.94")
        assert held(client).get("6EZ6", (0, 0))[0] == 0


@pytest.mark.parametrize(
    ("contract", "code"),
    [
        (WireContract(symbol="EUR", security_type="FUT", exchange="CME", currency="USD"), 200),
        (WireContract(symbol="EUR", security_type="CASH", exchange="IDEALPRO"), 200),
        (WireContract(symbol="ZZZZ", security_type="STK", exchange="SMART", currency="USD"), 200),
        (WireContract(local_symbol="6EU6", exchange="CME"), 200),
    ],
    ids=["no month", "no currency", "unknown", "expired"],
)
def test_a_contract_that_is_none_or_several_is_refused(market: Market, contract: WireContract, code: int) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        assert errors(client.ask(trade(1, contract, 1))) == [(1, code)]
        told = client.ask(RequestContractDetails(request_id=5, contract=contract))
        assert len(only(ContractData, told)) != 1


def test_a_stock_waits_for_its_own_opening(market: Market) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        later(stage, client, 9 * 3600)  # 19:00, after hours
        told = client.ask(trade(1, AAPL, 10))
        assert (1, 399) in errors(told)
        assert only(ExecutionDetails, told) == []
        told = client.ask(trade(2, AAPL, 10, kind="LMT", limit="229.05", outside_rth=True))
        assert [str(one.execution.price) for one in only(ExecutionDetails, told)] == ["229.02"]
        thanksgiving = [one for one in stage.pass_until(START + timedelta(days=1, hours=20)) if one.day == 26]
        assert thanksgiving == []
        stage.pass_until(START + timedelta(days=2))
        filled = only(ExecutionDetails, client.ask())
        assert [one.execution.time[:17] for one in filled] == ["20261127 14:30:00"]


def test_a_trailing_stop_of_a_stock_is_met_on_its_way_back(market: Market) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        client.ask(trade(1, AAPL, 100))
        told = client.ask(trade(2, AAPL, 100, "SELL", kind="TRAIL", stop="1.00", time_in_force="GTC"))
        assert errors(told) == []
        assert statuses(told)[-1] == (2, "PreSubmitted")
        stops = stage.pass_until(START + timedelta(seconds=600))
        assert START + timedelta(seconds=240) in stops
        (fill,) = only(ExecutionDetails, client.ask())
        assert (fill.execution.price, fill.contract.local_symbol) == (Decimal("231.90"), "AAPL")


def test_a_preview_knows_the_margins_of_a_stock(market: Market) -> None:
    with staged(market, start=START) as stage:
        told = only(OpenOrder, stage.client().ask(trade(1, AAPL, 100, what_if=True)))
        state = told[0].order_state
        assert state.init_margin_change == Decimal("11500.50")
        assert state.maint_margin_change == Decimal("5750.25")
        assert state.commission == Decimal("1.00")


def test_a_stock_that_cannot_be_carried_is_refused(market: Market) -> None:
    with staged(market, start=START) as stage:
        told = stage.client().ask(trade(1, AAPL, 10_000))
        assert (1, 201) in errors(told)
        assert (1, "Inactive") in statuses(told)


def test_an_order_ends_with_its_future(market: Market) -> None:
    with staged(market, start=START) as stage:
        client = stage.client()
        client.ask(trade(1, EURO, 1, kind="LMT", limit="1.10", time_in_force="GTC"))
        ends = datetime(2026, 12, 14, 15, 16, tzinfo=UTC)
        assert stage.pass_until(ends + timedelta(hours=1))[-1] == ends
        assert statuses(client.ask()) == [(1, "Cancelled")]
        assert errors(client.ask(trade(2, EURO, 1))) == [(2, 200)]


def test_an_option_is_priced_by_its_level(market: Market) -> None:
    """The market rule of an option has two steps; a price between those of its level is refused."""
    call = WireContract(
        symbol="AAPL", security_type="OPT", exchange="SMART", currency="USD", last_trade_date="20261218",
        strike=Decimal(230), right="C",
    )  # fmt: skip
    with staged(market, start=START) as stage:
        client = stage.client()
        (told,) = only(ContractData, client.ask(RequestContractDetails(request_id=5, contract=call)))
        assert (told.contract.strike, told.contract.right, told.contract.multiplier) == (230, "C", "100")
        assert told.contract.local_symbol == "AAPL  261218C00230000"
        (rule,) = only(MarketRule, client.ask(RequestMarketRule(rule_id=int(told.market_rule_ids.partition(",")[0]))))
        steps = [(one.low_edge, one.increment) for one in rule.increments]
        assert steps == [(0, Decimal("0.01")), (3, Decimal("0.05"))]
        for order_id, (limit, code) in enumerate([("2.99", None), ("3.01", 110), ("3.05", None)], 1):
            codes = errors(client.ask(trade(order_id, call, 1, kind="LMT", limit=limit)))
            assert codes == ([] if code is None else [(order_id, code)])
