"""One connection of a gateway: its socket, its session, and what its client has not taken yet."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import sys
from datetime import datetime

from runner.gateway.faults_stream import Gauge
from runner.gateway.framelog import Tap
from runner.gateway.session import Session

_CHUNK = 65536
_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # SO_LINGER: close with a reset


class Line:
    """A connection; the gateway decides when it reads and writes."""

    def __init__(
        self, number: int, sock: socket.socket, session: Session, *, gauge: Gauge, tap: Tap | None, is_virtual: bool
    ) -> None:
        self.number = number
        self.sock = sock
        self.session = session
        self.pending = bytearray()
        self.unread = bytearray()  # came while nothing was to be read
        self.uncounted = 0  # bytes that have come and are not acted on yet
        self.is_stopped = False  # takes in nothing for now
        self.until: datetime | None = None  # when it does again
        self.is_closing = False
        self.events = 0  # what its selector watches
        self.gauge = gauge
        self._tap = tap
        self._stops_the_client = not is_virtual  # virtual time waits until all that was sent is taken in

    def read(self) -> bytes | None:
        """Return what has come; empty at the end of the stream, None if there is nothing after all."""
        try:
            data = self.sock.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        self.uncounted += len(data)
        return data

    @property
    def wanted(self) -> int:
        """What its selector is to watch."""
        reads = not (self.session.has_more or (self.is_stopped and self._stops_the_client))
        return (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if self.pending else 0)

    def admit(self, data: bytes) -> tuple[bytes, bool]:
        """Return the bytes that come through to the session, and whether nothing more does."""
        data, is_cut = self.gauge.admit(data, None if self.session.client_id < 0 else self.session.client_id)
        if self._tap is not None:
            self._tap.came(data)
        return data, is_cut

    def take(self) -> int:
        """Take over what the session says; returns how many bytes."""
        said = self.session.take()
        if said and self._tap is not None:
            self._tap.went(bytes(said))
        if self.pending:
            self.pending += said
        else:
            self.pending = said
        return len(said)

    def write(self) -> bool:
        """Hand on as much as the network takes; False if the client is gone."""
        try:
            while self.pending:
                del self.pending[: self.sock.send(self.pending)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def keep(self, size: int) -> None:
        """Let the system take in about that many bytes before they are read."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def part(self) -> None:
        """Say goodbye and wait for the client's: closing at once would take the last answer back from the network."""
        self.is_closing = True
        self.session.end()
        with contextlib.suppress(OSError):  # it was faster
            self.sock.shutdown(socket.SHUT_WR)

    def close(self, *, with_reset: bool = False) -> None:
        """Let go of the socket; with_reset: as a program that crashed, or a network that gave up."""
        self.session.end()
        if with_reset:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.sock.close()
