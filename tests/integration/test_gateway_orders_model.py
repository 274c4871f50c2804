"""Odd lots, the model of fills, limits of the account, and what happens to executions afterwards."""

from __future__ import annotations

import gc
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.anomalies import Anomalies
from runner.gateway.book import Entry
from runner.gateway.fills import FillModel
from runner.gateway.settings import GatewaySettings
from runner.gateway.truth import TruthFile
from runner.gateway.venue import Venue
from runner.wire.messages import (
    CancelOrder,
    CommissionReport,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    OrderStatus,
    Position,
    RequestCompletedOrders,
    RequestExecutions,
    RequestPositions,
)
from tests.integration.gateway_peer import START, Stage, errors, kinds, only, order, prices, staged, statuses

STILL = (0, "1.0850", "1.0852")
SMALL = {"total_quantity": Decimal(5000)}


def after(seconds: int):  # type: ignore[no-untyped-def]
    return START + timedelta(seconds=seconds)


def filling(**model: int) -> GatewaySettings:
    return GatewaySettings(fill_model=FillModel(**model))


def at(stage: Stage) -> int:
    return int(stage.time.now().timestamp())


# --- odd lots


def test_an_odd_lot_costs_half_a_pip(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (60, "1.0838", "1.0840"), (120, "1.08375", "1.08395"))) as stage:
        client = stage.client()
        bought, sold = client.ask(order(1, **SMALL)), client.ask(order(2, "SELL", **SMALL))
        assert only(ExecutionDetails, bought)[0].execution.price == Decimal("1.08525")
        assert only(ExecutionDetails, sold)[0].execution.price == Decimal("1.08495")
        client.ask(order(3, "BUY", "LMT", limit="1.0840", **SMALL), order(4, "BUY", "LMT", limit="1.0840"))
        assert stage.pass_until(after(200)) == [after(60), after(120)]
        done = [(one.execution.order_id, one.execution.price) for one in only(ExecutionDetails, client.ask())]
        assert done == [(4, Decimal("1.0840")), (3, Decimal("1.0840"))]


# --- the model


def test_a_fill_takes_its_time_and_the_price_of_then(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (2, "1.0860", "1.0862")), settings=filling(latency=3)) as stage:
        client = stage.client()
        assert statuses(client.ask(order(1))) == [(1, "Submitted")]
        client.ask(order(2, "BUY", "LMT", limit="1.0855"))
        client.ask(order(3, "BUY", "STP", stop="1.0862"))
        assert stage.pass_until(after(60)) == [after(2), after(3), after(5)]
        told = client.ask()
        assert [one.execution.price for one in only(ExecutionDetails, told)] == [Decimal("1.0862")] * 2
        assert statuses(told) == [(3, "Submitted"), (1, "Filled"), (3, "Filled")], "the limit has moved away"


def test_an_order_may_come_in_parts(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL), settings=filling(partial=50)) as stage:
        client = stage.client()
        client.ask(*[order(number, "BUY" if number % 2 else "SELL") for number in range(1, 31)])
        stage.pass_until(after(20))
        client.ask()
        told = client.ask(RequestExecutions(request_id=1))
        parts = dict.fromkeys(range(1, 31), 0)
        for one in only(ExecutionDetails, told):
            parts[one.execution.order_id] += 1
        assert set(parts.values()) == {1, 2, 3, 4}
        assert 8 <= sum(count > 1 for count in parts.values()) <= 22
        filled = sum((one.execution.shares or 0 for one in only(ExecutionDetails, told)), Decimal(0))
        assert filled == 30 * 25_000
        assert statuses(client.ask(order(40, time_in_force="FOK")))[-1] == (40, "Filled")


@pytest.mark.parametrize(
    ("wanted", "price"),
    [
        (order(1), "1.08535"), (order(1, "SELL"), "1.08485"), (order(1, "BUY", "STP", stop="1.0850"), "1.08535"),
        (order(1, "BUY", "LMT", limit="1.0900"), "1.0852"),
        (order(1, "BUY", "STP LMT", stop="1.0850", limit="1.0853"), "1.0853"),
        (order(1, "SELL", "STP LMT", stop="1.0852", limit="1.0800"), "1.08485"),
    ],
)  # fmt: skip
def test_slippage_never_beyond_a_limit(wanted, price: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with staged(prices(tmp_path, STILL), settings=filling(slippage=3)) as stage:
        (done,) = only(ExecutionDetails, stage.client().ask(wanted))
        assert done.execution.price == Decimal(price)


def test_the_exchange_refuses(tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "truth")
    with staged(prices(tmp_path, STILL), settings=filling(reject=100), truth=truth) as stage:
        client = stage.client()
        told = client.ask(order(1, transmit=False), order(2, "SELL", "LMT", limit="1.2", parent_id=1))
        assert kinds(told) == ["OpenOrder", "OrderStatus", "ErrorMessage", "OrderStatus", "OrderStatus"]
        assert statuses(told) == [(1, "Inactive"), (1, "Inactive"), (2, "ApiCancelled")]
        assert errors(told) == [(1, 201)]
        (completed,) = only(CompletedOrder, client.ask(RequestCompletedOrders()))
        assert completed.order_state.status == "Inactive"
    lines = [json.loads(line) for line in (tmp_path / "truth").read_text().splitlines()]
    assert [(one["event"], one["order_id"]) for one in lines if one["event"] != "frame"] == [("cancel", 2)]


def test_nothing_is_told(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL), settings=filling(silence=100)) as stage:
        client = stage.client()
        assert kinds(client.ask(RequestPositions(), order(1))) == ["PositionEnd", "Position"]
        assert client.ask(CancelOrder(order_id=1))


