"""The one connection to a TWS, IB Gateway or simulated gateway: opened with deadlines, used by the engine's thread."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ibapi.execution import ExecutionFilter

from runner.core.clock import SIMULATED_MARK
from runner.core.contract import ContractSpec
from runner.core.facts import (
    AccountsSeen,
    ConnectionLost,
    Fact,
    NextOrderIdSeen,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
)
from runner.errors import ConnectionFailed
from runner.ib import failures, versions
from runner.ib.client import Greeting, HandshakeFailed, TwsClient
from runner.ib.compile import CompiledOrder, compile_contract
from runner.ib.transport import Transport, describe

# request ids have a range of their own: error() names a request or an order by the same number
FIRST_REQUEST_ID = 2_000_000_000
OLDEST_SERVER = 157
_CLIENT_ID_IN_USE = 326
FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0


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


class Connection:
    """Requests go out on the caller's thread; facts come in through `publish`, on the reader's."""

    def __init__(  # the first two say where, the rest has names
        self,
        host: str,
        port: int,
        *,
        client_id: int,
        publish: Callable[[Fact], None],
        timeout: float = 10.0,
        attempts: int = 1,
    ) -> None:
        self.host = host
        self.port = port
        self.client_id = client_id
        self.timeout = timeout
        self._attempts = max(1, attempts)
        self._publish = publish
        self._client: TwsClient | None = None
        self._transport: Transport | None = None
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._requests = FIRST_REQUEST_ID
        self._forget()

    def _forget(self) -> None:
        self._accounts: tuple[str, ...] | None = None
        self._next_order_id: int | None = None
        self._lost: str | None = None
        self._refusal: NoticeSeen | None = None

    @property
    def sent_bytes(self) -> int:
        """The count of bytes sent in this session, greeting included."""
        return 0 if self._transport is None else self._transport.sent_bytes

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
        if self._client is not None:
            self._client.stop()
        self._forget()
        deadline = time.monotonic() + self.timeout
        where = failures.Where(self.host, self.port, self.timeout)
        self._transport = Transport(self._dial(where), self.timeout)
        self._client = TwsClient(self._transport, self.client_id, self._take)
        try:
            return self._log_in(self._client, deadline, where)
        except BaseException:
            self._client.stop()
            raise

    def _dial(self, where: failures.Where) -> socket.socket:
        if not 0 < self.port < 65536:
            raise failures.other(where, f"{self.port} is no port number, 1 to 65535 are")
        try:
            return socket.create_connection((self.host, self.port), self.timeout)
        except TimeoutError as fault:
            raise failures.unreachable(where) from fault
        except ConnectionRefusedError as fault:
            raise failures.nothing_listens(where) from fault
        except (socket.gaierror, UnicodeError) as fault:
            raise failures.unknown_host(where) from fault
        except OSError as fault:
            if fault.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
                raise failures.unreachable(where) from fault
            raise failures.other(where, describe(fault)) from fault

    def _log_in(self, client: TwsClient, deadline: float, where: failures.Where) -> Login:
        try:
            greeting = client.greet(deadline - time.monotonic())
        except HandshakeFailed as failed:
            raise failures.in_handshake(where, failed.kind, failed.detail) from failed
        if greeting.server_version < OLDEST_SERVER:
            raise failures.too_old(where, greeting.server_version, OLDEST_SERVER)
        if not versions.offered(greeting.server_version):
            raise failures.in_handshake(where, "alien", f"server version {greeting.server_version}")
        try:
            client.start()
        except OSError as fault:
            raise failures.closed_at_login(where, describe(fault), "") from fault
        return self._ready(greeting, deadline, where)

    def _ready(self, greeting: Greeting, deadline: float, where: failures.Where) -> Login:
        with self._changed:
            self._changed.wait_for(self._is_decided, max(0.0, deadline - time.monotonic()))
            if self._lost is not None or self._accounts is None or self._next_order_id is None:
                raise self._why_not_ready(where)
            return Login(
                server_version=greeting.server_version,
                server_time=greeting.server_time,
                accounts=self._accounts,
                next_order_id=self._next_order_id,
            )

    def _is_decided(self) -> bool:
        ready = self._accounts is not None and self._next_order_id is not None
        return ready or self._lost is not None or self._id_in_use

    @property
    def _id_in_use(self) -> bool:
        return self._refusal is not None and self._refusal.code == _CLIENT_ID_IN_USE

    def _why_not_ready(self, where: failures.Where) -> ConnectionFailed:
        if self._id_in_use:
            return failures.id_in_use(where, self.client_id)
        said = "" if self._refusal is None else f"{self._refusal.code} {self._refusal.text}"
        if self._lost is not None:
            return failures.closed_at_login(where, self._lost, said)
        return failures.not_ready(where, said)

    def close(self) -> None:
        """End the session; may be called again, and while `open` is waiting for its next attempt."""
        self._closed.set()
        if self._client is not None:
            self._client.stop()

    # --- what comes in, on the reader thread

    def _take(self, fact: Fact) -> None:
        if not isinstance(fact, _TAKEN):
            self._publish(fact)
            return
        with self._changed:
            self._note(fact)
            self._changed.notify_all()
        self._publish(fact)

    def _note(self, fact: Fact) -> None:
        match fact:
            case NextOrderIdSeen():
                self._use_above(fact.order_id - 1)
            case AccountsSeen():
                self._accounts = fact.accounts
            case ConnectionLost():
                self._lost = fact.reason
            case NoticeSeen(about=-1) if self._refusal is None and not 2100 <= fact.code < 2200:
                self._refusal = fact
            case OpenOrderSeen() | OrderStatusSeen() if fact.client_id == self.client_id:
                if self._next_order_id is not None and fact.order_id < FIRST_REQUEST_ID:
                    self._use_above(fact.order_id)

    def _use_above(self, order_id: int) -> None:
        self._next_order_id = max(self._next_order_id or 1, order_id + 1)

    # --- orders

    def take_order_ids(self, count: int) -> int:
        """Reserve count consecutive order ids, above all that were seen, and return the first."""
        self._ready_client()
        with self._changed:
            assert self._next_order_id is not None  # open() returned
            first = self._next_order_id
            if first + count > FIRST_REQUEST_ID:
                raise ConnectionFailed("the order ids are used up: reset the API order id sequence in the TWS")
            self._next_order_id = first + count
            return first

    def place(self, compiled: CompiledOrder) -> None:
        """Send an order. If it raises, what became of the order is not known."""
        client = self._ready_client()
        self._send(lambda: client.placeOrder(compiled.order.orderId, compiled.contract, compiled.order))

    def cancel(self, order_id: int) -> None:
        """Ask for an order's cancellation."""
        client = self._ready_client()
        self._send(lambda: versions.cancel(client, order_id))

    # --- requests

    def request_open_orders(self) -> None:
        """Ask for the open orders of this client id."""
        self._send(self._ready_client().reqOpenOrders)

    def request_completed_orders(self) -> None:
        """Ask for the orders of today that are at their end, whoever placed them."""
        client = self._ready_client()
        self._send(lambda: client.reqCompletedOrders(False))

    def request_executions(self) -> int:
        """Ask for today's executions and their commissions; returns the id of the request."""
        client, request = self._ready_client(), self._request_id()
        self._send(lambda: client.reqExecutions(request, ExecutionFilter()))
        return request

    def request_current_time(self) -> None:
        """Ask for the clock of the TWS."""
        self._send(self._ready_client().reqCurrentTime)

    def request_snapshot(self, contract: ContractSpec) -> int:
        """Ask for one bid and ask; returns the id of the request."""
        client, request, named = self._ready_client(), self._request_id(), compile_contract(contract)
        self._send(lambda: client.reqMktData(request, named, "", True, False, []))
        return request

    def _request_id(self) -> int:
        self._requests += 1
        return self._requests

    def _ready_client(self) -> TwsClient:
        if self._client is None or not self._client.isConnected():
            raise ConnectionFailed(f"there is no connection to {self.host}:{self.port} any more")
        return self._client

    def _send(self, request: Callable[[], object]) -> None:
        """Call one of ibapi's requests; some versions hide a failed write, the transport does not."""
        try:
            request()
        except OSError as fault:
            raise self._cut_off() from fault
        if self._transport is not None and self._transport.failure:
            raise self._cut_off()

    def _cut_off(self) -> ConnectionFailed:
        reason = "" if self._transport is None else self._transport.failure
        return ConnectionFailed(f"the connection to {self.host}:{self.port} broke while sending: {reason or 'closed'}")


_TAKEN = (NextOrderIdSeen, AccountsSeen, ConnectionLost, NoticeSeen, OpenOrderSeen, OrderStatusSeen)
