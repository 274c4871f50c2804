"""All connections of a gateway: taken up, read, written to, let go; and their bytes counted, for virtual time."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from runner.gateway.faults import Trigger
from runner.gateway.faults_rules import Event
from runner.gateway.faults_stream import Gauge
from runner.gateway.faults_trouble import Trouble
from runner.gateway.framelog import FrameLog
from runner.gateway.server_line import Line
from runner.gateway.session import Session

_MANY = 8 * 1024 * 1024  # bytes that a client has not taken; it is not read from until it takes some
_LOST = 32 * 1024 * 1024  # a client that lets this much pile up has stopped reading
_ALL = 96 * 1024 * 1024  # what all clients together may let pile up
_SMALL, _USUAL = 4096, 256 * 1024  # bytes that the system takes in for a client that is not read from, and for others
_HIGHEST = 226


class Lines:
    """The connections; used by the gateway's thread alone."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        trouble: Trouble,
        session: Callable[[int], Session],
        *,
        is_virtual: bool,
        log: FrameLog | None = None,
    ) -> None:
        self.consumed = 0
        self.produced = 0
        self._selector = selector
        self._trouble = trouble
        self._session = session
        self._is_virtual = is_virtual
        self._log = log
        self._lines: dict[int, Line] = {}
        self._waiting: dict[int, Line] = {}  # with requests that are not acted on yet
        self._streaming: dict[int, Line] = {}  # that want to be told as time passes
        self._count = 0

    def __iter__(self) -> Iterator[Line]:
        return iter([*self._lines.values()])

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def is_streaming(self) -> bool:
        """True if some client wants to be told as time passes."""
        return bool(self._streaming)

    @property
    def is_busy(self) -> bool:
        """True if requests wait that can be acted on."""
        return any(len(line.pending) < _MANY for line in self._waiting.values())

    def accept(self, listener: socket.socket) -> None:
        """Take up one more connection."""
        try:
            sock, _ = listener.accept()
        except OSError:  # gone before it was taken up, or out of descriptors
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._count += 1
        tap = None if self._log is None else self._log.tap(_HIGHEST)
        gauge = Gauge(self._trouble, self._count)
        session = self._session(self._count)
        line = Line(self._count, sock, session, gauge=gauge, tap=tap, is_virtual=self._is_virtual)
        self._lines[line.number] = line
        self._watch(line)
        if self._trouble.waits(Trigger.CONNECTION):
            self._trouble.happen(Event(Trigger.CONNECTION, line.number))

    # --- in

    def _attend(self, line: Line) -> None:
        self._trouble.stirred.add(line.number)
        if not line.events & selectors.EVENT_READ or line.number not in self._lines:
            return
        data = line.read()
        if data is None:
            return
        if not data:
            self.hang_up(line)
        elif line.is_stopped:
            line.unread += data
            self._count_in(line)
        else:
            self._receive(line, data)

    def _receive(self, line: Line, data: bytes) -> None:
        data, is_cut = line.admit(data)
        line.session.receive(data, self._trouble.now())
        if is_cut:
            line.session.refuse(line.gauge.problem)
        self._after(line)

    def _after(self, line: Line) -> None:
        self._trouble.stirred.add(line.number)
        _keep(self._streaming, line, line.session.is_streaming)
        _keep(self._waiting, line, line.session.has_more)
        if not line.session.has_more:
            self._count_in(line)

    def _count_in(self, line: Line) -> None:
        self.consumed += line.uncounted
        line.uncounted = 0

    def proceed(self) -> None:
        """Act on requests that had to wait until earlier answers were taken."""
        for line in [*self._waiting.values()]:
            if len(line.pending) < _MANY:
                line.session.receive(b"", self._trouble.now())
                self._after(line)

    def tick(self, at: int) -> None:
        """Tell those who want it what time has changed."""
        for line in self._streaming.values():
            line.session.tick(at)

    def stop_reading(self, line: Line, until: datetime) -> None:
        """Take in nothing from a client for a while; in virtual time it is taken in and not looked at."""
        line.is_stopped, line.until = True, max(until, line.until or until)
        if not self._is_virtual:
            line.keep(_SMALL)
        self._watch(line)
        self._trouble.agenda.plan(until, partial(self._read_again, line))

    def _read_again(self, line: Line) -> None:
        if line.number in self._lines and line.until is not None and line.until <= self._trouble.now():
            self.read_on(line)

    def read_on(self, line: Line) -> None:
        """Take in again what a client sends, and first what has waited."""
        line.is_stopped, line.until = False, None
        if not self._is_virtual:
            line.keep(_USUAL)
        self._watch(line)
        if line.unread:
            data, line.unread = bytes(line.unread), bytearray()
            self._receive(line, data)

    # --- out

    def flush(self) -> None:
        """Hand on what the sessions have to say."""
        stirred, self._trouble.stirred = self._trouble.stirred, set()
        has_pending = False
        for number in stirred:
            line = self._lines.get(number)
            if line is not None:
                self.produced += line.take()
                self._send(line)
                has_pending = has_pending or bool(line.pending)
        if has_pending and sum(len(line.pending) for line in self._lines.values()) > _ALL:
            self._lose(max(self._lines.values(), key=lambda line: len(line.pending)))

    def _send(self, line: Line) -> None:
        if line.pending and not line.write():
            self.hang_up(line)
            return
        if len(line.pending) > _LOST:
            self._lose(line)
            return
        is_over = line.session.is_over or line.session.outlet.is_done
        if is_over and not line.pending and not line.is_closing:
            line.part()
        self._watch(line)

    def _lose(self, line: Line) -> None:
        self._trouble.say(f"client {line.session.client_id} does not read: {len(line.pending):,} bytes wait; hung up")
        self.hang_up(line)

    def _watch(self, line: Line) -> None:
        if (wanted := line.wanted) == line.events:
            return
        if not wanted:
            self._selector.unregister(line.sock)
        elif not line.events:
            self._selector.register(line.sock, wanted, partial(self._attend, line))
        else:
            self._selector.modify(line.sock, wanted, partial(self._attend, line))
        line.events = wanted

    # --- the end

    def hang_up(self, line: Line, *, with_reset: bool = False) -> None:
        """Close a connection at once."""
        if self._lines.pop(line.number, None) is None:
            return
        _keep(self._streaming, line, False)
        _keep(self._waiting, line, False)
        self._count_in(line)
        self.produced -= len(line.pending)  # nobody will ever handle these
        if line.events:
            self._selector.unregister(line.sock)
        line.close(with_reset=with_reset)

    def hang_up_all(self) -> None:
        """Close every connection."""
        for line in self:
            self.hang_up(line)


def _keep(lines: dict[int, Line], line: Line, is_one: bool) -> None:
    """Have a line among others, or not."""
    if is_one:
        lines[line.number] = line
    else:
        lines.pop(line.number, None)