def test_which_order_meets_what_depends_on_the_seed() -> None:
    model = FillModel(reject=30, silence=30, partial=30)
    keys = [(1, number) for number in range(1, 2001)]
    met = [model.is_rejected(1, key) for key in keys]
    assert met == [model.is_rejected(1, key) for key in keys]
    assert met != [model.is_rejected(2, key) for key in keys]
    assert met != [model.is_silent(1, key) for key in keys]
    assert 500 < sum(met) < 700
    assert {model.most_at_once(1, key, Decimal(25_001)) for key in keys} == {25_001, 12_501, 8_334, 6_251}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("speed", "1", "'speed' is no setting of fills; there are latency, partial, slippage, reject, silence, depth"),
        ("latency", "-1", "latency takes whole seconds from 0 to 3600, not '-1'"),
        ("partial", "101", "partial takes whole percent from 0 to 100, not '101'"),
        ("slippage", "1.5", "slippage takes whole ticks from 0 to 1000, not '1.5'"),
        ("depth", "0", "depth takes a whole number from 1 to 1000000, not '0'"),
    ],
)
def test_settings_of_fills(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FillModel().with_option(name, text)
    assert FillModel().with_option("latency", "5").with_option("reject", "7") == FillModel(latency=5, reject=7)


# --- limits


def test_fifteen_active_orders_a_side(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(*[order(number, "BUY", "LMT", limit="1.0") for number in range(1, 16)])
        told = client.ask(order(16, "BUY", "LMT", limit="1.0"))
        assert (statuses(told), errors(told)) == ([(16, "Inactive")] * 2, [(16, 201)])
        assert "minimum of 15 orders working on either the buy or sell side" in only(ErrorMessage, told)[0].text
        assert statuses(client.ask(order(17, "SELL", "LMT", limit="1.2"))) == [(17, "Submitted")]
        client.ask(CancelOrder(order_id=3))
        assert statuses(client.ask(order(18, "BUY", "LMT", limit="1.0"))) == [(18, "Submitted")]


def test_a_cancel_may_be_told_as_pending_first(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL), anomalies=Anomalies(pending_cancel=100)) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(2_500_000)))
        told = client.ask(CancelOrder(order_id=1))
        assert statuses(told) == [(1, "PendingCancel"), (1, "Cancelled")]
        assert {one.remaining for one in only(OrderStatus, told)} == {1_500_000}
        assert kinds(told) == ["OrderStatus", "OrderStatus", "ErrorMessage"]


# --- afterwards


def test_a_correction_replaces_an_execution(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with staged(prices(tmp_path, STILL), truth=TruthFile(truth)) as stage:
        client = stage.client()
        (first, _) = only(ExecutionDetails, client.ask(order(1))), None
        old = first[0].execution
        position = client.ask(RequestPositions())
        assert only(Position, position)[0].average_cost == Decimal("1.0852")
        now = at(stage)
        new = stage.gateway.call(lambda venue: venue.correct(old.execution_id, Decimal("1.0860"), now))
        assert new is not None
        told = client.ask()
        assert kinds(told) == ["ExecutionDetails", "CommissionReport", "Position"]
        told_again = only(ExecutionDetails, told)[0].execution
        assert told_again.execution_id == old.execution_id.removesuffix("01") + "02"
        assert (told_again.price, told_again.shares, told_again.average_price) == (
            Decimal("1.0860"),
            25_000,
            Decimal("1.086"),
        )
        assert only(CommissionReport, told)[0].execution_id == told_again.execution_id
        assert only(Position, told)[0].average_cost == Decimal("1.0860")
        (asked,) = only(ExecutionDetails, client.ask(RequestExecutions(request_id=1)))
        assert asked.execution == told_again
        assert stage.gateway.call(lambda venue: venue.correct("nothing", Decimal(1), now)) is None
        cash = stage.gateway.call(lambda venue: venue.account.cash["USD"])
        assert cash == 1_000_000 - 25_000 * Decimal("1.0860") - 2
    noted = [json.loads(line) for line in truth.read_text().splitlines()]
    executions = [(one["exec_id"][-2:], one["price"], one["quantity"]) for one in noted if one["event"] == "execution"]
    assert executions == [("01", "1.0852", "25000"), ("02", "1.086", "25000")]


def test_the_truth_has_each_part(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with staged(prices(tmp_path, STILL), truth=TruthFile(truth)) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(2_500_000)))
        stage.pass_until(after(1))
        client.ask(CancelOrder(order_id=1))
    noted = [json.loads(line) for line in truth.read_text().splitlines()]
    assert [(one["event"], one["quantity"]) for one in noted if one["event"] != "frame"] == [
        ("order", "2500000"), ("execution", "1000000"), ("execution", "1000000"), ("cancel", "500000")
    ]  # fmt: skip


