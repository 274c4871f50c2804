"""ibapi's client on our own socket and reader: only its encoding and its decoding are used.

ibapi's own connect() and run() block for ever on a silent or a halting peer, throw away bytes that come together with
the greeting or in bursts of 4096, and end on the first message that they cannot read. None of that code runs here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from ibapi.client import EClient

from runner.core.facts import ConnectionLost, Fact, Handled
from runner.ib import versions
from runner.ib.tap import EventTap
from runner.ib.times import handshake_zone
from runner.ib.transport import MAX_FRAME, FrameBuffer, FrameTooLong, Transport, describe

log = logging.getLogger(__name__)

_LONGEST_GREETING = 1024


class HandshakeFailed(Exception):
    """The peer did not greet as a TWS does; `kind` is silent, closed or alien."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a TWS says first."""

    server_version: int
    server_time: str


class TwsClient(EClient):  # type: ignore[misc]
    """One session; never used again once it has ended."""

    def __init__(self, transport: Transport, client_id: int, publish: Callable[[Fact], None]) -> None:
        self.tap = EventTap(publish)
        super().__init__(self.tap)
        self.conn = transport
        self.clientId = client_id
        self._transport = transport
        self._publish = publish
        self._buffer = FrameBuffer(_LONGEST_GREETING)
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="fxrun-ib-reader", daemon=True)

    # --- names of ibapi

    def logRequest(self, fnName: str, fnParams: object) -> None:
        """Log nothing: ibapi would write account and order into its log at every request."""

    def isConnected(self) -> bool:
        """Tell whether requests may be sent."""
        return self._transport.isConnected()

    def disconnect(self) -> None:
        """End the session."""
        self.stop()

    # --- the session

    def greet(self, timeout: float) -> Greeting:
        """Exchange greetings; what comes behind the TWS's is kept for the reader."""
        deadline = time.monotonic() + timeout
        try:
            self._transport.sendMsg(versions.greeting())
            frame = self._first_frame(deadline)
        except TimeoutError as fault:
            raise HandshakeFailed("silent", repr(self._buffer.pending[:40])) from fault
        except FrameTooLong as fault:
            raise HandshakeFailed("alien", repr(self._buffer.pending[:40])) from fault
        except OSError as fault:
            raise HandshakeFailed("closed", describe(fault)) from fault
        greeting = _greeting(frame)
        self._buffer.limit = MAX_FRAME
        self.serverVersion_ = greeting.server_version
        self.connTime = greeting.server_time.encode()
        versions.quieten()
        self.decoder = versions.StrictDecoder(self.tap, greeting.server_version)
        self.tap.zone = handshake_zone(greeting.server_time)
        return greeting

    def _first_frame(self, deadline: float) -> bytes:
        while True:
            with closing(self._buffer.frames()) as frames:
                for frame in frames:
                    return frame
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            if not (data := self._transport.receive(left)):
                raise HandshakeFailed("closed", "it closed the connection")
            self._buffer.receive(data)

    def start(self) -> None:
        """Start the reader, unless `take_in` is called instead; then the API session."""
        self.setConnState(EClient.CONNECTED)
        if not self._transport.takes_turns:
            self._reader.start()
        self.startApi()
        if self._transport.takes_turns:
            self._handle_all()  # what came together with the greeting

    def stop(self, timeout: float = 2.0) -> None:
        """End the session and wait for the reader; may be called again."""
        self._closing.set()
        self._transport.disconnect()
        if self._reader.is_alive() and threading.current_thread() is not self._reader:
            self._reader.join(timeout)
        if not self._reader.is_alive():
            self._transport.release()

    # --- the reader thread, or whoever takes turns with its peer on a thread that has more to do

    def take_in(self, timeout: float) -> None:
        """Handle what has come, or comes within that many seconds; where there is no reader."""
        self._guarded(lambda: self._read_once(timeout))

    def _read(self) -> None:
        self._guarded(self._read_to_the_end)

    def _guarded(self, read: Callable[[], str | None]) -> None:
        """Read; this is the end if it fails, or gives a reason why nothing more comes."""
        try:
            reason = read()
        except OSError as fault:
            reason = describe(fault)
        except FrameTooLong as fault:
            reason = f"the stream makes no sense any more: {fault}"
        except Exception as fault:  # whatever it was, the engine must hear that nothing more comes
            log.exception("the reader ended")
            reason = f"the reader ended: {fault!r}"
        if reason is None:
            return
        self._transport.disconnect()
        if not self._closing.is_set():
            self._publish(ConnectionLost(reason=self._transport.failure or reason))

    def _read_to_the_end(self) -> str:
        """Handle frames until the stream ends; the first ones may have come together with the greeting."""
        while True:
            self._handle_all()
            if not (data := self._transport.receive()):
                return "it closed the connection"
            self._buffer.receive(data)

    def _read_once(self, timeout: float) -> str | None:
        try:
            data = self._transport.receive(timeout)
        except TimeoutError:
            return None
        if not data:
            return "it closed the connection"
        self._buffer.receive(data)
        self._handle_all()
        return None

    def _handle_all(self) -> None:
        for frame in self._buffer.frames():
            self._handle(frame)
        self._publish(Handled(total=self._transport.received_bytes))

    def _handle(self, frame: bytes) -> None:
        try:
            versions.dispatch(self.decoder, frame, self.serverVersion_)
        except Exception as fault:
            self.tap.unreadable(_name(frame, self.serverVersion_), fault)


def _name(frame: bytes, server_version: int) -> str:
    try:
        return f"message {versions.message_id(frame, server_version)[0]}"
    except ValueError:
        return "a message without an id"


def _greeting(frame: bytes) -> Greeting:
    """Read version and time."""
    fields = frame.decode("latin-1").split("\0")
    try:
        version, server_time, end = fields
        if end or not version.isascii():
            raise ValueError
        return Greeting(int(version), server_time)
    except ValueError:
        raise HandshakeFailed("alien", repr(frame[:40])) from None
