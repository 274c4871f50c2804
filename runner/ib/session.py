"""One session with a TWS from the dial to its end; a connection has one at a time and never takes one up again."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runner.core.clock import SIMULATED_MARK
from runner.core.facts import (
    AccountsSeen,
    ConnectionLost,
    Fact,
    Handled,
    LoggedIn,
    NextOrderIdSeen,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
)
from runner.ib import failures, versions
from runner.ib.client import Greeting, HandshakeFailed, TwsClient
from runner.ib.transport import Transport, describe

# request ids have a range of their own: error() names a request or an order by the same number
FIRST_REQUEST_ID = 2_000_000_000
OLDEST_SERVER = 157
CLIENT_ID_IN_USE = 326
_PASSING = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ECONNRESET)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A session that is ready."""

    server_version: int
    server_time: str
    accounts: tuple[str, ...]
    next_order_id: int

    @property
    def simulated(self) -> bool:
        """True if the peer says that it is a simulation."""
        return SIMULATED_MARK in self.server_time

    def fact(self, session: int) -> LoggedIn:
        """Say it as a fact, of the session with that number."""
        return LoggedIn(
            session=session,
            server_version=self.server_version,
            server_time=self.server_time,
            accounts=self.accounts,
            next_order_id=self.next_order_id,
            simulated=self.simulated,
        )


