"""One version a connection: the highest that both speak, spoken in full; none below 100."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from runner.wire import messages as m
from runner.wire.bodies import read_answer, write
from runner.wire.frames import wrap
from runner.wire.proto_pool import PACKAGE, parse
from runner.wire.session import MAX_VERSION, PREFIX, ClientSession, ServerSession, SessionState

ROOT = Path(__file__).parents[2]
SPOKEN = (157, 163, 176, 178, 187, 188, 189, 190, 191, 193, 200, 201, 203, 210, 213, 226)
EUR = m.WireContract(symbol="EUR", security_type="CASH", exchange="IDEALPRO", currency="USD")
ORDER = m.WireOrder(action="BUY", order_type="LMT", total_quantity=Decimal(25000), limit_price=Decimal("1.085"))
REQUESTS = (
    m.PlaceOrder(order_id=1, contract=EUR, order=ORDER),
    m.CancelOrder(order_id=1),
    m.RequestExecutions(request_id=2),
    m.RequestPnl(request_id=3, account="DU1"),
    m.RequestCurrentTime(),
)
ANSWERS = (
    m.NextValidId(order_id=1),
    m.ErrorMessage(about=1, code=202, text="Order Canceled - reason:"),
    m.OpenOrder(order_id=1, contract=EUR, order=ORDER, order_state=m.WireOrderState(status="Submitted")),
    m.OrderStatus(order_id=1, status="Filled", filled=Decimal(25000)),
    m.ExecutionDetails(request_id=-1, contract=EUR, execution=m.WireExecution(execution_id="1.01")),
    m.TickPrice(request_id=2, tick_type=1, price=Decimal("1.085"), size=Decimal(1000000)),
    m.CurrentTime(time=1700000000),
)


def agreed(client: ClientSession, server: ServerSession) -> int | None:
    """Let the two greet each other and return the version."""
    assert list(server.receive(client.greeting())) == []
    assert list(client.receive(server.handshake_reply("20261124 10:00:00 UTC"))) == []
    assert client.version == server.version
    return server.version


@pytest.mark.parametrize("version", SPOKEN)
def test_a_version_is_negotiated_and_spoken(version: int) -> None:
    for client, server in (
        (ClientSession(max_version=version), ServerSession()),
        (ClientSession(max_version=MAX_VERSION), ServerSession(version)),
    ):
        assert agreed(client, server) == version
        assert list(server.receive(client.start(7) + client.encode(*REQUESTS))) == [m.StartApi(client_id=7), *REQUESTS]
        assert list(client.receive(server.encode(*ANSWERS))) == list(ANSWERS)


@pytest.mark.parametrize("clients", [100, 157, 187, 203, 226, 240])
@pytest.mark.parametrize("servers", [157, 178, 200, 226, 300])
def test_the_lower_maximum_counts(clients: int, servers: int) -> None:
    assert agreed(ClientSession(max_version=clients), ServerSession(servers)) == min(clients, servers, MAX_VERSION)


@pytest.mark.parametrize(
    ("first_bytes", "reason"),
    [
        (PREFIX + wrap(b"v90"), "no common version: 90 to 90 offered, 100 to 226 served"),
        (PREFIX + wrap(b"v60..99"), "no common version: 60 to 99 offered, 100 to 226 served"),
        (PREFIX + wrap(b"v0"), "no common version"),
        (PREFIX + wrap(b"63"), "not an offer of versions"),
        (b"63\0", "does not greet as a TWS API client of version 100 or later does"),  # before there was a greeting
        (b"63\x007\0", "does not greet as a TWS API client of version 100 or later does"),
        (b"\0\0\0\x08" + b"71\x002\x007\0\0", "does not greet as a TWS API client of version 100 or later does"),
    ],
)
def test_what_is_below_100_is_refused_at_once_and_for_good(first_bytes: bytes, reason: str) -> None:
    for pieces in ([first_bytes], [first_bytes[i : i + 1] for i in range(len(first_bytes))]):
        server = ServerSession()
        assert [request for piece in pieces for request in server.receive(piece)] == []
        assert (server.state, server.version) == (SessionState.REFUSED, None)
        assert reason in server.reason
        assert list(server.receive(ClientSession().greeting())) == []
        assert server.state is SessionState.REFUSED


@pytest.mark.parametrize("offer", [b"v100", b"v100..100", b"v90..100", b"v1..100"])
def test_100_itself_is_spoken(offer: bytes) -> None:
    server = ServerSession()
    assert list(server.receive(PREFIX + wrap(offer) + write(m.RequestIds(), 100))) == [m.RequestIds(count=1)]
    assert server.version == 100


TIMED = m.ErrorMessage(about=4, code=201, text="Order rejected", advanced_reject="{}", time_ms=1700000000123)


def test_the_time_of_an_error_is_told_from_194_on() -> None:
    assert write(TIMED, 193)[4:] == b"4\x002\x004\x00201\0Order rejected\0{}\0"
    assert write(TIMED, 194)[4:] == b"4\x004\x00201\0Order rejected\0{}\x001700000000123\0"
    assert write(TIMED, 202)[4:] == b"\0\0\0\x044\x00201\0Order rejected\0{}\x001700000000123\0"
    assert parse("ErrorMessage", write(TIMED, 203)[8:]).errorTime == 1700000000123


@pytest.mark.parametrize("version", [*range(190, 205), 226])
def test_the_time_of_an_error_comes_back(version: int) -> None:
    expected = TIMED.time_ms if version >= 194 else 0
    read = read_answer(write(TIMED, version)[4:], version)
    assert isinstance(read, m.ErrorMessage)
    assert read.time_ms == expected


def test_our_messages_have_a_package_and_a_pool_of_their_own() -> None:
    """Another library's messages of the same names in the default pool do not meet ours, whichever come first."""
    assert PACKAGE == "fxrun.wire"
    assert parse("PlaceOrderRequest", b"").DESCRIPTOR.full_name == "fxrun.wire.PlaceOrderRequest"
    theirs = (
        "from google.protobuf import descriptor_pb2, descriptor_pool\n"
        "for package in ('fxrun.wire', 'protobuf'):\n"
        "    file = descriptor_pb2.FileDescriptorProto(name=f'{package}.proto', package=package)\n"
        "    file.message_type.add(name='PlaceOrderRequest').field.add(name='other', number=1, type=9, label=1)\n"
        "    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())\n"
    )
    ours = (
        "from runner.wire.proto_pool import parse\n"
        "assert parse('PlaceOrderRequest', b'\\x08\\x07').orderId == 7\n"
        "from google.protobuf import descriptor_pool\n"
        "found = descriptor_pool.Default().FindMessageTypeByName('fxrun.wire.PlaceOrderRequest')\n"
        "assert [field.name for field in found.fields] == ['other']\n"
    )
    early = "from runner.wire.proto_pool import parse\nparse('PlaceOrderRequest', b'')\n"
    for code in (theirs + ours, early + theirs + ours):
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
