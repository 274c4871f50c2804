"""The gateway's sockets: clients that share it, clients that misbehave, time, and the process around it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.core.clock import SIMULATED_MARK
from runner.errors import ConnectionFailed
from runner.gateway.market import QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.standalone import WallTime
from runner.wire.frames import frame
from runner.wire.messages import (
    Answer,
    CurrentTime,
    ErrorMessage,
    ExecutionDetails,
    ManagedAccounts,
    NextValidId,
    OpenOrder,
    RequestMarketData,
    RequestOpenOrders,
    StartApi,
    TickPrice,
)
from tests.integration.gateway_peer import EURUSD, START, Client, errors, kinds, only, order, staged, statuses


def test_the_welcome() -> None:
    with staged() as stage:
        client = stage.client()
        assert client.wire.server_time == f"20250305 14:30:00 UTC ({SIMULATED_MARK})"
        assert kinds(client.welcome) == ["ManagedAccounts", "NextValidId", *["ErrorMessage"] * 3]
        assert only(ManagedAccounts, client.welcome)[0].accounts == "DU1234567,"
        assert only(NextValidId, client.welcome)[0].order_id == 1
        assert errors(client.welcome) == [(-1, 2104), (-1, 2106), (-1, 2158)]


def test_a_client_id_in_use() -> None:
    with staged() as stage:
        first = stage.client(7)
        second = socket.create_connection(("127.0.0.1", stage.port), timeout=5)
        second.sendall(first.wire.greeting())
        second.recv(4096)
        second.sendall(first.wire.start(7))
        told = b""
        while data := second.recv(4096):
            told += data
        second.close()
        (answer,) = first.wire.receive(told)
        assert isinstance(answer, ErrorMessage)
        assert (answer.about, answer.code) == (-1, 326)
        assert answer.text == "Unable to connect as the client id is already in use. Retry with a unique client id."
        assert statuses(first.ask(order(1)))[-1] == (1, "Filled")


def test_thirty_two_clients_and_no_more() -> None:
    with staged() as stage:
        for client_id in range(32):
            stage.client(client_id)
        with pytest.raises(ConnectionAbortedError):
            Client(stage.port, 32)
        assert statuses(stage.clients[31].ask(order(1)))[-1] == (1, "Filled")


def test_a_client_id_is_free_again_after_its_client_left() -> None:
    with staged() as stage:
        for _ in range(5):
            client = stage.client(7)
            client.sock.shutdown(socket.SHUT_WR)
            assert client.sock.recv(10) == b""


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"API",
        b"API\0",
        b"API\0\xff\xff\xff\xff",
        b"API\0\0\0\0\x03abc",
        b"API\0\0\0\0\x04v1..",
        b"API\0\0\0\0\x08v900..99",
        bytes(range(256)) * 40,
    ],
)
def test_what_is_no_client_hurts_nobody(garbage: bytes) -> None:
    with staged() as stage:
        client = stage.client()
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as stranger:
            stranger.sendall(garbage)
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")


@pytest.mark.parametrize("fields", [("abc",), ("3", "x"), ("3", "1", "notanumber"), ("9",), ("62", "1"), ()])
def test_a_frame_that_makes_no_sense_is_answered(fields: tuple[str, ...]) -> None:
    with staged() as stage:
        client = stage.client()
        client.send(frame(fields))
        told = client.ask(order(1))
        assert errors(told) == [(-1, 320)]
        assert statuses(told)[-1] == (1, "Filled")


def test_a_frame_that_is_too_long_ends_that_connection_only() -> None:
    with staged() as stage:
        broken, client = stage.client(1), stage.client(2)
        broken.send(b"\xff\xff\xff\xffabc")
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            broken.read()
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")
        assert errors(stage.client(1).welcome)[0] == (-1, 2104)


def test_a_frame_that_is_no_request_takes_up_no_memory() -> None:
    notes: list[str] = []
    with staged(notes=notes.append) as stage:
        broken, client = stage.client(1), stage.client(2)
        broken.send((5_000_000).to_bytes(4, "big") + b"3")
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            broken.read()
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")
    assert notes[0].endswith("client 1 is refused: a frame of 5,000,000 bytes, at most 4,194,304 are taken")


def test_requests_behind_the_greeting_and_in_pieces() -> None:
    with staged() as stage:
        model = stage.client(1)
        bytes_ = model.wire.greeting() + model.wire.start(2) + model.wire.encode(order(1))
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as sock:
            for place in range(len(bytes_)):
                sock.sendall(bytes_[place : place + 1])
            told = b""
            while b"Filled" not in told:
                data = sock.recv(65536)
                assert data, "the gateway hung up"
                told += data


def test_nothing_before_start() -> None:
    with staged() as stage:
        model = stage.client(1)
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as sock:
            sock.sendall(model.wire.greeting())
            sock.recv(4096)
            sock.sendall(model.wire.encode(order(1)))
            (answer,) = model.wire.receive(sock.recv(4096))
        assert isinstance(answer, ErrorMessage)
        assert answer.code == 321
        model.ask(StartApi(client_id=9))
        assert stage.gateway.meter.reading().next_event is None


MANY = GatewaySettings(most_working=1000)


def _flood(client: Client) -> None:
    """Make a client ask for some 6 MB of answers, more than the system keeps for it."""
    client.ask(*[order(number, "BUY", "LMT", limit="0.5") for number in range(1, 200)])
    client.send(client.wire.encode(*[RequestOpenOrders()] * 35))


def test_a_client_that_does_not_read_blocks_nobody() -> None:
    with staged(settings=MANY) as stage:
        deaf, client = stage.client(1, buffer=4096), stage.client(2)
        _flood(deaf)
        began = time.monotonic()
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")
        assert time.monotonic() - began < 3
        before = stage.settled()
        told = deaf.ask()
        assert kinds(told).count("OpenOrder") == 35 * 199, "nothing of what it did not read was lost"
        after = stage.settled()
        assert after.produced - before.produced < 100, "what waited had been counted when it was queued"


def test_who_asks_for_more_than_it_reads_has_to_wait() -> None:
    """What it asked for is 20 times what is let pile up; it is not acted on, and no memory goes into it."""
    with staged(settings=MANY) as stage:
        deaf, client = stage.client(1, buffer=4096), stage.client(2)
        deaf.ask(*[order(number, "BUY", "LMT", limit="0.5") for number in range(1, 200)])
        deaf.sock.settimeout(2)
        asked = deaf.wire.encode(*[RequestOpenOrders()] * 2000)
        with suppress(TimeoutError):
            while True:
                deaf.sock.sendall(asked)
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")
        (piled, *_) = stage.gateway.call(lambda venue: [len(line.pending) for line in stage.gateway.lines])
        assert 4_000_000 < piled < 12_000_000
        deaf.close()
        stage.clients.remove(deaf)
        assert statuses(client.ask(order(2)))[-1] == (2, "Filled")


def test_a_client_that_vanishes_hurts_nobody() -> None:
    with staged(settings=MANY) as stage:
        gone, client = stage.client(1, buffer=4096), stage.client(2)
        _flood(gone)
        queued = stage.settled().produced
        gone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        assert statuses(client.ask(order(1)))[-1] == (1, "Filled")
        assert stage.settled().produced < queued, "what nobody will read is not waited for"
        assert len(only(OpenOrder, stage.client(1).ask(RequestOpenOrders()))) == 199


def test_every_byte_is_counted() -> None:
    with staged() as stage:
        client = stage.client()
        seen = 0
        receive = client.wire.receive

        def counted(data: bytes):  # type: ignore[no-untyped-def]
            nonlocal seen
            seen += len(data)
            return receive(data)

        before = stage.settled()
        assert before.consumed == client.sent
        client.wire.receive = counted  # type: ignore[method-assign]
        client.ask(order(1), order(2, "BUY", "LMT", limit="0.5"))
        after = stage.settled()
        assert (after.consumed, after.produced - before.produced) == (client.sent, seen)


def test_a_silent_gateway_reads_and_says_nothing() -> None:
    with staged(settings=GatewaySettings(silent=True)) as stage:
        with socket.create_connection(("127.0.0.1", stage.port), timeout=0.2) as sock:
            sock.sendall(b"API\0\0\0\0\x09v100..178")
            assert stage.gateway.meter.wait(consumed=17, wakes=0, timeout=5) is not None
            with pytest.raises(TimeoutError):
                sock.recv(10)
        assert stage.gateway.meter.reading().produced == 0


def test_a_port_in_use_says_what_to_do() -> None:
    with staged() as stage:
        other = Gateway(SyntheticMarket(1), stage.time, GatewaySettings())
        with pytest.raises(ConnectionFailed, match=rf"port {stage.port} .* in use; .* --port") as failed:
            other.start(stage.port)
        assert failed.value.exit_code == 5


def test_stop_is_safe_twice_and_frees_the_port() -> None:
    with staged() as stage:
        client = stage.client()
        stage.gateway.stop()
        stage.gateway.stop()
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            client.read()
        again = Gateway(SyntheticMarket(1), stage.time, GatewaySettings())
        assert again.start(stage.port) == stage.port
        again.stop()


def test_virtual_time_moves_nothing_by_itself() -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1, "BUY", "LMT", limit="0.5"))
        stage.settled()
        stage.time.set(START + timedelta(days=1))
        stage.gateway.wake()
        stage.gateway.wake()
        reading = stage.gateway.meter.wait(consumed=0, wakes=2, timeout=5)
        assert reading is not None
        assert statuses(client.ask()) == [(1, "Cancelled")]


class _Open:
    """The wall's pace on an open day, so that the test passes on a Saturday too."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._began)