class Session:
    """What is known of one session. `changed` is the connection's lock; whoever reads or writes fields holds it."""

    def __init__(
        self,
        where: failures.Where,
        client_id: int,
        take: Callable[[Session, Fact], None],
        changed: threading.Condition,
        transport: Callable[[socket.socket], Transport],
    ) -> None:
        self._where = where
        self._client_id = client_id
        self._take = take
        self._changed = changed
        self._make_transport = transport
        self._greeting: Greeting | None = None
        self._refusal: NoticeSeen | None = None
        self._lost: str | None = None
        self._accounts: tuple[str, ...] | None = None
        self._told_id: int | None = None
        self.is_over = False  # nothing of it is published any more
        self.is_stopping = False
        self._handled = 0  # bytes of it that facts were made of
        self.next_order_id: int | None = None  # above all ids that were seen
        self.transport: Transport | None = None
        self.client: TwsClient | None = None

    @property
    def login(self) -> Login | None:
        """What it is, once nextValidId and managedAccounts have come."""
        if self._greeting is None or self._accounts is None or self._told_id is None:
            return None
        return Login(
            server_version=self._greeting.server_version,
            server_time=self._greeting.server_time,
            accounts=self._accounts,
            next_order_id=self._told_id,
        )

    # --- opening

    def log_in(self) -> Login:
        """Open it; whoever calls stops it if this raises. Raises NoSession, with what to do about it."""
        deadline = time.monotonic() + self._where.timeout
        sock = self._dial()
        with self._changed:
            self.transport = self._make_transport(sock)
            self.client = TwsClient(self.transport, self._client_id, lambda fact: self._take(self, fact))
            if self.is_stopping:
                raise self._closed_by_us()
        self._greet(self.client, deadline)
        return self._ready(deadline)

    def _dial(self) -> socket.socket:
        where = self._where
        if not 0 < where.port < 65536:
            raise failures.other(where, f"{where.port} is no port number, 1 to 65535 are")
        try:
            return socket.create_connection((where.host, where.port), where.timeout)
        except TimeoutError as fault:
            raise failures.unreachable(where) from fault
        except ConnectionRefusedError as fault:
            raise failures.nothing_listens(where) from fault
        except (socket.gaierror, UnicodeError) as fault:
            raise failures.unknown_host(where, is_final=_is_unknown(fault)) from fault
        except OSError as fault:
            if fault.errno in _PASSING:
                raise failures.unreachable(where) from fault
            raise failures.other(where, describe(fault)) from fault

    def _greet(self, client: TwsClient, deadline: float) -> None:
        where = self._where
        try:
            greeting = client.greet(deadline - time.monotonic())
        except HandshakeFailed as failed:
            raise failures.in_handshake(where, failed.kind, failed.detail) from failed
        if greeting.server_version < OLDEST_SERVER:
            raise failures.too_old(where, greeting.server_version, OLDEST_SERVER)
        if not versions.offered(greeting.server_version):
            raise failures.in_handshake(where, "alien", f"server version {greeting.server_version}")
        with self._changed:
            self._greeting = greeting
        try:
            client.start()
        except OSError as fault:
            raise failures.closed_at_login(where, describe(fault), "") from fault

    def _ready(self, deadline: float) -> Login:
        while self.takes_turns and not self._is_decided() and (left := deadline - time.monotonic()) > 0:
            self.take_in(left)
        with self._changed:
            self._changed.wait_for(self._is_decided, max(0.0, deadline - time.monotonic()))
            if self.is_stopping or (login := self.login) is None:
                self.is_over = True
                raise self._why_not()
            return login

    def _is_decided(self) -> bool:
        return self.login is not None or self._lost is not None or self._id_in_use or self.is_stopping

    @property
    def _id_in_use(self) -> bool:
        return self._refusal is not None and self._refusal.code == CLIENT_ID_IN_USE

    def _why_not(self) -> failures.NoSession:
        if self.is_stopping:
            return self._closed_by_us()
        if self._id_in_use:
            return failures.id_in_use(self._where, self._client_id)
        said = "" if self._refusal is None else f"{self._refusal.code} {self._refusal.text}"
        if self._lost is not None:
            return failures.closed_at_login(self._where, self._lost, said)
        return failures.not_ready(self._where, said)

    def _closed_by_us(self) -> failures.NoSession:
        return failures.Final(f"the connection to {self._where} was closed while it was being opened", "open a new one")

    # --- what comes in

    @property
    def takes_turns(self) -> bool:
        """True if it has no reader of its own, and `take_in` is to be called."""
        return self.transport is not None and self.transport.takes_turns

    def take_in(self, timeout: float) -> None:
        """Handle what has come, or comes within that many seconds, where it takes turns with its peer."""
        if self.takes_turns and self.client is not None and not self.is_over:
            self.client.take_in(timeout)

    def note(self, fact: Fact) -> None:
        """Keep what opening and order ids need to know."""
        match fact:
            case Handled():
                self._handled = fact.total
            case NextOrderIdSeen():
                self._told_id = fact.order_id if self._told_id is None else self._told_id
                self.use_above(fact.order_id - 1)
            case AccountsSeen():
                self._accounts = fact.accounts
            case ConnectionLost() if self.login is None:  # a loss after that is no failure to log in
                self._lost = fact.reason
            case NoticeSeen(about=-1) if self._refusal is None and not 2100 <= fact.code < 2200:
                self._refusal = fact
            case OpenOrderSeen() | OrderStatusSeen() if fact.client_id == self._client_id:
                if fact.order_id < FIRST_REQUEST_ID:
                    self.use_above(fact.order_id)

    @property
    def is_quiet(self) -> bool:
        """True if all that has come so far was made facts of, its end included."""
        transport = self.transport
        if transport is None or self.is_over:
            return True
        return transport.isConnected() and not transport.has_more and transport.received_bytes == self._handled

    def use_above(self, order_id: int) -> None:
        """Give out only ids above that one."""
        self.next_order_id = max(self.next_order_id or 1, order_id + 1)

    # --- the end

    def interrupt(self) -> None:
        """Wake whoever opens it, to see that it shall end."""
        with self._changed:
            self.is_stopping = True
            self._changed.notify_all()
            transport = self.transport
        if transport is not None:
            transport.disconnect()

    def stop(self) -> None:
        """End it and wait for its reader; may be called again."""
        if self.client is not None:
            self.client.stop()


def _is_unknown(fault: Exception) -> bool:
    """Tell a name that does not exist from one that nobody could look up now."""
    return not (isinstance(fault, socket.gaierror) and fault.errno == socket.EAI_AGAIN)
