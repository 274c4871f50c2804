"""Sessions that do not come about, or end in the middle of something: each is told, bounded, and can be begun again."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from runner.core.facts import ConnectionLost, CurrentTimeSeen, LoggedIn, LoginFailed, NextOrderIdSeen, NoticeSeen
from runner.errors import ConnectionFailed
from runner.gateway.settings import GatewaySettings
from runner.ib.versions import installed
from runner.wire.messages import PlaceOrder, StartApi
from tests.integration.gateway_peer import staged
from tests.integration.test_connection import READY, Script, Server, greet, linger, text
from tests.integration.test_gateway_faults import later
from tests.reliability.connection_peer import compiled, eventually, faulty, live, open_files, resident
from tests.reliability.truth_peer import Witness

FIRST_FACT = text(49, 1, 1764000000)


@pytest.fixture
def mute() -> Iterator[tuple[int, list[bool]]]:
    """A peer that takes connections and says nothing; tells of each whether the other side hung up."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended: list[bool] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                linger(peer)
                ended.append(True)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], ended
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def script(*pieces: bytes) -> Script:
    """Greet, log in, say the pieces and hang up."""

    def run(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(READY)
        for piece in pieces:
            peer.sendall(piece)

    return run


def test_c01_a_tws_that_is_absent_is_told_and_found_once_it_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with live(port) as client:
        for attempt in range(1, 6):
            failed = client.begin()
            assert isinstance(failed, LoginFailed)
            assert not failed.is_final
            assert failed.code is None
            assert "nothing listens" in failed.what
            assert "start TWS or IB Gateway" in failed.advice
            assert len(client.facts) == attempt
            assert client.connection.reopenable
        with pytest.raises(ConnectionFailed, match="no connection"):
            client.connection.request_open_orders()
        with staged() as stage:
            client.connection.port = stage.port
            assert client.log_in().session == 1


def test_c02_a_mute_tws_is_given_up_in_time_and_signals_are_heard_meanwhile(mute: tuple[int, list[bool]]) -> None:
    port, ended = mute
    heard: list[float] = []
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: heard.append(time.monotonic()))
    try:
        with live(port, timeout=1.0) as client:
            start = time.monotonic()
            client.connection.begin()
            assert time.monotonic() - start < 0.9
            os.kill(os.getpid(), signal.SIGTERM)
            assert eventually(lambda: bool(heard), 0.5)
            assert client.facts == []
            failed = client.wait(LoginFailed)
            assert time.monotonic() - start < 5
            assert "said nothing for 1 s" in failed.what
            assert not failed.is_final
            assert eventually(lambda: len(ended) == 1), "the socket was not closed"
            assert isinstance(client.begin(), LoginFailed)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_c02_closing_does_not_wait_for_a_mute_tws(mute: tuple[int, list[bool]]) -> None:
    port, ended = mute
    with live(port, timeout=30.0) as client:
        client.connection.begin()
        with pytest.raises(RuntimeError, match="is being opened"):
            client.connection.begin()
        time.sleep(0.1)
        start = time.monotonic()
        client.connection.close()
        assert time.monotonic() - start < 5
        assert eventually(lambda: len(ended) == 1)
        assert client.facts == [], "nothing is told of a session that was closed while it was opened"


def test_c03_without_the_next_order_id_nothing_is_sent() -> None:
    witness = Witness()
    lost = {"do": "drop", "when": {"message": "NextValidId", "times": 1}}
    with staged(settings=faulty(lost), truth=witness) as stage, live(stage.port, timeout=0.8) as client:
        client.connection.begin()
        while not client.facts:
            with pytest.raises(ConnectionFailed, match="no connection"):
                client.connection.place(compiled(1))
            time.sleep(0.02)
        (failed,) = client.facts
        assert isinstance(failed, LoginFailed)
        assert "the next order id" in failed.what
        assert not failed.is_final
        assert not witness.of(PlaceOrder)
        login = client.log_in()
        assert login.next_order_id == client.connection.take_order_ids(1)
        assert len(client.of(NextOrderIdSeen)) == 1


def test_c07_half_a_frame_then_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """At every byte of a frame: what came before counts, the rest does not, and the loss is told once."""
    broken = text(4, 2, -1, 2104, "Market data farm connection is OK:cashfarm")
    cuts = range(len(broken))
    server = Server(*(script(FIRST_FACT, broken[:cut]) for cut in cuts))
    with live(server.port) as client:
        for _ in cuts:
            after = len(client.facts)
            client.log_in()
            client.wait(ConnectionLost, after=after)
            assert len(client.of(CurrentTimeSeen, after)) == 1
            assert client.of(NoticeSeen, after) == []
            assert isinstance(client.facts[-1], ConnectionLost)
    server.close()
    assert [record for record in caplog.records if record.name.startswith("runner")] == []


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", (17 << 20).to_bytes(4, "big"), b"\x7f\xff\xff\xff"])
def test_c08_a_length_that_is_garbage_ends_the_session(length: bytes) -> None:
    flood = length + b"\0" * 200_000

    def deaf(peer: socket.socket) -> None:
        script(FIRST_FACT, flood)(peer)
        linger(peer)

    server = Server(deaf)
    before = resident()
    with live(server.port) as client:
        client.log_in()
        start = time.monotonic()
        lost = client.wait(ConnectionLost)
        assert time.monotonic() - start < 15
        assert "makes no sense any more" in lost.reason
        assert resident() - before < 20_000_000
        assert len(client.of(CurrentTimeSeen)) == 1
    server.close()


