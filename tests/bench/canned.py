"""A server that only hands out what a gateway said before: what any server of these bytes costs at least.

`record` lets a gateway answer so many market orders and keeps its bytes; run as a process, this file gives the first
part for the greeting, the second for startApi, and one more for each message that follows.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from runner.wire.session import ClientSession
from tests.bench.own_gateway import ROOT, clean_environment
from tests.integration.gateway_peer import order

COMMISSION, STATUS, NEXT_ID = 59, 3, 9
RAW_IDS_SINCE, PROTOBUF_OFFSET = 201, 200


class RawClient:
    """Sends bytes made before and takes frames apart as far as their id; the least that a client can do."""

    def __init__(self, port: int, client_id: int, version: int, *, is_patient: bool = False) -> None:
        """is_patient: take in all of the answer to startApi, however long it takes."""
        self.sock = socket.create_connection(("127.0.0.1", port), 30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = ClientSession(max_version=version)
        self.has_raw_ids = version >= RAW_IDS_SINCE
        self._data = bytearray()
        self.sock.sendall(self.wire.greeting())
        self.greeted = self._whole_frame()
        list(self.wire.receive(self.greeted))
        self.sock.sendall(self.wire.start(client_id))
        self.last_id = 0
        self.started = self._quiet() if is_patient else self.until(NEXT_ID)

    def order(self, order_id: int) -> bytes:
        """Return the bytes of a market order, bought and sold in turns."""
        return self.wire.encode(order(order_id, "BUY" if order_id % 2 else "SELL"))

    def frames(self) -> Iterator[bytes]:
        """Wait for bytes and yield the bodies of the frames that are whole."""
        self._data += self._receive()
        at = 0
        while len(self._data) - at >= 4:
            (size,) = struct.unpack_from("!I", self._data, at)
            if len(self._data) - at - 4 < size:
                break
            yield bytes(self._data[at + 4 : at + 4 + size])
            at += 4 + size
        del self._data[:at]

    def id_of(self, body: bytes) -> int:
        """Return which message a frame is."""
        if not self.has_raw_ids:
            return int(body[: body.index(0)])
        (number,) = struct.unpack_from("!I", body)
        return int(number) % PROTOBUF_OFFSET

    def until(self, message_id: int, holding: bytes = b"") -> bytes:
        """Take frames in up to one of that kind, and return the bytes of all; what comes with it is taken in too."""
        told, is_here = b"", False
        while not is_here:
            for body in self.frames():
                told += struct.pack("!I", len(body)) + body
                self.last_id = self.id_of(body)
                is_here = is_here or (self.last_id == message_id and holding in body)
        return told

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def _receive(self) -> bytes:
        if not (data := self.sock.recv(1 << 18)):
            raise ConnectionAbortedError
        return data

    def _whole_frame(self) -> bytes:
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack_from("!I", data)[0]:
            data += self._receive()
        return data

    def _quiet(self) -> bytes:
        """Return what comes until nothing more does; only where no time is taken."""
        self.sock.settimeout(0.3)
        data = b""
        try:
            while True:
                data += self._receive()
        except TimeoutError:
            self.sock.settimeout(30)
        return data


def record(port: int, version: int, orders: int, path: Path) -> int:
    """Write down the answers of a gateway to a client and its orders; returns their mean length."""
    client = RawClient(port, 0, version, is_patient=True)
    parts = [client.greeted, client.started]
    for number in range(1, orders + 1):
        client.sock.sendall(client.order(number))
        parts.append(client.until(COMMISSION))
    client.close()
    path.write_bytes(pickle.dumps(parts))
    return sum(map(len, parts[2:])) // orders


class CannedServer:
    """The process; a context manager."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", __file__, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment(),
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> CannedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class _Reader:
    """One client of the canned server."""

    def __init__(self, sock: socket.socket, parts: list[bytes]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._told = iter(parts)
        self._data = bytearray()
        self._at = 4  # behind "API\0"

    def read(self) -> bool:
        """Answer what has come; False if the client has gone."""
        data = self._data
        data += (more := self._sock.recv(65536))
        at = self._at
        while len(data) - at >= 4 and len(data) - at - 4 >= (size := struct.unpack_from("!I", data, at)[0]):
            at += 4 + size
            self._sock.sendall(next(self._told, b""))
        if at <= len(data):
            del data[:at]
            self._at = 0
        return bool(more)


def serve(parts: list[bytes]) -> None:
    """Serve clients for ever, as a server of many does: whoever has sent something is read."""
    listener = socket.create_server(("127.0.0.1", 0))
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    print(listener.getsockname()[1])
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                sock, _ = listener.accept()
                selector.register(sock, selectors.EVENT_READ, _Reader(sock, parts))
            elif not key.data.read():
                selector.unregister(key.fileobj)


if __name__ == "__main__":
    serve(pickle.loads(Path(sys.argv[1]).read_bytes()))
