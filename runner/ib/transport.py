"""Bytes to and from a socket: whole writes with a deadline, counted both ways, cut into frames in linear time."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Generator

from runner.ib.pacing import Pacer

MAX_FRAME = 0xFFFFFF
_CHUNK = 65536
_GLANCE = 0.05  # seconds between two turns of a peer that has nothing to do
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # poll takes descriptors above 1023, too


class FrameTooLong(ValueError):
    """The peer announced a frame that no TWS sends: the framing is lost, or it is no TWS."""


class FrameBuffer:
    """Collects bytes and gives back each complete frame, without its length."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._data = bytearray()
        self.limit = limit

    def receive(self, data: bytes) -> None:
        """Take what came."""
        self._data += data

    def frames(self) -> Generator[bytes, None, None]:
        """Yield the complete frames; what is left waits for more bytes. Frames given out are gone once it is closed."""
        data, position = self._data, 0
        try:
            while len(data) - position >= 4:
                size = int.from_bytes(data[position : position + 4], "big")
                if size > self.limit:
                    raise FrameTooLong(f"a frame of {size} bytes was announced, at most {self.limit} make sense")
                if len(data) - position - 4 < size:
                    return
                position += 4 + size
                yield bytes(data[position - size : position])
        finally:
            del data[:position]

    @property
    def pending(self) -> bytes:
        """The bytes of an incomplete frame."""
        return bytes(self._data)


class Transport:
    """One connected socket. `sendMsg`, `isConnected`, `disconnect` are the names by which ibapi knows it."""

    takes_turns = False  # with its peer, on one thread

    def __init__(self, sock: socket.socket, write_timeout: float, pacer: Pacer | None = None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(write_timeout)
        self._socket = sock
        self._sending = threading.Lock()
        self._reading = threading.Lock()
        self._arrival = _Selector()
        self._arrival.register(sock, selectors.EVENT_READ)
        self._open = True
        self._pacer = pacer
        self.last_heard = time.monotonic()  # seconds; when bytes came last
        self.sent_bytes = 0
        self.received_bytes = 0
        self.failure = ""  # why a write failed

    def sendMsg(self, data: bytes) -> int:
        """Send all of data; if that fails the connection is closed, since the peer may have a part of it."""
        with self._sending:
            if self._pacer is not None:
                self._pacer.wait()
            if not self._open:
                raise OSError("the connection is closed")
            try:
                self._write(data)
            except BaseException as fault:  # an interrupt, too, may leave half a frame behind
                self.failure = _why(fault)
                self.disconnect()
                raise
            self.sent_bytes += len(data)
        return len(data)

    def _write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, timeout: float | None = None) -> bytes:
        """Wait for bytes; empty at the end of the stream. Raises TimeoutError only if a timeout is given."""
        while self._open or timeout is not None:
            if self._arrival.select(self._socket.gettimeout() if timeout is None else timeout):
                with self._reading:  # taken and counted at once: who looks in between must not see neither
                    return self._count(self._socket.recv(_CHUNK))
            if timeout is not None:
                raise TimeoutError("nothing came")
        return b""

    def _count(self, data: bytes) -> bytes:
        self.received_bytes += len(data)
        if data:
            self.last_heard = time.monotonic()
        return data

    @property
    def has_more(self) -> bool:
        """True if `receive` would return at once."""
        try:
            with self._reading, _Selector() as look:
                look.register(self._socket, selectors.EVENT_READ)
                return self._open and bool(look.select(0))
        except (OSError, ValueError):  # it was given back in between
            return False

    def isConnected(self) -> bool:
        """Tell whether bytes may still be sent."""
        return self._open

    def disconnect(self) -> None:
        """Stop both directions; whoever waits in `receive` wakes up."""
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the socket back; only once nobody reads from it any more."""
        self._arrival.close()
        self._socket.close()


class TurnTransport(Transport):
    """A socket whose peer lives on the same thread: `turn` lets it act, and tells whether it had anything to do.

    It is called wherever this side would wait, so neither waits for the other for ever.
    """

    takes_turns = True

    def __init__(self, sock: socket.socket, timeout: float, turn: Callable[[], bool]) -> None:
        super().__init__(sock, timeout)
        sock.setblocking(False)
        self._timeout = timeout
        self._turn = turn

    def _write(self, data: bytes) -> None:
        left, deadline = memoryview(data), None
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                deadline = self._until(deadline)
                self._turn()

    def _until(self, deadline: float | None) -> float:
        now = time.monotonic()
        if deadline is not None and now > deadline:
            raise TimeoutError
        return now + self._timeout if deadline is None else deadline

    def receive(self, timeout: float | None = None) -> bytes:
        """Return what has come, as soon as there is something; empty at the end of the stream."""
        timeout = self._timeout if timeout is None else timeout
        deadline = None
        while True:
            try:
                return self._count(self._socket.recv(_CHUNK))
            except BlockingIOError:
                now = time.monotonic()
                deadline = now + timeout if deadline is None else deadline
                left = max(0.0, deadline - now)
                if not self._turn() and not self._arrival.select(min(_GLANCE, left)) and not left:
                    raise TimeoutError("nothing came") from None


def _why(fault: BaseException) -> str:
    match fault:
        case TimeoutError():
            return "it stopped reading"
        case OSError():
            return describe(fault)
        case _:
            return "interrupted while sending"


def describe(fault: OSError) -> str:
    """Say what happened to a socket, in the same words on every system."""
    match fault:
        case ConnectionResetError() | ConnectionAbortedError():
            return "it reset the connection"
        case BrokenPipeError():
            return "it closed the connection"
        case TimeoutError():
            return "it did not answer in time"
        case _:
            return fault.strerror or str(fault) or type(fault).__name__