def test_a_fill_that_was_late(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(2_500_000)), CancelOrder(order_id=1))
        now = at(stage)

        def late(venue: Venue) -> None:
            entry = venue.book.get(1, 1)
            assert entry is not None
            venue.fill_late(entry, now)

        stage.gateway.call(late)
        told = client.ask()
        assert kinds(told) == ["ExecutionDetails", "CommissionReport"]
        assert only(ExecutionDetails, told)[0].execution.cumulative_quantity == 2_500_000
        assert errors(client.ask(CancelOrder(order_id=1))) == [(1, 10148)]


def test_what_ended_long_ago_is_known_for_a_day(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client(max_version=200)
        client.ask(order(1, order_ref="Ä first", **SMALL), order(2, "BUY", "LMT", limit="1.0", time_in_force="GTC"))
        client.ask(*[order(number, "BUY" if number % 2 else "SELL", **SMALL) for number in range(3, 120)])
        completed = only(CompletedOrder, client.ask(RequestCompletedOrders()))
        assert [one.order.order_ref for one in completed][:2] == ["Ä first", "ref-3"]
        assert completed[0].order_state.status == "Filled"
        assert completed[0].order.filled_quantity == 5000
        entry = stage.gateway.call(lambda venue: venue.book.get(1, 1))
        assert isinstance(entry, Entry)
        assert (entry.filled, entry.price, entry.stage.name) == (5000, Decimal("1.08525"), "FILLED")
        assert errors(client.ask(order(1))) == [(1, 104)]
        stage.pass_until(START + timedelta(days=1))
        assert only(CompletedOrder, client.ask(RequestCompletedOrders())) == []
        assert errors(client.ask(order(1), CancelOrder(order_id=1))) == [(1, 103), (1, 10147)]
        assert stage.gateway.call(lambda venue: list(venue.book.entries)) == [(1, 2)]
        assert len(only(ExecutionDetails, client.ask(RequestExecutions(request_id=1, last_days=7)))) == 118
        stage.pass_until(START + timedelta(days=9))
        client.ask(order(200))
        assert stage.gateway.call(lambda venue: len(venue.fills_since(0))) == 1


def test_what_is_cancelled_is_not_held_on_to() -> None:
    with staged() as stage:
        client = stage.client()
        soon = {"time_in_force": "GTD", "good_till_date": "20250305-15:00:00"}  # due before all that is cancelled
        client.ask(order(1, "BUY", "LMT", limit="1.0", **soon))
        for first in range(11, 1611, 10):
            numbers = range(first, first + 10)
            client.ask(*[order(one, "BUY", "LMT", limit="1.0", **SMALL) for one in numbers])
            client.ask(*[CancelOrder(order_id=one) for one in numbers])
        kept = stage.gateway.call(lambda venue: [one for one in gc.get_objects() if isinstance(one, Entry)])
        assert len(kept) < 700


def test_what_happens_to_an_order_that_ended_long_ago(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        (first,) = only(ExecutionDetails, client.ask(order(1, **SMALL)))
        client.ask(order(2, "BUY", "LMT", limit="1.0", **SMALL), CancelOrder(order_id=2))
        client.ask(*[order(number, "BUY" if number % 2 else "SELL", **SMALL) for number in range(3, 120)])
        now = at(stage)
        stage.gateway.call(lambda venue: venue.correct(first.execution.execution_id, Decimal("1.0900"), now))
        stage.gateway.call(lambda venue: venue.fill_late(venue.book.get(1, 2), now))
        told = client.ask()
        assert kinds(told) == ["ExecutionDetails", "CommissionReport"] * 2
        corrected, late = (one.execution for one in only(ExecutionDetails, told))
        assert (corrected.price, corrected.average_price) == (Decimal("1.0900"), Decimal("1.09"))
        assert (late.order_id, late.price, late.shares) == (2, Decimal("1.0"), 5000)
        completed = {one.order.order_ref: one for one in only(CompletedOrder, client.ask(RequestCompletedOrders()))}
        assert completed["ref-2"].order_state.status == "Filled"
        entries = stage.gateway.call(lambda venue: [venue.book.get(1, number) for number in (1, 2)])
        assert [entry.price for entry in entries] == [Decimal("1.09"), Decimal("1.0")]
