"""Times, notices, frames and callbacks: what comes in, read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.contract import Contract
from ibapi.execution import Execution
from ibapi.order import Order
from ibapi.order_state import OrderState

from runner.core.events import Severity
from runner.core.facts import (
    CommissionSeen,
    CompletedOrderSeen,
    ExecutionSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
    TickSeen,
)
from runner.core.ticket import Side
from runner.ib import versions
from runner.ib.notices import Disposition, classify, severity
from runner.ib.tap import EventTap
from runner.ib.times import handshake_zone, parse_time
from runner.ib.transport import FrameBuffer, FrameTooLong

AT = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
LARGEST = 1.7976931348623157e308
UNSET_DECIMAL = Decimal(2**127 - 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261124-14:30:00", AT),
        ("20261124 14:30:00 UTC", AT),
        ("20261124  14:30:00 GMT", AT),
        ("20261124 09:30:00 EST", AT),
        ("20261124 09:30:00 America/New_York", AT),
        ("20261124 09:30:00 US/Eastern", AT),
        ("20261124 15:30:00 CET", AT),
        ("20261124  23:30:00", AT),  # no zone: that of the greeting
        ("20261124 14:30:00 CST", None),  # Chicago or Shanghai
        ("20261124 14:30:00 Central European Standard Time", None),
        ("20261124 14:30:00 ../../etc/passwd", None),
        ("20261324-14:30:00", None),
        ("2026-11-24 14:30:00", None),
        ("", None),
    ],
)
def test_times(text: str, expected: datetime | None) -> None:
    assert parse_time(text, timezone(timedelta(hours=9))) == expected


def test_a_time_without_zone_is_unknown_when_the_greeting_has_none() -> None:
    assert parse_time("20261124  14:30:00", None) is None


@pytest.mark.parametrize(
    ("greeting", "offset"),
    [
        ("20261124 08:11:16 EST", -5),
        ("20261124 08:11:16 fxrun simulated", 0),
        ("20261124 08:11:16 UTC fxrun simulated", 0),
    ],
)
def test_zone_of_the_greeting(greeting: str, offset: int) -> None:
    zone = handshake_zone(greeting)
    assert zone is not None
    assert zone.utcoffset(AT.replace(tzinfo=None)) == timedelta(hours=offset)


def test_greeting_without_zone() -> None:
    assert handshake_zone("20261124 08:11:16") is None
    assert handshake_zone("") is None


D = Disposition


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([399, 404, 10349, 10167, 492, 165, 2100, 2109, 2199], D.WARNING),
        ([2104, 2106, 2158], D.INFO),
        ([110, 200, 201, 203, 321, 383, 10268, 10269, 10289, 10293, 10318, 133, 434, 451, 460], D.REJECT_ORDER),
        ([103], D.DUPLICATE_ID),
        ([202], D.CANCEL_CONFIRMED),
        ([135, 136, 161, 10147, 10148], D.CANCEL_FAILED),
        ([104, 105, 134], D.MODIFY_FAILED),
        ([1100, 1300, 2110, 504], D.CONNECTION_LOST),
        ([1101, 1102], D.CONNECTION_BACK),
        ([326], D.CLIENT_ID_IN_USE),
        ([0, 1, 99999, 508, 512], D.UNKNOWN_ORDER_CODE),
    ],
)
def test_codes_about_an_order(codes: list[int], expected: Disposition) -> None:
    assert {classify(code, about_order=True) for code in codes} == {expected}


def test_a_change_that_is_refused_leaves_the_order_working() -> None:
    refused = {classify(code, about_order=True, acknowledged=True) for code in (104, 105, 110, 321, 329, 383)}
    assert refused == {D.MODIFY_FAILED}
    assert classify(201, about_order=True, acknowledged=True) is D.REJECT_ORDER


@given(st.integers(-10, 20000))
def test_no_code_about_something_else_touches_an_order(code: int) -> None:
    ends = {D.REJECT_ORDER, D.CANCEL_CONFIRMED, D.DUPLICATE_ID, D.UNKNOWN_ORDER_CODE}
    assert classify(code, about_order=False) not in ends


def test_severity() -> None:
    assert [severity(code) for code in (2104, 202, 1102)] == [Severity.INFO] * 3
    assert [severity(code) for code in (399, 2103, 77777)] == [Severity.WARNING] * 3
    assert [severity(code) for code in (201, 1100, 10148)] == [Severity.ERROR] * 3


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 50))
def test_frames_come_out_as_they_went_in(bodies: list[bytes], step: int) -> None:
    stream = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    buffer, seen = FrameBuffer(), []
    for start in range(0, len(stream), step):
        buffer.receive(stream[start : start + step])
        seen += list(buffer.frames())
    assert seen == bodies
    assert buffer.pending == b""


def test_frames_before_a_fault_are_given_out() -> None:
    buffer = FrameBuffer(limit=10)
    buffer.receive(b"\0\0\0\1a\0\0\0\x0b")
    frames = buffer.frames()
    assert next(frames) == b"a"
    with pytest.raises(FrameTooLong, match="a frame of 11 bytes"):
        next(frames)


def test_the_installed_ibapi() -> None:
    info = versions.installed()
    assert len(info.distributions) == 1
    name, version = info.distributions[0]
    assert "ibapi" in name
    assert version.startswith(info.module_version.split("-")[0][:4])
    assert versions.greeting() == b"API\0\0\0\0\x09v100..%d" % info.max_server_version
    assert versions.offered(info.max_server_version)
    assert not versions.offered(info.max_server_version + 1)


@pytest.fixture
def told() -> tuple[EventTap, list[Fact]]:
    """A tap, and what it publishes. What the versions of ibapi give differs by type, so all types are tried on each."""
    published: list[Fact] = []
    return EventTap(published.append), published


@pytest.mark.parametrize("quantity", [25000.0, Decimal(25000), "25000", 25000])
@pytest.mark.parametrize("perm_id", [0, None, 2**63 - 1, 2**31 - 1])
def test_order_status_of_every_generation(told: tuple[EventTap, list[Fact]], quantity: Any, perm_id: Any) -> None:
    tap, published = told
    tap.orderStatus(7, "Submitted", 0, quantity, LARGEST, perm_id, 2**31 - 1, LARGEST, 5, None, LARGEST)
    assert published == [
        OrderStatusSeen(
            order_id=7, client_id=5, perm_id=None, status="Submitted", filled=Decimal(0), remaining=Decimal(25000),
            average_price=None, why_held="",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "unset", [UNSET_DECIMAL, LARGEST, 2**31 - 1, None, "", Decimal("NaN"), float("nan"), str(UNSET_DECIMAL)]
)
def test_unset_quantities_are_none(told: tuple[EventTap, list[Fact]], unset: Any) -> None:
    tap, published = told
    tap.orderStatus(7, "Submitted", unset, unset, 0.0, 9, 0, 0.0, 5, "child", 0.0)
    (seen,) = published
    assert isinstance(seen, OrderStatusSeen)
    assert (seen.filled, seen.remaining, seen.average_price, seen.why_held) == (None, None, None, "child")


@pytest.mark.parametrize("written", [25000.0, Decimal("25000.0"), "25000.00", Decimal("2.5E+4")])
def test_a_quantity_looks_the_same_however_it_was_written(told: tuple[EventTap, list[Fact]], written: Any) -> None:
    tap, published = told
    tap.orderStatus(7, "Filled", written, 0, 1.1, 9, 0, 0.0, 5, "", 0.0)
    (seen,) = published
    assert isinstance(seen, OrderStatusSeen)
    assert (str(seen.filled), str(seen.remaining), str(seen.average_price)) == ("25000", "0", "1.1")


def test_open_order(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    order, state = Order(), OrderState()
    order.clientId, order.permId, order.orderRef, order.account = 5, 99, "fx1:p:x", "DU1"
    state.status, state.warningText = "PreSubmitted", ""
    tap.openOrder(7, Contract(), order, state)
    assert published == [
        OpenOrderSeen(
            order_id=7, client_id=5, perm_id=99, order_ref="fx1:p:x", account="DU1", status="PreSubmitted", warning=""
        )
    ]


def test_completed_order(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    order, state = Order(), OrderState()
    order.permId, order.orderRef, order.account, order.filledQuantity = 99, "fx1:p:x", "DU1", "25000"
    state.status, state.completedStatus, state.completedTime = "Filled", "Filled Size: 25000", "20261124-14:30:00"
    tap.completedOrder(Contract(), order, state)
    assert published == [
        CompletedOrderSeen(
            perm_id=99, order_ref="fx1:p:x", account="DU1", status="Filled", completed_status="Filled Size: 25000",
            filled=Decimal(25000), at=AT,
        )
    ]  # fmt: skip


def execution(**changes: Any) -> Execution:
    made = Execution()
    values = {
        "orderId": 7, "clientId": 5, "permId": 99, "orderRef": "r", "execId": "e.1.01", "acctNumber": "DU1",
        "side": "SLD", "price": 1.08505, "shares": 25000.5, "time": "20261124-14:30:00",
    }  # fmt: skip
    for name, value in (values | changes).items():
        setattr(made, name, value)
    return made


def test_execution_without_local_symbol(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    contract = Contract()
    contract.symbol, contract.currency = "EUR", "USD"
    tap.execDetails(-1, contract, execution())
    (seen,) = published
    assert isinstance(seen, ExecutionSeen)
    assert (seen.contract, seen.side, seen.price, seen.quantity) == (
        "EUR.USD", Side.SELL, Decimal("1.08505"), Decimal("25000.5"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"side": "?"}, {"price": LARGEST}, {"shares": UNSET_DECIMAL}, {"shares": "many"}, {"shares": "1e999999999"}],
)
def test_an_execution_that_makes_no_sense_is_reported(
    told: tuple[EventTap, list[Fact]], changes: dict[str, Any]
) -> None:
    tap, published = told
    tap.execDetails(-1, Contract(), execution(**changes))
    (seen,) = published
    assert isinstance(seen, NoticeSeen)
    assert (seen.about, seen.code) == (-1, 508)
    assert "execDetails" in seen.text


@pytest.mark.parametrize(("amount", "expected"), [(2.0, Decimal("2.0")), (LARGEST, None), (0.0, Decimal("0.0"))])
def test_commission_by_both_names(told: tuple[EventTap, list[Fact]], amount: float, expected: Decimal | None) -> None:
    tap, published = told
    tap.commissionReport(SimpleNamespace(execId="e", commission=amount, currency="USD"))
    tap.commissionAndFeesReport(SimpleNamespace(execId="e", commissionAndFees=amount, currency="USD"))
    assert published == [CommissionSeen(exec_id="e", amount=expected, currency="USD")] * 2


def test_ticks(told: tuple[EventTap, list[Fact]]) -> None:
    tap, published = told
    for tick_type, price in ((1, 1.085), (2, 1.0851), (66, 1.084), (4, 1.0), (1, -1.0), (2, 0.0), (1, LARGEST)):
        tap.tickPrice(3, tick_type, price, None)
    assert published == [
        TickSeen(request_id=3, field="bid", price=Decimal("1.085")),
        TickSeen(request_id=3, field="ask", price=Decimal("1.0851")),
        TickSeen(request_id=3, field="bid", price=Decimal("1.084")),
    ]
