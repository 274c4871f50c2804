"""Every short answer: ibapi's own decoder hears what we said."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from runner.wire import messages as m
from runner.wire.bodies import read_answer, write
from runner.wire.layout_answers import ANSWERS
from tests.conformance.peer import Oracle, agrees, body_of, differences

EUR = m.WireContract(
    contract_id=12087792,
    symbol="EUR",
    security_type="CASH",
    exchange="IDEALPRO",
    currency="USD",
    local_symbol="EUR.USD",
    trading_class="EUR.USD",
)
HELD = m.WireContract(symbol="EUR", security_type="CASH", primary_exchange="IDEALPRO", currency="USD")
ODD_TEXT = "café \\ “quoted” 日本"
ANY = object()

# message, callback, its arguments as we write them, and the first version that has it
CASES: list[tuple[Any, str, list[Any], int]] = [
    (m.NextValidId(order_id=42), "nextValidId", [42], 100),
    (m.ManagedAccounts(accounts="DU1,DU2,"), "managedAccounts", ["DU1,DU2,"], 100),
    (
        m.OrderStatus(
            order_id=1,
            status="Filled",
            filled=D(25000),
            remaining=D(0),
            average_fill_price=D("1.08505"),
            perm_id=2**31 - 5,
            parent_id=3,
            last_fill_price=D("1.08505"),
            client_id=7,
            why_held="locate",
        ),
        "orderStatus",
        [1, "Filled", D(25000), D(0), D("1.08505"), 2**31 - 5, 3, D("1.08505"), 7, "locate", ANY],
        100,
    ),
    (m.OpenOrdersEnd(), "openOrderEnd", [], 100),
    (m.CompletedOrdersEnd(), "completedOrdersEnd", [], 150),
    (m.ExecutionDetailsEnd(request_id=3), "execDetailsEnd", [3], 100),
    (
        m.Position(account="DU1", contract=EUR, position=D(-20000), average_cost=D("1.1")),
        "position",
        ["DU1", EUR, D(-20000), D("1.1")],
        100,
    ),
    (m.PositionEnd(), "positionEnd", [], 100),
    (
        m.PositionMulti(
            request_id=4, account="DU1", contract=EUR, position=D(20000), average_cost=D("1.1"), model_code="m"
        ),
        "positionMulti",
        [4, "DU1", "m", EUR, D(20000), D("1.1")],
        103,
    ),
    (m.PositionMultiEnd(request_id=4), "positionMultiEnd", [4], 103),
    (
        m.AccountSummary(request_id=5, account="DU1", tag="NetLiquidation", value="1000000.00", currency="USD"),
        "accountSummary",
        [5, "DU1", "NetLiquidation", "1000000.00", "USD"],
        100,
    ),
    (m.AccountSummaryEnd(request_id=5), "accountSummaryEnd", [5], 100),
    (
        m.AccountValue(key="CashBalance", value="1.00", currency="USD", account="DU1"),
        "updateAccountValue",
        ["CashBalance", "1.00", "USD", "DU1"],
        100,
    ),
    (
        m.PortfolioValue(
            contract=HELD,
            position=D(20000),
            market_price=D("1.09"),
            market_value=D(21800),
            average_cost=D("1.08"),
            unrealized_pnl=D(200),
            realized_pnl=D(-3),
            account="DU1",
        ),
        "updatePortfolio",
        [HELD, D(20000), D("1.09"), D(21800), D("1.08"), D(200), D(-3), "DU1"],
        100,
    ),
    (m.AccountUpdateTime(time="14:30"), "updateAccountTime", ["14:30"], 100),
    (m.AccountDownloadEnd(account="DU1"), "accountDownloadEnd", ["DU1"], 100),
    (
        m.AccountUpdateMulti(request_id=6, account="DU1", model_code="", key="Cash", value="1", currency="USD"),
        "accountUpdateMulti",
        [6, "DU1", "", "Cash", "1", "USD"],
        103,
    ),
    (m.AccountUpdateMultiEnd(request_id=6), "accountUpdateMultiEnd", [6], 103),
    (m.ContractDataEnd(request_id=8), "contractDetailsEnd", [8], 100),
    (m.MarketDataType(request_id=9, data_type=3), "marketDataType", [9, 3], 100),
    (
        m.TickRequestParameters(request_id=9, min_tick=D("0.00005"), bbo_exchange="a", snapshot_permissions=3),
        "tickReqParams",
        [9, D("0.00005"), "a", 3],
        114,
    ),
    (m.TickSize(request_id=9, tick_type=0, size=D(1000000)), "tickSize", [9, 0, D(1000000)], 100),
    (m.TickGeneric(request_id=9, tick_type=49, value=D(0)), "tickGeneric", [9, 49, D(0)], 100),
    (m.TickString(request_id=9, tick_type=45, value="1700000000"), "tickString", [9, 45, "1700000000"], 100),
    (m.TickSnapshotEnd(request_id=9), "tickSnapshotEnd", [9], 100),
    (m.CurrentTime(time=1700000000), "currentTime", [1700000000], 100),
    (m.UserInfo(request_id=3, white_branding_id="x"), "userInfo", [3, "x"], 167),
    (m.Pnl(request_id=2, daily=D("-1.5"), unrealized=D(3)), "pnl", [2, D("-1.5"), D(3), None], 135),
    (
        m.PnlSingle(request_id=2, position=D(20000), daily=D("-1.5"), unrealized=D(3), value=D(21800)),
        "pnlSingle",
        [2, D(20000), D("-1.5"), D(3), None, D(21800)],
        135,
    ),
    (m.HeadTimestamp(request_id=14, time="20050103-05:00:00"), "headTimestamp", [14, "20050103-05:00:00"], 118),
    (m.CurrentTimeInMillis(time_ms=1700000000123), "currentTimeInMillis", [1700000000123], 197),
    (m.OrderBound(perm_id=2**31 + 7, client_id=0, order_id=-5), "orderBound", [2**31 + 7, 0, -5], 144),
    (m.HistoricalDataEnd(request_id=1, start="a", end="b"), "historicalDataEnd", [1, "a", "b"], 196),
]


def hear(oracle: Oracle, version: int, message: Any) -> list[tuple[str, list[Any]]]:
    """Return what ibapi hears, once the frame came through our own reading whole, in bytes and with a tail."""
    wire = write(message, version)
    assert write(read_answer(body_of(wire), version), version) == wire
    return oracle.hear(version, wire)


@pytest.mark.parametrize(("message", "callback", "args", "since"), CASES, ids=[type(c[0]).__name__ for c in CASES])
def test_answer(oracle: Oracle, message: Any, callback: str, args: list[Any], since: int) -> None:
    for version in (v for v in oracle.versions if v >= since):
        ((name, heard),) = hear(oracle, version, message)
        assert name == callback
        assert len(heard) == len(args)
        wrong = [
            (mine, other)
            for mine, other in zip(args, heard, strict=True)
            if mine is not ANY and not agrees(mine, other)
        ]
        assert wrong == []


@pytest.mark.parametrize("text", ["plain", "a\\b \\u0041", ODD_TEXT, '{"a": "b\\n"}', "two\nlines\ttab"])
def test_error_text(oracle: Oracle, text: str) -> None:
    for version in oracle.versions:
        if version < 153 and not text.isascii() and oracle.is_old:
            continue
        message = m.ErrorMessage(about=-1, code=2104, text=text, advanced_reject=text, time_ms=5)
        ((name, heard),) = hear(oracle, version, message)
        assert name == "error"
        assert heard[0] == -1
        assert 2104 in heard[1:3]
        assert text in heard
        if version >= 166:
            assert heard[-1] == text


@pytest.mark.parametrize("text", ["café", "back\\slash"])
def test_texts_of_accounts_are_escaped_too(oracle: Oracle, text: str) -> None:
    """ibapi reads these messages by their signature, and un-escapes every text in them."""
    for version in (v for v in oracle.versions if v >= 153):
        message = m.AccountSummary(request_id=1, account=text, tag=text, value=text, currency="USD")
        assert hear(oracle, version, message) == [("accountSummary", [1, text, text, text, "USD"])]


def test_execution(oracle: Oracle) -> None:
    execution = m.WireExecution(
        order_id=4,
        execution_id="0000e0d5.1.01",
        time="20261124 10:00:00",
        account="DU1",
        exchange="IDEALPRO",
        side="BOT",
        shares=D(25000),
        price=D("1.08505"),
        perm_id=99,
        client_id=7,
        cumulative_quantity=D(25000),
        average_price=D("1.08505"),
        order_ref="fx1:plan:abc",
        last_liquidity=2,
        pending_price_revision=True,
        liquidation=1,
        ev_rule="r",
        ev_multiplier=D("1.5"),
        model_code="m",
        submitter="s",
    )
    for version in oracle.versions:
        message = m.ExecutionDetails(request_id=-1, contract=EUR, execution=execution)
        ((name, (request_id, contract, theirs)),) = hear(oracle, version, message)
        assert (name, request_id) == ("execDetails", -1)
        assert differences(EUR, contract) == []
        skip = {"last_liquidity"} if version < 136 else set()
        skip |= {"pending_price_revision"} if version < 178 else set()
        skip |= {"submitter"} if version < 198 else set()
        skip |= {"model_code"} if version < 103 else set()
        assert differences(execution, theirs, frozenset(skip)) == []
        assert theirs["acctNumber"] == "DU1"


def test_commission(oracle: Oracle) -> None:
    for version in oracle.versions:
        message = m.CommissionReport(execution_id="x", commission=D("2.00"), currency="USD")
        ((name, (report,)),) = hear(oracle, version, message)
        assert name in ("commissionReport", "commissionAndFeesReport")
        assert (report["execId"], report["currency"]) == ("x", "USD")
        assert report.get("commission", report.get("commissionAndFees")) == 2.0
        assert report["realizedPNL"] == 1.7976931348623157e308


def test_contract_data(oracle: Oracle) -> None:
    message = m.ContractData(
        request_id=8,
        contract=EUR,
        market_name="EUR.USD",
        min_tick=D("0.00005"),
        order_types="LMT,MKT",
        valid_exchanges="IDEALPRO",
        long_name=ODD_TEXT,
        time_zone="US/Eastern",
        trading_hours="20261124:1715-20261125:1700",
        liquid_hours="20261124:1715-20261125:1700",
        security_ids=(m.TagValue(tag="ISIN", value="x"),),
        agg_group=4,
        market_rule_ids="239",
        min_size=D(1),
        size_increment=D("0.01"),
        suggested_size_increment=D(1),
    )
    for version in oracle.versions:
        ((name, (request_id, details)),) = hear(oracle, version, message)
        assert (name, request_id) == ("contractDetails", 8)
        assert differences(EUR, details["contract"]) == []
        assert (details["minTick"], details["timeZoneId"], details["orderTypes"]) == (0.00005, "US/Eastern", "LMT,MKT")
        assert details["longName"] == ODD_TEXT
        assert [(t["tag"], t["value"]) for t in details["secIdList"]] == [("ISIN", "x")]
        if version >= 126:
            assert (details["aggGroup"], details["marketRuleIds"]) == (4, "239")
        if version >= 164:
            assert agrees(D("0.01"), details["sizeIncrement"])


def test_contract_data_of_a_fund_and_its_ineligibilities(oracle: Oracle) -> None:
    message = m.ContractData(
        request_id=8,
        contract=m.WireContract(symbol="VFX", security_type="FUND", exchange="FUNDSERV", last_trade_date="20261218"),
        last_trade_day="20261217",
        fund_name="a fund",
        fund_front_load="1.5",
        fund_closed_for_new_investors=True,
        fund_minimum_subsequent_purchase="100",
        fund_blue_sky_territories="PR",
        fund_distribution_policy="N",
        fund_asset_type="001",
        ineligibilities=(
            m.Ineligibility(reason="7", description="closed"),
            m.Ineligibility(reason="8", description="new"),
        ),
    )
    told = {
        "fundName": "a fund",
        "fundFrontLoad": "1.5",
        "fundClosed": False,
        "fundClosedForNewInvestors": True,
        "fundSubsequentMinimumPurchase": "100",
        "fundBlueSkyTerritories": "PR",
    }
    for version in (v for v in oracle.versions if v >= 178):
        ((_, (_, details)),) = hear(oracle, version, message)
        found = {name: details[name] for name in told}
        assert found == told if version >= 179 else not any(found.values())
        assert (details["contract"].get("lastTradeDate") == "20261217") is (version >= 182)
        reasons = [(item["id_"], item["description"]) for item in details["ineligibilityReasonList"] or []]
        assert reasons == ([("7", "closed"), ("8", "new")] if version >= 186 else [])


def test_tick_price_tells_its_size(oracle: Oracle) -> None:
    for version in oracle.versions:
        message = m.TickPrice(request_id=1, tick_type=1, price=D("1.08500"), size=D(1000000), attributes=1)
        (price, size) = hear(oracle, version, message)
        assert price[0] == "tickPrice"
        assert price[1][:3] == [1, 1, 1.085]
        assert price[1][3]["canAutoExecute"] is True
        assert size[0] == "tickSize"
        assert agrees(D(1000000), size[1][2]) or size[1][2] == 1000000


def test_history(oracle: Oracle) -> None:
    bar = m.Bar(time="20261124", open=D("1.1"), high=D("1.2"), low=D("1.0"), close=D("1.15"))
    for version in oracle.versions:
        heard = hear(oracle, version, m.HistoricalData(request_id=1, start="a", end="b", bars=(bar, bar)))
        assert [name for name, _ in heard if name == "historicalData"] == ["historicalData"] * 2
        assert (heard[0][1][1]["open"], heard[0][1][1]["close"]) == (1.1, 1.15)
        assert (heard[-1] == ("historicalDataEnd", [1, "a", "b"])) is (version < 196)


def test_a_bar_that_is_kept_up_to_date(oracle: Oracle) -> None:
    bar = m.Bar(time="20261124", open=D("1.1"), high=D("1.2"), low=D("1.0"), close=D("1.15"), volume=7, count=3)
    for version in (v for v in oracle.versions if v >= 124):
        ((name, (request_id, theirs)),) = hear(oracle, version, m.HistoricalDataUpdate(request_id=1, bar=bar))
        assert (name, request_id, theirs["date"]) == ("historicalDataUpdate", 1, "20261124")
        assert [theirs[price] for price in ("open", "high", "low", "close")] == [1.1, 1.2, 1.0, 1.15]
        assert agrees(D(7), theirs["volume"]) or theirs["volume"] == 7
        assert theirs["barCount"] == 3


def test_matching_symbols(oracle: Oracle) -> None:
    euro = m.SymbolSample(
        contract_id=12087792,
        symbol="EUR",
        security_type="CASH",
        primary_exchange="IDEALPRO",
        currency="USD",
        description="European Monetary Union Euro",
        issuer_id="e1",
    )
    apple = m.SymbolSample(
        contract_id=265598,
        symbol="AAPL",
        security_type="STK",
        primary_exchange="NASDAQ",
        currency="USD",
        derivatives=(m.Derivative(security_type="OPT"), m.Derivative(security_type="WAR")),
    )
    for version in (v for v in oracle.versions if v >= 108):
        message = m.SymbolSamples(request_id=3, samples=(euro, apple))
        ((name, (request_id, found)),) = hear(oracle, version, message)
        assert (name, request_id) == ("symbolSamples", 3)
        assert [item["derivativeSecTypes"] for item in found] == [[], ["OPT", "WAR"]]
        assert [item["contract"]["primaryExchange"] for item in found] == ["IDEALPRO", "NASDAQ"]
        told = [item["contract"].get("description", "") for item in found]
        assert told == (["European Monetary Union Euro", ""] if version >= 176 else ["", ""])


def test_lists(oracle: Oracle) -> None:
    for version in (v for v in oracle.versions if v >= 126):
        codes = m.FamilyCodes(codes=(m.FamilyCode(account="DU1", code="F"), m.FamilyCode(account="DU2")))
        ((name, (families,)),) = hear(oracle, version, codes)
        assert name == "familyCodes"
        assert [(f["accountID"], f["familyCodeStr"]) for f in families] == [("DU1", "F"), ("DU2", "")]
        rule = m.MarketRule(rule_id=239, increments=(m.PriceIncrement(low_edge=D(0), increment=D("0.00005")),))
        ((name, (rule_id, steps)),) = hear(oracle, version, rule)
        assert (name, rule_id) == ("marketRule", 239)
        assert [(s["lowEdge"], s["increment"]) for s in steps] == [(0.0, 0.00005)]


def test_every_layout_was_checked() -> None:
    elsewhere = {m.ErrorMessage, m.ExecutionDetails, m.CommissionReport, m.ContractData, m.TickPrice, m.HistoricalData}
    elsewhere |= {m.HistoricalDataUpdate, m.SymbolSamples, m.FamilyCodes, m.MarketRule, m.OpenOrder, m.CompletedOrder}
    assert {layout.message for layout in ANSWERS.values()} == elsewhere | {type(case[0]) for case in CASES}
