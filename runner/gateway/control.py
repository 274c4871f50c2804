"""The control socket: a line of JSON in, a line of JSON out, on 127.0.0.1, in the gateway's own thread."""

from __future__ import annotations

import errno
import json
import selectors
import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial

from runner.errors import ConnectionFailed
from runner.gateway.faults_read import BadFault
from runner.gateway.server_line import Line
from runner.gateway.venue import Venue

_CHUNK = 65536
_LONGEST = 65536  # bytes of a line
_MOST = 16  # connections

Command = Callable[[Mapping[str, object]], dict[str, object]]


class _Caller:
    """One connection: what has come of a line, and what is still to be sent."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.data = bytearray()
        self.out = bytearray()
        self.is_over = False


class Control:
    """Hears commands and answers them."""

    def __init__(self, selector: selectors.BaseSelector, command: Command) -> None:
        self._selector = selector
        self._command = command
        self._listener: socket.socket | None = None
        self._callers: list[_Caller] = []

    def start(self, port: int) -> int:
        """Listen on 127.0.0.1; returns the port."""
        self._listener = listen(port, "--control")
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        return int(self._listener.getsockname()[1])

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        if len(self._callers) >= _MOST:
            sock.close()
            return
        sock.setblocking(False)
        caller = _Caller(sock)
        self._callers.append(caller)
        self._selector.register(sock, selectors.EVENT_READ, partial(self._attend, caller))

    def _attend(self, caller: _Caller) -> None:
        try:
            data = b"" if caller.is_over else caller.sock.recv(_CHUNK)
            caller.is_over = caller.is_over or not data
        except BlockingIOError:
            data = b""
        except OSError:
            self._drop(caller)
            return
        caller.data += data
        self._hear(caller)
        self._send(caller)

    def _hear(self, caller: _Caller) -> None:
        while not caller.is_over and (end := caller.data.find(b"\n")) >= 0:
            line = bytes(caller.data[:end])
            del caller.data[: end + 1]
            if line.strip():
                self._answer(caller, line)
        if len(caller.data) > _LONGEST and not caller.is_over:
            caller.out += _line(_problem(f"a line of more than {_LONGEST} bytes"))
            caller.is_over = True

    def _answer(self, caller: _Caller, line: bytes) -> None:
        try:
            told = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            # whatever else speaks here, such as a browser that was sent here, is not heard out
            caller.out += _line(_problem('not a JSON object; expected a line such as {"do": "mute", "client": 3}'))
            caller.is_over = True
            return
        try:
            caller.out += _line(self._command(told))
        except BadFault as bad:
            caller.out += _line(_problem(bad.message))

    def _send(self, caller: _Caller) -> None:
        try:
            while caller.out:
                del caller.out[: caller.sock.send(caller.out)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(caller)
            return
        if len(caller.out) > _LONGEST * 16 or (caller.is_over and not caller.out):
            self._drop(caller)
            return
        events = selectors.EVENT_WRITE if caller.out else selectors.EVENT_READ  # nothing is heard until it was told
        self._selector.modify(caller.sock, events, partial(self._attend, caller))

    def _drop(self, caller: _Caller) -> None:
        self._callers.remove(caller)
        self._selector.unregister(caller.sock)
        caller.sock.close()

    def close(self) -> None:
        """Let go of everything."""
        for caller in [*self._callers]:
            self._drop(caller)
        if self._listener is not None:
            self._listener.close()


def status(venue: Venue, lines: Iterable[Line], now: datetime) -> dict[str, object]:
    """Say who is connected and what works."""
    clients = [
        {
            "connection": line.number,
            "client": line.session.client_id if line.session.client_id >= 0 else None,
            "version": line.session.version,
        }
        for line in lines
    ]
    working = len([*venue.book.live()])
    return {"ok": True, "time": f"{now:%Y-%m-%dT%H:%M:%SZ}", "clients": clients, "working": working}


def _problem(text: str) -> dict[str, object]:
    return {"ok": False, "problem": text}


def _line(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=True).encode() + b"\n"


def listen(port: int, option: str = "--port") -> socket.socket:
    """Open a socket that listens on 127.0.0.1; raises ConnectionFailed if the port is taken."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where REUSEADDR would share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(64)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise ConnectionFailed(
                f"port {port} of 127.0.0.1 is in use; stop what listens there, or take another with {option} (0: any)"
            ) from None
        raise ConnectionFailed(f"cannot listen on 127.0.0.1:{port}: {error.strerror}; try another {option}") from None
    sock.setblocking(False)
    return sock
