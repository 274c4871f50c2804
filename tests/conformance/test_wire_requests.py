"""Every short request, any values, every version: what ibapi's own methods send is read right and written again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.wire import messages as m
from runner.wire.bodies import read_request, write
from runner.wire.layout_requests import REQUESTS
from runner.wire.unoffered import UNOFFERED
from tests.conformance import table
from tests.conformance.asked import CASES, Asked
from tests.conformance.peer import Oracle, body_of, is_protobuf, same_bytes, with_tail
from tests.conformance.seeds import drawn


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.method)
@drawn(3)
@given(data=st.data())
def test_request(oracle: Oracle, case: Asked, data: st.DataObject) -> None:
    value = data.draw(case.values)
    versions = [version for version in oracle.versions if version >= case.since]
    expected = [case.carried(value, version, oracle) for version in versions]
    calls = [(v, case.method, case.args(message, oracle)) for v, message in zip(versions, expected, strict=True)]
    for version, message, wire in zip(versions, expected, oracle.send_all(calls), strict=True):
        check(version, message, wire)


def check(version: int, message: Any, wire: bytes) -> None:
    """Hold what ibapi wrote against a message of ours, in both directions, whole, byte by byte and with a tail."""
    body = body_of(wire)
    request = read_request(body, version)
    assert request == message, version
    assert read_request(with_tail(body, wire, version), version) == message, version
    ours = write(request, version)
    assert is_protobuf(ours, version) == is_protobuf(wire, version)
    assert same_bytes(ours, wire, version), version


EUR = {"~": "Contract", "symbol": "EUR"}
EVENTS = {"~": "WshEventData", "conId": 8314, "totalLimit": 5}
SCAN = {"~": "ScannerSubscription"}
# method, its arguments with 12 for the id of the request, our id and name, and the first and last version that has it
UNREAD: list[tuple[str, list[Any], int, int, int]] = [
    ("reqMktDepth", [12, EUR, 5, False, []], 10, 100, 226),
    ("cancelMktDepth", [12, False], 11, 100, 226),
    ("reqNewsBulletins", [True], 12, 100, 226),
    ("cancelNewsBulletins", [], 13, 100, 226),
    ("requestFA", [1], 18, 100, 226),
    ("replaceFA", [12, 1, "<a/>"], 19, 157, 226),
    ("exerciseOptions", [12, EUR, 1, 1, "DU1", 0], 21, 100, 226),
    ("reqScannerSubscription", [12, SCAN, [], []], 22, 143, 226),
    ("cancelScannerSubscription", [12], 23, 100, 226),
    ("reqScannerParameters", [], 24, 100, 226),
    ("reqRealTimeBars", [12, EUR, 5, "MIDPOINT", True, []], 50, 100, 226),
    ("cancelRealTimeBars", [12], 51, 100, 226),
    ("reqFundamentalData", [12, EUR, "ReportsFinSummary", []], 52, 100, 203),
    ("cancelFundamentalData", [12], 53, 100, 203),
    ("calculateImpliedVolatility", [12, EUR, 1.5, 2.5, []], 54, 100, 226),
    ("calculateOptionPrice", [12, EUR, 1.5, 2.5, []], 55, 100, 226),
    ("cancelCalculateImpliedVolatility", [12], 56, 100, 226),
    ("cancelCalculateOptionPrice", [12], 57, 100, 226),
    ("verifyRequest", ["a", "1"], 65, 100, 226),
    ("verifyMessage", ["a"], 66, 100, 226),
    ("queryDisplayGroups", [12], 67, 100, 226),
    ("subscribeToGroupEvents", [12, 1], 68, 100, 226),
    ("updateDisplayGroup", [12, "8314@SMART"], 69, 100, 226),
    ("unsubscribeFromGroupEvents", [12], 70, 100, 226),
    ("verifyAndAuthRequest", ["a", "1", "k"], 72, 100, 226),
    ("verifyAndAuthMessage", ["a", "x"], 73, 100, 226),
    ("reqSecDefOptParams", [12, "AAPL", "", "STK", 265598], 78, 104, 226),
    ("reqSoftDollarTiers", [12], 79, 106, 226),
    ("reqMktDepthExchanges", [], 82, 112, 226),
    ("reqSmartComponents", [12, "a"], 83, 114, 226),
    ("reqNewsArticle", [12, "BRFG", "x", []], 84, 116, 226),
    ("reqNewsProviders", [], 85, 115, 226),
    ("reqHistoricalNews", [12, 8314, "BRFG", "", "", 10, []], 86, 117, 226),
    ("reqHistogramData", [12, EUR, True, "3 days"], 88, 119, 226),
    ("cancelHistogramData", [12], 89, 119, 226),
    ("reqHistoricalTicks", [12, EUR, "", "", 10, "MIDPOINT", 1, False, []], 96, 130, 226),
    ("reqTickByTickData", [12, EUR, "Last", 0, False], 97, 140, 226),
    ("cancelTickByTickData", [12], 98, 137, 226),
    ("reqWshMetaData", [12], 100, 161, 226),
    ("cancelWshMetaData", [12], 101, 161, 226),
    ("reqWshEventData", [12, EVENTS], 102, 173, 226),
    ("cancelWshEventData", [12], 103, 161, 226),
    ("cancelContractData", [12], 106, 215, 226),
    ("cancelHistoricalTicks", [12], 107, 215, 226),
]
IDLESS = {12, 13, 18, 24, 65, 66, 72, 73, 82, 85}


@pytest.mark.parametrize(("method", "args", "message_id", "since", "last"), UNREAD, ids=[case[0] for case in UNREAD])
def test_a_request_that_is_not_offered(
    oracle: Oracle, method: str, args: list[Any], message_id: int, since: int, last: int
) -> None:
    versions = [version for version in oracle.versions if since <= version <= last]
    if "Fundamental" in method and oracle.generation.letter == "f":
        versions = []  # ibapi has given it up
    wires = oracle.send_all([(version, method, _fitting(oracle, method, args)) for version in versions])
    for version, wire in zip(versions, wires, strict=True):
        request = read_request(body_of(wire), version)
        assert isinstance(request, m.Unsupported)
        assert (request.message_id, request.name) == (message_id, UNOFFERED[message_id].name)
        assert request.request_id == (None if message_id in IDLESS else 12), version
        assert request.is_cancel == ("ancel" in method or method.startswith("unsub"))
        assert write(request, version) == wire


def _fitting(oracle: Oracle, method: str, args: list[Any]) -> list[Any]:
    """Return the arguments as this generation takes them."""
    if method == "reqWshEventData" and oracle.generation.letter == "c":
        return [*args, 173]  # this one takes a server version as an argument, and fails without
    is_extended = method == "exerciseOptions" and oracle.generation.letter in "cdef"
    return [*args, "", "", False] if is_extended else args


def test_every_layout_was_checked() -> None:
    assert {layout.message for layout in REQUESTS.values()} == {case.message for case in CASES} | {m.PlaceOrder}
    assert set(UNOFFERED) - {case[2] for case in UNREAD} == {108, 109}  # of the newest TWS settings, not of trading
    for case in CASES:
        (message_id,) = (i for i, layout in REQUESTS.items() if layout.message is case.message)
        assert table.since("asks", message_id) == case.since
