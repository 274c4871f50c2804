"""Faults on demand: each verb, by what a client sees of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.faults_read import read_faults
from runner.gateway.settings import GatewaySettings
from runner.gateway.truth import TruthFile
from runner.wire.messages import (
    Answer,
    CancelOrder,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    NextValidId,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestContractDetails,
    RequestExecutions,
    RequestHistoricalData,
    RequestIds,
    RequestMarketData,
    RequestOpenOrders,
)
from runner.wire.session import ClientSession
from tests.integration.gateway_peer import (
    EURUSD,
    START,
    Client,
    Stage,
    errors,
    kinds,
    only,
    order,
    staged,
    statuses,
)

RESTING = {"action": "BUY", "kind": "LMT", "limit": "0.5"}


@contextmanager
def wrong(*faults: dict[str, object], **rest: object) -> Iterator[Stage]:
    """Run a gateway with faults as a file tells them."""
    told = read_faults({"faults": [*faults]})
    with staged(settings=GatewaySettings(faults=told), **rest) as stage:  # type: ignore[arg-type]
        yield stage


def later(stage: Stage, seconds: float) -> None:
    stage.pass_until(stage.time.now() + timedelta(seconds=seconds))


def is_closed(client: Client) -> bool:
    """Tell whether the gateway hangs up, whatever it says before."""
    try:
        while True:
            client.read()
    except (ConnectionAbortedError, ConnectionResetError):
        return True
    except TimeoutError:
        return False


# --- frames


def test_drop_an_end() -> None:
    with wrong({"do": "drop", "when": {"message": "OpenOrdersEnd", "times": 1}}) as stage:
        client = stage.client()
        assert kinds(client.ask(order(1, **RESTING), RequestOpenOrders()))[-2:] == ["OpenOrder", "OrderStatus"]
        assert kinds(client.ask(RequestOpenOrders()))[-1] == "OpenOrdersEnd"


def test_drop_the_end_of_bars_where_it_is_a_message_of_its_own() -> None:
    bars = RequestHistoricalData(
        request_id=4, contract=EURUSD, duration="60 S", bar_size="5 secs", what_to_show="MIDPOINT", date_format=1
    )
    with wrong({"do": "drop", "when": {"message": "HistoricalDataEnd", "times": 1}}) as stage:
        client = stage.client(max_version=200)
        assert kinds(client.ask(bars)) == ["HistoricalData"]
        assert kinds(client.ask(bars)) == ["HistoricalData", "HistoricalDataEnd"]


def test_duplicate_a_message() -> None:
    with wrong({"do": "duplicate", "when": {"message": "ExecutionDetails", "client": 1}}) as stage:
        assert kinds(stage.client(1).ask(order(1))).count("ExecutionDetails") == 2
        assert kinds(stage.client(2).ask(order(1))).count("ExecutionDetails") == 1


def test_reorder_an_execution_and_what_follows_it() -> None:
    with wrong({"do": "reorder", "when": {"message": "ExecutionDetails"}}) as stage:
        told = kinds(stage.client().ask(order(1)))
        assert told == ["OpenOrder", "OrderStatus", "OpenOrder", "ExecutionDetails", "OrderStatus", "CommissionReport"]


def test_delay_holds_what_follows_too_and_virtual_time_knows() -> None:
    with wrong({"do": "delay", "for": 30, "when": {"message": "ExecutionDetails"}}) as stage:
        client = stage.client()
        client.send(client.wire.encode(order(1)))
        first = [*client.read()]
        assert kinds(first) == ["OpenOrder", "OrderStatus"]
        reading = stage.settled()
        assert reading.next_event == START + timedelta(seconds=30)
        assert stage.pass_until(START + timedelta(seconds=30)) == [START + timedelta(seconds=30)]
        told = client.read()
        assert kinds(told) == ["ExecutionDetails", "OpenOrder", "OrderStatus", "CommissionReport"]
        assert only(ExecutionDetails, told)[0].execution.time.startswith("20250305 14:30:00")


@pytest.mark.parametrize("byte", [0, 1, 3, 4, 9, 40])
def test_cut_a_frame_on_its_way_out(byte: int) -> None:
    with wrong({"do": "cut", "byte": byte, "when": {"message": "OpenOrder"}}) as stage:
        client = stage.client()
        client.send(client.wire.encode(order(1)))
        data = b""
        while piece := client.sock.recv(4096):
            data += piece
        assert len(data) == byte
        again = stage.client()
        assert kinds(again.ask(RequestExecutions(request_id=1))) == ["ExecutionDetails", "CommissionReport",
                                                                     "ExecutionDetailsEnd"]  # fmt: skip


def test_cut_the_greeting() -> None:
    with wrong({"do": "cut", "byte": 6, "when": {"frame": 1, "times": 1}}) as stage:
        wire = ClientSession()
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as sock:
            sock.sendall(wire.greeting())
            assert len(sock.recv(100)) == 6
            assert sock.recv(100) == b""
        assert statuses(stage.client().ask(order(1)))[-1] == (1, "Filled")


@pytest.mark.parametrize("byte", [0, 2, 4, 5, 50])
@pytest.mark.parametrize("by_byte", [False, True])
def test_cut_a_frame_on_its_way_in(byte: int, by_byte: bool, tmp_path: Path) -> None:
    """Frame 1 is the greeting, 2 startApi, 3 a question, 4 the order; what is cut never came in."""
    truth = TruthFile(tmp_path / "truth")
    with wrong({"do": "cut", "byte": byte, "when": {"frame": 4, "direction": "in", "client": 1}}, truth=truth) as stage:
        client = stage.client(1)
        client.sent = 0
        data = client.wire.encode(order(1))
        for piece in (data[i : i + 1] for i in range(len(data))) if by_byte else (data,):
            try:
                client.sock.sendall(piece)
            except OSError:
                break
        assert is_closed(client)
        assert statuses(stage.client(2).ask(order(1)))[-1] == (1, "Filled")
    told = (tmp_path / "truth").read_text()
    assert told.count('"event": "order"') == 1
    assert '"client_id": 1' not in next(line for line in told.splitlines() if "PlaceOrder" in line)


def test_a_request_is_dropped_doubled_swapped_and_delayed_on_its_way_in() -> None:
    def heard(verb: str, **rest: object) -> list[Answer]:
        fault = {"do": verb, "when": {"message": "RequestIds", "direction": "in"}, **rest}
        with wrong(fault) as stage:
            return stage.client().ask(RequestIds(), RequestOpenOrders())

    assert kinds(heard("drop")) == ["OpenOrdersEnd"]
    assert kinds(heard("duplicate")) == ["NextValidId", "NextValidId", "OpenOrdersEnd"]
    assert kinds(heard("reorder")) == ["OpenOrdersEnd", "NextValidId"]
    with wrong({"do": "delay", "for": 5, "when": {"message": "RequestIds", "direction": "in"}}) as stage:
        client = stage.client()
        client.send(client.wire.encode(RequestIds(), RequestOpenOrders()))
        later(stage, 4)
        assert not _is_readable(client)
        later(stage, 1)
        assert kinds(client.read()) == ["NextValidId", "OpenOrdersEnd"]


def _is_readable(client: Client) -> bool:
    import select

    return bool(select.select([client.sock], [], [], 0.1)[0])


def test_a_share_is_drawn_by_the_seed() -> None:
    def dropped(seed: int) -> list[int]:
        fault = {"do": "drop", "when": {"message": "NextValidId", "share": 30}}
        told = read_faults({"seed": seed, "faults": [fault]})
        with staged(settings=GatewaySettings(faults=told)) as stage:
            client = stage.client()
            return [len(client.ask(RequestIds())) for _ in range(100)]

    assert dropped(1) == dropped(1) != dropped(2)
    assert 50 < sum(dropped(1)) < 90


def test_frame_n_of_each_connection_and_times() -> None:
    with wrong({"do": "drop", "when": {"message": "NextValidId", "frame": 2, "times": 2}}) as stage:
        for client_id, expected in ((1, 0), (2, 0), (3, 1)):
            client = stage.client(client_id)  # the first came with the welcome
            assert len(client.ask(RequestIds())) == expected
            assert len(client.ask(RequestIds())) == 1


# --- orders


@pytest.mark.parametrize(("use_id", "following"), [(True, 3), (False, 1)])
def test_swallow_an_order(use_id: bool, following: int, tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "truth")
    with wrong({"do": "swallow", "use_id": use_id, "when": {"order": "ref-2"}}, truth=truth) as stage:
        client = stage.client()
        told = client.ask(order(2), RequestOpenOrders(), RequestCompletedOrders(), RequestIds())
        assert kinds(told) == ["OpenOrdersEnd", "CompletedOrdersEnd", "NextValidId"]
        assert only(NextValidId, told)[0].order_id == following
        assert statuses(client.ask(order(5)))[-1] == (5, "Filled")
    assert '"request": "PlaceOrder", "order_id": 2' in (tmp_path / "truth").read_text()


def test_the_second_order_of_a_client_is_refused() -> None:
    with wrong(
        {"do": "reject", "code": 201, "text": "Order rejected - reason:Why not", "when": {"order": 2, "client": 7}}
    ) as stage:
        other, client = stage.client(1), stage.client(7)
        other.ask(order(1), order(2))
        told = client.ask(order(1), order(2), order(3))
        assert errors(told) == [(2, 201)]
        assert only(ErrorMessage, told)[0].text == "Order rejected - reason:Why not"
        assert statuses(told)[-1] == (3, "Filled")
        assert not [one for one in statuses(told) if one[0] == 2]
        assert errors(client.ask(order(2))) == [(2, 103)]


def test_any_request_is_refused() -> None:
    when = {"message": "RequestContractDetails", "direction": "in", "times": 1}
    with wrong({"do": "reject", "code": 162, "when": when}) as stage:
        client = stage.client()
        assert errors(client.ask(RequestContractDetails(request_id=9, contract=EURUSD))) == [(9, 162)]
        assert "ContractData" in kinds(client.ask(RequestContractDetails(request_id=9, contract=EURUSD)))


def test_a_fill_after_a_cancel_and_its_delay() -> None:
    with wrong({"do": "fill_after_cancel", "for": 3, "when": {"order": 1}}) as stage:
        client = stage.client()
        client.ask(order(1, **RESTING), order(2, **RESTING))
        told = client.ask(CancelOrder(order_id=1), CancelOrder(order_id=2))
        assert statuses(told) == [(1, "Cancelled"), (2, "Cancelled")]
        later(stage, 3)
        told = client.ask()
        assert [one.execution.order_id for one in only(ExecutionDetails, told)] == [1]


# --- clients


def test_connectivity_lost_and_restored() -> None:
    with wrong({"do": "connectivity_lost", "for": 10, "when": {"at": 60}}) as stage:
        client = stage.client()
        later(stage, 60)
        assert errors(client.ask()) == [(-1, 1100)]
        later(stage, 10)
        (answer,) = only(ErrorMessage, client.ask())
        assert (answer.code, answer.text.split("- ")[1][:15]) == (1102, "data maintained")


def test_data_is_lost_with_1101() -> None:
    with wrong({"do": "connectivity_restored", "data_lost": True, "when": {"at": 1}}) as stage:
        client = stage.client()
        client.ask(RequestMarketData(request_id=5, contract=EURUSD))
        later(stage, 1)
        assert errors(client.ask()) == [(-1, 1101)]
        assert "TickPrice" in kinds(client.ask(RequestMarketData(request_id=5, contract=EURUSD))), "no 102: it is gone"


@pytest.mark.parametrize(("verb", "expected"), [("reset", ConnectionResetError), ("close", ConnectionAbortedError)])
def test_an_order_that_arrived_and_whose_answer_did_not(verb: str, expected: type[Exception]) -> None:
    with wrong({"do": verb, "when": {"order": "ref-1", "client": 1}}) as stage:
        client, other = stage.client(1), stage.client(2)
        client.send(client.wire.encode(order(1)))
        with pytest.raises(expected):
            client.read()
        again = stage.client(1)
        told = again.ask(RequestExecutions(request_id=1), RequestIds())
        assert only(ExecutionDetails, told)[0].execution.order_ref == "ref-1"
        assert only(NextValidId, told)[0].order_id == 2
        assert statuses(other.ask(order(1)))[-1] == (1, "Filled")


def test_a_close_behind_a_message_that_left() -> None:
    with wrong({"do": "close", "when": {"message": "OrderStatus", "frame": 1}}) as stage:
        client = stage.client()
        client.send(client.wire.encode(order(1)))
        told = b""
        with suppress(ConnectionResetError):
            while piece := client.sock.recv(65536):
                told += piece
        assert "OrderStatus" in kinds([*client.wire.receive(told)])


def test_mute_after_accept() -> None:
    with (
        wrong({"do": "mute", "when": {"connection": 1}}) as stage,
        socket.create_connection(("127.0.0.1", stage.port), timeout=5) as sock,
    ):
        sock.sendall(ClientSession().greeting())
        assert statuses(stage.client().ask(order(1)))[-1] == (1, "Filled")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(10)


def test_mute_for_a_while_loses_answers_and_does_what_it_is_told() -> None:
    with wrong({"do": "mute", "for": 5, "when": {"client": 3, "at": 10}}) as stage:
        client = stage.client(3)
        later(stage, 10)
        before = stage.settled().produced
        client.send(client.wire.encode(order(1), RequestIds()))
        assert stage.settled().produced == before, "what is not said is not counted"
        later(stage, 5)
        told = client.ask(RequestExecutions(request_id=1))
        assert kinds(told) == ["ExecutionDetails", "CommissionReport", "ExecutionDetailsEnd"]


def test_stop_reading_in_virtual_time_settles() -> None:
    with wrong({"do": "stop_reading", "for": 20, "when": {"at": 10}}) as stage:
        client = stage.client()
        later(stage, 10)
        client.send(client.wire.encode(order(1)))
        assert stage.settled().next_event == START + timedelta(seconds=30)
        assert not _is_readable(client)
        later(stage, 20)
        assert statuses(client.ask())[-1] == (1, "Filled")


def test_read_only() -> None:
    with wrong({"do": "read_only", "for": 60, "when": {"client": 1, "at": 0}}) as stage:
        client, other = stage.client(1), stage.client(2)
        told = client.ask(order(1), CancelOrder(order_id=1), RequestOpenOrders())
        assert errors(told) == [(1, 321), (1, 321), (-1, 321)]
        assert "Read-Only mode" in only(ErrorMessage, told)[0].text
        assert statuses(other.ask(order(1)))[-1] == (1, "Filled")
        later(stage, 60)
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")


def test_a_client_id_is_held() -> None:
    with wrong({"do": "client_id_held", "for": 60, "when": {"client": 4}}) as stage:
        with pytest.raises(ConnectionAbortedError):
            Client(stage.port, 4)
        assert errors(stage.client(5).welcome)[0] == (-1, 2104)
        later(stage, 60)
        assert errors(stage.client(4).welcome)[0] == (-1, 2104)


def test_pacing() -> None:
    with wrong({"do": "pacing", "rate": 50, "strikes": 3}) as stage:
        client, calm = stage.client(1), stage.client(2)
        for strike in (1, 2):
            told = client.ask(*[RequestIds()] * 60)
            assert errors(told) == [(-1, 100)]
            assert f"max=50 rec=51 ({strike})" in only(ErrorMessage, told)[0].text
            assert len(only(NextValidId, told)) == 60
            calm.ask(*[RequestIds()] * 40)
            later(stage, 1)
        client.send(client.wire.encode(*[RequestIds()] * 60))
        client.sent = 0
        assert is_closed(client)
        assert statuses(calm.ask(order(1)))[-1] == (1, "Filled")


def test_calm_lets_everything_go_on() -> None:
    with wrong(
        {"do": "stop_reading", "for": 900, "when": {"at": 1, "client": 1}},
        {"do": "delay", "for": 900, "when": {"message": "OpenOrdersEnd", "client": 2}},
        {"do": "reorder", "when": {"message": "RequestIds", "direction": "in", "client": 3}},
        {"do": "read_only", "when": {"client": 2}},
        {"do": "calm", "when": {"at": 2}},
    ) as stage:
        one, two, three = (stage.client(number) for number in (1, 2, 3))
        later(stage, 1)
        one.send(one.wire.encode(order(1)))
        two.send(two.wire.encode(RequestAllOpenOrders(), order(1)))
        three.send(three.wire.encode(RequestIds()))
        stage.settled()
        assert not any(map(_is_readable, (one, three)))
        later(stage, 1)
        assert statuses(one.ask())[-1] == (1, "Filled")
        assert kinds(two.ask()) == ["OpenOrdersEnd", "ErrorMessage"]
        assert kinds(three.ask()) == ["NextValidId"]
        assert statuses(two.ask(order(1)))[-1] == (1, "Filled")


# --- the gateway


def test_restart_keeps_its_state() -> None:
    with wrong({"do": "restart", "when": {"at": 60}}) as stage:
        client = stage.client(1)
        client.ask(order(1, **RESTING))
        later(stage, 60)
        assert is_closed(client)
        again = stage.client(1)
        assert only(NextValidId, again.welcome)[0].order_id == 2
        assert statuses(again.ask(RequestOpenOrders())) == [(1, "Submitted")]


def test_restart_loses_its_state_and_rolls_ids_back() -> None:
    with wrong(
        {"do": "restart", "state_lost": True, "when": {"at": 60}}, {"do": "restart", "ids_back": 3, "when": {"at": 90}}
    ) as stage:
        stage.client(1).ask(order(1, **RESTING), order(2))
        later(stage, 60)
        again = stage.client(1)
        assert only(NextValidId, again.welcome)[0].order_id == 1
        assert kinds(again.ask(RequestOpenOrders(), RequestExecutions(request_id=1))) == [
            "OpenOrdersEnd",
            "ExecutionDetailsEnd",
        ]
        again.ask(*[order(number, **RESTING) for number in range(1, 6)])
        later(stage, 30)
        last = stage.client(1)
        assert only(NextValidId, last.welcome)[0].order_id == 3
        assert len(statuses(last.ask(RequestOpenOrders()))) == 5
        assert statuses(last.ask(order(3)))[-1] == (3, "Filled"), "the id is an order's still, and that one is changed"


def test_restart_is_away_for_a_while() -> None:
    with wrong({"do": "restart", "for": 30, "when": {"at": 60}}) as stage:
        stage.client(1)
        later(stage, 60)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", stage.port), timeout=5)
        later(stage, 30)
        assert statuses(stage.client(1).ask(order(1)))[-1] == (1, "Filled")


def test_day_rollover() -> None:
    with wrong({"do": "day_rollover", "when": {"at": 60}}) as stage:
        client = stage.client()
        client.ask(order(1), order(2, **RESTING), order(3, **RESTING, time_in_force="GTC"))
        later(stage, 60)
        told = client.ask(RequestExecutions(request_id=1), RequestCompletedOrders())
        assert statuses(told) == [(2, "Cancelled")]
        assert not only(ExecutionDetails, told)
        assert [one.order.order_ref for one in only(CompletedOrder, told)] == ["ref-2"]
        assert statuses(client.ask(RequestOpenOrders())) == [(3, "Submitted")]


def test_correct() -> None:
    with wrong({"do": "correct", "by": Decimal("0.0010"), "when": {"at": 60}}) as stage:
        client = stage.client()
        (first,) = only(ExecutionDetails, client.ask(order(1)))
        later(stage, 60)
        (second,) = only(ExecutionDetails, client.ask())
        assert first.execution.execution_id.endswith(".01")
        assert second.execution.execution_id == first.execution.execution_id[:-2] + "02"
        assert second.execution.price == first.execution.price + Decimal("0.0010")  # type: ignore[operator]


def test_correct_what_was_just_told() -> None:
    when = {"message": "CommissionReport", "frame": 1}
    with wrong({"do": "correct", "price": Decimal("1.05"), "when": when}) as stage:
        client = stage.client()
        client.send(client.wire.encode(order(1)))
        told: list[Answer] = []
        while kinds(told).count("CommissionReport") < 2:
            told += client.read()
        assert [one.execution.execution_id[-2:] for one in only(ExecutionDetails, told)] == ["01", "02"]


def test_every_now_and_then() -> None:
    with wrong({"do": "connectivity_lost", "when": {"every": 10, "times": 3}}) as stage:
        client = stage.client()
        later(stage, 100)
        assert errors(client.ask()) == [(-1, 1100)] * 3
        assert stage.settled().next_event is None


def test_a_fault_of_its_own_making_does_not_go_on_for_ever() -> None:
    with wrong({"do": "connectivity_lost", "when": {"message": "ErrorMessage", "frame": 4}}) as stage:
        client = stage.client()
        client.send(client.wire.encode(CancelOrder(order_id=1)))
        told: list[Answer] = []
        while len(told) < 2:
            told += client.read()
        later(stage, 60)
        assert errors([*told, *client.ask()]) == [(1, 10147), (-1, 1100)]


def test_everything_is_logged() -> None:
    notes: list[str] = []
    faults = read_faults(
        {
            "faults": [
                {"do": "swallow", "when": {"order": 1}},
                {"do": "connectivity_lost", "when": {"at": 5, "client": 1}},
                {"do": "close", "when": {"at": 6, "client": 9}},
            ]
        }
    )
    with staged(settings=GatewaySettings(faults=faults), notes=notes.append) as stage:
        stage.client().ask(order(1))
        later(stage, 10)
    assert notes == [
        "2025-03-05T14:30:00Z fault swallow, client 1: order 1",
        "2025-03-05T14:30:05Z fault connectivity_lost, client 1: 1100",
        "2025-03-05T14:30:06Z fault close, client 9: nobody is connected",
    ]


def test_a_greeting_below_100_is_refused_and_logged() -> None:
    notes: list[str] = []
    with staged(notes=notes.append) as stage:
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as sock:
            sock.sendall(b"API\0\0\0\0\x07v38..99")
            assert sock.recv(100) == b""
        assert statuses(stage.client().ask(order(1)))[-1] == (1, "Filled")
    assert notes == ["2025-03-05T14:30:00Z a client is refused: no common version: 38 to 99 offered, 100 to 226 served"]


def test_errors_have_the_time_from_194_on() -> None:
    with staged() as stage:
        old, new = stage.client(1, max_version=193), stage.client(2, max_version=194)
        assert {one.time_ms for one in only(ErrorMessage, old.welcome)} == {0}
        assert {one.time_ms for one in only(ErrorMessage, new.welcome)} == {int(START.timestamp() * 1000)}
