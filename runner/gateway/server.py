"""The socket side of the simulated TWS: one thread, one selector, nothing that sleeps or polls."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from runner.core.clock import Clock, Meter, Reading, VirtualTime
from runner.errors import ConnectionFailed, FxrunError
from runner.gateway.desk import Desk
from runner.gateway.framelog import FrameLog, Tap
from runner.gateway.market import Market
from runner.gateway.session import Session
from runner.gateway.settings import GatewaySettings
from runner.gateway.state import Store
from runner.gateway.state_resume import resume
from runner.gateway.truth import Truth
from runner.gateway.venue import Venue

T = TypeVar("T")
_CHUNK = 65536
_LONGEST_WAIT = 3600.0  # seconds; selectors refuse to wait for years
_LOST = 32 * 1024 * 1024  # a client that lets this much pile up has stopped reading


class _Line:
    """One connection: its session, and the bytes its client has not taken yet."""

    def __init__(self, sock: socket.socket, session: Session, tap: Tap | None) -> None:
        self.sock = sock
        self.session = session
        self.tap = tap
        self.pending = bytearray()
        self.is_closing = False


class Gateway:
    """A simulated TWS on 127.0.0.1; `start` it, `wake` it when virtual time has moved, `stop` it."""

    def __init__(
        self,
        market: Market,
        clock: Clock,
        settings: GatewaySettings,
        *,
        truth: Truth | None = None,
        store: Store | None = None,
        log: FrameLog | None = None,
    ) -> None:
        self.meter = Meter()
        self.ended = threading.Event()  # the thread is over: by `stop`, or because it could not go on
        self.failure: FxrunError | None = None
        self._clock = clock
        self._speed = settings.speed
        self._venue = Venue(market, settings, truth, store)
        self._desk = Desk(self._venue)
        self._log = log
        self._selector = selectors.DefaultSelector()
        self._lines: dict[int, _Line] = {}
        self._listener: socket.socket | None = None
        self._bell: socket.socket | None = None
        self._ringer: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._rung = 0
        self._wakes = 0
        self._consumed = 0
        self._produced = 0
        self._stopping = False

    # --- called from other threads

    def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and serve in a thread of its own; returns the port."""
        resume(self._venue, int(self._now().timestamp()))
        listener = _listen(port)
        self._listener = listener
        self._bell, self._ringer = socket.socketpair()
        self._ringer.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, "listener")
        self._selector.register(self._bell, selectors.EVENT_READ, "bell")
        self._thread = threading.Thread(target=self._serve, name="fxrun-gateway", daemon=True)
        self._thread.start()
        return int(listener.getsockname()[1])

    def wake(self) -> int:
        """Make the thread look at the clock; returns how many wakes it will have answered once it has."""
        with self._lock:
            self._rung += 1
            rung = self._rung
        if self._ringer is not None:
            with contextlib.suppress(OSError):  # a full pipe rings anyway, and a closed one has nobody to wake
                self._ringer.send(b"\0")
        return rung

    @property
    def sessions(self) -> list[Session]:
        """The connections there are; for what `call` lets the thread do."""
        return [line.session for line in self._lines.values()]

    def call(self, act: Callable[[Venue], T]) -> T:
        """Let the thread act between two messages, and return what that gave or raise what it raised."""
        results: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
        self._tasks.put(lambda: results.put(_attempt(act, self._venue)))
        self.wake()
        while True:
            try:
                result, error = results.get(timeout=0.2)
            except Empty:
                if self._thread is None or self.ended.is_set():
                    raise ConnectionFailed("the gateway has ended") from self.failure
                continue
            if error is not None:
                raise error
            return cast(T, result)

    def stop(self) -> None:
        """Close every connection and end the thread; safe to call twice."""
        self._stopping = True
        if self._thread is not None:
            self.wake()
            self._thread.join()
            self._thread = None

    # --- the thread

    def _serve(self) -> None:
        try:
            while not self._stopping:
                self._advance()
                self._flush_all()
                self._publish()
                for key, _ in self._selector.select(self._patience()):
                    self._attend(key)
        except FxrunError as error:
            self.failure = error
        finally:
            self._shut()
            self.ended.set()

    def _now(self) -> datetime:
        return self._clock.now()

    def _advance(self) -> None:
        """Let happen what is due; the wakes are counted first, so that a wake never covers less than it says."""
        with self._lock:
            rung = self._rung
        now = self._now()
        self._venue.advance(now)
        while not self._tasks.empty():
            self._tasks.get()()
        if not isinstance(self._clock, VirtualTime):
            for line in self._lines.values():
                line.session.tick(int(now.timestamp()))
        self._wakes = rung

    def _publish(self) -> None:
        self.meter.publish(Reading(self._consumed, self._produced, self._wakes, self._venue.next_event()))

    def _patience(self) -> float | None:
        """Return how long select may wait; virtual time only moves with a wake."""
        if isinstance(self._clock, VirtualTime):
            return None
        now = self._now()
        waits = [] if (due := self._venue.next_event()) is None else [(due - now).total_seconds()]
        if any(line.session.is_streaming for line in self._lines.values()):
            waits.append(1 - now.microsecond / 1_000_000)  # quotes change with the second
        return max(0.0, min(min(waits) / self._speed, _LONGEST_WAIT)) if waits else None

    def _attend(self, key: selectors.SelectorKey) -> None:
        if key.data == "listener":
            self._accept()
        elif key.data == "bell" and self._bell is not None:
            self._bell.recv(_CHUNK)
        elif (line := self._lines.get(key.fd)) is not None:
            self._read(line)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError:  # gone before it was taken up, or out of descriptors
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tap = None if self._log is None else self._log.tap(self._venue.settings.max_version)
        self._lines[sock.fileno()] = _Line(sock, Session(self._desk, self._now), tap)
        self._selector.register(sock, selectors.EVENT_READ)

    def _read(self, line: _Line) -> None:
        try:
            data = line.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(line)
            return
        self._consumed += len(data)
        self._venue.advance(self._now())
        if line.tap is not None:
            line.tap.came(data)
        line.session.receive(data, self._now())

    def _flush_all(self) -> None:
        """Hand on what the sessions have to say, until no session has anything more to say."""
        self._venue.truth.commit()
        self._venue.store.commit(int(self._now().timestamp()))
        for line in list(self._lines.values()):
            said = line.session.take()
            if line.tap is not None:
                line.tap.went(said)
            self._produced += len(said)
            line.pending += said
            self._flush(line)

    def _flush(self, line: _Line) -> None:
        try:
            while line.pending:
                del line.pending[: line.sock.send(line.pending)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(line)
            return
        if len(line.pending) > _LOST:
            self._drop(line)
            return
        if line.session.is_over and not line.pending and not line.is_closing:
            self._part(line)
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.pending else 0)
        if self._selector.get_key(line.sock).events != wanted:
            self._selector.modify(line.sock, wanted)

    def _part(self, line: _Line) -> None:
        """Say goodbye and wait for the client's: closing at once would take the last answer back from the network."""
        line.is_closing = True
        line.session.end()
        with contextlib.suppress(OSError):  # it was faster
            line.sock.shutdown(socket.SHUT_WR)

    def _drop(self, line: _Line) -> None:
        self._produced -= len(line.pending)  # nobody will ever handle these
        self._selector.unregister(line.sock)
        del self._lines[line.sock.fileno()]
        line.session.end()
        line.sock.close()

    def _shut(self) -> None:
        for line in list(self._lines.values()):
            self._drop(line)
        self._venue.truth.close()
        self._venue.store.close(int(self._now().timestamp()))
        self._selector.close()
        for sock in (self._listener, self._bell, self._ringer):
            if sock is not None:
                sock.close()


def _attempt(act: Callable[[Venue], T], venue: Venue) -> tuple[T | None, Exception | None]:
    try:
        return act(venue), None
    except Exception as error:  # it is the caller's
        return None, error


def _listen(port: int) -> socket.socket:
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
                f"port {port} of 127.0.0.1 is in use; stop what listens there, or take another with --port (0: any)"
            ) from None
        raise ConnectionFailed(f"cannot listen on 127.0.0.1:{port}: {error.strerror}; try another --port") from None
    sock.setblocking(False)
    return sock
