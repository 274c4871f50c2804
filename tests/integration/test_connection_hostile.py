"""Thousands of messages that make no sense: each is reported or ignored, and the one behind them is read."""

from __future__ import annotations

import contextlib
import queue
import random
import re
import socket
import struct
import threading

import pytest

from runner.core.facts import ConnectionLost, CurrentTimeSeen, Fact, NoticeSeen
from runner.ib.connection import Connection

IDS = (*range(1, 110), 200, 203, 204, 205, 211, 999)
WORDS = (b"", b"0", b"1", b"-1", b"7", b"1.5", b"nan", b"inf", b"1e999999", b"2147483648", b"9" * 60, b"EUR",
         b"\xff\xfe", b"\\ud800", b"\\x", b"None", b"20261124", b"BOT")  # fmt: skip


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


def nonsense(chance: random.Random) -> bytes:
    """A message of a known kind with fields that fit by luck only."""
    head = str(chance.choice(IDS)).encode()
    fields = [chance.choice(WORDS) for _ in range(chance.choice((0, 1, 2, 3, 5, 11, 30, 120)))]
    body = b"".join(field + b"\0" for field in (head, *fields))
    return framed(body[: chance.randrange(len(body))] if chance.random() < 0.1 else body)


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_is_survived(seed: int) -> None:
    chance = random.Random(seed)
    stream = b"".join(nonsense(chance) for _ in range(2500)) + framed(b"49\x001\x001764000000\0")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.recv(4096)
            peer.sendall(framed(b"157\x0020261124 08:11:16 UTC\0"))
            peer.sendall(framed(b"15\x001\x00DU1\0") + framed(b"9\x001\x007\0"))
            peer.sendall(stream)
            while peer.recv(4096):
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    facts: queue.Queue[Fact] = queue.Queue()
    connection = Connection("127.0.0.1", listener.getsockname()[1], client_id=5, publish=facts.put, timeout=5)
    try:
        connection.open()
        seen: list[Fact] = []
        while not (seen and isinstance(seen[-1], CurrentTimeSeen) and seen[-1].at.timestamp() == 1764000000):
            seen.append(facts.get(timeout=10))
            assert not isinstance(seen[-1], ConnectionLost)
        for fact in seen:
            str(fact).encode()
            assert max(map(len, re.findall(r"\d+", str(fact))), default=0) <= 31
        assert sum(isinstance(fact, NoticeSeen) for fact in seen) > 500
    finally:
        connection.close()
        listener.close()
        thread.join(5)
    assert not thread.is_alive()
