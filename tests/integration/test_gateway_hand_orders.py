"""Orders entered in the window of the TWS: nobody's, until client 0 takes them over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.faults_read import BadFaults, read_faults
from runner.gateway.settings import GatewaySettings
from runner.gateway.state_file import StateFile
from runner.wire.messages import (
    Answer,
    CancelOrder,
    CommissionReport,
    ExecutionDetails,
    GlobalCancel,
    OpenOrder,
    OrderBound,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestExecutions,
    RequestOpenOrders,
)
from tests.integration.gateway_peer import Stage, errors, kinds, only, staged, statuses

BUY = {"do": "hand_order", "pair": "EUR.USD", "side": "buy", "quantity": Decimal(25_000)}
RESTING = {**BUY, "type": "LMT", "price": Decimal("0.5"), "tif": "GTC", "when": {"at": 5}}


@contextmanager
def entered(*faults: dict[str, object], **rest: object) -> Iterator[Stage]:
    """Run a gateway at which a hand does something after five seconds."""
    told = read_faults({"faults": [*faults]})
    with staged(settings=GatewaySettings(faults=told), **rest) as stage:  # type: ignore[arg-type]
        yield stage


def later(stage: Stage, seconds: int = 10) -> None:
    stage.pass_until(stage.time.now() + timedelta(seconds=seconds))


def known(answers: list[Answer]) -> list[tuple[int, int, bool]]:
    """Return order id, client id and whether it has a permId, of every openOrder."""
    return [(one.order_id, one.order.client_id, one.order.perm_id > 0) for one in only(OpenOrder, answers)]


@pytest.mark.parametrize("version", [157, 178, 226])
def test_an_order_by_hand_is_shown_without_an_id_and_told_to_nobody(version: int) -> None:
    with entered(RESTING) as stage:
        zero, other = stage.client(0, max_version=version), stage.client(5, max_version=version)
        later(stage)
        assert kinds(other.ask()) == []
        assert kinds(zero.ask()) == []
        assert known(other.ask(RequestAllOpenOrders())) == [(0, 0, True)]
        assert known(other.ask(RequestOpenOrders())) == []


def test_client_0_binds_what_it_asks_for(tmp_path: Path) -> None:
    with entered(RESTING) as stage:
        zero = stage.client(0)
        later(stage)
        told = zero.ask(RequestOpenOrders())
        (bound,) = only(OrderBound, told)
        assert (bound.order_id, bound.client_id) == (-1, 0)
        (shown,) = only(OpenOrder, told)
        assert (shown.order_id, shown.order.perm_id) == (-1, bound.perm_id)
        higher = PlaceOrder(
            order_id=-1, contract=shown.contract, order=replace(shown.order, limit_price=Decimal("0.6"))
        )
        assert only(OpenOrder, zero.ask(higher))[0].order.limit_price == Decimal("0.6")
        assert statuses(zero.ask(CancelOrder(order_id=-1)))[-1] == (-1, "Cancelled")


def test_auto_bind_binds_at_once() -> None:
    with entered(RESTING) as stage:
        zero = stage.client(0)
        zero.ask(RequestAutoOpenOrders(auto_bind=True))
        later(stage)
        told = zero.ask()
        assert kinds(told) == ["OrderBound", "OpenOrder", "OrderStatus"]
        assert known(told) == [(-1, 0, True)]


def test_without_binding_it_cannot_be_reached() -> None:
    with entered(RESTING) as stage:
        zero = stage.client(0)
        later(stage)
        assert errors(zero.ask(CancelOrder(order_id=-1))) == [(-1, 10147)]


def test_a_global_cancel_reaches_it() -> None:
    with entered(RESTING) as stage:
        other = stage.client(5)
        later(stage)
        other.ask(GlobalCancel())
        assert known(other.ask(RequestAllOpenOrders())) == []


def test_its_fill_is_client_0s_and_costs_what_it_costs() -> None:
    with entered({**BUY, "when": {"at": 5}}) as stage:
        zero, other = stage.client(0), stage.client(5)
        later(stage)
        assert kinds(other.ask()) == []
        told = zero.ask()
        (execution,) = only(ExecutionDetails, told)
        assert (execution.execution.order_id, execution.execution.client_id) == (0, 0)
        assert len(only(CommissionReport, told)) == 1
        assert len(only(ExecutionDetails, zero.ask(RequestExecutions(request_id=1)))) == 1
        assert only(ExecutionDetails, other.ask(RequestExecutions(request_id=1))) == []


def test_a_hand_cancels_what_it_entered() -> None:
    with entered(RESTING, {"do": "hand_cancel", "when": {"at": 15}}) as stage:
        other = stage.client(5)
        later(stage)
        assert len(known(other.ask(RequestAllOpenOrders()))) == 1
        later(stage)
        assert known(other.ask(RequestAllOpenOrders())) == []


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    settings = GatewaySettings(faults=read_faults({"faults": [RESTING]}))
    with staged(settings=settings, store=StateFile(tmp_path / "state", settings)) as stage:
        later(stage)
    with staged(settings=GatewaySettings(), store=StateFile(tmp_path / "state", GatewaySettings())) as stage:
        assert known(stage.client(5).ask(RequestAllOpenOrders())) == [(0, 0, True)]
        assert known(stage.client(0).ask(RequestOpenOrders())) == [(-1, 0, True)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pair": "EUR.USDD"}, "did you mean"),
        ({"side": "hold"}, "BUY, SELL"),
        ({"type": "LMT"}, "a price belongs to"),
        ({"price": Decimal("1.1")}, "a price belongs to"),
        ({"quantity": Decimal(0)}, "not positive"),
    ],
)
def test_a_hand_that_means_nothing_is_told_so(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadFaults, match=words):
        read_faults({"faults": [{**BUY, **change}]})
