"""Tickets into Contract and Order, and which of their fields say something: the same on every ibapi."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side, Terms, TimeInForce, Trail
from runner.ib.compile import CompiledOrder, compile_group
from runner.ib.linked import number
from runner.ib.neutral import FieldValue, changed


def ticket(
    role: Role = Role.ENTRY, *, order_type: OrderType = OrderType.MARKET, quantity: str = "25000", **changes: object
) -> OrderTicket:
    values: dict[str, object] = {
        "key": OrderKey(plan="eurusd-weekday", order="main", fire="2025-01-01T14:30:00Z", role=role.value),
        "role": role,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY if role is Role.ENTRY else Side.SELL,
        "quantity": Decimal(quantity),
        "order_type": order_type,
    } | changes
    return OrderTicket(**values)  # type: ignore[arg-type]


ENTRY = ticket(order_type=OrderType.LIMIT, limit_price=Decimal("1.0850"))
_WAITING = {"time_in_force": TimeInForce.GTC, "parent": ENTRY.order_ref}
BRACKET = (
    ENTRY,
    ticket(Role.TAKE_PROFIT, order_type=OrderType.LIMIT, limit_price=Decimal("1.0950"), **_WAITING),
    ticket(Role.STOP_LOSS, order_type=OrderType.STOP, stop_price=Decimal("1.08005"), **_WAITING),
)


def shown(compiled: CompiledOrder) -> dict[str, str]:
    return {field.name: field.value for field in changed(compiled)}


def test_market_order_field_by_field() -> None:
    (compiled,) = compile_group([ticket()])
    assert changed(compiled) == (
        FieldValue("Contract", "symbol", "EUR"),
        FieldValue("Contract", "secType", "CASH"),
        FieldValue("Contract", "exchange", "IDEALPRO"),
        FieldValue("Contract", "currency", "USD"),
        FieldValue("Order", "action", "BUY"),
        FieldValue("Order", "totalQuantity", "25000"),
        FieldValue("Order", "orderType", "MKT"),
        FieldValue("Order", "tif", "DAY"),
        FieldValue("Order", "orderRef", ticket().order_ref),
    )


def test_bracket_transmits_with_the_last_only() -> None:
    group = number(compile_group(BRACKET), 40, "DU1")
    assert [(c.order.orderId, c.order.parentId, c.order.transmit) for c in group] == [
        (40, 0, False),
        (41, 40, False),
        (42, 40, True),
    ]
    assert [c.order.account for c in group] == ["DU1"] * 3
    entry, profit, loss = map(shown, group)
    assert (entry["lmtPrice"], "auxPrice" in entry, entry["transmit"]) == ("1.085", False, "false")
    assert (profit["action"], profit["lmtPrice"], profit["tif"], profit["parentId"]) == ("SELL", "1.095", "GTC", "40")
    assert (loss["orderType"], loss["auxPrice"], "transmit" in loss) == ("STP", "1.08005", False)


def test_numbering_leaves_the_compiled_group_alone() -> None:
    group = compile_group(BRACKET)
    number(group, 40, "DU1")
    assert [(c.order.orderId, c.order.parentId, c.order.account) for c in group] == [(0, 0, "")] * 3


def test_stop_limit_carries_both_prices() -> None:
    stop_limit = ticket(order_type=OrderType.STOP_LIMIT, limit_price=Decimal("150.005"), stop_price=Decimal("150"))
    fields = shown(compile_group([stop_limit])[0])
    assert (fields["lmtPrice"], fields["auxPrice"]) == ("150.005", "150")


def test_a_default_order_is_neutral_but_for_the_retired_flags() -> None:
    """9.81.1 asks for both flags by default; left so they would show, and a TWS would refuse the order."""
    fields = shown(CompiledOrder(ticket=ticket(), contract=Contract(), order=Order()))
    assert fields.keys() <= {"eTradeOnly", "firmQuoteOnly"}
    assert shown(compile_group([ticket()])[0]).keys().isdisjoint({"eTradeOnly", "firmQuoteOnly"})


def test_what_is_set_shows() -> None:
    """Zero says something where a price may be zero."""
    order = Order()
    order.lmtPrice, order.auxPrice, order.whatIf, order.outsideRth, order.ocaGroup = 0.0, 1e-05, True, False, "g"
    order.softDollarTier.name = "tier"
    order.transmit = True
    order.exemptCode = -1
    compiled = CompiledOrder(ticket=ticket(), contract=Contract(), order=order)
    fields = {k: v for k, v in shown(compiled).items() if k not in ("eTradeOnly", "firmQuoteOnly", "softDollarTier")}
    assert fields == {"lmtPrice": "0", "auxPrice": "0.00001", "ocaGroup": "g", "whatIf": "true"}
    assert "softDollarTier" in shown(compiled)


@given(
    st.decimals(min_value=Decimal("0.00005"), max_value=Decimal(99999), places=5).filter(lambda d: d > 0),
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2),
)
def test_prices_and_quantities_come_out_as_they_went_in(price: Decimal, quantity: Decimal) -> None:
    (compiled,) = compile_group([ticket(order_type=OrderType.LIMIT, limit_price=price, quantity=str(quantity))])
    fields = shown(compiled)
    assert Decimal(fields["lmtPrice"]) == price
    assert Decimal(fields["totalQuantity"]) == quantity
    assert compiled.order.lmtPrice == float(price)


class _Recorder:
    """Stands where ibapi keeps its socket and keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, frame: bytes) -> int:
        self.frames.append(frame)
        return len(frame)


