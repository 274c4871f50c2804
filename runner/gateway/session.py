"""One client's session: greeting, start, and what it asks about orders; the rest goes to `inquiries`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import singledispatchmethod

from runner.core.clock import SIMULATED_MARK
from runner.gateway import binding, reports
from runner.gateway.book import Entry
from runner.gateway.desk import Desk
from runner.gateway.faults_gate import Gate
from runner.gateway.faults_read import GREETING
from runner.gateway.faults_stream import Inlet, Outlet, frames
from runner.gateway.faults_trouble import Trouble
from runner.gateway.inquiries import Inquiries
from runner.gateway.reports import Fill
from runner.wire.errors import WireError
from runner.wire.messages import (
    Answer,
    CancelOrder,
    CompletedOrdersEnd,
    CurrentTimeInMillis,
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
    RequestCurrentTimeInMillis,
    RequestExecutions,
    RequestIds,
    RequestManagedAccounts,
    RequestOpenOrders,
    StartApi,
)
from runner.wire.session import ServerSession, SessionState

_MAX_CLIENTS = 32
_FILTERED_DAYS = 7  # as far back as a TWS keeps executions
_NO_ID = 1 << 31
_ENOUGH = 1 << 20  # bytes said at once; further requests wait until they are taken
_FARMS = (
    (2104, "Market data farm connection is OK:cashfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."


class Session:
    """The protocol side of one connection: bytes in by `receive`, bytes out by `take`."""

    def __init__(self, desk: Desk, trouble: Trouble, connection: int) -> None:
        self._desk = desk
        self._trouble = trouble
        self._venue = desk.venue
        self._wire = ServerSession(desk.venue.settings.max_version)
        self._inquiries = Inquiries(desk.venue, self.say)
        self.outlet = Outlet(trouble, connection)
        self._inlet = Inlet(trouble, connection, self._perform)
        self._gate = Gate(trouble, desk.venue, connection, self.say)
        self._at = 0
        self._has_greeted = False
        self._client_id = -1  # -1: not started
        self._is_connected = True  # the TWS, to the broker
        self.has_more = False  # requests that wait until what is said has been taken
        self.since = 0  # epoch seconds of its start
        self.requests = 0
        self.is_over = False

    # --- the connection

    def receive(self, data: bytes, now: datetime) -> None:
        """Take in bytes and act on the requests that are complete, as long as not too much waits to be taken."""
        self._look(now)
        self.has_more = False
        while not self.is_over and not self.has_more and not self._try(data, now):
            data = b""  # the session goes on behind the request that could not be read

    def _look(self, now: datetime) -> None:
        """Note the second; as one object, of which all that is kept of that second has a share."""
        if (at := int(now.timestamp())) != self._at:
            self._at = at

    def take(self) -> bytearray:
        """Return the bytes that wait to be sent, once."""
        said = self.outlet.take()
        return bytearray() if self._venue.settings.silent else said

    def end(self) -> None:
        """Leave the venue; the orders stay."""
        self.is_over = True
        self._venue.leave(self._client_id, self)

    def say(self, *answers: Answer) -> None:
        """Queue messages for the client."""
        if self.outlet.is_plain:
            self.outlet.add(self._wire.encode(*map(self._timed, answers)))
            return
        for answer in answers:
            for name, data in frames(type(answer).__name__, self._wire.encode(self._timed(answer))):
                self.outlet.send(name, data, self._known_id)

    def _timed(self, answer: Answer) -> Answer:
        """Put the time on an error, as a TWS does from 194 on."""
        if not isinstance(answer, ErrorMessage):
            return answer
        return replace(answer, time_ms=int(self._trouble.now().timestamp() * 1000))

    # --- the broker's side of the TWS

    def lose_connectivity(self) -> None:
        """Tell nothing of the market until it is restored."""
        self._is_connected = False

    def restore_connectivity(self, *, data_lost: bool) -> None:
        """Tell of the market again; data_lost: only what is asked for anew."""
        self._is_connected = True
        if data_lost:
            self._inquiries = Inquiries(self._venue, self.say)

    def calm(self) -> None:
        """Say and do everything that faults have kept back."""
        self._is_connected = True
        self._inlet.calm()
        self.outlet.calm()

    def filled(self, pair: str, at: int) -> None:
        """Tell those who asked to be told that a position has changed."""
        self._inquiries.filled(pair, at)

    def tick(self, at: int) -> None:
        """Send what quotes have changed to."""
        if self._is_connected:
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
                if len(self.outlet) > _ENOUGH:
                    self.has_more = True
                    break
        except WireError as error:
            return self._complain(str(error))
        if self._wire.state is SessionState.REFUSED:
            self.refuse(self._wire.reason)
        return True

    def _complain(self, problem: str) -> bool:
        if self._wire.state is SessionState.REFUSED:
            self.refuse(self._wire.reason)
            return True
        self._note(None)
        self.say(reports.error(-1, 320, f"Error reading request. {problem}"))
        return False

    def refuse(self, problem: str) -> None:
        """Hear nothing more; the problem, if there is one, is logged."""
        if problem and not self.is_over:
            who = "a client" if self._client_id < 0 else f"client {self._client_id}"
            self._trouble.say(f"{who} is refused: {problem}")
        self.is_over = True

    def _greet(self, now: datetime) -> None:
        if not self._has_greeted and self._wire.state is SessionState.OPEN:
            self._has_greeted = True
            reply = self._wire.handshake_reply(now.strftime(f"%Y%m%d %H:%M:%S UTC ({SIMULATED_MARK})"))
            self._inlet.greeted()
            self.outlet.send(GREETING, reply, None)

    def _act(self, request: Request) -> None:
        """Let a request take its way past all that may be wrong."""
        self._note(request)
        if self._gate.is_too_fast(self._known_id) and "+PACEAPI" not in self._wire.connect_options:
            self.is_over = True
            return
        refusal = self._inlet.take(request, self._known_id)
        if refusal is not None:
            self._gate.refuse(request, refusal)

    def _perform(self, request: Request) -> None:
        self._look(self._trouble.now())  # it may have waited
        if self._client_id < 0 and not isinstance(request, StartApi):
            self.say(reports.error(-1, 321, "Error validating request.-'bz' : cause - startApi must come first"))
        elif abs(getattr(request, "order_id", getattr(request, "request_id", 0)) or 0) >= _NO_ID:
            self.say(reports.error(-1, 320, "Error reading request. An id needs more than 32 bits"))
        elif not self.is_over and self._gate.admits(request, self._client_id):
            if isinstance(request, PlaceOrder):  # most of the traffic, and a dispatch costs as much as reading one
                self._desk.take(self._client_id, request, self._at)
            else:
                self._handle(request)

    @property
    def _known_id(self) -> int | None:
        """The client's id as far as it has said it."""
        return self._client_id if self._client_id >= 0 else self._wire.client_id

    def _note(self, request: Request | None) -> None:
        self.requests += 1
        self._venue.truth.frame(self._at, self._known_id, request)

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
            self._turn_away(
                reports.error(-1, 326, f"Unable to connect: {_MAX_CLIENTS} clients are connected, and that is all.")
            )
        elif self._trouble.is_held(request.client_id) or not self._venue.join(request.client_id, self):
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
    def _(self, request: RequestCurrentTimeInMillis) -> None:
        self.say(CurrentTimeInMillis(time_ms=int(self._trouble.now().timestamp() * 1000)))

    @_handle.register
    def _(self, request: CancelOrder) -> None:
        self._desk.cancel(self._client_id, request.order_id, self._at)

    @_handle.register
    def _(self, request: GlobalCancel) -> None:
        self._desk.cancel_all(self._at)

    @_handle.register
    def _(self, request: RequestOpenOrders) -> None:
        if self._client_id == 0:
            binding.bind_all(self._venue)
        self._say_orders([*self._venue.book.live(self._client_id)])

    @_handle.register
    def _(self, request: RequestAllOpenOrders) -> None:
        self._say_orders([*self._venue.book.live()])

    @_handle.register
    def _(self, request: RequestAutoOpenOrders) -> None:
        if self._client_id != 0:
            text = "Error validating request.-'bR' : cause - Only client id 0 may bind orders entered by hand"
            self.say(reports.error(-1, 321, text))
        else:
            self._venue.listeners.hands = request.auto_bind

    def _say_orders(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._venue.waiting.follow(entry, self._at)
            self.say(reports.open_order(entry), reports.order_status(entry))
        self.say(OpenOrdersEnd())

    @_handle.register
    def _(self, request: RequestCompletedOrders) -> None:
        ended = self._venue.book.ended(since=self._since(0))
        self.say(*map(reports.completed_order, ended), CompletedOrdersEnd())

    @_handle.register
    def _(self, request: RequestExecutions) -> None:
        if request.time.strip() and reports.filter_start(request.time) is None:
            text = f"Error validating request.-'bR' : cause - Invalid time of an execution filter: {request.time[:40]}"
            self.say(reports.error(request.request_id, 321, text))
            return
        days = _FILTERED_DAYS if request.specific_dates else request.last_days or 0
        for fill in self._venue.fills_since(self._since(days)):
            if reports.matches(fill, request, self._client_id):
                self._say_again(fill, request.request_id)
        self.say(ExecutionDetailsEnd(request_id=request.request_id))

    def _since(self, days: int) -> int:
        return max(reports.day_start(self._at, days), self._trouble.forgotten)

    def _say_again(self, fill: Fill, request_id: int) -> None:
        self.say(reports.asked_for(fill.details, request_id), fill.commission)
