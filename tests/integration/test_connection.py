"""The connection against small real servers, one for each way in which a peer misbehaves."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.core.contract import ContractSpec
from runner.core.facts import (
    AccountsSeen,
    ConnectionLost,
    CurrentTimeSeen,
    ExecutionSeen,
    Fact,
    Handled,
    NextOrderIdSeen,
    NoticeSeen,
    OrderStatusSeen,
)
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.errors import ConnectionFailed
from runner.ib import connection as connection_module
from runner.ib.compile import compile_group
from runner.ib.connection import FIRST_REQUEST_ID, Connection
from runner.ib.linked import number

Script = Callable[[socket.socket], None]


def text(*fields: object) -> bytes:
    """Build one text frame."""
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return struct.pack("!I", len(body)) + body


GREETING = text(157, "20261124 08:11:16 fxrun simulated")
READY = text(15, 1, "DU1234567,") + text(9, 1, 7)


def exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise ConnectionError("the client went away")
        data += piece
    return data


def frame(peer: socket.socket) -> bytes:
    return exactly(peer, struct.unpack("!I", exactly(peer, 4))[0])


def greet(peer: socket.socket, answer: bytes = GREETING) -> None:
    """Take the greeting, answer it, and take START_API."""
    assert exactly(peer, 4) == b"API\0"
    assert frame(peer).startswith(b"v100..")
    peer.sendall(answer)
    assert frame(peer) == b"71\x002\x005\x00\x00"


def linger(peer: socket.socket) -> None:
    """Read until the client closes."""
    with contextlib.suppress(OSError):
        while peer.recv(65536):
            pass


class Server:
    """Accepts connections one after the other and runs a script on each; a failed script fails the test."""

    def __init__(self, *scripts: Script) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.faults: list[BaseException] = []
        self._thread = threading.Thread(target=self._serve, args=(scripts,), daemon=True)
        self._thread.start()

    def _serve(self, scripts: tuple[Script, ...]) -> None:
        for script in scripts:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                try:
                    script(peer)
                except BaseException as fault:
                    self.faults.append(fault)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()
        assert self.faults == []


class Session:
    """A connection and the facts that came from it."""

    def __init__(self, port: int, *, timeout: float = 2.0, attempts: int = 1) -> None:
        self.facts: queue.Queue[Fact] = queue.Queue()
        self.connection = Connection(
            "127.0.0.1", port, client_id=5, publish=self.facts.put, timeout=timeout, attempts=attempts
        )

    def wait_for(self, kind: type[Fact], count: int = 1) -> list[Fact]:
        """Return all facts up to the count-th of a kind."""
        seen: list[Fact] = []
        deadline = time.monotonic() + 5
        while sum(isinstance(fact, kind) for fact in seen) < count:
            seen.append(self.facts.get(timeout=max(0.01, deadline - time.monotonic())))
        return seen

    def until_handled(self, total: int) -> list[Fact]:
        seen: list[Fact] = []
        while not (seen and isinstance(seen[-1], Handled) and seen[-1].total >= total):
            seen.append(self.facts.get(timeout=5))
        return seen


@pytest.fixture
def play() -> Iterator[Callable[..., Session]]:
    """Start a server that plays the scripts, and a session that is not yet open."""
    started: list[tuple[Server, Session]] = []

    def start(*scripts: Script, timeout: float = 2.0, attempts: int = 1) -> Session:
        server = Server(*scripts)
        session = Session(server.port, timeout=timeout, attempts=attempts)
        started.append((server, session))
        return session

    yield start
    for server, session in started:
        session.connection.close()
        server.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "fxrun-ib-reader"]


def ticket(**changes: object) -> OrderTicket:
    values = {
        "key": OrderKey(plan="p", order="main", fire="once", role="entry"),
        "role": Role.ENTRY,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY,
        "quantity": Decimal(25000),
        "order_type": OrderType.MARKET,
    } | changes
    return OrderTicket(**values)  # type: ignore[arg-type]


def ordinary(*more: bytes) -> Script:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(READY)
        for data in more:
            peer.sendall(data)
        linger(peer)

    return script


# --- opening


def test_ready_means_accounts_and_next_id(play: Callable[..., Session]) -> None:
    session = play(ordinary())
    login = session.connection.open()
    assert (login.server_version, login.accounts, login.next_order_id) == (157, ("DU1234567",), 7)
    assert login.simulated
    facts = session.until_handled(len(GREETING + READY))
    assert AccountsSeen(accounts=("DU1234567",)) in facts
    assert NextOrderIdSeen(order_id=7) in facts


def test_a_real_tws_is_not_marked_simulated(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer, text(157, "20261124 08:11:16 EST"))
        peer.sendall(READY)
        linger(peer)

    assert not play(script).connection.open().simulated


def test_not_ready_without_the_next_id(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(text(15, 1, "DU1"))
        linger(peer)

    with pytest.raises(ConnectionFailed, match=r"did not name its accounts and the next order id within 0\.3 s"):
        play(script, timeout=0.3).connection.open()


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailed, match=f"nothing listens at 127.0.0.1:{port}: start TWS or IB Gateway"):
        Session(port).connection.open()


def test_unknown_host() -> None:
    lost = Connection("no-such-host.invalid", 1, client_id=1, publish=lambda fact: None)
    with pytest.raises(ConnectionFailed, match=r"'no-such-host\.invalid' is not known"):
        lost.open()


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_a_port_that_cannot_be(port: int) -> None:
    with pytest.raises(ConnectionFailed, match="is no port number"):
        Session(port).connection.open()


def test_mute_server_is_given_up(play: Callable[..., Session]) -> None:
    start = time.monotonic()
    with pytest.raises(ConnectionFailed, match=r"accepts connections but said nothing for 0\.3 s"):
        play(linger, timeout=0.3).connection.open()
    assert time.monotonic() - start < 1.5


def test_server_that_drips_is_given_up(play: Callable[..., Session]) -> None:
    """The deadline is one for the whole handshake, not one for each byte."""

    def script(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for byte in GREETING[:-1]:
                peer.sendall(bytes([byte]))
                time.sleep(0.05)

    start = time.monotonic()
    with pytest.raises(ConnectionFailed, match="said nothing"):
        play(script, timeout=0.4).connection.open()
    assert time.monotonic() - start < 1.5


def test_closed_in_handshake(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        exactly(peer, 4)
        frame(peer)

    with pytest.raises(ConnectionFailed, match=r"broke off in the handshake .*Trusted IPs"):
        play(script).connection.open()


def test_reset_in_handshake(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        exactly(peer, 4)
        frame(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with pytest.raises(ConnectionFailed, match=r"broke off in the handshake \(it reset the connection\)"):
        play(script).connection.open()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        text("x", "y"),
        text(157),
        text(1, 2, 3),
        text(999, "t"),
    ],
)
def test_something_else_than_a_tws(play: Callable[..., Session], answer: bytes) -> None:
    def script(peer: socket.socket) -> None:
        peer.sendall(answer)
        linger(peer)

    with pytest.raises(ConnectionFailed, match="is not a TWS"):
        play(script, attempts=3).connection.open()  # and is not tried again: the server plays once


def test_version_too_old(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        peer.sendall(text(142, "20261124 08:11:16 UTC"))
        linger(peer)

    with pytest.raises(ConnectionFailed, match="server version 142, fxrun needs 157 or newer"):
        play(script, attempts=3).connection.open()


def test_client_id_in_use(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(text(4, 2, -1, 326, "Unable to connect as the client id is already in use."))

    with pytest.raises(ConnectionFailed, match=r"client id 5 is already in use at .* end the other program"):
        play(script).connection.open()


def test_ended_before_ready_says_what_the_tws_said(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(
            text(4, 2, -1, 2104, "farm OK") + text(4, 2, -1, 10141, "Paper trading disclaimer must be accepted")
        )

    with pytest.raises(ConnectionFailed, match="after saying: 10141 Paper trading disclaimer"):
        play(script).connection.open()


def test_handshake_in_single_bytes(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        for byte in GREETING:
            peer.sendall(bytes([byte]))
            time.sleep(0.001)
        peer.sendall(READY)
        linger(peer)

    assert play(script).connection.open().server_version == 157


def test_frames_in_the_packet_of_the_handshake(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        peer.sendall(GREETING + READY + text(4, 2, -1, 2104, "farm OK") + text(49, 1, 1764)[:6])
        linger(peer)

    session = play(script)
    assert session.connection.open().next_order_id == 7
    facts = session.until_handled(len(GREETING + READY) + 20)
    assert NoticeSeen(about=-1, code=2104, text="farm OK") in facts


def test_second_attempt(play: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "FIRST_PAUSE", 0.05)
    session = play(lambda peer: None, ordinary(), attempts=2)
    assert session.connection.open().next_order_id == 7


def test_close_ends_the_wait_for_the_next_attempt(play: Callable[..., Session]) -> None:
    session = play(lambda peer: None, attempts=5)
    threading.Timer(0.2, session.connection.close).start()
    start = time.monotonic()
    with pytest.raises(ConnectionFailed):
        session.connection.open()
    assert time.monotonic() - start < 0.9


# --- reading


@pytest.mark.parametrize("size", [4096, 8192, 65536])
def test_burst_of_a_round_size_then_silence(play: Callable[..., Session], size: int) -> None:
    head, tail = text(4, 2, -1, 2104, "")[:-1], text(9, 1, 7)
    rest = size - len(text(15, 1, "DU1")) - len(tail) - len(head) - 1
    burst = text(15, 1, "DU1") + text(4, 2, -1, 2104, "x" * rest) + tail
    assert len(burst) == size

    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(burst)
        linger(peer)

    assert play(script).connection.open().next_order_id == 7


def test_handled_counts_every_byte_and_comes_after_the_facts(play: Callable[..., Session]) -> None:
    frames = [text(49, 1, 1764000000 + n) for n in range(1000)]
    session = play(ordinary(*frames))
    session.connection.open()
    total = len(GREETING + READY) + sum(map(len, frames))
    facts = session.until_handled(total)
    assert facts[-1] == Handled(total=total)
    times = [fact.at for fact in facts if isinstance(fact, CurrentTimeSeen)]
    assert times == [datetime.fromtimestamp(1764000000 + n, UTC) for n in range(1000)]


def test_sent_bytes_counts_every_byte(play: Callable[..., Session]) -> None:
    received: list[bytes] = []

    def script(peer: socket.socket) -> None:
        peer.sendall(GREETING + READY)
        with contextlib.suppress(OSError):
            while piece := peer.recv(65536):
                received.append(piece)

    session = play(script)
    session.connection.open()
    session.connection.request_open_orders()
    session.connection.request_current_time()
    for compiled in number(compile_group([ticket()]), 7, "DU1"):
        session.connection.place(compiled)
    session.connection.cancel(7)
    session.connection.close()
    deadline = time.monotonic() + 5
    while sum(map(len, received)) < session.connection.sent_bytes and time.monotonic() < deadline:
        time.sleep(0.01)
    assert session.connection.sent_bytes == sum(map(len, received))


@pytest.mark.parametrize(
    "broken",
    [
        text(9, 1, "seven"),  # not a number
        text(9, 1),  # too few fields
        text(9, 1, 7, 8),  # too many
        text(3, "abc", "Filled"),  # ends too early
        text(59, 1, "id", "two", "USD", "", "", ""),  # a price that is none
        text("abc", 1, 7),  # not a message id
        struct.pack("!I", 3) + b"abc",  # not even a field
        struct.pack("!I", 0),  # empty
        text(11, -1, 1, 0, "EUR", "CASH", "", 0, "", "", "IDEALPRO", "USD", "EUR.USD", "EUR.USD", "e1", "t", "DU1",
             "IDEALPRO", "UPSIDE", 1, 1.1, 1, 1, 0, 1, 1.1, "ref", "", "", "", 0),  # a side that is none
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_read_is_reported_and_the_next_ones_count(
    play: Callable[..., Session], broken: bytes
) -> None:
    session = play(ordinary(broken, text(49, 1, 1764000000)))
    session.connection.open()
    facts = session.wait_for(CurrentTimeSeen)
    notices = [fact for fact in facts if isinstance(fact, NoticeSeen)]
    assert [notice.code for notice in notices] == [508]
    assert "could not be read" in notices[0].text


def test_exception_in_a_callback_is_reported_and_the_next_ones_count(play: Callable[..., Session]) -> None:
    """2**70 seconds is a number, and no time: the decoder is content, the callback is not."""
    session = play(ordinary(text(49, 1, 2**70), text(49, 1, 1764000000)))
    session.connection.open()
    facts = session.wait_for(CurrentTimeSeen)
    assert any(isinstance(fact, NoticeSeen) and "currentTime" in fact.text for fact in facts)


def test_frame_too_long_ends_the_session(play: Callable[..., Session]) -> None:
    session = play(ordinary(b"\xff\xff\xff\xff"))
    session.connection.open()
    lost = session.wait_for(ConnectionLost)[-1]
    assert isinstance(lost, ConnectionLost)
    assert "makes no sense any more" in lost.reason


def test_big_frames_in_small_pieces_are_cheap(play: Callable[..., Session]) -> None:
    """8 MiB in one frame and 50,000 frames in one go: a reader that cuts its buffer anew each time takes minutes."""
    long = text(4, 2, -1, 2100, "x" * 8_000_000)
    many = text(49, 1, 1764000000) * 50_000
    session = play(ordinary(long, many))
    session.connection.open()
    start = time.monotonic()
    facts = session.until_handled(len(GREETING + READY + long + many))
    assert sum(isinstance(fact, CurrentTimeSeen) for fact in facts) == 50_000
    assert time.monotonic() - start < 10


def test_non_ascii_text(play: Callable[..., Session]) -> None:
    """From server version 153 on a TWS escapes; what is neither escaped nor UTF-8 is still shown."""
    session = play(
        ordinary(
            text(4, 2, -1, 201, "zur\\u00fcckgewiesen \\ud83c\\udf89 \\ud83c"),
            text(4, 2, -1, 202, "raw é"),
            text(49, 1, 1),
        )
    )
    session.connection.open()
    facts = session.wait_for(CurrentTimeSeen)
    first, second = (fact for fact in facts if isinstance(fact, NoticeSeen))
    assert first.text == "zurückgewiesen \N{PARTY POPPER} \N{REPLACEMENT CHARACTER}"
    assert second.code == 202


def test_closed_by_the_tws(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(READY)
        time.sleep(0.1)

    session = play(script)
    session.connection.open()
    assert session.wait_for(ConnectionLost)[-1] == ConnectionLost(reason="it closed the connection")
    with pytest.raises(ConnectionFailed, match="no connection"):
        session.connection.cancel(7)


def test_reset_by_the_tws(play: Callable[..., Session]) -> None:
    def script(peer: socket.socket) -> None:
        greet(peer)
        peer.sendall(READY)
        time.sleep(0.1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    session = play(script)
    session.connection.open()
    assert session.wait_for(ConnectionLost)[-1] == ConnectionLost(reason="it reset the connection")


def test_closing_is_no_loss_and_may_be_repeated(play: Callable[..., Session]) -> None:
    session = play(ordinary())
    session.connection.open()
    session.connection.close()
    session.connection.close()
    assert not [fact for fact in list(session.facts.queue) if isinstance(fact, ConnectionLost)]
    with pytest.raises(ConnectionFailed):
        session.connection.take_order_ids(1)


def test_opening_again_ends_the_session_before(play: Callable[..., Session]) -> None:
    session = play(ordinary(text(3, 900, "Submitted", 0, 1, 0, 11, 0, 0, 5, "", 0)), ordinary())
    session.connection.open()
    session.wait_for(OrderStatusSeen)
    assert session.connection.open().next_order_id == 7
    assert session.connection.take_order_ids(1) == 7
    assert not [fact for fact in list(session.facts.queue) if isinstance(fact, ConnectionLost)]


# --- sending


def test_a_peer_that_stops_reading_ends_the_session(play: Callable[..., Session]) -> None:
    ended = threading.Event()

    def script(peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greet(peer)
        peer.sendall(READY)
        ended.wait(20)

    session = play(script, timeout=0.5)
    session.connection.open()
    start = time.monotonic()
    (compiled,) = number(compile_group([ticket()]), 7, "DU1")

    def flood() -> None:
        for _ in range(100_000):
            session.connection.place(compiled)

    with pytest.raises(ConnectionFailed, match="it stopped reading"):
        flood()
    ended.set()
    assert time.monotonic() - start < 15
    assert session.wait_for(ConnectionLost)[-1] == ConnectionLost(reason="it stopped reading")


def test_non_ascii_order_never_leaves(play: Callable[..., Session]) -> None:
    session = play(ordinary())
    session.connection.open()
    before = session.connection.sent_bytes
    (compiled,) = number(compile_group([ticket()]), 7, "DÜ1")
    session.connection.place(compiled)
    assert session.connection.sent_bytes == before
    notice = next(fact for fact in session.wait_for(NoticeSeen) if isinstance(fact, NoticeSeen))
    assert (notice.about, notice.code) == (7, 579)


def test_order_ids_stay_above_all_that_were_seen(play: Callable[..., Session]) -> None:
    status = (40, "Submitted", 0, 1, 0, 11, 0, 0)
    session = play(
        ordinary(
            text(3, *status, 5, "", 0),
            text(3, 900, *status[1:], 6, "", 0),  # another client's
            text(9, 1, 20),  # the answer to somebody's reqIds, late
            text(49, 1, 1),
        )
    )
    session.connection.open()
    session.wait_for(CurrentTimeSeen)
    assert session.connection.take_order_ids(3) == 41
    assert session.connection.take_order_ids(1) == 44


def test_requests_have_ids_of_their_own(play: Callable[..., Session]) -> None:
    session = play(ordinary())
    session.connection.open()
    first = session.connection.request_executions()
    second = session.connection.request_snapshot(ContractSpec(symbol="EUR", currency="USD"))
    assert FIRST_REQUEST_ID < first < second < 2**31 - 1


def test_what_a_tws_says_of_an_order(play: Callable[..., Session]) -> None:
    execution = text(
        11, -1, 7, 12087792, "EUR", "CASH", "", 0, "", "", "IDEALPRO", "USD", "EUR.USD", "EUR.USD", "0000e.1.01",
        "20261124-14:30:00", "DU1", "IDEALPRO", "BOT", "25000.0", "1.08505", 99, 5, 0, 25000, 1.08505, "fx1:p:x", "",
        "", "", 2,
    )  # fmt: skip
    session = play(ordinary(text(3, 7, "Filled", "25000.0", 0, "1.08505", 99, 0, "1.08505", 5, "", 0), execution))
    session.connection.open()
    status, seen = (
        next(fact for fact in session.wait_for(kind) if isinstance(fact, kind))
        for kind in (OrderStatusSeen, ExecutionSeen)
    )
    assert status == OrderStatusSeen(
        order_id=7, client_id=5, perm_id=99, status="Filled", filled=Decimal(25000), remaining=Decimal(0),
        average_price=Decimal("1.08505"), why_held="",
    )  # fmt: skip
    assert seen == ExecutionSeen(
        order_id=7, client_id=5, perm_id=99, order_ref="fx1:p:x", exec_id="0000e.1.01", account="DU1",
        contract="EUR.USD", side=Side.BUY, price=Decimal("1.08505"), quantity=Decimal(25000),
        at=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
    )  # fmt: skip
