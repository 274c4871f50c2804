"""What an account holds and what an order would cost, as every generation of ibapi hands it over."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import pytest
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.order_state import OrderState

from runner.core.facts import (
    AccountSummaryEnd,
    AccountValueSeen,
    CompletedOrderSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    PositionSeen,
    PositionsEnd,
    ProfitSeen,
    WhatIfSeen,
)
from runner.core.ticket import Side
from runner.ib.neutral import UNSET_DECIMAL
from runner.ib.tap import EventTap

LARGEST = sys.float_info.max
UNSET = [LARGEST, str(LARGEST), "1.7976931348623157E308", UNSET_DECIMAL, str(UNSET_DECIMAL), None, "", float("nan")]


@pytest.fixture
def told() -> tuple[EventTap, list[Fact]]:
    """A tap, and what it publishes."""
    published: list[Fact] = []
    return EventTap(published.append), published


def what_if(**fields: Any) -> tuple[Contract, Order, Any]:
    order, state = Order(), OrderState()
    order.whatIf = True
    for name, value in fields.items():
        setattr(state, name, value)
    return Contract(), order, state


@pytest.mark.parametrize("unset", UNSET)
def test_o17_what_is_not_known_of_a_cost_is_none(told: tuple[EventTap, list[Fact]], unset: Any) -> None:
    tap, published = told
    margins = [f"{name}{when}" for name in ("initMargin", "maintMargin", "equityWithLoan") for when in
               ("Before", "Change", "After")]  # fmt: skip
    tap.openOrder(7, *what_if(**dict.fromkeys(margins, unset), warningText="odd"))
    (seen,) = published
    assert isinstance(seen, WhatIfSeen)
    values = {name: getattr(seen, name) for name in WhatIfSeen.__slots__}
    assert (values.pop("order_id"), values.pop("warning"), values.pop("commission_currency")) == (7, "odd", "")
    assert set(values.values()) == {None}


@pytest.mark.parametrize("names", ["commission", "commissionAndFees"])
def test_a_cost_by_either_name(told: tuple[EventTap, list[Fact]], names: str) -> None:
    tap, published = told
    large = names[0].upper() + names[1:]
    fields = {names: 2.5, f"min{large}": "1", f"max{large}": Decimal(4), f"{names}Currency": "USD"}
    contract, order, state = what_if(initMarginChange="669.375", **fields)
    if names == "commission" and hasattr(state, "commissionAndFees"):
        pytest.skip("this ibapi has the newer names")
    tap.openOrder(7, contract, order, state)
    (seen,) = published
    assert isinstance(seen, WhatIfSeen)
    assert (seen.commission, seen.min_commission, seen.max_commission) == (Decimal("2.5"), Decimal(1), Decimal(4))
    assert (seen.commission_currency, seen.init_margin_change) == ("USD", Decimal("669.375"))


def test_account_positions_and_profit(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    contract = Contract()
    contract.symbol, contract.currency = "EUR", "USD"
    tap.accountSummary(9, "DU1", "NetLiquidation", "1000000.00", "USD")
    tap.accountSummary(9, "DU1", "AccountType", "INDIVIDUAL", None)
    tap.accountSummaryEnd(9)
    tap.position("DU1", contract, -25000.0, 1.1)
    tap.position("DU1", contract, Decimal(0), LARGEST)
    tap.positionEnd()
    tap.pnl(8, -2.25, LARGEST, None)
    assert published == [
        AccountValueSeen(request_id=9, account="DU1", tag="NetLiquidation", value="1000000.00", currency="USD"),
        AccountValueSeen(request_id=9, account="DU1", tag="AccountType", value="INDIVIDUAL", currency=""),
        AccountSummaryEnd(request_id=9),
        PositionSeen(account="DU1", contract="EUR.USD", quantity=Decimal(-25000), average_cost=Decimal("1.1")),
        PositionSeen(account="DU1", contract="EUR.USD", quantity=Decimal(0), average_cost=None),
        PositionsEnd(),
        ProfitSeen(request_id=8, daily=Decimal("-2.25"), unrealized=None, realized=None),
    ]


@pytest.mark.parametrize("unset", UNSET)
def test_o17_a_position_without_a_size_is_reported_and_not_taken_for_none(
    told: tuple[EventTap, list[Fact]], unset: Any
) -> None:
    tap, published = told
    tap.position("DU1", Contract(), unset, 1.1)
    (seen,) = published
    assert isinstance(seen, NoticeSeen)
    assert seen.code == 508


@pytest.mark.parametrize("unset", UNSET)
def test_o17_what_is_not_known_of_an_order_is_none(told: tuple[EventTap, list[Fact]], unset: Any) -> None:
    tap, published = told
    order = Order()
    order.action = "SSHORT"
    for name in ("totalQuantity", "lmtPrice", "auxPrice", "filledQuantity"):
        setattr(order, name, unset)
    tap.openOrder(7, Contract(), order, OrderState())
    tap.completedOrder(Contract(), order, OrderState())
    opened, completed = published
    assert isinstance(opened, OpenOrderSeen)
    assert isinstance(completed, CompletedOrderSeen)
    assert (opened.contract, opened.side, opened.quantity, opened.filled) == (None, None, None, None)
    assert (opened.limit_price, opened.stop_price, opened.parent_id) == (None, None, None)
    assert (completed.contract, completed.side, completed.quantity, completed.filled) == (None, None, None, None)


def test_an_open_order_in_full(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    contract, order = Contract(), Order()
    contract.localSymbol = "EUR.USD"
    order.action, order.totalQuantity, order.orderType, order.tif = "SELL", "25000", "STP LMT", "GTC"
    order.lmtPrice, order.auxPrice, order.parentId, order.filledQuantity = 1.08505, 1.09, 6, "10000"
    tap.openOrder(7, contract, order, OrderState())
    (seen,) = published
    assert isinstance(seen, OpenOrderSeen)
    assert (seen.contract, seen.side, seen.quantity) == ("EUR.USD", Side.SELL, Decimal(25000))
    assert (seen.order_type, seen.time_in_force, seen.parent_id) == ("STP LMT", "GTC", 6)
    assert (seen.limit_price, seen.stop_price, seen.filled) == (Decimal("1.08505"), Decimal("1.09"), Decimal(10000))
