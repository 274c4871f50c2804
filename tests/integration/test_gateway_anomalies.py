"""What a strange TWS sends: each anomaly on the socket."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from runner.gateway.anomalies import Anomalies
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import CancelOrder, CommissionReport, ExecutionDetails, OpenOrder, Position, RequestPositions
from tests.integration.gateway_peer import START, errors, kinds, only, order, staged, statuses

ALWAYS = 100
PLAIN = ["OpenOrder", "OrderStatus", "ExecutionDetails", "OpenOrder", "OrderStatus", "CommissionReport"]


def told_of_a_market_order(anomalies: Anomalies) -> list[str]:
    with staged(anomalies=anomalies) as stage:
        return kinds(stage.client().ask(order(1)))


def test_none_is_plain() -> None:
    assert told_of_a_market_order(Anomalies(fill_after_cancel=ALWAYS)) == PLAIN


def test_duplicates() -> None:
    told = told_of_a_market_order(
        Anomalies(duplicate_status=ALWAYS, duplicate_open_order=ALWAYS, duplicate_execution=ALWAYS)
    )
    assert Counter(told) == {"OpenOrder": 4, "OrderStatus": 4, "ExecutionDetails": 2, "CommissionReport": 1}


def test_a_duplicate_execution_is_one_and_the_same() -> None:
    with staged(anomalies=Anomalies(duplicate_execution=ALWAYS)) as stage:
        client = stage.client()
        one, two = only(ExecutionDetails, client.ask(order(1)))
        assert one == two
        assert only(Position, client.ask(RequestPositions()))[0].position == 25000


def test_no_status_at_all() -> None:
    assert told_of_a_market_order(Anomalies(missing_status=ALWAYS)) == ["ExecutionDetails", "CommissionReport"]


def test_a_fill_before_its_acknowledgement() -> None:
    with staged(anomalies=Anomalies(fill_before_acknowledgement=ALWAYS)) as stage:
        told = stage.client().ask(order(1))
        assert kinds(told)[0] == "ExecutionDetails"
        assert statuses(told) == [(1, "Submitted"), (1, "Filled")]


def test_a_commission_before_everything() -> None:
    told = told_of_a_market_order(Anomalies(commission_first=ALWAYS))
    assert told == ["OpenOrder", "OrderStatus", "CommissionReport", "ExecutionDetails", "OpenOrder", "OrderStatus"]


def test_a_fill_after_its_cancel() -> None:
    with staged(anomalies=Anomalies(fill_after_cancel=ALWAYS)) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5"))
        told = client.ask(CancelOrder(order_id=1))
        assert kinds(told) == ["OrderStatus", "ErrorMessage", "ExecutionDetails", "CommissionReport"]
        assert (statuses(told), errors(told)) == ([(1, "Cancelled")], [(1, 202)])
        assert only(CommissionReport, told)[0].execution_id == only(ExecutionDetails, told)[0].execution.execution_id
        assert only(Position, client.ask(RequestPositions()))[0].position == 25000
        assert errors(client.ask(CancelOrder(order_id=1))) == [(1, 10148)]


def test_a_fill_after_the_end_of_its_day() -> None:
    with staged(anomalies=Anomalies(fill_after_cancel=ALWAYS)) as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5"))
        stage.pass_until(START + timedelta(days=1))
        assert kinds(client.ask()) == ["OrderStatus", "ErrorMessage", "ExecutionDetails", "CommissionReport"]


def test_warnings_about_an_order_that_lives() -> None:
    with staged(anomalies=Anomalies(warning=ALWAYS)) as stage:
        client = stage.client()
        told = client.ask(order(1, "BUY", "LMT", limit="0.5"))
        assert errors(told) == [(1, 399), (1, 10349), (1, 2109)]
        assert statuses(told) == [(1, "Submitted")]
        assert statuses(client.ask(CancelOrder(order_id=1))) == [(1, "Cancelled")]


def test_a_share_of_orders_chosen_by_the_seed() -> None:
    def met(seed: int) -> list[int]:
        with staged(settings=GatewaySettings(seed=seed, anomalies=Anomalies(duplicate_open_order=30))) as stage:
            told = stage.client().ask(*[order(number, "BUY", "LMT", limit="0.5") for number in range(1, 201)])
            seen = Counter(one.order_id for one in only(OpenOrder, told))
            return [number for number, count in seen.items() if count == 2]

    assert met(1) == met(1)
    assert met(1) != met(2)
    assert 40 <= len(met(1)) <= 80
