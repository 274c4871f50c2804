"""Sessions at the newest version the installed ibapi speaks: raw message ids, and protobuf where it speaks it.

What the server says is built by hand here from the field numbers of the protocol. With ibapi 9.81.1, which ends at 157,
the same conversation is in text.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.core.contract import ContractSpec
from runner.core.facts import (
    CommissionSeen,
    ExecutionSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    OpenOrdersEnd,
    OrderStatusSeen,
)
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.ib.compile import compile_group
from runner.ib.connection import Connection
from runner.ib.linked import number
from runner.ib.versions import installed

NEWEST = installed().max_server_version
VERSIONS = [version for version in (157, 176, 187, 200, 201, 203, 213, NEWEST) if version <= NEWEST]
PROTOBUF = [version for version in VERSIONS if version >= 203]


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


def text(server_version: int, identity: int, *fields: object) -> bytes:
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    head = struct.pack("!I", identity) if server_version >= 201 else f"{identity}\0".encode()
    return framed(head + body)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def message(**fields: object) -> bytes:
    """Write a protobuf message; names are f<number>."""
    out = b""
    for name, value in fields.items():
        tag = int(name[1:]) << 3
        match value:
            case int():
                out += varint(tag) + varint(value)
            case float():
                out += varint(tag | 1) + struct.pack("<d", value)
            case str() | bytes():
                data = value.encode() if isinstance(value, str) else value
                out += varint(tag | 2) + varint(len(data)) + data
    return out


def proto(identity: int, **fields: object) -> bytes:
    return framed(struct.pack("!I", identity + 200) + message(**fields))


def exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise ConnectionError("the client went away")
        data += piece
    return data


class Gateway:
    """Serves one session at one server version; keeps the frames it received."""

    def __init__(self, version: int, answers: list[bytes]) -> None:
        self.frames: queue.Queue[bytes] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(version, answers), daemon=True)
        self._thread.start()

    def _serve(self, version: int, answers: list[bytes]) -> None:
        peer, _ = self._listener.accept()
        with peer, contextlib.suppress(ConnectionError):
            exactly(peer, 4)
            exactly(peer, struct.unpack("!I", exactly(peer, 4))[0])
            peer.sendall(framed(f"{version}\0".encode() + b"20261124 08:11:16 UTC\0"))
            while True:
                self.frames.put(exactly(peer, struct.unpack("!I", exactly(peer, 4))[0]))
                for answer in answers:
                    peer.sendall(answer)
                answers = []

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def session(version: int, answers: list[bytes]) -> Iterator[tuple[Gateway, Connection, queue.Queue[Fact]]]:
    facts: queue.Queue[Fact] = queue.Queue()
    gateway = Gateway(version, answers)
    connection = Connection("127.0.0.1", gateway.port, client_id=5, publish=facts.put, timeout=3)
    try:
        yield gateway, connection, facts
    finally:
        connection.close()
        gateway.close()


def identity(frame: bytes, version: int) -> int:
    return struct.unpack("!I", frame[:4])[0] if version >= 201 else int(frame.partition(b"\0")[0])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_request_leaves_at_every_version(version: int) -> None:
    """Ids are those of the protocol; +200 where, from the version on that the protocol names, the body is protobuf."""
    ready = [text(version, 15, 1, "DU1"), text(version, 9, 1, 7)]
    order = OrderTicket(
        key=OrderKey(plan="p", order="main", fire="once", role="entry"),
        role=Role.ENTRY,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=Decimal("25000.1"),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.08505"),
    )
    with session(version, ready) as (gateway, connection, _facts):
        connection.open()
        connection.place(number(compile_group([order]), connection.take_order_ids(1), "DU1")[0])
        connection.cancel(7)
        connection.request_open_orders()
        connection.request_completed_orders()
        connection.request_executions()
        connection.request_current_time()
        connection.request_snapshot(order.contract)
        frames = [gateway.frames.get(timeout=3) for _ in range(8)]
    since = {71: 213, 3: 203, 4: 203, 5: 204, 99: 204, 7: 201, 49: 213, 1: 206}
    protobuf_ids = {base for base, first in since.items() if version >= first}
    assert [identity(frame, version) for frame in frames] == [
        base + 200 if base in protobuf_ids else base for base in (71, 3, 4, 5, 99, 7, 49, 1)
    ]
    for part in (order.order_ref.encode(), b"25000.1", b"IDEALPRO", b"DU1"):
        assert part in frames[1]
    price = struct.pack("<d", 1.08505) if version >= 203 else b"\x001.08505\0"
    assert price in frames[1]


@pytest.mark.skipif(not PROTOBUF, reason="this ibapi speaks no protobuf")
@pytest.mark.parametrize("version", PROTOBUF or [0])
def test_protobuf_answers_become_the_same_facts(version: int) -> None:
    contract = message(f1=12087792, f2="EUR", f3="CASH", f8="IDEALPRO", f10="USD", f11="EUR.USD")
    order = message(f1=5, f2=7, f3=99, f5="BUY", f6="25000", f8="MKT", f12="DU1", f28="fx1:p:x")
    execution = message(
        f1=7, f2="e.1.01", f3="20261124 14:30:00 UTC", f4="DU1", f6="BOT", f7="25000", f8=1.08505, f9=99, f10=5,
        f14="fx1:p:x",
    )  # fmt: skip
    answers = [
        text(version, 15, 1, "DU1"),
        text(version, 9, 1, 7),
        proto(4, f1=7, f2=1764000000000, f3=399, f4="Order Message"),
        proto(5, f1=7, f2=contract, f3=order, f4=message(f1="Submitted")),
        proto(3, f1=7, f2="Submitted", f3="0", f4="25000"),
        proto(3, f1=7, f2="Filled", f3="25000", f4="0", f5=1.08505, f6=99, f9=5),
        proto(11, f1=-1 & (2**64 - 1), f2=contract, f3=execution),
        text(version, 59, 1, "e.1.01", 2.0, "USD", "", "", ""),
        proto(53),
    ]
    with session(version, answers) as (_gateway, connection, facts):
        connection.open()
        seen: list[Fact] = []
        while not (seen and isinstance(seen[-1], OpenOrdersEnd)):
            seen.append(facts.get(timeout=5))
    wanted = (NoticeSeen, OpenOrderSeen, OrderStatusSeen, ExecutionSeen, CommissionSeen)
    assert [fact for fact in seen if isinstance(fact, wanted)] == [
        NoticeSeen(about=7, code=399, text="Order Message"),
        OpenOrderSeen(
            order_id=7, client_id=5, perm_id=99, order_ref="fx1:p:x", account="DU1", status="Submitted", warning="",
            contract="EUR.USD", side=Side.BUY, quantity=Decimal(25000), order_type="MKT",
        ),
        OrderStatusSeen(
            order_id=7, client_id=0, perm_id=None, status="Submitted", filled=Decimal(0), remaining=Decimal(25000),
            average_price=None, why_held="",
        ),
        OrderStatusSeen(
            order_id=7, client_id=5, perm_id=99, status="Filled", filled=Decimal(25000), remaining=Decimal(0),
            average_price=Decimal("1.08505"), why_held="",
        ),
        ExecutionSeen(
            order_id=7, client_id=5, perm_id=99, order_ref="fx1:p:x", exec_id="e.1.01", account="DU1",
            contract="EUR.USD", side=Side.BUY, price=Decimal("1.08505"), quantity=Decimal(25000),
            at=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
        ),
        CommissionSeen(exec_id="e.1.01", amount=Decimal("2.0"), currency="USD"),
    ]  # fmt: skip


@pytest.mark.skipif(not PROTOBUF, reason="this ibapi speaks no protobuf")
@pytest.mark.parametrize("broken", [b"\xff\xff\xff", b"", b"\0"])
def test_protobuf_that_cannot_be_read_is_reported(broken: bytes) -> None:
    version = PROTOBUF[-1]
    answers = [
        framed(struct.pack("!I", 203) + broken if broken != b"\0" else b"\0"),
        text(version, 15, 1, "DU1"),
        text(version, 9, 1, 7),
    ]
    with session(version, answers) as (_gateway, connection, facts):
        assert connection.open().next_order_id == 7
        seen = list(facts.queue)
    notices = [fact.code for fact in seen if isinstance(fact, NoticeSeen)]
    assert notices == ([] if broken == b"" else [508])  # an empty protobuf message is one in which nothing is set
