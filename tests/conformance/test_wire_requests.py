"""Every short request: what ibapi's own methods send is read right, and written again byte for byte."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from runner.wire import messages as m
from runner.wire.bodies import read_request, write
from runner.wire.layout_requests import REQUESTS
from tests.conformance.peer import Oracle, body_of, is_protobuf, same_bytes

EUR = {"~": "Contract", "symbol": "EUR", "secType": "CASH", "currency": "USD", "exchange": "IDEALPRO", "strike": 0.0}
EURUSD = m.WireContract(symbol="EUR", security_type="CASH", currency="USD", exchange="IDEALPRO", strike=Decimal("0.0"))
LEGS = [{"~": "ComboLeg", "conId": 1, "ratio": 2, "action": "BUY", "exchange": "SMART"}]
SPREAD = {**EUR, "secType": "BAG", "comboLegs": LEGS}
LEG = m.ComboLeg(contract_id=1, ratio=2, action="BUY", exchange="SMART")
BAG = m.WireContract(
    symbol="EUR", security_type="BAG", currency="USD", exchange="IDEALPRO", strike=Decimal("0.0"), combo_legs=(LEG,)
)
FILTER = {"~": "ExecutionFilter", "clientId": 3, "acctCode": "DU1", "symbol": "EUR", "side": "BUY"}
BY_HAND = {"~": "OrderCancel", "extOperator": "op", "manualOrderIndicator": 1}
SAID_BY_HAND: dict[str, Any] = {"ext_operator": "op", "manual_order_indicator": 1}
EUR_FIELDS = ("0", "EUR", "CASH", "", "0.0", "", "", "IDEALPRO", "", "USD", "", "", "0")

CASES: list[tuple[str, list[Any], Any, int]] = [
    ("startApi", [], m.StartApi(client_id=7), 100),
    ("reqOpenOrders", [], m.RequestOpenOrders(), 100),
    ("reqAllOpenOrders", [], m.RequestAllOpenOrders(), 100),
    ("reqAutoOpenOrders", [True], m.RequestAutoOpenOrders(auto_bind=True), 100),
    ("reqIds", [1], m.RequestIds(count=1), 100),
    ("reqCurrentTime", [], m.RequestCurrentTime(), 100),
    ("reqManagedAccts", [], m.RequestManagedAccounts(), 100),
    (
        "reqExecutions",
        [4, FILTER],
        m.RequestExecutions(request_id=4, client_id=3, account="DU1", symbol="EUR", side="BUY"),
        100,
    ),
    ("reqPositions", [], m.RequestPositions(), 100),
    ("cancelPositions", [], m.CancelPositions(), 100),
    ("reqAccountSummary", [5, "All", "A,B"], m.RequestAccountSummary(request_id=5, group="All", tags="A,B"), 100),
    ("cancelAccountSummary", [5], m.CancelAccountSummary(request_id=5), 100),
    ("reqAccountUpdates", [True, "DU1"], m.RequestAccountUpdates(subscribe=True, account="DU1"), 100),
    (
        "reqAccountUpdatesMulti",
        [6, "DU1", "", True],
        m.RequestAccountUpdatesMulti(request_id=6, account="DU1", ledger_and_nlv=True),
        103,
    ),
    ("cancelAccountUpdatesMulti", [6], m.CancelAccountUpdatesMulti(request_id=6), 103),
    ("reqPositionsMulti", [7, "DU1", "m"], m.RequestPositionsMulti(request_id=7, account="DU1", model_code="m"), 103),
    ("cancelPositionsMulti", [7], m.CancelPositionsMulti(request_id=7), 103),
    ("reqContractDetails", [8, EUR], m.RequestContractDetails(request_id=8, contract=EURUSD), 100),
    (
        "reqMktData",
        [9, EUR, "233", True, False, []],
        m.RequestMarketData(request_id=9, contract=EURUSD, generic_ticks="233", snapshot=True),
        100,
    ),
    ("reqMktData", [9, SPREAD, "", False, False, []], m.RequestMarketData(request_id=9, contract=BAG), 100),
    ("cancelMktData", [9], m.CancelMarketData(request_id=9), 100),
    ("reqMarketDataType", [3], m.RequestMarketDataType(data_type=3), 100),
    (
        "reqHistoricalData",
        [10, EUR, "20261124 10:00:00", "1 D", "1 min", "MIDPOINT", 1, 2, False, []],
        m.RequestHistoricalData(
            request_id=10,
            contract=EURUSD,
            end="20261124 10:00:00",
            bar_size="1 min",
            duration="1 D",
            regular_hours_only=True,
            what_to_show="MIDPOINT",
            date_format=2,
        ),
        100,
    ),
    ("cancelHistoricalData", [10], m.CancelHistoricalData(request_id=10), 100),
    ("reqCompletedOrders", [True], m.RequestCompletedOrders(api_only=True), 150),
    ("reqFamilyCodes", [], m.RequestFamilyCodes(), 107),
    ("reqUserInfo", [11], m.RequestUserInfo(request_id=11), 167),
    ("reqPnL", [12, "DU1", ""], m.RequestPnl(request_id=12, account="DU1"), 127),
    ("cancelPnL", [12], m.CancelPnl(request_id=12), 127),
    (
        "reqPnLSingle",
        [13, "DU1", "", 12087792],
        m.RequestPnlSingle(request_id=13, account="DU1", contract_id=12087792),
        127,
    ),
    ("cancelPnLSingle", [13], m.CancelPnlSingle(request_id=13), 127),
    (
        "reqHeadTimeStamp",
        [14, EUR, "MIDPOINT", 1, 2],
        m.RequestHeadTimestamp(
            request_id=14, contract=EURUSD, regular_hours_only=True, what_to_show="MIDPOINT", date_format=2
        ),
        118,
    ),
    ("cancelHeadTimeStamp", [14], m.CancelHeadTimestamp(request_id=14), 123),
    ("reqMatchingSymbols", [15, "EUR"], m.RequestMatchingSymbols(request_id=15, pattern="EUR"), 108),
    ("reqCurrentTimeInMillis", [], m.RequestCurrentTimeInMillis(), 197),
    ("reqMarketRule", [26], m.RequestMarketRule(rule_id=26), 126),
    ("setServerLogLevel", [5], m.SetServerLogLevel(level=5), 100),
]


def check(oracle: Oracle, version: int, call: tuple[str, list[Any]], expected: Any) -> None:
    wire = oracle.send(version, call[0], *call[1])
    assert read_request(body_of(wire), version) == expected
    ours = write(expected, version)
    assert is_protobuf(ours, version) == is_protobuf(wire, version)
    assert same_bytes(ours, wire, version)


@pytest.mark.parametrize(
    ("method", "args", "expected", "since"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_request(oracle: Oracle, method: str, args: list[Any], expected: Any, since: int) -> None:
    versions = [version for version in oracle.versions if version >= since]
    if not versions:
        assert max(oracle.versions) < since
    for version in versions:
        check(oracle, version, (method, args), expected)


def test_cancel_order(oracle: Oracle) -> None:
    for version in oracle.versions:
        args: list[Any] = [3] if oracle.is_old else [3, {"~": "OrderCancel"}]
        check(oracle, version, ("cancelOrder", args), m.CancelOrder(order_id=3))
        if version >= 169:
            timed = [3, {"~": "OrderCancel", "manualOrderCancelTime": "20261124-10:00:00"}]
            expected = m.CancelOrder(order_id=3, manual_cancel_time="20261124-10:00:00")
            check(oracle, version, ("cancelOrder", timed), expected)
        if 187 <= version < 190 and oracle.has_external_user:
            expected = m.CancelOrder(order_id=3, external_user_id="user", **SAID_BY_HAND)
            check(oracle, version, ("cancelOrder", [3, BY_HAND | {"externalUserId": "user"}]), expected)
        if version >= 192:
            check(oracle, version, ("cancelOrder", [3, BY_HAND]), m.CancelOrder(order_id=3, **SAID_BY_HAND))


def test_global_cancel(oracle: Oracle) -> None:
    for version in oracle.versions:
        args = [] if oracle.is_old or oracle.has_external_user else [{"~": "OrderCancel"}]
        check(oracle, version, ("reqGlobalCancel", args), m.GlobalCancel())
        if version >= 192:
            check(oracle, version, ("reqGlobalCancel", [BY_HAND]), m.GlobalCancel(**SAID_BY_HAND))


def test_executions_of_days(oracle: Oracle) -> None:
    days = {"lastNDays": 3, "specificDates": [20261123, 20261124]}
    dates = (m.SpecificDate(date=20261123), m.SpecificDate(date=20261124))
    for version in (v for v in oracle.versions if v >= 200):
        expected = m.RequestExecutions(request_id=4, client_id=3, account="DU1", symbol="EUR", side="BUY")
        expected = replace(expected, last_days=3, specific_dates=dates)
        check(oracle, version, ("reqExecutions", [4, FILTER | days]), expected)


def test_every_detail_of_a_contract(oracle: Oracle) -> None:
    theirs = EUR | {"secIdType": "ISIN", "secId": "x", "multiplier": "100", "strike": 1.5, "includeExpired": True}
    ours = replace(
        EURUSD, security_id_type="ISIN", security_id="x", multiplier="100", strike=Decimal("1.5"), include_expired=True
    )
    for version in oracle.versions:
        call = ("reqContractDetails", [8, theirs])
        check(oracle, version, call, m.RequestContractDetails(request_id=8, contract=ours))


def test_options_of_a_chart(oracle: Oracle) -> None:
    args = [10, EUR, "", "1 D", "1 min", "BID", 0, 1, True, [{"~": "TagValue", "tag": "a", "value": "b"}]]
    expected = m.RequestHistoricalData(
        request_id=10,
        contract=EURUSD,
        bar_size="1 min",
        duration="1 D",
        what_to_show="BID",
        keep_up_to_date=True,
        options="a=b;",
    )
    for version in (v for v in oracle.versions if v >= 124):
        check(oracle, version, ("reqHistoricalData", args), expected)


def test_a_request_without_layout(oracle: Oracle) -> None:
    """Its fields are kept, or its bytes and the number it begins with."""
    for version in oracle.versions:
        known: dict[str, Any] = {"request_id": 12, "name": "RequestHistogramData"}
        expected = m.Unsupported(message_id=88, fields=("12", *EUR_FIELDS, "1", "3 days"), **known)
        if version >= 208:
            wire = oracle.send(version, "reqHistogramData", 12, EUR, True, "3 days")
            expected = m.Unsupported(message_id=88, protobuf=wire[8:], **known)
        if version >= 126:
            check(oracle, version, ("reqHistogramData", [12, EUR, True, "3 days"]), expected)


def test_every_layout_was_checked() -> None:
    checked = {type(case[2]) for case in CASES} | {m.CancelOrder, m.GlobalCancel, m.PlaceOrder}
    assert {layout.message for layout in REQUESTS.values()} <= checked
