"""The three long messages, every field, against ibapi's own bytes and ibapi's own decoder."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.wire import messages as m
from runner.wire.bodies import read_answer, read_request, write
from tests.conformance.draws import (
    completed,
    contracts,
    orders,
    placed,
    placed_in_protobuf,
    told,
    told_in_protobuf,
)
from tests.conformance.peer import Oracle, body_of, same_bytes, with_tail
from tests.conformance.same import UNSET, defaulted, differences, to_ibapi
from tests.conformance.seeds import drawn

# the versions of one test, drawn apart, so that each kind of layout has its share of examples
ERAS = {"text": range(100, 179), "late text": range(179, 204), "protobuf": range(203, 227)}
eras = pytest.mark.parametrize("era", ERAS)


def versions_of(oracle: Oracle, era: str, since: int, protobuf_since: int) -> list[int]:
    """Return the versions at which that generation speaks so."""
    found = [
        v for v in oracle.versions if v in ERAS[era] and v >= since and (v >= protobuf_since) == (era == "protobuf")
    ]
    assert found or max(oracle.versions) < (protobuf_since if era == "protobuf" else ERAS[era].start)
    return found


@eras
@drawn(14)
@given(data=st.data(), contract=contracts, order=orders)
def test_place_order(
    oracle: Oracle, era: str, data: st.DataObject, contract: m.WireContract, order: m.WireOrder
) -> None:
    if not (versions := versions_of(oracle, era, 100, 203)):
        return
    version = data.draw(st.sampled_from(versions))
    if oracle.generation.letter in "ab" and order.order_type == "PEGMID":
        order = replace(order, order_type="PEG MID")  # the only spelling for which they send its offsets
    contract, order = (placed_in_protobuf if era == "protobuf" else placed)(contract, order, version)
    # below 111 ibapi takes its own unset cash quantity for one that is set, and refuses it
    given_order = to_ibapi(order) | ({"cashQty": 0.0} if version < 111 else {})
    if not order.route_marketable_to_bbo:
        del given_order["routeMarketableToBbo"]
    wire = oracle.send(version, "placeOrder", 11, to_ibapi(contract), given_order)
    request = read_request(body_of(wire), version)
    assert request == m.PlaceOrder(order_id=11, contract=contract, order=order)
    assert same_bytes(write(request, version), wire, version)
    assert read_request(with_tail(wire[4:], wire, version), version) == request


amounts = st.none() | st.decimals(-1000, 1000, allow_nan=False, places=2)
MARGINS = {f.name for f in fields(m.WireOrderState) if f.type == "Decimal | None"}


def state() -> st.SearchStrategy[m.WireOrderState]:
    """Draw an order state with amounts set and unset."""
    texts = st.sampled_from(["", "USD", "odd lot"])
    allocation = st.builds(m.OrderAllocation, account=texts, position=amounts, allowed_quantity=amounts)
    return st.builds(
        m.WireOrderState,
        status=st.sampled_from(["Submitted", "PreSubmitted", "Filled"]),
        commission_currency=texts,
        margin_currency=texts,
        reject_reason=texts,
        warning_text=texts,
        allocations=st.lists(allocation, max_size=2).map(tuple),
        **dict.fromkeys(MARGINS, amounts),
    )


# what ibapi says in words of its own: compared one by one, or where completedOrder tells it
ODD = frozenset(
    [
        "soft_dollar_name",
        "soft_dollar_value",
        "soft_dollar_display_name",
        "use_price_mgmt_algo",
        "fa_profile",
        "route_marketable_to_bbo",
        "order_combo_legs",
    ]
)
UNREAD_BY_10 = frozenset({"e_trade_only", "firm_quote_only", "nbbo_price_cap"})


@eras
@drawn(14)
@given(data=st.data(), contract=contracts, order=orders, order_state=state())
def test_open_order(
    oracle: Oracle,
    era: str,
    data: st.DataObject,
    contract: m.WireContract,
    order: m.WireOrder,
    order_state: m.WireOrderState,
) -> None:
    if not (versions := versions_of(oracle, era, 100, 203)):
        return
    version = data.draw(st.sampled_from(versions))
    contract, order = (told_in_protobuf if era == "protobuf" else told)(contract, order, version)
    message = m.OpenOrder(order_id=5, contract=contract, order=order, order_state=order_state)
    wire = write(message, version)
    ((name, (order_id, their_contract, their_order, their_state)),) = oracle.hear(version, wire)
    assert (name, order_id) == ("openOrder", 5)
    assert differences(contract, their_contract) == []
    _order_tags(their_order, era)
    assert differences(order, their_order, ODD | _unread(oracle)) == []
    assert _leg_prices(their_order) == _set_prices([leg.price for leg in order.order_combo_legs])
    tier = their_order["softDollarTier"]
    assert (tier["name"], tier["val"], tier["displayName"]) == (
        order.soft_dollar_name,
        order.soft_dollar_value,
        order.soft_dollar_display_name,
    )
    assert bool(their_order["usePriceMgmtAlgo"]) == bool(order.use_price_mgmt_algo)
    assert differences(_renamed(order_state, version), their_state) == []
    assert read_answer(body_of(wire), version) == replace(message, order_state=_renamed(order_state, version))


def _leg_prices(their_order: dict[str, Any]) -> list[Decimal | None]:
    prices = [leg["price"] for leg in their_order["orderComboLegs"] or []]
    return _set_prices([None if price in UNSET else Decimal(str(price)) for price in prices])


def _order_tags(their_order: dict[str, Any], era: str) -> None:
    """Put in order what protobuf tells in none."""
    if era == "protobuf":
        for name in ("algoParams", "smartComboRoutingParams"):
            their_order[name] = sorted(their_order[name] or [], key=lambda item: str(item["tag"]))


def _set_prices(prices: list[Decimal | None]) -> list[Decimal | None]:
    """Return the prices of the legs if one is set: from protobuf ibapi makes a list of them even if none is."""
    return prices if any(price is not None for price in prices) else []


def _unread(oracle: Oracle) -> frozenset[str]:
    return frozenset() if oracle.is_old else UNREAD_BY_10


def _renamed(order_state: m.WireOrderState, version: int) -> m.WireOrderState:
    """Return what of the state openOrder carries at this version."""
    silent = {name for name in MARGINS if name.endswith("outside_rth")} if version < 195 else set()
    silent |= {"margin_currency", "suggested_size", "reject_reason", "allocations"} if version < 195 else set()
    silent |= {name for name in MARGINS if name.endswith(("_before", "_change"))} if version < 142 else set()
    return defaulted(order_state, silent)


@eras
@drawn(14)
@given(data=st.data(), contract=contracts, order=orders)
def test_completed_order(
    oracle: Oracle, era: str, data: st.DataObject, contract: m.WireContract, order: m.WireOrder
) -> None:
    if not (versions := versions_of(oracle, era, 150, 204)):
        return
    version = data.draw(st.sampled_from(versions))
    contract, order = (told_in_protobuf if era == "protobuf" else completed)(contract, order, version)
    state = m.WireOrderState(status="Filled", completed_time="20261124-10:00:00", completed_status="Filled Size: 1")
    message = m.CompletedOrder(contract=contract, order=order, order_state=state)
    wire = write(message, version)
    ((name, (their_contract, their_order, their_state)),) = oracle.hear(version, wire)
    assert name == "completedOrder"
    assert differences(contract, their_contract) == []
    _order_tags(their_order, era)
    assert differences(order, their_order, ODD | UNREAD_BY_10) == []
    assert bool(their_order["routeMarketableToBbo"]) == order.route_marketable_to_bbo
    assert their_state["completedTime"] == "20261124-10:00:00"
    assert their_state["completedStatus"] == "Filled Size: 1"
    assert read_answer(body_of(wire), version) == message


def test_old_flags_are_read(oracle: Oracle) -> None:
    """9.81.1 says eTradeOnly and firmQuoteOnly unless told otherwise; every later ibapi says neither."""
    wire = oracle.send(157, "placeOrder", 1, {"~": "Contract", "symbol": "EUR"}, {"~": "Order", "totalQuantity": 1})
    request = read_request(body_of(wire), 157)
    assert isinstance(request, m.PlaceOrder)
    assert (request.order.e_trade_only, request.order.firm_quote_only) == (oracle.is_old, oracle.is_old)
    assert request.order.total_quantity == Decimal(1)
    assert write(request, 157) == wire


PLAIN = m.WireOrder(action="BUY", order_type="LMT", total_quantity=Decimal(25000), limit_price=Decimal("1.085"))
EUR = m.WireContract(symbol="EUR", security_type="CASH", exchange="IDEALPRO", currency="USD", strike=Decimal("0.0"))


def test_a_plain_order_at_every_version(oracle: Oracle) -> None:
    theirs = to_ibapi(PLAIN) | {"cashQty": 0.0}
    del theirs["routeMarketableToBbo"]
    submitted = m.WireOrderState(status="Submitted")
    for version in oracle.versions:
        wire = oracle.send(version, "placeOrder", 11, to_ibapi(EUR), theirs)
        request = read_request(body_of(wire), version)
        assert isinstance(request, m.PlaceOrder)
        assert (request.contract, request.order.limit_price) == (EUR, Decimal("1.085"))
        assert same_bytes(write(request, version), wire, version)
        message = m.OpenOrder(order_id=5, contract=EUR, order=PLAIN, order_state=submitted)
        ((name, (_, _, their_order, their_state)),) = oracle.hear(version, write(message, version))
        assert (name, their_order["lmtPrice"], their_state["status"]) == ("openOrder", 1.085, "Submitted")
        if version >= 150:
            ended = m.CompletedOrder(contract=EUR, order=PLAIN, order_state=m.WireOrderState(status="Cancelled"))
            ((name, (_, their_order, their_state)),) = _heard(oracle, version, ended)
            assert (name, their_order["lmtPrice"], their_state["status"]) == ("completedOrder", 1.085, "Cancelled")


def _heard(oracle: Oracle, version: int, message: m.CompletedOrder) -> list[tuple[str, list[Any]]]:
    return oracle.hear(version, write(message, version))


def test_fields_that_only_three_versions_had(oracle: Oracle) -> None:
    order = m.WireOrder(total_quantity=Decimal(1), external_user_id="user", manual_order_indicator=1)
    given_order = to_ibapi(replace(order, manual_order_indicator=None)) | {"manualOrderIndicator": 1}
    for version in (v for v in oracle.versions if 187 <= v < 190 and oracle.has_external_user):
        wire = oracle.send(version, "placeOrder", 1, {"~": "Contract"}, given_order)
        request = read_request(body_of(wire), version)
        assert isinstance(request, m.PlaceOrder)
        assert (request.order.external_user_id, request.order.manual_order_indicator) == ("user", 1)
        assert write(request, version) == wire


def test_up_to_mid_is_infinite(oracle: Oracle) -> None:
    if oracle.is_old:
        return
    order = m.WireOrder(order_type="PEG BEST", total_quantity=Decimal(1), mid_offset_at_whole=Decimal("0.5"))
    given_order = to_ibapi(order) | {"competeAgainstBestOffset": float("inf")}
    del given_order["routeMarketableToBbo"]
    for version in (v for v in (178, 203) if v in oracle.versions):
        wire = oracle.send(version, "placeOrder", 1, {"~": "Contract"}, given_order)
        request = read_request(body_of(wire), version)
        assert isinstance(request, m.PlaceOrder)
        assert request.order.compete_against_best_offset == Decimal("Infinity")
        assert request.order.mid_offset_at_whole == Decimal("0.5")
        assert same_bytes(write(request, version), wire, version)


def test_attached_orders(oracle: Oracle) -> None:
    more = {"slOrderId": 12, "slOrderType": "PRESET", "ptOrderId": 13, "ptOrderType": "PRESET"}
    attached = m.AttachedOrders(
        stop_loss_id=12, stop_loss_type="PRESET", profit_taker_id=13, profit_taker_type="PRESET"
    )
    for version in (v for v in oracle.versions if v >= 218):
        wire = oracle.send(version, "placeOrder", 11, to_ibapi(EUR), {"~": "Order", "totalQuantity": 1, **more})
        request = read_request(body_of(wire), version)
        assert isinstance(request, m.PlaceOrder)
        assert request.attached == attached
        assert same_bytes(write(request, version), wire, version)
