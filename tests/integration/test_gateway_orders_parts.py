"""Orders larger than the quoted size: parts, and what follows from each; a file's prices are good for a million."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.fills import FillModel
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import (
    CancelOrder,
    CommissionReport,
    CompletedOrder,
    ExecutionDetails,
    GlobalCancel,
    OpenOrder,
    OrderStatus,
    RequestCompletedOrders,
    RequestExecutions,
    RequestOpenOrders,
)
from tests.integration.gateway_peer import START, errors, kinds, only, order, prices, staged, statuses

MILLION = Decimal(1_000_000)
LARGE = Decimal(2_500_000)
STILL = (0, "1.0850", "1.0852")


def after(seconds: int):  # type: ignore[no-untyped-def]
    return START + timedelta(seconds=seconds)


def shares(answers) -> list[Decimal | None]:  # type: ignore[no-untyped-def]
    return [one.execution.shares for one in only(ExecutionDetails, answers)]


def test_a_market_order_takes_what_is_quoted_second_by_second(tmp_path: Path) -> None:
    market = prices(tmp_path, STILL, (1, "1.0853", "1.0855"), (2, "1.0856", "1.0858"))
    with staged(market) as stage:
        client = stage.client()
        told = client.ask(order(1, total_quantity=LARGE))
        part = ["ExecutionDetails", "OpenOrder", "OrderStatus", "CommissionReport"]
        assert kinds(told) == ["OpenOrder", "OrderStatus", *part]
        assert stage.pass_until(after(10)) == [after(1), after(2)]
        told += client.ask()
        assert statuses(told) == [(1, "Submitted")] * 3 + [(1, "Filled")]
        executions = [one.execution for one in only(ExecutionDetails, told)]
        assert [(one.shares, one.price) for one in executions] == [
            (MILLION, Decimal("1.0852")), (MILLION, Decimal("1.0855")), (MILLION / 2, Decimal("1.0858"))
        ]  # fmt: skip
        assert [one.cumulative_quantity for one in executions] == [MILLION, 2 * MILLION, LARGE]
        assert [one.average_price for one in executions] == [Decimal("1.0852"), Decimal("1.08535"), Decimal("1.08544")]
        assert len({one.execution_id for one in executions}) == 3
        last = [(one.filled, one.remaining, one.last_fill_price) for one in only(OrderStatus, told)]
        assert last == [
            (0, LARGE, 0), (MILLION, LARGE - MILLION, Decimal("1.0852")),
            (2 * MILLION, MILLION / 2, Decimal("1.0855")), (LARGE, 0, Decimal("1.0858")),
        ]  # fmt: skip
        costs = [one.commission or 0 for one in only(CommissionReport, told)]
        assert sum(costs) == Decimal("54.27"), "0.2 basis points of 2,713,600"
        again = client.ask(RequestExecutions(request_id=1))
        assert only(ExecutionDetails, again)[-1].execution == executions[-1]
        assert only(CommissionReport, again) == only(CommissionReport, told)


def test_the_least_commission_is_paid_once(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL), settings=GatewaySettings(fill_model=FillModel(partial=100))) as stage:
        client = stage.client()
        told = client.ask(order(1))
        stage.pass_until(after(10))
        told += client.ask()
        costs = [one.commission for one in only(CommissionReport, told)]
        assert len(costs) > 1
        assert costs == [2] + [0] * (len(costs) - 1)
        assert sum(one or 0 for one in shares(told)) == 25_000


def test_two_orders_share_the_size_of_a_second(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        one, two = stage.client(1), stage.client(2)
        assert shares(one.ask(order(1, total_quantity=Decimal(700_000)))) == [700_000]
        assert shares(two.ask(order(1, total_quantity=Decimal(700_000)))) == [300_000]
        assert shares(two.ask(order(2, "SELL", total_quantity=Decimal(700_000)))) == [700_000], (
            "the other side is whole"
        )
        stage.pass_until(after(1))
        assert shares(two.ask()) == [400_000]


def test_the_rest_of_a_limit_fills_while_the_market_is_there(tmp_path: Path) -> None:
    market = prices(
        tmp_path,
        STILL,
        (60, "1.0838", "1.0840"),
        (61, "1.0850", "1.0852"),
        (120, "1.0836", "1.0838"),
        (125, *STILL[1:]),
    )
    with staged(market) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="1.0840", total_quantity=LARGE))
        assert stage.pass_until(after(200)) == [after(60), after(120), after(121)]
        told = client.ask()
        assert shares(told) == [MILLION, MILLION, MILLION / 2]
        assert {one.execution.price for one in only(ExecutionDetails, told)} == {Decimal("1.0840")}
        assert statuses(told) == [(1, "Submitted"), (1, "Submitted"), (1, "Filled")]


def test_a_marketable_limit_takes_the_quote_as_long_as_that_is_better(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (1, "1.0854", "1.0856"), (2, "1.0860", "1.0862"))) as stage:
        client = stage.client()
        told = client.ask(order(1, "BUY", "LMT", limit="1.0856", total_quantity=LARGE))
        stage.pass_until(after(100))
        told += client.ask()
        assert [one.execution.price for one in only(ExecutionDetails, told)] == [Decimal("1.0852"), Decimal("1.0856")]
        assert only(OrderStatus, told)[-1].remaining == MILLION / 2


@pytest.mark.parametrize(
    ("rest", "filled", "status"),
    [
        ({"time_in_force": "IOC"}, [MILLION], "Cancelled"),
        ({"time_in_force": "FOK"}, [], "Cancelled"),
        ({"all_or_none": True}, [], "Submitted"),
        ({"min_quantity": 900_000}, [MILLION], "Submitted"),
        ({"min_quantity": 1_100_000}, [], "Submitted"),
    ],
)
@pytest.mark.parametrize("kind", ["MKT", "LMT"])
def test_all_or_what_there_is(
    rest: dict[str, object], filled: list[Decimal], status: str, kind: str, tmp_path: Path
) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        told = client.ask(order(1, "BUY", kind, limit="1.0852", total_quantity=LARGE, **rest))
        assert shares(told) == filled
        last = only(OrderStatus, told)[-1]
        assert (last.status, last.filled) == (status, sum(filled))
        assert errors(told) == ([(1, 202)] if status == "Cancelled" else [])
        if status == "Cancelled":
            assert last.remaining == LARGE - sum(filled)


def test_an_order_that_takes_all_or_nothing_waits_without_haste(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=LARGE, all_or_none=True, time_in_force="GTC"))
        assert len(stage.pass_until(START + timedelta(hours=7))) < 120
        assert shares(client.ask(order(2, total_quantity=MILLION, all_or_none=True))) == [MILLION]


def test_cancelled_in_the_middle(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=LARGE))
        told = client.ask(CancelOrder(order_id=1))
        assert kinds(told) == ["OrderStatus", "ErrorMessage"]
        (status,) = only(OrderStatus, told)
        assert (status.status, status.filled, status.remaining) == ("Cancelled", MILLION, LARGE - MILLION)
        assert status.average_fill_price == Decimal("1.0852")
        (completed,) = only(CompletedOrder, client.ask(RequestCompletedOrders()))
        assert completed.order_state.status == "Cancelled"
        assert completed.order.filled_quantity == MILLION
        assert stage.settled().next_event is None


def test_modifications_of_a_part_filled_order(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (1, "1.0860", "1.0862"))) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="1.0852", total_quantity=LARGE))
        stage.pass_until(after(5))
        for too_small in (MILLION / 2, MILLION):
            told = client.ask(order(1, "BUY", "LMT", limit="1.0852", total_quantity=too_small))
            assert (errors(told), statuses(told)) == ([(1, 201)], [])
        told = client.ask(order(1, "BUY", "LMT", limit="1.0852", total_quantity=MILLION * 3 / 2))
        (status,) = only(OrderStatus, told)
        assert (status.filled, status.remaining) == (MILLION, MILLION / 2)
        told = client.ask(order(1, "BUY", "MKT", total_quantity=MILLION * 3 / 2, time_in_force="GTC"))
        assert statuses(told) == [(1, "Submitted"), (1, "Filled")]
        (first, *_) = only(OpenOrder, told)
        assert (first.order.order_type, first.order.time_in_force) == ("MKT", "GTC")
        assert shares(told) == [MILLION / 2]


# --- linked orders


def bracket(quantity: Decimal, *, take: str = "1.0900", stop: str = "1.0800", **rest: object):  # type: ignore[no-untyped-def]
    terms = {"total_quantity": quantity, "time_in_force": "GTC"}
    return (
        order(1, "BUY", transmit=False, **{**terms, "kind": "MKT", **rest}),
        order(2, "SELL", "LMT", limit=take, parent_id=1, transmit=False, **terms),
        order(3, "SELL", "STP", stop=stop, parent_id=1, **terms),
    )


def test_exits_wait_for_the_whole_of_their_parent(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        told = client.ask(*bracket(LARGE))
        assert statuses(told) == [(1, "Submitted"), (2, "PreSubmitted"), (3, "PreSubmitted"), (1, "Submitted")]
        stage.pass_until(after(2))
        told = client.ask()
        assert statuses(told) == [(1, "Submitted"), (1, "Filled"), (2, "Submitted"), (3, "PreSubmitted")]
        assert [one.why_held for one in only(OrderStatus, told)][-2:] == ["", "trigger"]


def test_exits_of_a_parent_that_ends_in_the_middle_are_cut_down(tmp_path: Path) -> None:
    market = prices(tmp_path, STILL, (60, "1.0901", "1.0903"))
    with staged(market) as stage:
        client = stage.client()
        client.ask(*bracket(LARGE, kind="LMT", limit="1.0852", time_in_force="IOC"))
        opened = only(OpenOrder, client.ask(RequestOpenOrders()))
        assert [(one.order_id, one.order.total_quantity) for one in opened] == [(2, MILLION), (3, MILLION)]
        assert [one.order_state.status for one in opened] == ["Submitted", "PreSubmitted"]
        stage.pass_until(after(60))
        told = client.ask()
        assert statuses(told) == [(2, "Filled"), (3, "Cancelled")]
        assert shares(told) == [MILLION]


def test_a_part_filled_exit_cuts_its_sibling_down(tmp_path: Path) -> None:
    market = prices(tmp_path, STILL, (60, "1.0900", "1.0902"), (61, "1.0850", "1.0852"), (120, "1.0799", "1.0801"))
    with staged(market) as stage:
        client = stage.client()
        client.ask(*bracket(LARGE))
        stage.pass_until(after(61))
        client.ask()
        told = client.ask(RequestOpenOrders())
        left = {one.order_id: one.order.total_quantity for one in only(OpenOrder, told)}
        assert left == {2: LARGE, 3: LARGE - MILLION}
        stage.pass_until(after(200))
        told = client.ask()
        sold = sum((one.execution.shares or 0 for one in only(ExecutionDetails, told)), Decimal(0))
        assert sold == LARGE - MILLION
        assert statuses(told)[-1] == (2, "Cancelled")
        assert only(OrderStatus, told)[-1].filled == MILLION


@pytest.mark.parametrize(
    ("oca_type", "left"), [(1, None), (2, LARGE - MILLION), (3, LARGE - MILLION), (0, LARGE - MILLION)]
)
def test_groups(oca_type: int, left: Decimal | None, tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (60, "1.0838", "1.0840"), (61, *STILL[1:]))) as stage:
        one, two = stage.client(1), stage.client(2)
        group = {"oca_group": "g", "oca_type": oca_type, "total_quantity": LARGE}
        (opened, *_) = only(OpenOrder, one.ask(order(1, "BUY", "LMT", limit="1.0840", **group)))
        assert opened.order.oca_type == (oca_type or 3)
        two.ask(order(1, "SELL", "LMT", limit="1.0900", **group))
        stage.pass_until(after(70))
        told = two.ask()
        if left is None:
            assert (statuses(told), errors(told)) == ([(1, "Cancelled")], [(1, 202)])
            assert only(OrderStatus, told)[0].remaining == LARGE
        else:
            (status,) = only(OrderStatus, told)
            assert (status.status, status.remaining) == ("Submitted", left)


def test_a_group_may_not_be_revised(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        first = order(1, "BUY", "LMT", limit="1.0840", oca_group="g", oca_type=1)
        client.ask(first)
        assert errors(client.ask(order(1, "BUY", "LMT", limit="1.0840", oca_group="h", oca_type=1))) == [(1, 10326)]
        assert errors(client.ask(order(1, "BUY", "LMT", limit="1.0840", oca_group="g", oca_type=2))) == [(1, 10327)]
        told = client.ask(order(1, "BUY", "LMT", limit="1.0841", oca_group="g", oca_type=1))
        assert statuses(told) == [(1, "Submitted")]


def test_children_of_children(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (60, "1.0838", "1.0840"), (120, "1.0901", "1.0903"))) as stage:
        client = stage.client()
        told = client.ask(
            order(1, "BUY", "LMT", limit="1.0840", transmit=False),
            order(2, "SELL", "LMT", limit="1.0900", parent_id=1, transmit=False),
            order(3, "BUY", "LMT", limit="1.0700", parent_id=2, transmit=False),
            order(4, "SELL", "STP", stop="1.0700", parent_id=1),
        )
        assert statuses(told) == [(1, "Submitted"), (2, "PreSubmitted"), (4, "PreSubmitted"), (3, "PreSubmitted")]
        stage.pass_until(after(60))
        assert statuses(client.ask()) == [(1, "Filled"), (2, "Submitted"), (4, "PreSubmitted")]
        stage.pass_until(after(120))
        assert sorted(statuses(client.ask())) == [(2, "Filled"), (3, "Submitted"), (4, "Cancelled")]


def test_a_family_ends_once_when_everything_is_cancelled(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(*bracket(LARGE, kind="LMT", limit="1.0852"))
        told = client.ask(GlobalCancel())
        assert sorted(statuses(told)) == [(1, "Cancelled"), (2, "Cancelled"), (3, "Cancelled")]
        assert sorted(errors(told)) == [(1, 202), (2, 202), (3, 202)]
        assert only(OpenOrder, client.ask(RequestOpenOrders())) == []


def test_an_oca_group_of_children_is_reduced_once(tmp_path: Path) -> None:
    market = prices(tmp_path, STILL, (60, "1.0900", "1.0902"), (61, "1.0850", "1.0852"))
    with staged(market) as stage:
        client = stage.client()
        terms = {"total_quantity": LARGE, "parent_id": 1, "oca_group": "exits", "oca_type": 2}
        client.ask(
            order(1, total_quantity=LARGE, transmit=False),
            order(2, "SELL", "LMT", limit="1.0900", transmit=False, **terms),
            order(3, "SELL", "STP", stop="1.0800", **terms),
        )
        stage.pass_until(after(61))
        client.ask()
        opened = only(OpenOrder, client.ask(RequestOpenOrders()))
        assert {one.order_id: one.order.total_quantity for one in opened} == {2: LARGE, 3: LARGE - MILLION}
        assert {one.order.oca_group for one in opened} == {"exits"}


def test_an_order_that_is_attached_elsewhere_before_it_is_sent(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        client = stage.client()
        client.ask(
            order(1, "BUY", "LMT", limit="1.0", transmit=False),
            order(2, "BUY", "LMT", limit="1.0", transmit=False),
            order(3, "SELL", "LMT", limit="1.2", parent_id=1, transmit=False),
        )
        told = client.ask(order(3, "SELL", "LMT", limit="1.2", parent_id=2))
        assert statuses(told) == [(2, "Submitted"), (3, "PreSubmitted")]
        assert statuses(client.ask(CancelOrder(order_id=1))) == [(1, "ApiCancelled")]
        assert sorted(statuses(client.ask(CancelOrder(order_id=2)))) == [(2, "Cancelled"), (3, "Cancelled")]


def test_a_family_is_modified_while_it_waits(tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL, (60, "1.0846", "1.0848"), (120, "1.0881", "1.0883"))) as stage:
        client = stage.client()
        client.ask(
            order(1, "BUY", "LMT", limit="1.0840", transmit=False),
            order(2, "SELL", "LMT", limit="1.0900", parent_id=1, transmit=False),
            order(3, "SELL", "STP", stop="1.0800", parent_id=1),
        )
        told = client.ask(order(2, "SELL", "LMT", limit="1.0880", parent_id=1))
        assert [(one.status, one.why_held) for one in only(OrderStatus, told)] == [("PreSubmitted", "child")]
        assert statuses(client.ask(order(1, "BUY", "LMT", limit="1.0848"))) == [(1, "Submitted")]
        stage.pass_until(after(200))
        told = client.ask()
        assert [one for one in statuses(told) if one[1] in ("Filled", "Cancelled")] == [
            (1, "Filled"), (2, "Filled"), (3, "Cancelled")
        ]  # fmt: skip
        assert [one.execution.price for one in only(ExecutionDetails, told)] == [Decimal("1.0848"), Decimal("1.0880")]


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_exits_of_a_parent_that_takes_nothing(time_in_force: str, tmp_path: Path) -> None:
    with staged(prices(tmp_path, STILL)) as stage:
        told = stage.client().ask(*bracket(LARGE, kind="LMT", limit="1.0800", time_in_force=time_in_force))
        assert sorted(one for one in statuses(told) if one[1] == "Cancelled") == [(n, "Cancelled") for n in (1, 2, 3)]
        assert sorted(errors(told)) == [(1, 202), (2, 202), (3, 202)]
