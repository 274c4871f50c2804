"""Every short answer: ibapi's own decoder hears what we said."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.wire import messages as m
from runner.wire.bodies import read_answer, write
from runner.wire.layout_answers import ANSWERS
from tests.conformance import table
from tests.conformance.peer import Oracle, body_of, with_tail
from tests.conformance.same import agrees, differences
from tests.conformance.seeds import drawn
from tests.conformance.told import ANY, CASES, Told, carried

EUR = m.WireContract(
    contract_id=12087792,
    symbol="EUR",
    security_type="CASH",
    exchange="IDEALPRO",
    currency="USD",
    local_symbol="EUR.USD",
    trading_class="EUR.USD",
)
ODD_TEXT = "café \\ “quoted” 日本"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.message.__name__)
@drawn(3)
@given(data=st.data())
def test_answer(oracle: Oracle, case: Told, data: st.DataObject) -> None:
    """Any values at every version: ibapi hears what was said, whole, byte by byte and with a tail; so do we."""
    value = data.draw(case.values)
    versions = [version for version in oracle.versions if version >= case.since]
    messages = [carried(value, version) for version in versions]
    frames = [(version, write(message, version)) for version, message in zip(versions, messages, strict=True)]
    all_heard = oracle.hear_all(frames)
    for (version, wire), message, heard in zip(frames, messages, all_heard, strict=True):
        expected = case.heard(message, version, oracle)
        assert [name for name, _ in heard] == [name for name, _ in expected], version
        for (_, mine), (_, theirs) in zip(expected, heard, strict=True):
            assert _disagreements(mine, theirs) == [], version
        body = body_of(wire)
        assert read_answer(body, version) == message, version
        assert read_answer(with_tail(body, wire, version), version) == message, version


def _disagreements(mine: list[Any], theirs: list[Any]) -> list[Any]:
    pairs = zip(mine, theirs, strict=True)
    return [_explained(ours, other) for ours, other in pairs if ours is not ANY and not agrees(ours, other)]


def _explained(ours: Any, other: Any) -> Any:
    return differences(ours, other) if is_dataclass(ours) and isinstance(other, dict) else (ours, other)


def hear(oracle: Oracle, version: int, message: Any) -> list[tuple[str, list[Any]]]:
    """Return what ibapi hears, once the frame came through our own reading whole, in bytes and with a tail."""
    wire = write(message, version)
    assert write(read_answer(body_of(wire), version), version) == wire
    return oracle.hear(version, wire)


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
        kinds = (details["fundDistributionPolicyIndicator"], details["fundAssetType"])
        if version >= 179:
            assert kinds == ("AccumulationFund", "MoneyMarket"), version
        assert (details["contract"].get("lastTradeDate") == "20261217") is (version >= 182)
        reasons = [(item["id_"], item["description"]) for item in details["ineligibilityReasonList"] or []]
        assert reasons == ([("7", "closed"), ("8", "new")] if version >= 186 else [])


def test_every_layout_was_checked() -> None:
    checked = {case.message for case in CASES} | {m.OpenOrder, m.CompletedOrder}
    assert {layout.message for layout in ANSWERS.values()} == checked
    for case in CASES:
        (message_id,) = (i for i, layout in ANSWERS.items() if layout.message is case.message)
        assert table.since("is told", message_id) == case.since