def test_what_the_installed_ibapi_writes() -> None:
    """The fields that explain shows are the ones in the frame, digit for digit; a quantity is no binary fraction."""
    (compiled,) = number(
        compile_group([ticket(order_type=OrderType.LIMIT, limit_price=Decimal("1.08505"), quantity="25000.1")]),
        7,
        "DU1",
    )
    client, recorder = EClient(EWrapper()), _Recorder()
    client.conn, client.serverVersion_ = recorder, 157
    client.setConnState(EClient.CONNECTED)
    client.placeOrder(7, compiled.contract, compiled.order)
    (frame,) = recorder.frames
    fields = frame[4:].split(b"\0")
    assert len(fields) == 1 + 109 + 1
    assert fields[:12] == [b"3", b"7", b"0", b"EUR", b"CASH", b"", fields[6], b"", b"", b"IDEALPRO", b"", b"USD"]
    assert fields[16:22] == [b"BUY", b"25000.1", b"LMT", b"1.08505", b"", b"DAY"]
    assert (fields[23], fields[26], fields[27], fields[28]) == (b"DU1", ticket().order_ref.encode(), b"1", b"0")
    assert fields[53:55] == [b"0", b"0"]  # eTradeOnly, firmQuoteOnly
    assert fields[85] == b"0"  # whatIf


def test_orders_that_wait_for_nobody_are_each_transmitted() -> None:
    ladder = [ticket(key=OrderKey(plan="p", order="o", fire="once", role=f"rung-{n}")) for n in (1, 2)]
    group = number(compile_group([*ladder, *BRACKET]), 40, "DU1")
    assert [(c.order.orderId, c.order.parentId, c.order.transmit) for c in group] == [
        (40, 0, True),
        (41, 0, True),
        (42, 0, False),
        (43, 42, False),
        (44, 42, True),
    ]


TERMS = Terms(
    good_till=datetime(2027, 3, 1, 17, 0, 30, tzinfo=timezone(timedelta(hours=1))),
    good_after=datetime(2027, 3, 1, 14, tzinfo=UTC),
    outside_rth=True,
    all_or_none=True,
    min_quantity=Decimal(20000),
    extra=(("extOperator", "me"), ("hidden", True), ("nbboPriceCap", Decimal("1.2")), ("triggerMethod", 2)),
)


def test_terms_field_by_field() -> None:
    fields = shown(compile_group([ticket(time_in_force=TimeInForce.GTD, terms=TERMS)])[0])
    assert fields.items() >= {
        "tif": "GTD", "goodTillDate": "20270301-16:00:30", "goodAfterTime": "20270301-14:00:00", "outsideRth": "true",
        "allOrNone": "true", "minQty": "20000", "extOperator": "me", "hidden": "true", "nbboPriceCap": "1.2",
        "triggerMethod": "2", "totalQuantity": "25000",
    }.items()  # fmt: skip
    plain_fields = {
        "symbol",
        "secType",
        "exchange",
        "currency",
        "action",
        "totalQuantity",
        "orderType",
        "tif",
        "orderRef",
    }
    assert shown(compile_group([ticket()])[0]).keys() == plain_fields


def test_money_to_spend_stands_in_place_of_a_quantity() -> None:
    (compiled,) = compile_group([ticket(terms=Terms(cash_quantity=Decimal("500.25")))])
    assert (compiled.order.cashQty, compiled.order.totalQuantity) == (500.25, 0)


@pytest.mark.parametrize(
    ("kind", "trail", "fields"),
    [
        (OrderType.TRAILING_STOP, Trail(amount=Decimal("0.0015")), {"auxPrice": "0.0015"}),
        (OrderType.TRAILING_STOP, Trail(percent=Decimal("0.3")), {"trailingPercent": "0.3"}),
        (
            OrderType.TRAILING_LIMIT,
            Trail(amount=Decimal("0.0015"), limit_offset=Decimal("0.0002")),
            {"auxPrice": "0.0015", "lmtPriceOffset": "0.0002"},
        ),
    ],
)
def test_trailing_orders(kind: OrderType, trail: Trail, fields: dict[str, str]) -> None:
    found = shown(compile_group([ticket(order_type=kind, trail=trail)])[0])
    prices = {"auxPrice", "lmtPrice", "trailingPercent", "lmtPriceOffset", "trailStopPrice"}
    assert {name: value for name, value in found.items() if name in prices} == fields
    assert found["orderType"] == kind.value


def test_orders_of_a_group_cancel_each_other() -> None:
    fields = shown(compile_group([ticket(oca_group="fx1:demo:abc")])[0])
    assert (fields["ocaGroup"], fields["ocaType"]) == ("fx1:demo:abc", "1")