def test_c08_a_frame_without_anything_is_skipped() -> None:
    server = Server(script(b"\0\0\0\0", FIRST_FACT))
    with live(server.port) as client:
        client.log_in()
        client.wait(CurrentTimeSeen)
        assert [notice.code for notice in client.of(NoticeSeen)] == [508]
    server.close()


def test_c08_a_session_that_a_length_made_deaf_can_be_dropped() -> None:
    """16 MiB less one is a length that makes sense: only silence tells, which the heartbeat notices, and drops."""

    def deaf(peer: socket.socket) -> None:
        script(b"\x00\xff\xff\xff", *[FIRST_FACT] * 50)(peer)
        linger(peer)

    server = Server(deaf, script(FIRST_FACT))
    with live(server.port) as client:
        client.log_in()
        time.sleep(0.1)
        assert client.of(CurrentTimeSeen) == []
        assert time.monotonic() - client.connection.last_heard < 5
        client.drop()
        after = len(client.facts)
        client.log_in()
        client.wait(CurrentTimeSeen, after=after)
        assert len(client.of(CurrentTimeSeen)) == 1
    server.close()


def test_c14_an_id_that_is_still_held_is_asked_for_until_it_is_free() -> None:
    witness = Witness()
    held = {"do": "client_id_held", "for": 90, "when": {"client": 5}}
    with staged(settings=faulty(held), truth=witness) as stage, live(stage.port) as client:
        for _ in range(4):
            failed = client.begin()
            assert isinstance(failed, LoginFailed)
            assert (failed.code, failed.is_final) == (326, False)
            assert "client id 5 is already in use" in failed.what
        later(stage, 91)
        assert client.log_in().session == 1
        assert {start.client_id for start in witness.of(StartApi)} == {5}


@pytest.mark.parametrize("version", [100, 142, 156])
def test_c21_a_version_that_is_too_old_is_refused_and_no_order_is_sent(version: int) -> None:
    witness = Witness()
    with staged(settings=GatewaySettings(max_version=version), truth=witness) as stage, live(stage.port) as client:
        failed = client.begin()
        assert isinstance(failed, LoginFailed)
        assert failed.is_final
        assert f"server version {version}, fxrun needs 157 or newer" in failed.what
        assert failed.advice == "install a current TWS or IB Gateway"
        with pytest.raises(ConnectionFailed):
            client.connection.place(compiled(1))
        assert witness.of(PlaceOrder, StartApi) == []


def test_c21_a_version_that_was_not_offered_is_refused() -> None:
    def script(peer: socket.socket) -> None:
        peer.sendall(text(installed().max_server_version + 1, "20261124 08:11:16 UTC"))
        linger(peer)

    server = Server(script)
    with live(server.port) as client:
        failed = client.begin()
        assert isinstance(failed, LoginFailed)
        assert failed.is_final
        assert "is not a TWS" in failed.what
    server.close()


@pytest.mark.parametrize("version", [157, 163, 176, 178, 187, 200, 201, 203, 213, 226])
def test_c21_what_both_speak_is_spoken(version: int) -> None:
    """The framing changes at 201, and message by message to protobuf above: the newest that both speak counts."""
    with staged(settings=GatewaySettings(max_version=version)) as stage, live(stage.port) as client:
        login = client.log_in()
        assert login.server_version == min(version, installed().max_server_version)
        assert client.ask(client.connection.request_current_time, CurrentTimeSeen).at.year == 2025


def test_c22_three_hundred_sessions_leave_nothing_behind() -> None:
    with staged() as stage, live(stage.port) as client:
        for _ in range(10):
            client.log_in()
            client.drop()
        threads, files = threading.active_count(), open_files()
        for count in range(11, 311):
            assert client.log_in().session == count
            client.ask(client.connection.request_current_time, CurrentTimeSeen)
            client.drop()
        assert eventually(lambda: threading.active_count() <= threads + 2)
        assert eventually(lambda: open_files() <= files + 2)
        assert len(client.of(ConnectionLost)) == len(client.of(LoggedIn)) == 310
        assert len(client.of(CurrentTimeSeen)) == 300, "a second reader would have told some of them twice"
        later(stage, 1)
