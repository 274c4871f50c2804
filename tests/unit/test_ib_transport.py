"""Bytes that come in: whoever asks whether all is quiet sees them as waiting or as counted, never as neither."""

from __future__ import annotations

import socket
import threading
import time
from typing import cast

import pytest

from runner.ib.transport import Transport, TurnTransport


class Slow:
    """A socket whose bytes are out of it for a while before `recv` returns, as when a thread waits for its turn."""

    def __init__(self, real: socket.socket, taken: threading.Event) -> None:
        self._real = real
        self._taken = taken

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def recv(self, size: int) -> bytes:
        data = self._real.recv(size)
        self._taken.set()
        time.sleep(0.2)
        return data


def pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    return ours, theirs


def test_bytes_that_are_being_taken_are_not_overlooked() -> None:
    ours, theirs = pair()
    taken = threading.Event()
    transport = Transport(cast(socket.socket, Slow(ours, taken)), 5.0)
    reader = threading.Thread(target=transport.receive)
    reader.start()
    theirs.sendall(b"hello")
    assert taken.wait(5)
    assert (transport.has_more, transport.received_bytes) == (False, 5)
    reader.join()
    transport.disconnect()
    transport.release()
    theirs.close()


def test_what_waits_is_told_and_a_silent_peer_is_given_up_in_time() -> None:
    ours, theirs = pair()
    transport = Transport(ours, 5.0)
    assert not transport.has_more
    with pytest.raises(TimeoutError):
        transport.receive(0.05)
    theirs.sendall(b"hello")
    assert transport.has_more
    assert transport.receive(5.0) == b"hello"
    theirs.close()
    assert transport.receive() == b""
    transport.disconnect()
    transport.release()
    assert not transport.has_more


def test_more_than_the_network_holds_goes_out_while_the_peer_takes_its_turns() -> None:
    ours, theirs = pair()
    theirs.setblocking(False)
    came = bytearray()

    def turn() -> bool:
        try:
            came.extend(theirs.recv(65536))
        except BlockingIOError:
            return False
        return True

    transport = TurnTransport(ours, 5.0, turn)
    sent = bytes(range(256)) * 80_000  # 20 MB
    assert transport.sendMsg(sent) == transport.sent_bytes == len(sent)
    while turn():
        pass
    assert came == sent
    theirs.close()
    transport.release()


def test_a_peer_that_never_takes_its_turn_is_given_up_in_time() -> None:
    ours, theirs = pair()
    transport = TurnTransport(ours, 0.2, lambda: False)
    with pytest.raises(TimeoutError):
        transport.receive(0.05)
    with pytest.raises(TimeoutError):
        transport.sendMsg(bytes(50_000_000))
    assert (transport.failure, transport.isConnected()) == ("it stopped reading", False)
    theirs.close()
    transport.release()
