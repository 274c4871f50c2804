"""The control socket: lines in, lines out, and what they do to clients, on the wall clock."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from runner.errors import ConnectionFailed
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.wire.messages import CancelOrder, ExecutionDetails, RequestExecutions, RequestIds, RequestOpenOrders
from tests.integration.gateway_peer import START, Client, errors, kinds, only, order, staged, statuses

RESTING = {"action": "BUY", "kind": "LMT", "limit": "0.5"}


class _Open:
    """The wall's pace on an open day."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._began)


class Remote:
    """What speaks to the control socket."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._lines = self.sock.makefile("r", encoding="utf-8")

    def tell(self, **told: Any) -> dict[str, Any]:
        self.sock.sendall(json.dumps(told).encode() + b"\n")
        return self.answer()

    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer

    def close(self) -> None:
        self._lines.close()
        self.sock.close()


@contextmanager
def controlled() -> Iterator[tuple[int, Remote]]:
    """Run a gateway with a control socket; gives the port of the clients."""
    gateway = Gateway(SyntheticMarket(1), _Open(), GatewaySettings())
    port = gateway.start(control=0)
    assert gateway.control_port is not None
    try:
        with closing(Remote(gateway.control_port)) as remote:
            yield port, remote
    finally:
        gateway.stop()


def test_status() -> None:
    with controlled() as (port, remote), closing(Client(port, 3)) as client:
        client.ask(order(1, **RESTING))
        told = remote.tell(do="status")
        assert told.pop("time").startswith("2025-03-05T14:30:")
        assert told == {"ok": True, "clients": [{"connection": 1, "client": 3, "version": 178}], "working": 1}


def test_mute_and_calm() -> None:
    with controlled() as (port, remote), closing(Client(port, 3)) as client:
        assert remote.tell(do="mute", client=3) == {"ok": True, "done": "1 connection"}
        client.send(client.wire.encode(order(1)))
        client.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.read()
        client.sock.settimeout(5)
        assert remote.tell(do="calm")["ok"]
        told = client.ask(RequestExecutions(request_id=1))
        assert [one.execution.order_ref for one in only(ExecutionDetails, told)] == ["ref-1"]


def test_mute_for_a_while() -> None:
    with controlled() as (port, remote), closing(Client(port, 3)) as client:
        remote.tell(**{"do": "mute", "client": 3, "for": 0.2})
        time.sleep(0.3)
        assert kinds(client.ask(RequestIds())) == ["NextValidId"]


def test_the_next_message_is_dropped_and_no_other() -> None:
    with controlled() as (port, remote), closing(Client(port)) as client:
        assert remote.tell(do="drop", message="OpenOrdersEnd") == {"ok": True, "done": "waits"}
        assert kinds(client.ask(RequestOpenOrders())) == []
        assert kinds(client.ask(RequestOpenOrders())) == ["OpenOrdersEnd"]


def test_a_delay_on_the_wall_clock() -> None:
    with controlled() as (port, remote), closing(Client(port)) as client:
        remote.tell(**{"do": "delay", "for": 0.3, "message": "NextValidId"})
        began = time.monotonic()
        assert kinds(client.ask(RequestIds())) == ["NextValidId"]
        assert 0.25 < time.monotonic() - began < 4


def test_stop_reading_is_felt_by_who_sends_and_by_nobody_else() -> None:
    with controlled() as (port, remote), closing(Client(port, 1)) as client, closing(Client(port, 2)) as other:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        remote.tell(**{"do": "stop_reading", "client": 1, "for": 1.5})
        client.sock.settimeout(0.2)
        ids = client.wire.encode(*[RequestIds()] * 5000)
        sent = 0
        with suppress(TimeoutError):
            while sent < 300 * len(ids):
                sent += client.sock.send(ids[sent % len(ids) :])
        assert sent < 300 * len(ids), "what it sends is not taken in"
        assert statuses(other.ask(order(1)))[-1] == (1, "Filled")
        client.sock.settimeout(10)
        assert kinds(client.read())[0] == "NextValidId"


def test_connections_are_reset_and_orders_stay() -> None:
    with controlled() as (port, remote), closing(Client(port, 1)) as client:
        client.ask(order(1, **RESTING))
        assert remote.tell(do="reset", client=1)["done"] == "1 connection"
        with pytest.raises(ConnectionResetError):
            client.read()
        with closing(Client(port, 1)) as again:
            assert statuses(again.ask(RequestOpenOrders())) == [(1, "Submitted")]


def test_a_working_order_is_filled_after_its_cancel() -> None:
    with controlled() as (port, remote), closing(Client(port, 1)) as client:
        client.ask(order(1, **RESTING))
        assert remote.tell(do="fill_after_cancel", order="ref-*")["ok"]
        client.send(client.wire.encode(CancelOrder(order_id=1)))
        told = client.read()
        while "CommissionReport" not in kinds(told):
            told += client.read()
        assert kinds(told) == ["OrderStatus", "ErrorMessage", "ExecutionDetails", "CommissionReport"]


def test_restart_is_away_and_comes_back() -> None:
    with controlled() as (port, remote), closing(Client(port, 1)) as client:
        remote.tell(**{"do": "restart", "for": 0.5})
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            client.read()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        time.sleep(0.7)
        with closing(Client(port, 1)) as again:
            assert statuses(again.ask(order(1)))[-1] == (1, "Filled")
        assert remote.tell(do="status")["ok"], "this socket stays"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{}", 'a missing key: found no "do"'),
        (b'{"do": "mutter"}', 'did you mean "mute"?'),
        (b'{"do": "mute", "cliemt": 3}', 'did you mean "client"?'),
        (b'{"do": "mute", "client": "three"}', "client is of the wrong kind"),
        (b'{"do": "mute", "for": -1}', "for is out of bounds"),
        (b'{"do": "mute", "for": 1e999}', "for is out of bounds"),
        (b'{"do": "mute", "for": NaN}', "for is of the wrong kind"),
        (b'{"do": ["mute"]}', "do is not one of the choices"),
        (b'{"do": "drop", "message": "OpenOrderEnd"}', 'did you mean "OpenOrdersEnd"?'),
        (b'{"do": "drop", "message": "PlaceOrder"}', "turn direction"),
        (b'{"do": "cut"}', 'found no "byte"'),
        (b'{"do": "drop", "at": 5}', "drop acts on a frame"),
        (b'{"do": "swallow", "message": "OpenOrder"}', "swallow acts on an order"),
        (b'{"do": "correct"}', "correct needs a new price"),
        (b'{"do": "client_id_held"}', "expected client:"),
        (b'{"do": "close", "order": 1, "frame": 2}', "waits for several things"),
    ],
)
def test_what_makes_no_sense_is_answered(line: bytes, problem: str) -> None:
    with controlled() as (_, remote):
        remote.sock.sendall(line + b"\n")
        told = remote.answer()
        assert not told["ok"]
        assert problem in told["problem"]
        assert remote.tell(do="status")["ok"]


@pytest.mark.parametrize(
    "line", [b"POST / HTTP/1.1\r\n", b"[]\n", b"null\n", b'"do"\n', b"[" * 60000 + b"\n", b"\xff\xfe\n", b"x" * 70000]
)
def test_what_speaks_no_json_is_not_heard_out(line: bytes) -> None:
    with controlled() as (port, remote):
        remote.sock.sendall(line + b'{"do": "restart"}\n')
        assert not remote.answer()["ok"]
        with closing(Client(port)) as client:
            assert errors(client.welcome)[0] == (-1, 2104)
            assert statuses(client.ask(order(1)))[-1] == (1, "Filled")


def test_lines_in_pieces_and_several_at_once() -> None:
    with controlled() as (_, remote):
        data = b'{"do": "status"}\n\n{"do": "status"}\r\n{"do": "calm"}\n'
        for place in range(len(data)):
            remote.sock.sendall(data[place : place + 1])
        remote.sock.sendall(data)
        assert [remote.answer()["ok"] for _ in range(6)] == [True] * 6


def test_it_listens_where_it_is_told_and_says_if_it_cannot() -> None:
    with staged() as stage:
        gateway = Gateway(SyntheticMarket(1), stage.time, GatewaySettings())
        with pytest.raises(ConnectionFailed, match=rf"port {stage.port} .* in use; .* --control"):
            gateway.start(control=stage.port)