def _sides(told: list[Answer]) -> list[str]:
    """Return the bids and asks that were told."""
    return [str(tick.price) for tick in only(TickPrice, told) if tick.tick_type in (1, 2)]


def test_wall_time_fills_and_ticks_without_being_asked(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text("time,bid,ask\n2025-03-05T14:30:00Z,1.0850,1.0852\n2025-03-05T14:30:01Z,1.0838,1.0840\n")
    gateway = Gateway(QuotesMarket(path), _Open(), GatewaySettings())
    client = Client(gateway.start())
    try:
        told = client.ask(order(1, "BUY", "LMT", limit="1.0840"), RequestMarketData(request_id=5, contract=EURUSD))
        while not only(ExecutionDetails, told) or len(sides := _sides(told)) < 4:
            told += client.read()
        assert sides == ["1.08500", "1.08520", "1.08380", "1.08400"]
    finally:
        client.close()
        gateway.stop()


def _started(*arguments: str) -> subprocess.Popen[str]:
    code = "import sys; from runner.cli.commands.gateway import command; sys.exit(command(standalone_mode=False))"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.skipif(os.name == "nt", reason="signals of another process are POSIX's")
def test_the_process(number: int, code: int) -> None:
    with _started("--port", "0", "--seed", "2") as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().removeprefix("listening on 127.0.0.1:"))
        client = Client(port)
        (answer,) = [one for one in only(ErrorMessage, client.ask(order(1, "HOLD"))) if one.about == 1]
        assert answer.code == 321
        process.send_signal(number)
        assert process.wait(5) == code
        assert process.stdout.read() == ""
        client.close()


def test_a_process_that_finds_its_port_taken() -> None:
    with staged() as stage:
        code = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, "gateway", "--port", str(stage.port)],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (5, "")
    assert f"port {stage.port} of 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_clock_of_the_wall() -> None:
    gateway = Gateway(SyntheticMarket(1), WallTime(), GatewaySettings())
    client = Client(gateway.start())
    try:
        client.send(client.wire.encode())
        client.sock.sendall(frame(("49", "1")))
        told = client.read()
        assert abs(only(CurrentTime, told)[0].time - datetime.now(UTC).timestamp()) < 5
    finally:
        client.close()
        gateway.stop()
