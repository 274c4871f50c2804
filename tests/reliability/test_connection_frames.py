"""Frames that a gateway really sent, spoiled: each is reported or skipped, and the good ones between them are read."""

from __future__ import annotations

import socket
import struct
from datetime import UTC, datetime
from random import Random

import pytest

from runner.core.facts import ConnectionLost, CurrentTimeSeen, ExecutionSeen, LoggedIn, NoticeSeen
from runner.ib.versions import installed
from runner.wire.messages import (
    RequestAccountSummary,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestPnl,
    RequestPositions,
)
from tests.integration.gateway_peer import Client, order, staged
from tests.integration.test_connection import Server, linger
from tests.reliability.connection_peer import eventually, live

COUNT = 1000
EVERY = 10  # so many spoiled frames stand before a good one
FIRST_TIME = 1_764_000_000
LAST = datetime(2027, 1, 1, tzinfo=UTC)
NEWEST = installed().max_server_version
WORDS = (
    b"",
    b"-1",
    b"0",
    b"1.7976931348623157E308",
    b"9" * 40,
    b"nan",
    b"Inf",
    b"\xff\xfe",
    b"\\ud800",
    b"1e400",
    b"x" * 2000,
)


class Recording(Client):
    """A client that keeps the bytes it is sent."""

    kept = b""

    def read(self) -> list[object]:  # type: ignore[override]
        data = self.sock.recv(65536)
        assert data
        self.kept += data
        return list(self.wire.receive(data))


def recorded(version: int) -> list[bytes]:
    """Return what a gateway says to a client that asks for everything and trades, a frame each, without lengths."""
    with staged() as stage:
        client = Recording(stage.port, 5, max_version=version)
        stage.clients.append(client)
        client.ask(order(1), order(2, kind="LMT", limit="0.5"), order(3, what_if=True), order(4, kind="LMT", limit="9"))
        client.ask(
            RequestAllOpenOrders(),
            RequestCompletedOrders(),
            RequestExecutions(request_id=9),
            RequestPositions(),
            RequestAccountSummary(request_id=8, group="All", tags="NetLiquidation"),
            RequestPnl(request_id=7, account="DU1234567", model_code=""),
        )
        return cut(client.kept)


def cut(stream: bytes) -> list[bytes]:
    """Cut a stream into frames."""
    frames = []
    while stream:
        size = int.from_bytes(stream[:4], "big")
        frames.append(stream[4 : 4 + size])
        stream = stream[4 + size :]
    return frames


def spoiled(random: Random, frames: list[bytes]) -> bytes:
    """Spoil one of the frames."""
    body = bytearray(random.choice(frames))
    fields = bytes(body).split(b"\0")
    at = random.randrange(len(fields))
    match random.randrange(7):
        case 0:  # bits turned
            for _ in range(random.randint(1, 4)):
                body[random.randrange(len(body))] ^= 1 << random.randrange(8)
        case 1:  # cut short
            del body[random.randrange(len(body)) :]
        case 2:  # fields too many
            body += b"1\0" * random.randint(1, 5)
        case 3:  # a field too few
            del fields[at]
            body = bytearray(b"\0".join(fields))
        case 4:  # a field that says something else
            fields[at] = random.choice(WORDS)
            body = bytearray(b"\0".join(fields))
        case 5:  # an id that nobody knows
            fields[0] = str(random.choice((0, -5, 110, 150, 255, 9999, 2**31))).encode()
            body = bytearray(b"\0".join(fields))
        case _:  # bytes drawn
            body = bytearray(random.randbytes(random.randrange(200)))
    return bytes(body)


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


def says_time(version: int, at: int) -> bytes:
    head = struct.pack("!I", 49) if version >= 201 else b"49\0"
    return framed(head + b"1\0%d\0" % at)


def stream(random: Random, version: int) -> bytes:
    """Return spoiled frames with a good one after every ten, and real ones behind all."""
    frames = recorded(version)
    pieces = []
    for index in range(COUNT):
        pieces.append(framed(spoiled(random, frames)))
        if index % EVERY == EVERY - 1:
            pieces.append(says_time(version, FIRST_TIME + index))
    return b"".join([*pieces, *map(framed, frames)])


@pytest.mark.parametrize("version", [v for v in (157, 187, 200, 213, 226) if v <= NEWEST])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_c09_a_thousand_spoiled_frames_cost_nothing_but_themselves(version: int, seed: int) -> None:
    print(f"seed {seed}, server version {version}")
    spoil = stream(Random(f"{seed}:{version}"), version)
    ready = [frame for frame in recorded(version) if _names(frame, version) in (9, 15, 209, 215)]

    def script(peer: socket.socket) -> None:
        peer.sendall(framed(b"%d\x0020261124 08:11:16 UTC\0" % version))
        peer.sendall(b"".join(map(framed, ready)) + spoil + says_time(version, int(LAST.timestamp())))
        linger(peer)

    server = Server(script)
    with live(server.port) as client:
        client.log_in()
        wanted = [FIRST_TIME + index for index in range(EVERY - 1, COUNT, EVERY)]
        assert eventually(lambda: LAST in {seen.at for seen in client.of(CurrentTimeSeen)}, 60)
        times = [int(seen.at.timestamp()) for seen in client.of(CurrentTimeSeen)]
        assert [at for at in times if at in set(wanted)] == wanted
        assert client.of(ConnectionLost) == []
        assert len(client.of(LoggedIn)) == 1
        assert client.of(ExecutionSeen), "what was really sent is read behind all that"
        unread = [notice for notice in client.of(NoticeSeen) if notice.code == 508]
        assert COUNT // 4 < len(unread) <= COUNT
        assert client.connection.take_order_ids(1) > 0
        client.connection.request_current_time()
    server.close()


def _names(frame: bytes, version: int) -> int:
    return int.from_bytes(frame[:4], "big") if version >= 201 else int(frame.split(b"\0")[0])
