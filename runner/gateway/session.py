"""One client's session: greeting, start, and what it asks about orders; the rest goes to `inquiries`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import singledispatchmethod

from runner.core.clock import SIMULATED_MARK
from runner.gateway import reports
from runner.gateway.book import Entry
from runner.gateway.desk import Desk
from runner.gateway.inquiries import Inquiries
from runner.gateway.reports import Fill
from runner.wire.errors import WireError
from runner.wire.messages import (
    Answer,
    CancelOrder,
    CompletedOrdersEnd,
    ErrorMessage,
    ExecutionDetailsEnd,
    GlobalCancel,
    ManagedAccounts,
    NextValidId,
    OpenOrdersEnd,
    PlaceOrder,
    Request,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestIds,
    RequestManagedAccounts,
    RequestOpenOrders,
    StartApi,
)
from runner.wire.session import ServerSession, SessionState

_MAX_CLIENTS = 32
_NO_ID = 1 << 31
_FARMS = (
    (2104, "Market data farm connection is OK:cashfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."


class Session:
    """The protocol side of one connection: bytes in by `receive`, bytes out by `take`."""

    def __init__(self, desk: Desk, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._now = now
        self._venue = desk.venue
        self._wire = ServerSession(desk.venue.settings.max_version)
        self._inquiries = Inquiries(desk.venue, self.say)
        self._out = bytearray()
        self._at = 0
        self._has_greeted = False
        self._client_id = -1  # -1: not started
        self.since = 0  # epoch seconds of its start
        self.requests = 0
        self.is_over = False

    # --- the connection

    def receive(self, data: bytes, now: datetime) -> None:
        """Take in bytes and act on every request that is complete."""
        self._at = int(now.timestamp())
        while not self.is_over and not self._try(data, now):
            data = b""  # the session goes on behind the request that could not be read

    def take(self) -> bytes:
        """Return the bytes that wait to be sent, once."""
        said = bytes(self._out)
        self._out.clear()
        return b"" if self._venue.settings.silent else said

    def end(self) -> None:
        """Leave the venue; the orders stay."""
        self.is_over = True
        self._venue.leave(self._client_id, self)

    def say(self, *answers: Answer) -> None:
        """Queue messages for the client."""
        self._out += self._wire.encode(*map(self._timed, answers))

    def _timed(self, answer: Answer) -> Answer:
        """Put the time on an error, as a TWS does from 194 on."""
        if not isinstance(answer, ErrorMessage):
            return answer
        return replace(answer, time_ms=int(self._now().timestamp() * 1000))

    def filled(self, pair: str, at: int) -> None:
        """Tell those who asked to be told that a position has changed."""
        self._inquiries.filled(pair, at)

    def tick(self, at: int) -> None:
        """Send what quotes have changed to."""
        self._inquiries.tick(at)

    @property
    def client_id(self) -> int:
        """The client's id, -1 before it has started."""
        return self._client_id

    @property
    def version(self) -> int:
        """The version that both speak, 0 before they have agreed."""
        return self._wire.version or 0

    @property
    def is_streaming(self) -> bool:
        """True if quotes are wanted as they change."""
        return self._inquiries.is_streaming

    def _try(self, data: bytes, now: datetime) -> bool:
        """Act on the requests in data; False if one of them could not be read and others may follow."""
        try:
            requests = self._wire.receive(data)
            self._greet(now)
            for request in requests:
                self._act(request)
                if self.is_over:
                    break
        except WireError as error:
            return self._complain(str(error))
        self.is_over = self.is_over or self._wire.state is SessionState.REFUSED
        return True

    def _complain(self, problem: str) -> bool:
        if self._wire.state is SessionState.REFUSED:
            self.is_over = True
            return True
        self._note(None)
        self.say(reports.error(-1, 320, f"Error reading request. {problem}"))
        return False

    def _greet(self, now: datetime) -> None:
        if not self._has_greeted and self._wire.state is SessionState.OPEN:
            self._has_greeted = True
            self._out += self._wire.handshake_reply(now.strftime(f"%Y%m%d %H:%M:%S UTC ({SIMULATED_MARK})"))

    def _act(self, request: Request) -> None:
        self._note(request)
        if self._client_id < 0 and not isinstance(request, StartApi):
            self.say(reports.error(-1, 321, "Error validating request.-'bz' : cause - startApi must come first"))
        elif abs(getattr(request, "order_id", getattr(request, "request_id", 0)) or 0) >= _NO_ID:
            self.say(reports.error(-1, 320, "Error reading request. An id needs more than 32 bits"))
        else:
            self._handle(request)

    def _note(self, request: Request | None) -> None:
        self.requests += 1
        client_id = self._client_id if self._client_id >= 0 else self._wire.client_id
        self._venue.truth.frame(self._at, client_id, request)

    # --- requests

    @singledispatchmethod
    def _handle(self, request: Request) -> None:
        self._inquiries.handle(request, self._at)

    @_handle.register
    def _(self, request: StartApi) -> None:
        if self._client_id >= 0:
            return
        if request.client_id < 0:
            self._turn_away(reports.error(-1, 321, "Error validating request.-'bz' : cause - Invalid client id"))
        elif self._venue.clients >= _MAX_CLIENTS:
            self._turn_away(reports.error(-1, 507, f"Bad Message Length: more than {_MAX_CLIENTS} clients"))
        elif not self._venue.join(request.client_id, self):
            self._turn_away(reports.error(-1, 326, _IN_USE))
        else:
            self._client_id, self.since = request.client_id, self._at
            self._handle(RequestManagedAccounts())
            self._handle(RequestIds())
            self.say(*[reports.error(-1, code, text) for code, text in _FARMS])

    def _turn_away(self, answer: ErrorMessage) -> None:
        self.say(answer)
        self.is_over = True

    @_handle.register
    def _(self, request: RequestManagedAccounts) -> None:
        self.say(ManagedAccounts(accounts=f"{self._venue.account.number},"))

    @_handle.register
    def _(self, request: RequestIds) -> None:
        self.say(NextValidId(order_id=self._venue.book.next_id(self._client_id)))

    @_handle.register
    def _(self, request: PlaceOrder) -> None:
        self._desk.take(self._client_id, request, self._at)

    @_handle.register
    def _(self, request: CancelOrder) -> None:
        self._desk.cancel(self._client_id, request.order_id, self._at)

    @_handle.register
    def _(self, request: GlobalCancel) -> None:
        self._desk.cancel_all(self._at)

    @_handle.register
    def _(self, request: RequestOpenOrders) -> None:
        self._say_orders([*self._venue.book.live(self._client_id)])

    @_handle.register
    def _(self, request: RequestAllOpenOrders) -> None:
        self._say_orders([*self._venue.book.live()])

    @_handle.register
    def _(self, request: RequestAutoOpenOrders) -> None:
        if self._client_id != 0:
            text = "Error validating request.-'bR' : cause - Only client id 0 may bind orders entered by hand"
            self.say(reports.error(-1, 321, text))

    def _say_orders(self, entries: list[Entry]) -> None:
        for entry in entries:
            self.say(reports.open_order(entry), reports.order_status(entry))
        self.say(OpenOrdersEnd())

    @_handle.register
    def _(self, request: RequestCompletedOrders) -> None:
        ended = self._venue.book.ended(since=reports.day_start(self._at))
        self.say(*map(reports.completed_order, ended), CompletedOrdersEnd())

    @_handle.register
    def _(self, request: RequestExecutions) -> None:
        days = request.last_days or 0
        for fill in self._venue.fills_since(reports.day_start(self._at, days)):
            if reports.matches(fill, request, self._client_id):
                self._say_again(fill, request.request_id)
        self.say(ExecutionDetailsEnd(request_id=request.request_id))

    def _say_again(self, fill: Fill, request_id: int) -> None:
        self.say(reports.asked_for(fill.details, request_id), fill.commission)
