"""Sessions in the background: what is published of them, in which order, and what never is."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from runner.core.facts import (
    AccountsSeen,
    ConnectionLost,
    CurrentTimeSeen,
    Handled,
    LoggedIn,
    LoginFailed,
    NextOrderIdSeen,
    NoticeSeen,
    OpenOrdersEnd,
    OrderStatusSeen,
)
from runner.errors import ConnectionFailed
from runner.ib import session as session_module
from tests.integration.gateway_peer import staged
from tests.integration.test_connection import READY, Script, Server, greet, linger, text
from tests.reliability.connection_peer import Live, compiled, eventually, live

STATUS = text(3, 40, "Submitted", 0, 1, 0, 11, 0, 0, 5, "", 0)
NOTICE = text(4, 2, -1, 2104, "farm OK")
OPEN_END = text(53, 1)


def script(*pieces: bytes, ready: bytes = READY) -> Script:
    """Greet, say the pieces and stay."""

    def run(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(ready + b"".join(pieces))
        linger(peer)

    return run


def test_what_came_before_the_login_is_published_behind_it() -> None:
    ready = text(15, 1, "DU1234567,") + NOTICE + STATUS + text(9, 1, 7)
    server = Server(script(OPEN_END, ready=ready))
    with live(server.port) as client:
        client.log_in()
        client.wait(OpenOrdersEnd)
        told = [type(fact) for fact in client.facts if not isinstance(fact, Handled)]
        assert told == [LoggedIn, AccountsSeen, NoticeSeen, OrderStatusSeen, NextOrderIdSeen, OpenOrdersEnd]
        login = client.of(LoggedIn)[0]
        assert login == LoggedIn(
            session=1, server_version=157, server_time="20261124 08:11:16 fxrun simulated", accounts=("DU1234567",),
            next_order_id=7, simulated=True,
        )  # fmt: skip
        assert client.connection.take_order_ids(1) == 41, "above the order that was seen"
        assert client.connection.login_next_id == 7, "and yet the TWS said 7"
    server.close()


def test_nothing_of_a_session_that_failed_is_published_but_its_failure() -> None:
    server = Server(script(ready=text(15, 1, "DU1") + STATUS + NOTICE))
    with live(server.port, timeout=0.4) as client:
        failed = client.begin()
        assert client.facts == [failed]
        assert isinstance(failed, LoginFailed)
    server.close()


def test_what_a_reader_of_an_older_session_still_says_is_no_evidence_in_the_next() -> None:
    server = Server(script(OPEN_END), script())
    with live(server.port) as client:
        client.log_in()
        client.wait(OpenOrdersEnd)
        first = client.connection._session
        assert first is not None
        assert first.client is not None
        after = len(client.facts)
        client.log_in()
        first.client.tap.openOrderEnd()
        first.client.tap.nextValidId(900)
        first.client._publish(ConnectionLost(reason="late"))
        assert [fact for fact in client.facts[after:] if isinstance(fact, OpenOrdersEnd | ConnectionLost)] == []
        assert client.connection.take_order_ids(1) == 7
        client.connection.request_current_time()
    server.close()


def test_a_loss_is_told_once_whoever_sees_it_first() -> None:
    with staged() as stage, live(stage.port) as client:
        for _ in range(20):
            after = len(client.facts)
            client.log_in()
            threads = [threading.Thread(target=client.connection.drop, args=("both",)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            client.connection.drop("and again")
            assert client.of(ConnectionLost, after) == [ConnectionLost(reason="both")]
            assert isinstance(client.facts[-1], ConnectionLost)
            with pytest.raises(ConnectionFailed, match="no connection"):
                client.connection.place(compiled(1))


def test_dropping_publishes_first_what_was_read() -> None:
    many = text(49, 1, 1764000000) * 5000
    server = Server(script(many))
    with live(server.port) as client:
        client.log_in()
        client.wait(CurrentTimeSeen)
        client.connection.drop("enough")
        came = len(client.facts)
        assert isinstance(client.facts[-1], ConnectionLost)
        time.sleep(0.2)
        assert len(client.facts) == came
    server.close()


def test_begin_is_for_one_at_a_time_and_not_for_a_closed_connection() -> None:
    server = Server(linger)
    with live(server.port, timeout=0.5) as client:
        assert client.connection.reopenable
        client.connection.begin()
        assert not client.connection.reopenable
        with pytest.raises(RuntimeError, match="is being opened"):
            client.connection.begin()
        client.connection.drop("no effect while it is being opened")
        client.wait(LoginFailed)
        assert client.connection.reopenable
        client.connection.close()
        assert not client.connection.reopenable
        with pytest.raises(RuntimeError, match="was closed"):
            client.connection.begin()
    server.close()


def test_a_new_session_may_be_begun_from_the_fact_of_the_last_one() -> None:
    """At the moment at which LoginFailed or ConnectionLost is on the queue, the next attempt is allowed."""
    server = Server(lambda peer: None, lambda peer: None, script())
    with live(server.port) as client:
        again = client.connection._publish

        def publish(fact: object) -> None:
            again(fact)  # type: ignore[arg-type]
            if isinstance(fact, LoginFailed):
                client.connection.begin()

        client.connection._publish = publish
        client.connection.begin()
        assert client.wait(LoggedIn).session == 1
        assert len(client.of(LoginFailed)) == 2
    server.close()


def test_a_session_that_is_alive_ends_when_another_is_begun() -> None:
    with staged() as stage, live(stage.port) as client:
        for count in (1, 2, 3):
            assert client.log_in().session == count
        assert client.of(ConnectionLost) == [], "no loss: it was given up"
        assert client.connection.session == 3
        assert eventually(lambda: threads() == 1)


def threads() -> int:
    return len([thread for thread in threading.enumerate() if thread.name == "fxrun-ib-reader"])


def test_opening_in_the_foreground_goes_on_as_before() -> None:
    server = Server(script(NOTICE))
    with live(server.port) as client:
        login = client.connection.open()
        assert (login.next_order_id, client.connection.session) == (7, 1)
        assert client.of(LoggedIn) == []
        client.wait(NoticeSeen)
    server.close()


def test_the_name_of_a_host_that_nobody_can_look_up_now_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a resolver says while the network is down; a name that does not exist is final."""
    said = {socket.EAI_AGAIN: False, socket.EAI_NONAME: True}
    for number, is_final in said.items():

        def fail(*_: object, number: int = number) -> socket.socket:
            raise socket.gaierror(number, "said the resolver")

        monkeypatch.setattr(session_module.socket, "create_connection", fail)
        client = Live(4002)
        failed = client.begin()
        assert isinstance(failed, LoginFailed)
        assert failed.is_final is is_final
        client.connection.close()


def test_a_fault_of_our_own_is_told_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> socket.socket:
        raise ValueError("a bug")

    monkeypatch.setattr(session_module.socket, "create_connection", fail)
    client = Live(4002)
    failed = client.begin()
    assert isinstance(failed, LoginFailed)
    assert "a bug" in failed.what
    assert client.connection.reopenable
    client.connection.close()
