"""Orders from their placing to their end, over a socket, on virtual time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.wire.messages import (
    CancelOrder,
    CommissionReport,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    GlobalCancel,
    NextValidId,
    OpenOrder,
    OrderStatus,
    Position,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestIds,
    RequestOpenOrders,
    RequestPositions,
    SpecificDate,
    WireContract,
)
from tests.integration.gateway_peer import START, Client, errors, kinds, only, order, prices, staged, statuses

FRIDAY_EVENING = datetime(2025, 3, 7, 22, 30, tzinfo=UTC)
SUNDAY_OPENING = datetime(2025, 3, 9, 21, 15, tzinfo=UTC)  # 17:15 in New York, where that day's clocks went forward


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def test_market_order_in_the_order_a_tws_says_it(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.08500", "1.08520"))) as stage:
        told = stage.client().ask(order(1))
        assert kinds(told) == [
            "OpenOrder", "OrderStatus", "ExecutionDetails", "OpenOrder", "OrderStatus", "CommissionReport"
        ]  # fmt: skip
        assert statuses(told) == [(1, "Submitted"), (1, "Filled")]
        execution = only(ExecutionDetails, told)[0].execution
        assert (execution.price, execution.shares, execution.side) == (Decimal("1.0852"), 25000, "BOT")
        assert execution.time == "20250305 14:30:00 UTC"
        report = only(CommissionReport, told)[0]
        assert (report.execution_id, report.commission, report.currency) == (execution.execution_id, 2, "USD")
        assert re.fullmatch(r"0000[0-9a-f]{4}\.[0-9a-f]{8}\.01\.01", execution.execution_id)
        last = only(OrderStatus, told)[-1]
        assert (last.filled, last.remaining, last.average_fill_price) == (25000, 0, Decimal("1.0852"))


def test_sell_at_the_bid_and_realized_profit(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.08500", "1.08520"), (60, "1.08620", "1.08640"))) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(200_000)))
        stage.pass_until(after(60))
        told = client.ask(order(2, "SELL", total_quantity=Decimal(200_000)))
        assert only(ExecutionDetails, told)[0].execution.price == Decimal("1.08620")
        report = only(CommissionReport, told)[0]
        assert report.realized_pnl == 200  # ten pips of 200,000
        assert report.commission == Decimal("4.34")  # 0.2 basis points of 217,240


@pytest.mark.parametrize(
    ("wanted", "filled_at", "price"),
    [
        (order(1, "BUY", "LMT", limit="1.0840"), 60, "1.0840"),
        (order(1, "SELL", "LMT", limit="1.0860"), 120, "1.0860"),
        (order(1, "BUY", "STP", stop="1.0858"), 120, "1.0863"),
        (order(1, "SELL", "STP", stop="1.0842"), 60, "1.0837"),
        (order(1, "BUY", "STP LMT", stop="1.0858", limit="1.0870"), 120, "1.0863"),
        (order(1, "BUY", "STP LMT", stop="1.0858", limit="1.0855"), 180, "1.0855"),
        (order(1, "BUY", "LMT", limit="1.0860"), 0, "1.0852"),  # marketable on arrival: at the quote
        (order(1, "SELL", "STP", stop="1.0860"), 0, "1.0850"),
    ],
)
def test_resting_orders_fill_at_the_touch(wanted, filled_at: int, price: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    market = prices(
        tmp_path,
        (0, "1.0850", "1.0852"),
        (60, "1.0837", "1.0839"),
        (120, "1.0861", "1.0863"),
        (180, "1.0850", "1.0852"),
    )
    with staged(market) as stage:
        client = stage.client()
        told = client.ask(wanted)
        if filled_at:
            assert not only(ExecutionDetails, told)
            stage.pass_until(after(filled_at - 1))
            assert not only(ExecutionDetails, client.ask())
            assert stage.settled().next_event == after(filled_at)
            stage.pass_until(after(filled_at))
            told = client.ask()
        (done,) = only(ExecutionDetails, told)
        assert done.execution.price == Decimal(price)


def test_a_market_order_takes_the_first_quote_there_is(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (60, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        assert statuses(client.ask(order(1))) == [(1, "Submitted")]
        assert stage.pass_until(after(600)) == [after(60)]
        assert only(ExecutionDetails, client.ask())[0].execution.price == Decimal("1.0852")


def test_a_stop_rests_as_presubmitted(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        (status,) = only(OrderStatus, stage.client().ask(order(1, "BUY", "STP", stop="1.0900")))
        assert (status.status, status.why_held) == ("PreSubmitted", "trigger")


def test_bracket_to_its_end(tmp_path: Path) -> None:
    market = prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0838", "1.0840"), (120, "1.0801", "1.0803"))
    with staged(market) as stage:
        client = stage.client()
        assert client.ask(order(1, "BUY", "LMT", limit="1.0840", transmit=False)) == []
        assert client.ask(order(2, "SELL", "LMT", limit="1.0900", parent_id=1, transmit=False)) == []
        told = client.ask(order(3, "SELL", "STP", stop="1.0802", parent_id=1))
        assert statuses(told) == [(1, "Submitted"), (2, "PreSubmitted"), (3, "PreSubmitted")]
        assert [one.why_held for one in only(OrderStatus, told)] == ["", "child", "child"]
        assert len({one.perm_id for one in only(OrderStatus, told)}) == 3
        groups = [(one.order.oca_group, one.order.oca_type) for one in only(OpenOrder, told)]
        parent = only(OrderStatus, told)[0].perm_id
        assert groups == [("", 0), (str(parent), 3), (str(parent), 3)]
        stage.pass_until(after(60))
        told = client.ask()
        assert statuses(told) == [(1, "Filled"), (2, "Submitted"), (3, "PreSubmitted")]
        assert [one.why_held for one in only(OrderStatus, told)] == ["", "", "trigger"]
        stage.pass_until(after(120))
        told = client.ask()
        assert statuses(told) == [(3, "Filled"), (2, "Cancelled")]
        assert only(ExecutionDetails, told)[0].execution.price == Decimal("1.0801")  # a stop takes what there is
        assert errors(told) == [(2, 202)]


def test_a_cancelled_parent_takes_its_children_along(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        client.ask(
            order(1, "BUY", "LMT", limit="1.0840", transmit=False), order(2, "SELL", "STP", stop="1.08", parent_id=1)
        )
        told = client.ask(CancelOrder(order_id=1))
        assert kinds(told) == ["OrderStatus", "ErrorMessage"] * 2
        assert statuses(told) == [(1, "Cancelled"), (2, "Cancelled")]
        assert [one.remaining for one in only(OrderStatus, told)] == [25000, 25000]
        assert {one.text for one in only(ErrorMessage, told)} == {"Order Canceled - reason:"}


def test_one_of_an_oca_group_cancels_the_other(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0838", "1.0840"))) as stage:
        client = stage.client()
        client.ask(
            order(1, "BUY", "LMT", limit="1.0840", oca_group="g", oca_type=1),
            order(2, "SELL", "LMT", limit="1.0900", oca_group="g", oca_type=1),
        )
        stage.pass_until(after(60))
        told = client.ask(CancelOrder(order_id=2))
        assert statuses(told) == [(1, "Filled"), (2, "Cancelled")]
        assert errors(told) == [(2, 202), (2, 10148)]
        assert only(ErrorMessage, told)[-1].text.endswith("cannot be cancelled, state: Cancelled.")


def test_modified_price_and_quantity_keep_the_perm_id(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        (first,) = only(OpenOrder, client.ask(order(1, "BUY", "LMT", limit="1.0840")))
        told = client.ask(order(1, "BUY", "LMT", limit="1.0841", total_quantity=Decimal(30000)))
        (changed,) = only(OpenOrder, told)
        assert (changed.order.limit_price, changed.order.total_quantity) == (Decimal("1.0841"), 30000)
        assert changed.order.perm_id == first.order.perm_id
        refused = client.ask(order(1, "BUY", "LMT", limit="1.08413"))
        assert (errors(refused), statuses(refused)) == ([(1, 110)], [])
        (still,) = only(OpenOrder, client.ask(RequestOpenOrders()))
        assert still.order.limit_price == Decimal("1.0841")
        assert statuses(client.ask(order(1, "BUY", "LMT", limit="1.0852"))) == [(1, "Submitted"), (1, "Filled")]


def test_a_modified_stop_waits_for_its_new_price(tmp_path: Path) -> None:
    market = prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0861", "1.0863"))
    with staged(market) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "STP LMT", stop="1.0860", limit="1.0861"))
        stage.pass_until(after(60))
        assert statuses(client.ask()) == [(1, "Submitted")], "triggered, and its limit rests"
        told = client.ask(order(1, "BUY", "STP LMT", stop="1.0870", limit="1.0871"))
        assert [(one.status, one.why_held) for one in only(OrderStatus, told)] == [("PreSubmitted", "trigger")]
        told = client.ask(order(1, "BUY", "STP", stop="1.0860"))
        assert statuses(told)[-1] == (1, "Filled")


def test_what_a_modification_may_not_change() -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5"))
        assert errors(client.ask(order(1, "SELL", "LMT", limit="0.5"))) == [(1, 105)]
        other = WireContract(local_symbol="GBP.USD", exchange="IDEALPRO")
        assert errors(client.ask(order(1, "BUY", "LMT", limit="0.5", contract=other))) == [(1, 105)]
        too_big = client.ask(order(1, "BUY", "LMT", limit="0.5", total_quantity=Decimal(50_000_000)))
        assert (errors(too_big), statuses(too_big)) == ([(1, 201)], [])
        (still,) = only(OpenOrder, client.ask(RequestOpenOrders()))
        assert (still.order.action, still.order.total_quantity) == ("BUY", 25000)


@pytest.mark.parametrize("what_if", [False, True])
def test_an_order_says_where_it_goes(what_if: bool) -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(order(1, contract=WireContract(contract_id=12087792), what_if=what_if))
        (refused,) = only(ErrorMessage, told)
        assert (refused.about, refused.code) == (1, 321)
        assert refused.text.endswith("Missing order exchange")
        assert kinds(told) == ["ErrorMessage"]


def test_a_held_order_may_be_changed_before_it_is_transmitted(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        assert client.ask(order(1, "BUY", "LMT", limit="0.5", transmit=False)) == []
        assert client.ask(order(1, "BUY", "LMT", limit="0.6", transmit=False)) == []
        told = client.ask(order(1, "BUY", "LMT", limit="0.7"))
        assert only(OpenOrder, told)[0].order.limit_price == Decimal("0.7")


def test_a_child_of_an_order_that_is_over() -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5"), CancelOrder(order_id=1))
        told = client.ask(order(2, "SELL", "LMT", limit="2.0", parent_id=1))
        assert (statuses(told), errors(told)) == ([(2, "Inactive")] * 2, [(2, 201)])
        told = client.ask(order(3), order(4, "SELL", "LMT", limit="2.0", parent_id=3))
        assert statuses(told)[-1] == (4, "Submitted"), "the parent is filled already"


def test_what_is_filled_reduces_the_rest_of_a_bracket(tmp_path: Path) -> None:
    market = prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0871", "1.0873"), (120, "1.0791", "1.0793"))
    with staged(market) as stage:
        client = stage.client()
        part = Decimal(10_000)
        client.ask(
            order(1, transmit=False),
            order(2, "SELL", "LMT", limit="1.0870", parent_id=1, total_quantity=part, transmit=False),
            order(3, "SELL", "STP", stop="1.0800", parent_id=1),
        )
        stage.pass_until(after(60))
        told = client.ask()
        assert statuses(told) == [(2, "Filled"), (3, "PreSubmitted")]
        assert only(OrderStatus, told)[-1].remaining == 15_000
        stage.pass_until(after(120))
        assert only(ExecutionDetails, client.ask())[0].execution.shares == 15_000


def test_an_order_that_rests_for_years() -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5", time_in_force="GTC"))
        began = time.monotonic()
        stops = stage.pass_until(START + timedelta(days=5 * 365))
        assert len(stops) == 4, "it is looked at again every 400 days, and not more often"
        assert time.monotonic() - began < 5
        assert only(OpenOrder, client.ask(RequestOpenOrders()))[0].order_id == 1


def test_day_orders_end_with_the_session_and_gtc_orders_do_not(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="1.0840"), order(2, "BUY", "LMT", limit="1.0840", time_in_force="GTC"))
        closing = datetime(2025, 3, 5, 22, 0, tzinfo=UTC)  # 17:00 in New York
        assert stage.pass_until(closing) == [closing]
        told = client.ask()
        assert (statuses(told), errors(told)) == ([(1, "Cancelled")], [(1, 202)])
        assert [one.order_id for one in only(OpenOrder, client.ask(RequestOpenOrders()))] == [2]


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_immediate_orders_never_rest(time_in_force: str, tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        told = client.ask(order(1, "BUY", "LMT", limit="1.0840", time_in_force=time_in_force))
        assert statuses(told) == [(1, "Submitted"), (1, "Cancelled")]
        assert errors(told) == [(1, 202)]
        told = client.ask(order(2, "BUY", "LMT", limit="1.0852", time_in_force=time_in_force))
        assert statuses(told) == [(2, "Submitted"), (2, "Filled")]


def test_a_market_order_waits_for_the_opening() -> None:
    with staged(start=FRIDAY_EVENING) as stage:
        client = stage.client()
        told = client.ask(order(1))
        assert statuses(told) == [(1, "PreSubmitted")]
        (warning,) = only(ErrorMessage, told)
        assert (warning.about, warning.code) == (1, 399)
        assert warning.text == (
            "Order Message:\nBUY 25000 EUR.USD Forex\n"
            "Warning: Your order will not be placed at the exchange until 2025-03-09 17:15:00 US/Eastern."
        )
        assert stage.pass_until(SUNDAY_OPENING) == [SUNDAY_OPENING]
        told = client.ask()
        assert statuses(told) == [(1, "Submitted"), (1, "Filled")]
        assert only(ExecutionDetails, told)[0].execution.time == "20250309 21:15:00 UTC"


def test_an_order_the_market_opens_beyond_gets_the_better_price(tmp_path: Path) -> None:
    over_the_break = int((datetime(2025, 3, 5, 22, 15, tzinfo=UTC) - START).total_seconds())
    market = prices(tmp_path, (0, "1.0850", "1.0852"), (over_the_break - 60, "1.0800", "1.0802"))
    with staged(market) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="1.0840", time_in_force="GTC"))
        assert stage.pass_until(after(over_the_break + 5)) == [after(over_the_break)]
        assert only(ExecutionDetails, client.ask())[0].execution.price == Decimal("1.0802")


def test_a_parent_waiting_for_the_opening_holds_its_children() -> None:
    with staged(start=FRIDAY_EVENING) as stage:
        client = stage.client()
        told = client.ask(order(1, transmit=False), order(2, "SELL", "LMT", limit="2.0", parent_id=1))
        assert [one.why_held for one in only(OrderStatus, told)] == ["", "child"]
        assert errors(told) == [(1, 399)]
        stage.pass_until(SUNDAY_OPENING)
        assert statuses(client.ask()) == [(1, "Submitted"), (1, "Filled"), (2, "Submitted")]


UNKNOWN = WireContract(symbol="EUR", currency="XXX", security_type="CASH", exchange="IDEALPRO")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (order(1, contract=UNKNOWN), 200),
        (order(1, "BUY", "LMT", limit="0.500013"), 110),
        (order(1, "BUY", "STP", stop="1.08501"), 110),
        (order(1, e_trade_only=True, firm_quote_only=True), 10268),
        (order(1, firm_quote_only=True), 10269),
        (order(1, total_quantity=Decimal(0)), 434),
        (order(1, total_quantity=Decimal(-1)), 321),
        (order(1, total_quantity=None), 434),
        (order(1, "HOLD"), 321),
        (order(1, "BUY", "MOC"), 387),
        (order(1, "BUY", "TRAIL"), 158),
        (order(1, "BUY", "LMT"), 321),
        (order(1, time_in_force="NEVER"), 321),
        (order(1, account="DU7"), 321),
        (order(1, parent_id=77), 135),
        (order(1, what_if=True, transmit=False), 321),
    ],
)
def test_refused_orders_leave_nothing(wanted, code: int) -> None:  # type: ignore[no-untyped-def]
    with staged() as stage:
        client = stage.client()
        told = client.ask(wanted)
        assert (kinds(told), errors(told)) == (["ErrorMessage"], [(1, code)])
        assert only(OpenOrder, client.ask(RequestAllOpenOrders())) == []
        assert errors(client.ask(CancelOrder(order_id=1))) == [(1, 10147)]


def test_an_order_id_serves_once(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        client.ask(order(5), order(6, "BUY", "LMT", limit="1.08"), CancelOrder(order_id=6), order(7, contract=UNKNOWN))
        for used, code in ((5, 104), (6, 103), (7, 103), (4, 103)):
            assert errors(client.ask(order(used))) == [(used, code)]
        assert only(NextValidId, client.ask(RequestIds(count=-1)))[0].order_id == 8


@pytest.mark.parametrize(("order_id", "code", "state"), [(9, 10147, "is not found."), (1, 10148, "state: Filled.")])
def test_cancels_that_find_nothing_to_cancel(order_id: int, code: int, state: str) -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1))
        (answer,) = only(ErrorMessage, client.ask(CancelOrder(order_id=order_id)))
        assert (answer.about, answer.code) == (order_id, code)
        assert answer.text.startswith(f"OrderId {order_id} that needs to be cancelled ")
        assert answer.text.endswith(state)


def test_an_order_that_was_never_transmitted() -> None:
    with staged() as stage:
        client = stage.client()
        assert client.ask(order(1, transmit=False)) == []
        (status,) = only(OrderStatus, client.ask(CancelOrder(order_id=1)))
        assert (status.status, status.perm_id) == ("ApiCancelled", 0)


def test_too_big_for_the_margin() -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(
            order(1, total_quantity=Decimal(50_000_000), transmit=False),
            order(2, "SELL", "LMT", limit="2.0", parent_id=1),
        )
        assert statuses(told) == [(1, "Inactive"), (1, "Inactive"), (2, "ApiCancelled")]
        assert errors(told) == [(1, 201)]
        assert only(ErrorMessage, told)[0].text.startswith("Order rejected - reason:")
        assert not only(ExecutionDetails, told)
        assert only(OpenOrder, client.ask(RequestOpenOrders())) == []
        big = Decimal(30_000_000)
        client.ask(order(3, total_quantity=big))
        stage.pass_until(after(60))
        client.ask(order(4, "SELL", total_quantity=big))
        stage.pass_until(after(120))
        assert statuses(client.ask())[-1] == (4, "Filled"), "closing always passes"


def test_an_order_that_lowers_the_margin_always_passes(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0600", "1.0602"))) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(30_000_000)))
        stage.pass_until(after(60))
        assert errors(client.ask(order(2))) == [(2, 201)], "the loss leaves less than the margin"
        assert errors(client.ask(order(3, "SELL", total_quantity=Decimal(10_000_000)))) == []


@pytest.mark.parametrize(("pair", "least"), [("EUR.USD", 20_000), ("USD.JPY", 25_000)])
def test_odd_lots_are_filled_with_a_warning(pair: str, least: int) -> None:
    contract = WireContract(local_symbol=pair, exchange="IDEALPRO")
    with staged() as stage:
        client = stage.client()
        told = client.ask(order(1, total_quantity=Decimal(5000), contract=contract))
        (warning,) = only(ErrorMessage, told)
        assert warning.text == (
            f"Order Message:\nBUY 5000 {pair} Forex\nWarning: Your order size is below the {pair[:3]} {least} "
            "IdealPro minimum and will be routed as an odd lot order."
        )
        assert statuses(told)[-1] == (1, "Filled")
        assert errors(client.ask(order(2, total_quantity=Decimal(least), contract=contract))) == []


def test_what_if_tells_and_does_nothing() -> None:
    with staged() as stage:
        client = stage.client()
        (told,) = client.ask(order(1, what_if=True))
        assert isinstance(told, OpenOrder)
        assert told.order.what_if
        state = told.order_state
        assert state.commission == 2
        assert state.init_margin_before == 0
        assert state.init_margin_after == state.init_margin_change
        assert state.init_margin_after is not None
        assert 600 < state.init_margin_after < 700  # 2.5 % of some 26,800 dollars
        assert only(Position, client.ask(RequestPositions())) == []
        assert statuses(client.ask(order(1))) == [(1, "Submitted"), (1, "Filled")]


def test_global_cancel_cancels_each_order_once() -> None:
    with staged() as stage:
        client, other = stage.client(1), stage.client(2)
        client.ask(
            order(1, "BUY", "LMT", limit="0.5", transmit=False),
            order(2, "SELL", "LMT", limit="2.0", parent_id=1, transmit=False),
            order(3, "SELL", "STP", stop="0.4", parent_id=1),
            order(4, "BUY", "LMT", limit="0.5", oca_group="g"),
            order(5, "BUY", "LMT", limit="0.4", oca_group="g"),
        )
        other.ask(order(1, "BUY", "LMT", limit="0.5"))
        told = client.ask(GlobalCancel())
        assert sorted(statuses(told)) == [(number, "Cancelled") for number in (1, 2, 3, 4, 5)]
        assert sorted(errors(told)) == [(number, 202) for number in (1, 2, 3, 4, 5)]
        assert statuses(other.ask()) == [(1, "Cancelled")]
        assert statuses(client.ask(order(6)))[-1] == (6, "Filled")


def test_reconnect_finds_everything_again() -> None:
    with staged() as stage:
        client = stage.client(3)
        told = client.ask(order(1), order(2, "BUY", "LMT", limit="0.5", time_in_force="GTC"))
        client.close()
        again = stage.client(3)
        assert only(NextValidId, again.welcome)[0].order_id == 3
        (resting,) = only(OpenOrder, again.ask(RequestOpenOrders()))
        (before,) = [one for one in only(OpenOrder, told) if one.order_id == 2]
        assert resting == before
        executions = again.ask(RequestExecutions(request_id=8))
        assert kinds(executions) == ["ExecutionDetails", "CommissionReport", "ExecutionDetailsEnd"]
        assert only(ExecutionDetails, executions)[0].execution == only(ExecutionDetails, told)[0].execution
        assert only(ExecutionDetails, executions)[0].request_id == 8
        assert only(CommissionReport, executions) == only(CommissionReport, told)
        (completed,) = only(CompletedOrder, again.ask(RequestCompletedOrders()))
        assert (completed.order.order_ref, completed.order_state.status) == ("ref-1", "Filled")


def test_what_a_client_sees_of_another() -> None:
    with staged() as stage:
        one, two = stage.client(1), stage.client(2)
        two.ask(RequestPositions())
        one.ask(order(1), order(2, "BUY", "LMT", limit="0.5"))
        told = two.ask()
        assert kinds(told) == ["Position"], "positions are shared, orders and fills are not"
        assert only(OpenOrder, two.ask(RequestOpenOrders())) == []
        assert [o.order_id for o in only(OpenOrder, two.ask(RequestAllOpenOrders()))] == [2]
        assert only(ExecutionDetails, two.ask(RequestExecutions(request_id=1))) == []
        assert errors(two.ask(CancelOrder(order_id=2))) == [(2, 10147)]
        assert len(only(ExecutionDetails, stage.client(0).ask(RequestExecutions(request_id=1)))) == 1


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 2), ({"side": "BUY"}, 1), ({"side": "SLD"}, 1), ({"symbol": "GBP"}, 0), ({"account": "DU1"}, 0),
        ({"time": "20250305-14:30:30"}, 1), ({"time": "20250305 14:31:00"}, 1), ({"client_id": 5}, 0),
        ({"security_type": "CASH", "exchange": "IDEALPRO"}, 2),
    ],
)  # fmt: skip
def test_executions_by_filter(wanted: dict[str, str], count: int) -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1))
        stage.pass_until(after(60))
        client.ask(order(2, "SELL"))
        told = client.ask(RequestExecutions(request_id=1, **wanted))  # type: ignore[arg-type]
        assert len(only(ExecutionDetails, told)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("20250305 09:30:30 US/Eastern", 1), ("20250305 23:30:30 JST", 1), ("20250305 09:30:00 US/Eastern", 2),
        ("20250305 09:31:01 US/Eastern", 0), ("20250305", 2), ("20250306", 0),
    ],
)  # fmt: skip
def test_executions_from_a_time_in_any_zone(text: str, count: int) -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1))
        stage.pass_until(after(60))
        client.ask(order(2, "SELL"))
        told = client.ask(RequestExecutions(request_id=1, time=text))
        assert len(only(ExecutionDetails, told)) == count


def test_a_time_that_is_none_is_refused_and_no_client_waits() -> None:
    with staged() as stage:
        assert errors(stage.client().ask(RequestExecutions(request_id=7, time="yesterday"))) == [(7, 321)]


def test_executions_of_chosen_days() -> None:
    with staged() as stage:
        client = stage.client(max_version=200)
        client.ask(order(1))
        stage.pass_until(after(86400))
        client.ask(order(2, "SELL"))
        for dates, count in (((20250305,), 1), ((20250306,), 1), ((20250305, 20250306), 2), ((20250304,), 0)):
            wanted = tuple(SpecificDate(date=date) for date in dates)
            told = client.ask(RequestExecutions(request_id=1, specific_dates=wanted))
            assert len(only(ExecutionDetails, told)) == count


def test_the_same_requests_give_the_same_bytes() -> None:
    def run() -> list[object]:
        with staged() as stage:
            client = stage.client()
            told = [*client.welcome, *client.ask(order(1), order(2, "BUY", "LMT", limit="1.0500"))]
            stage.pass_until(after(40 * 86400))
            return [*told, *client.ask()]

    assert run() == run()


def _round(client: Client) -> list[str]:
    return kinds(client.ask(order(1), order(2, "BUY", "LMT", limit="0.5"), CancelOrder(order_id=2)))


def test_every_version_serves_the_same_round() -> None:
    rounds = []
    for version in (157, 163, 166, 176, 178):
        with staged() as stage:
            rounds.append(_round(stage.client(max_version=version)))
    assert all(one == rounds[0] for one in rounds)
