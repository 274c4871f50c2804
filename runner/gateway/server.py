"""The socket side of the simulated TWS: one thread, one selector, nothing that sleeps or polls."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from runner.core.clock import Clock, Meter, Reading, VirtualTime
from runner.errors import ConnectionFailed, FxrunError
from runner.gateway.control import Control, listen, status
from runner.gateway.desk import Desk
from runner.gateway.faults_acts import Acts
from runner.gateway.faults_read import read_command
from runner.gateway.faults_trouble import Trouble
from runner.gateway.framelog import FrameLog
from runner.gateway.market import Market
from runner.gateway.server_lines import Lines
from runner.gateway.session import Session
from runner.gateway.settings import GatewaySettings
from runner.gateway.state import Store
from runner.gateway.state_resume import resume
from runner.gateway.truth import Truth
from runner.gateway.venue import Venue

T = TypeVar("T")
_CHUNK = 65536
_LONGEST_WAIT = 3600.0  # seconds; selectors refuse to wait for years


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
        notes: Callable[[str], None] | None = None,
    ) -> None:
        """Make one; log: where messages are told; notes: where faults and refusals are, a line each."""
        self.meter = Meter()
        self.ended = threading.Event()  # the thread is over: by `stop`, or because it could not go on
        self.failure: FxrunError | None = None
        self._clock = clock
        self._settings = settings
        self._trouble = Trouble(settings.faults, self._now, notes)
        self._acts = Acts(self, self._trouble)
        self._begin(Venue(market, settings, truth, store))
        self._selector = selectors.DefaultSelector()
        self.lines = Lines(
            self._selector,
            self._trouble,
            lambda number: Session(self.desk, self._trouble, number),
            is_virtual=isinstance(clock, VirtualTime),
            log=log,
        )
        self._control = Control(self._selector, self.command)
        self.control_port: int | None = None
        self._port = 0
        self._listener: socket.socket | None = None
        self._bell: socket.socket | None = None
        self._ringer: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._takes_turns = False
        self._lock = threading.Lock()
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._rung = 0
        self._wakes = 0
        self._ticked = 0  # the second that clients were last told of
        self._stopping = False

    def _begin(self, venue: Venue) -> None:
        self.venue = venue
        self.desk = Desk(venue)

    # --- called from other threads

    def start(self, port: int = 0, control: int | None = None, *, takes_turns: bool = False) -> int:
        """Listen on 127.0.0.1 and serve; returns the port. control: a port for faults.

        It serves in a thread of its own, or if it takes turns, in that of whoever calls `turn`.
        """
        resume(self.venue, int(self._now().timestamp()))
        listener = listen(port)
        if control is not None:
            try:
                self.control_port = self._control.start(control)
            except ConnectionFailed:
                listener.close()
                raise
        self._port = int(listener.getsockname()[1])
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._acts.start()
        if takes_turns:
            self._takes_turns = True
            return self._port
        self._bell, self._ringer = socket.socketpair()
        self._ringer.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._hear)
        self._thread = threading.Thread(target=self._serve, name="fxrun-gateway", daemon=True)
        self._thread.start()
        return self._port

    def wake(self) -> int:
        """Make the thread look at the clock; returns how many wakes it will have answered once it has."""
        with self._lock:
            self._rung += 1
            rung = self._rung
        if self._ringer is not None:
            with contextlib.suppress(OSError):  # a full pipe rings anyway, and a closed one has nobody to wake
                self._ringer.send(b"\0")
        return rung

    def turn(self) -> bool:
        """Act on what has come, if it takes turns; tells whether there was anything."""
        if self.ended.is_set():
            return False
        try:
            has_come = self._attend(0)
            self._look()
        except FxrunError as error:
            self.failure = error
            self._end()
            return False
        except BaseException:
            self._end()
            raise
        return has_come

    def reached(self, *, consumed: int, wakes: int, timeout: float) -> Reading | None:
        """Return its reading once it has come that far, None after timeout seconds, or a turn if it takes turns."""
        if not self._takes_turns:
            return self.meter.wait(consumed=consumed, wakes=wakes, timeout=timeout)
        if not self.meter.has_reached(consumed, wakes):
            self.turn()
        return self.meter.reading() if self.meter.has_reached(consumed, wakes) else None

    @property
    def is_gone(self) -> bool:
        """True once its thread is over."""
        return self.ended.is_set()

    @property
    def sessions(self) -> list[Session]:
        """The connections there are; for what `call` lets the thread do."""
        return [line.session for line in self.lines]

    def call(self, act: Callable[[Venue], T]) -> T:
        """Let the thread act between two messages, and return what that gave or raise what it raised."""
        if self._takes_turns and not self.ended.is_set():
            given = act(self.venue)
            self.turn()
            return given
        results: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
        self._tasks.put(lambda: results.put(_attempt(act, self.venue)))
        self.wake()
        while True:
            try:
                result, error = results.get(timeout=0.2)
            except Empty:
                if self._thread is None or self.ended.is_set():
                    raise self.failure or ConnectionFailed("the gateway has ended") from None
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
        elif self._takes_turns and not self.ended.is_set():
            self._end()

    # --- the thread

    def _serve(self) -> None:
        try:
            while not self._stopping:
                self._look()
                self._attend(self._patience())
        except FxrunError as error:
            self.failure = error
        finally:
            self._end()

    def _look(self) -> None:
        self._advance()
        self._settle()
        self._publish()

    def _attend(self, patience: float | None) -> bool:
        """Act on what comes; tells whether there was anything."""
        ready = self._selector.select(patience)
        self.venue.advance(self._now())
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _end(self) -> None:
        self._shut()
        self.ended.set()

    def _now(self) -> datetime:
        return self._clock.now()

    def _advance(self) -> None:
        """Let happen what is due; the wakes are counted first, so that a wake never covers less than it says."""
        with self._lock:
            rung = self._rung
        now = self._now()
        self.venue.advance(now)
        self._trouble.agenda.run(now)
        self.lines.proceed()
        while not self._tasks.empty():
            self._tasks.get()()
        if not isinstance(self._clock, VirtualTime) and (at := int(now.timestamp())) != self._ticked:
            self._ticked = at
            self.lines.tick(at)
        self._wakes = rung

    def _settle(self) -> None:
        """Send what there is to say, and let go wrong what is to go wrong before and after that."""
        while True:
            self._acts.run_early()
            self.venue.store.commit(int(self._now().timestamp()), self.venue.truth.tail())
            self.venue.truth.commit()
            self.lines.flush()
            if not self._acts.run_late():
                return

    def _publish(self) -> None:
        self.meter.publish(Reading(self.lines.consumed, self.lines.produced, self._wakes, self._next_event()))

    def _next_event(self) -> datetime | None:
        events = (self.venue.next_event(), self._trouble.agenda.next())
        return min((event for event in events if event is not None), default=None)

    def _patience(self) -> float | None:
        """Return how long select may wait; virtual time only moves with a wake."""
        if self.lines.is_busy:
            return 0
        if isinstance(self._clock, VirtualTime):
            return None
        now = self._now()
        waits = [] if (due := self._next_event()) is None else [(due - now).total_seconds()]
        if self.lines.is_streaming:
            waits.append(1 - now.microsecond / 1_000_000)  # quotes change with the second
        return max(0.0, min(min(waits) / self._settings.speed, _LONGEST_WAIT)) if waits else None

    def _accept(self) -> None:
        if self._listener is not None:
            self.lines.accept(self._listener)

    def _hear(self) -> None:
        if self._bell is not None:
            self._bell.recv(_CHUNK)

    def command(self, told: Mapping[str, object]) -> dict[str, object]:
        """Do what came over the control socket, and say what became of it; in the gateway's thread."""
        if told.get("do") == "status":
            return status(self.venue, self.lines, self._now())
        return {"ok": True, "done": self._acts.add(read_command(told))}

    # --- what faults do

    def restart(self, *, pause: float, state_lost: bool, ids_back: int) -> None:
        """Close every connection, and listen again after a pause; with no orders and no positions if state is lost."""
        self.lines.hang_up_all()
        if state_lost:
            old = self.venue
            old.store.forget()
            self._begin(Venue(old.market, self._settings, old.truth, old.store))
            resume(self.venue, int(self._now().timestamp()))
        self.venue.book.roll_back(ids_back)
        if pause and self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
            self._trouble.agenda.plan(self._trouble.later(pause), self._listen_again)

    def _listen_again(self) -> None:
        try:
            self._listener = listen(self._port)
        except ConnectionFailed:  # somebody else listens there, for now
            self._trouble.agenda.plan(self._trouble.later(1), self._listen_again)
        else:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _shut(self) -> None:
        self.lines.hang_up_all()
        self._control.close()
        self.venue.truth.close()
        self.venue.store.close(int(self._now().timestamp()))
        self._selector.close()
        for sock in (self._listener, self._bell, self._ringer):
            if sock is not None:
                sock.close()


def _attempt(act: Callable[[Venue], T], venue: Venue) -> tuple[T | None, Exception | None]:
    try:
        return act(venue), None
    except Exception as error:  # it is the caller's
        return None, error
