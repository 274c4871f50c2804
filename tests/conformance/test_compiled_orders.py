"""Tickets as they are compiled, through each generation of ibapi, to a gateway that takes and holds them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ibapi.order import Order

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side, Terms, TimeInForce, Trail
from runner.ib.compile import compile_group
from runner.wire import messages as m
from runner.wire.bodies import read_request
from tests.conformance.peer import Oracle, body_of
from tests.integration.gateway_peer import START, errors, only, staged

VERSIONS = (157, 178, 203, 226)
NOTES = (399, 2109)  # held until the market opens; outside_rth means nothing for a pair
FAR = Decimal("0.9")  # of a market near 1.08, so that nothing fills
LATER = START + timedelta(hours=2)


def ticket(name: str, kind: OrderType, **changes: Any) -> OrderTicket:
    values: dict[str, Any] = {
        "key": OrderKey(plan="demo", order="main", fire="once", role=name),
        "role": Role.ENTRY,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY,
        "quantity": Decimal(25000),
        "order_type": kind,
    }
    return OrderTicket(**(values | changes))


TICKETS: dict[str, tuple[OrderTicket, dict[str, Any]]] = {
    "trailing-amount": (
        ticket("a", OrderType.TRAILING_STOP, trail=Trail(amount=Decimal("0.0500"))),
        {"order_type": "TRAIL", "aux_price": Decimal("0.05"), "trailing_percent": None},
    ),
    "trailing-percent": (
        ticket("b", OrderType.TRAILING_STOP, trail=Trail(percent=Decimal("2.5"))),
        {"order_type": "TRAIL", "trailing_percent": Decimal("2.5")},
    ),
    "trailing-limit": (
        ticket(
            "c", OrderType.TRAILING_LIMIT, trail=Trail(amount=Decimal("0.05"), limit_offset=Decimal("0.0002"))
        ),
        {"order_type": "TRAIL LIMIT", "aux_price": Decimal("0.05"), "limit_price_offset": Decimal("0.0002")},
    ),
    "market-if-touched": (
        ticket("d", OrderType.MARKET_IF_TOUCHED, stop_price=FAR),
        {"order_type": "MIT", "aux_price": FAR},
    ),
    "limit-if-touched": (
        ticket("e", OrderType.LIMIT_IF_TOUCHED, stop_price=FAR, limit_price=FAR),
        {"order_type": "LIT", "aux_price": FAR, "limit_price": FAR},
    ),
    "good-till": (
        ticket(
            "f", OrderType.LIMIT, limit_price=FAR, time_in_force=TimeInForce.GTD,
            terms=Terms(good_till=LATER, outside_rth=True, all_or_none=True),
        ),
        {"time_in_force": "GTD", "good_till_date": "20250305-16:30:00", "outside_rth": True, "all_or_none": True},
    ),
    "good-after": (
        ticket("g", OrderType.MARKET, terms=Terms(good_after=LATER, min_quantity=Decimal(20000))),
        {"good_after_time": "20250305-16:30:00", "min_quantity": 20000},
    ),
    "cash": (
        ticket("h", OrderType.LIMIT, limit_price=FAR, terms=Terms(cash_quantity=Decimal("500.25"))),
        {"cash_quantity": Decimal("500.25")},
    ),
    "group": (
        ticket("i", OrderType.LIMIT, limit_price=FAR, oca_group="fx1:demo:main"),
        {"oca_group": "fx1:demo:main", "oca_type": 1},
    ),
    "further-fields": (
        ticket(
            "j", OrderType.LIMIT, limit_price=FAR,
            terms=Terms(extra=(("rule80A", "I"), ("solicited", True), ("triggerMethod", 2))),
        ),
        {"rule_80a": "I", "solicited": True, "trigger_method": 2},
    ),
}  # fmt: skip


def _said(thing: object, default: object) -> dict[str, Any]:
    """Return the fields of an object of ibapi that were set, as the oracle takes them."""
    known = vars(default)
    return {
        "~": type(thing).__name__,
        **{
            name: {"~": "Decimal", "value": str(value)} if isinstance(value, Decimal) else value
            for name, value in vars(thing).items()
            if name != "softDollarTier" and value != known[name]
        },
    }


@pytest.mark.parametrize("name", TICKETS)
def test_a_gateway_holds_what_is_compiled(oracle: Oracle, name: str) -> None:
    written, expected = TICKETS[name]
    (compiled,) = compile_group([written])
    contract = _said(compiled.contract, type(compiled.contract)())
    order = _said(compiled.order, Order())
    for version in (v for v in VERSIONS if v in oracle.versions):
        if not oracle.is_old:
            order = {key: value for key, value in order.items() if key not in ("eTradeOnly", "firmQuoteOnly")}
        request = read_request(body_of(oracle.send(version, "placeOrder", 1, contract, order)), version)
        assert isinstance(request, m.PlaceOrder)
        assert {key: getattr(request.order, key) for key in expected} == expected
        assert request.order.order_ref == written.order_ref
        assert (request.order.total_quantity or 0) == (0 if name == "cash" else written.quantity)
        with staged() as stage:
            answers = stage.client(max_version=version).ask(request)
            assert [code for _, code in errors(answers) if code not in NOTES] == []
            assert {one.status for one in only(m.OrderStatus, answers)} <= {"PreSubmitted", "Submitted"}
            (held, *_) = only(m.OpenOrder, answers)
            assert {key: getattr(held.order, key) for key in expected} == expected
