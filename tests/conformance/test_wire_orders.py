"""The three long messages, every field, against ibapi's own bytes and ibapi's own decoder."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.wire import messages as m
from runner.wire.codec import decode_answer, decode_request, encode
from runner.wire.frames import FrameBuffer, frame
from tests.conformance.draws import completed, contracts, orders, placed, told
from tests.conformance.peer import Oracle, differences, to_ibapi

some = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def frames(wire: bytes) -> list[tuple[str, ...]]:
    """Cut whole, byte by byte and with a tail, and return what all three agree on."""
    whole = list(FrameBuffer().receive(wire))
    dribble = FrameBuffer()
    assert [f for i in range(len(wire)) for f in dribble.receive(wire[i : i + 1])] == whole
    assert list(FrameBuffer().receive(wire + b"\0\0")) == whole
    return whole


@some
@given(data=st.data(), contract=contracts, order=orders)
def test_place_order(oracle: Oracle, data: st.DataObject, contract: m.WireContract, order: m.WireOrder) -> None:
    version = data.draw(st.sampled_from(oracle.versions))
    contract, order = placed(contract, order, version)
    # below 111 ibapi takes its own unset cash quantity for one that is set, and refuses it
    old = {"cashQty": 0.0} if version < 111 else {}
    wire = oracle.send(version, "placeOrder", 11, to_ibapi(contract), to_ibapi(order) | old)
    (fields,) = frames(wire)
    request = decode_request(fields, version)
    assert request == m.PlaceOrder(order_id=11, contract=contract, order=order)
    assert frame(encode(request, version)) == wire


def state() -> st.SearchStrategy[m.WireOrderState]:
    """Draw an order state with amounts set and unset."""
    amounts = st.none() | st.decimals(-1000, 1000, allow_nan=False, places=2)
    return st.builds(
        m.WireOrderState,
        status=st.sampled_from(["Submitted", "PreSubmitted", "Filled"]),
        init_margin_before=amounts,
        equity_with_loan_change=amounts,
        maint_margin_after=amounts,
        commission=amounts,
        max_commission=amounts,
        commission_currency=st.sampled_from(["", "USD"]),
        warning_text=st.sampled_from(["", "odd lot"]),
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
    ]
)
UNREAD_BY_10 = frozenset({"e_trade_only", "firm_quote_only", "nbbo_price_cap"})


@some
@given(data=st.data(), contract=contracts, order=orders, order_state=state())
def test_open_order(
    oracle: Oracle, data: st.DataObject, contract: m.WireContract, order: m.WireOrder, order_state: m.WireOrderState
) -> None:
    version = data.draw(st.sampled_from(oracle.versions))
    contract, order = told(contract, order, version)
    wire = frame(encode(m.OpenOrder(order_id=5, contract=contract, order=order, order_state=order_state), version))
    ((name, (order_id, their_contract, their_order, their_state)),) = oracle.hear(version, wire)
    assert (name, order_id) == ("openOrder", 5)
    assert differences(contract, their_contract) == []
    assert differences(order, their_order, ODD | _unread(oracle)) == []
    tier = their_order["softDollarTier"]
    assert (tier["name"], tier["val"], tier["displayName"]) == (
        order.soft_dollar_name,
        order.soft_dollar_value,
        order.soft_dollar_display_name,
    )
    assert bool(their_order["usePriceMgmtAlgo"]) == bool(order.use_price_mgmt_algo)
    assert differences(_renamed(order_state, version), their_state) == []
    (fields,) = frames(wire)
    assert decode_answer(fields, version) == m.OpenOrder(
        order_id=5, contract=contract, order=order, order_state=_renamed(order_state, version)
    )


def _unread(oracle: Oracle) -> frozenset[str]:
    return frozenset() if oracle.is_old else UNREAD_BY_10


def _renamed(order_state: m.WireOrderState, version: int) -> m.WireOrderState:
    if version >= 142:
        return order_state
    return replace(order_state, init_margin_before=None, equity_with_loan_change=None)


@some
@given(data=st.data(), contract=contracts, order=orders)
def test_completed_order(oracle: Oracle, data: st.DataObject, contract: m.WireContract, order: m.WireOrder) -> None:
    version = data.draw(st.sampled_from([v for v in oracle.versions if v >= 150]))
    contract, order = completed(contract, order, version)
    state = m.WireOrderState(status="Filled", completed_time="20261124-10:00:00", completed_status="Filled Size: 1")
    message = m.CompletedOrder(contract=contract, order=order, order_state=state)
    wire = frame(encode(message, version))
    ((name, (their_contract, their_order, their_state)),) = oracle.hear(version, wire)
    assert name == "completedOrder"
    assert differences(contract, their_contract) == []
    assert differences(order, their_order, ODD | {"e_trade_only", "firm_quote_only", "nbbo_price_cap"}) == []
    assert their_order["routeMarketableToBbo"] == order.route_marketable_to_bbo
    assert their_state["completedTime"] == "20261124-10:00:00"
    assert their_state["completedStatus"] == "Filled Size: 1"
    (fields,) = frames(wire)
    assert decode_answer(fields, version) == message


def test_old_flags_are_read(oracle: Oracle) -> None:
    """9.81.1 says eTradeOnly and firmQuoteOnly unless told otherwise; every later ibapi says neither."""
    wire = oracle.send(157, "placeOrder", 1, {"~": "Contract", "symbol": "EUR"}, {"~": "Order", "totalQuantity": 1})
    (fields,) = frames(wire)
    request = decode_request(fields, 157)
    assert isinstance(request, m.PlaceOrder)
    assert (request.order.e_trade_only, request.order.firm_quote_only) == (oracle.is_old, oracle.is_old)
    assert request.order.total_quantity == Decimal(1)
    assert frame(encode(request, 157)) == wire


def test_up_to_mid_is_infinite(oracle: Oracle) -> None:
    if oracle.is_old:
        return
    order = m.WireOrder(order_type="PEG BEST", total_quantity=Decimal(1), mid_offset_at_whole=Decimal("0.5"))
    given_order = to_ibapi(order) | {"competeAgainstBestOffset": float("inf")}
    (fields,) = frames(oracle.send(178, "placeOrder", 1, {"~": "Contract"}, given_order))
    request = decode_request(fields, 178)
    assert isinstance(request, m.PlaceOrder)
    assert request.order.compete_against_best_offset == Decimal("Infinity")
    assert request.order.mid_offset_at_whole == Decimal("0.5")
    assert encode(request, 178) == fields
