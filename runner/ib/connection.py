"""The one connection to a TWS, IB Gateway or simulated gateway: opened with deadlines, used by the engine's thread."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable

from runner.core.facts import ConnectionLost, Fact, LoginFailed, NoticeSeen
from runner.errors import ConnectionFailed
from runner.ib import failures, versions
from runner.ib.client import TwsClient
from runner.ib.compile import CompiledOrder, as_question
from runner.ib.notices import Disposition, classify
from runner.ib.pacing import Pacer
from runner.ib.requests import Requests
from runner.ib.session import FIRST_REQUEST_ID, Login, Session
from runner.ib.transport import Transport, TurnTransport

__all__ = ("FIRST_PAUSE", "FIRST_REQUEST_ID", "Connection", "Login")

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_GOODBYE = 2.0  # seconds that closing waits for a session that is being opened


class Connection(Requests):
    """Requests go out on the caller's thread; facts come in through `publish`, on the reader's.

    `publish` is called with a lock held, so that no fact of an older session comes after the first of a newer one: it
    must return at once. If `paced`, at most 45 messages leave in any second, and whoever sends more waits. With a
    `turn` peer and reader are a part of the caller's thread: `turn` lets the peer act, `take_in` reads.
    """

    def __init__(  # the first two say where, the rest has names
        self,
        host: str,
        port: int,
        *,
        client_id: int,
        publish: Callable[[Fact], None],
        timeout: float = 10.0,
        attempts: int = 1,
        paced: bool = False,
        turn: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__()
        self.host = host
        self.port = port
        self.client_id = client_id
        self.timeout = timeout
        self.session = 0  # the number of the last session that became ready
        self._attempts = max(1, attempts)
        self._publish = publish
        self._pacer = Pacer() if paced else None
        self._turn = turn
        self._session: Session | None = None
        self._early: list[Fact] | None = None  # facts that wait for their LoggedIn, while a session is begun
        self._opener: threading.Thread | None = None
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._floor = 0

    @property
    def sent_bytes(self) -> int:
        """The count of bytes sent in this session, greeting included."""
        transport = None if self._session is None else self._session.transport
        return 0 if transport is None else transport.sent_bytes

    @property
    def last_heard(self) -> float:
        """When bytes came last in this session, in seconds of time.monotonic; 0 if there is none."""
        transport = None if self._session is None else self._session.transport
        return 0.0 if transport is None else transport.last_heard

    @property
    def login_next_id(self) -> int | None:
        """The next order id as this session's TWS told it, whatever was seen or taken since."""
        with self._changed:
            login = None if self._session is None else self._session.login
            return None if login is None else login.next_order_id

    @property
    def reopenable(self) -> bool:
        """True if `begin` may be called: it is not closed, and no session is being opened."""
        return not self._closed.is_set() and self._early is None

    @property
    def is_quiet(self) -> bool:
        """True if no session is being opened, and all that has come was published; for time that waits until it was."""
        with self._changed:
            return self._early is None and (self._session is None or self._session.is_quiet)

    @property
    def send_delay(self) -> float:
        """The seconds that a message sent now would wait for its turn."""
        return 0.0 if self._pacer is None else self._pacer.delay()

    # --- opening and closing

    def open(self) -> Login:
        """Open the session; it is ready once nextValidId and managedAccounts have come.

        Raises ConnectionFailed, with what to do about it, after the last attempt.
        """
        pause = FIRST_PAUSE
        for _ in range(self._attempts - 1):
            try:
                return self._open()
            except ConnectionFailed as failed:
                if isinstance(failed, failures.Final) or self._closed.wait(pause):
                    raise
            pause = min(pause * 2, _LONGEST_PAUSE)
        return self._open()

    def _open(self) -> Login:
        before, session = self._renew(None)
        if before is not None:
            before.stop()
        try:
            login = session.log_in()
        except BaseException:
            session.stop()
            raise
        self.session += 1
        return login

    def begin(self) -> None:
        """Open a new session on a thread of its own; LoggedIn or LoginFailed says what came of it.

        One attempt, with one deadline for all of it. A session before it ends, and nothing more of it is published.
        Raises RuntimeError while one is being opened, or after `close`.
        """
        with self._changed:
            if not self.reopenable:
                raise RuntimeError("a session is being opened, or the connection was closed")
            before, session = self._renew([])
            work = (self._opener, before, session)
            self._opener = threading.Thread(
                target=self._open_in_background, args=work, name="fxrun-ib-opener", daemon=True
            )
            self._opener.start()

    def _renew(self, early: list[Fact] | None) -> tuple[Session | None, Session]:
        where = failures.Where(self.host, self.port, self.timeout)
        with self._changed:
            before = self._session
            self._session = Session(where, self.client_id, self._take, self._changed, self._transport)
            self._early = early
            return before, self._session

    def _open_in_background(self, opener: threading.Thread | None, before: Session | None, session: Session) -> None:
        failed: LoginFailed | None = None
        try:
            if opener is not None:
                opener.join(_GOODBYE)
            if before is not None:
                before.stop()
            session.log_in()
        except failures.NoSession as fault:
            failed = fault.fact()
        except Exception as fault:  # whatever it was, the engine must hear that no session comes
            log.exception("the session could not be opened")
            failed = LoginFailed(what=f"no session: {fault!r}", advice="this is a fault of fxrun", is_final=False)
        if failed is not None:
            session.stop()
            self._report(session, failed)

    def _report(self, session: Session, failed: LoginFailed) -> None:
        with self._changed:
            session.is_over = True
            if session is self._session and not session.is_stopping:
                self._early = None
                self._publish(failed)

    def drop(self, reason: str) -> None:
        """End the session that is ready and publish ConnectionLost, unless it was published before."""
        with self._changed:
            session = self._session
            if session is None or self._early is not None:
                return
        session.stop()
        self._take(session, ConnectionLost(reason=reason))

    def close(self) -> None:
        """End the session; may be called again, and while one is being opened, of which nothing is published then."""
        self._closed.set()
        with self._changed:
            session, opener = self._session, self._opener
        if session is not None:
            session.interrupt()
        if opener is not None and opener is not threading.current_thread():
            opener.join(_GOODBYE)
        if session is not None and not (opener is not None and opener.is_alive()):
            session.stop()

    def _transport(self, sock: socket.socket) -> Transport:
        if self._turn is not None:
            return TurnTransport(sock, self.timeout, self._turn)
        return Transport(sock, self.timeout, self._pacer)

    # --- what comes in, on the reader thread

    def take_in(self, timeout: float) -> None:
        """Publish what has come, or comes within that many seconds; does nothing if a reader does that."""
        if self._turn is not None and self._session is not None:
            self._session.take_in(timeout)

    def _take(self, session: Session, fact: Fact) -> None:
        with self._changed:
            if session is not self._session or session.is_over:
                return
            session.note(fact)
            session.is_over = isinstance(fact, ConnectionLost)
            self._changed.notify_all()
            if session.is_over and self._closed.is_set():
                return  # it was closed, not lost, although the reader may see its end first
            if isinstance(fact, NoticeSeen) and self._pacer is not None:
                self._heed(fact, self._pacer)
            if self._early is None:
                self._publish(fact)
            else:
                self._hold_back(session, fact, self._early)

    def _hold_back(self, session: Session, fact: Fact, early: list[Fact]) -> None:
        """Keep a fact of a session that is not ready; publish all of them behind LoggedIn once it is."""
        early.append(fact)
        if session.is_over or session.is_stopping or (login := session.login) is None:
            return
        self._early = None
        self.session += 1
        session.use_above(self._floor)
        for one in (login.fact(self.session), *early):
            self._publish(one)

    def _heed(self, notice: NoticeSeen, pacer: Pacer) -> None:
        if classify(notice.code, about_order=False) is Disposition.PACING:
            pacer.slow_down()

    # --- orders

    def use_above(self, order_id: int) -> None:
        """Take only order ids above that one from now on, in this session and in later ones."""
        with self._changed:
            self._floor = max(self._floor, order_id)

    def take_order_ids(self, count: int) -> int:
        """Reserve count consecutive order ids and return the first.

        They are above the broker's next id, all ids that were seen in this session, all that were taken in this
        connection, and what `use_above` was told.
        """
        self._ready_client()
        with self._changed:
            session = self._session
            assert session is not None  # it is ready
            session.use_above(self._floor)
            assert session.next_order_id is not None
            first = session.next_order_id
            if first + count > FIRST_REQUEST_ID:
                raise ConnectionFailed("the order ids are used up: reset the API order id sequence in the TWS")
            self._floor = first + count - 1
            return first

    def place(self, compiled: CompiledOrder) -> None:
        """Send an order. If it raises, what became of the order is not known."""
        self._place_order(compiled)

    def what_if(self, compiled: CompiledOrder) -> None:
        """Ask what an order would cost; WhatIfSeen with its order id is the answer, and no order comes of it."""
        self._place_order(as_question(compiled))

    def _place_order(self, compiled: CompiledOrder) -> None:
        client = self._ready_client()
        self._send(lambda: client.placeOrder(compiled.order.orderId, compiled.contract, compiled.order))

    def cancel(self, order_id: int) -> None:
        """Ask for an order's cancellation."""
        client = self._ready_client()
        self._send(lambda: versions.cancel(client, order_id))

    def _ready_client(self) -> TwsClient:
        with self._changed:
            session = self._session
            client = None if session is None or session.login is None else session.client
        if client is not None and client.isConnected():
            return client
        raise ConnectionFailed(f"there is no connection to {self.host}:{self.port} any more")

    def _send(self, request: Callable[[], object]) -> None:
        """Call one of ibapi's requests; some versions hide a failed write, the transport does not."""
        transport = None if self._session is None else self._session.transport
        try:
            request()
        except OSError as fault:
            raise self._cut_off() from fault
        if transport is not None and transport.failure:
            raise self._cut_off()

    def _cut_off(self) -> ConnectionFailed:
        transport = None if self._session is None else self._session.transport
        reason = "" if transport is None else transport.failure
        return ConnectionFailed(f"the connection to {self.host}:{self.port} broke while sending: {reason or 'closed'}")
