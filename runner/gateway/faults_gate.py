"""What stands between a client and the desk when something is wrong: pacing, read-only, orders refused or lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from runner.gateway import reports
from runner.gateway.faults import Fault, Trigger, Verb
from runner.gateway.faults_rules import Event
from runner.gateway.faults_trouble import Trouble
from runner.gateway.venue import Venue
from runner.wire.messages import (
    Answer,
    CancelOrder,
    GlobalCancel,
    PlaceOrder,
    Request,
    RequestCompletedOrders,
    RequestOpenOrders,
)

# what a TWS refuses to a read-only client: orders, and the requests that would bind or list them
_WRITING = (PlaceOrder, CancelOrder, GlobalCancel, RequestOpenOrders, RequestCompletedOrders)
_READ_ONLY = "Error validating request.-'bW' : cause - The API interface is currently in Read-Only mode."
_TEXTS = {
    103: "Duplicate order id",
    110: "The price does not conform to the minimum price variation for this contract.",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:The order was refused on demand.",
    202: "Order Canceled - reason:",
    504: "Not connected",
}


class Gate:
    """What one client's requests have to pass."""

    def __init__(self, trouble: Trouble, venue: Venue, connection: int, say: Callable[[Answer], None]) -> None:
        self._trouble = trouble
        self._venue = venue
        self._connection = connection
        self._say = say
        self._times: deque[float] = deque()  # of the requests within a second
        self._struck = 0.0
        self._strikes = 0

    def is_too_fast(self, client_id: int | None) -> bool:
        """Count one more request; tell its client when it sends too many, and return True when that was too often."""
        pacing = self._trouble.mode(Verb.PACING, client_id)
        if pacing is None:
            return False
        now = self._trouble.now().timestamp() / self._venue.settings.speed
        self._times.append(now)
        while self._times[0] <= now - 1:
            self._times.popleft()
        if len(self._times) <= pacing.rate or now < self._struck + 1:
            return False
        self._struck, self._strikes = now, self._strikes + 1
        rate = f"max={pacing.rate} rec={len(self._times)} ({self._strikes})"
        self._trouble.note(Verb.PACING, client_id, rate)
        self._say(reports.error(-1, 100, f"Max rate of messages per second has been exceeded:{rate}"))
        return self._strikes >= pacing.strikes

    def admits(self, request: Request, client_id: int) -> bool:
        """Tell whether a request goes on to those who answer it."""
        if isinstance(request, PlaceOrder) and not self._admits_order(request, client_id):
            return False
        if isinstance(request, _WRITING) and self._trouble.mode(Verb.READ_ONLY, client_id) is not None:
            self._trouble.note(Verb.READ_ONLY, client_id, type(request).__name__)
            self._say(reports.error(_about(request), 321, _READ_ONLY))
            return False
        return True

    def _admits_order(self, request: PlaceOrder, client_id: int) -> bool:
        book = self._venue.book
        is_new = book.get(client_id, request.order_id) is None and not request.order.what_if
        if not is_new or not self._trouble.waits(Trigger.ORDER):
            return True
        event = Event(Trigger.ORDER, self._connection, client_id, order_ref=request.order.order_ref)
        for fault in self._trouble.happen(event):
            self._trouble.note(fault.do, client_id, f"order {request.order_id}")
            if fault.do is Verb.FILL_AFTER_CANCEL:
                self._trouble.doomed[client_id, request.order_id] = fault.seconds or 0
                continue
            if fault.use_id:
                book.use(client_id, request.order_id)
            if fault.do is Verb.REJECT:
                self.refuse(request, fault)
            return False
        return True

    def refuse(self, request: Request, fault: Fault) -> None:
        """Refuse a request with the code that was asked for."""
        text = fault.text or _TEXTS.get(fault.code, "Refused on demand")
        self._say(reports.error(_about(request), fault.code, text))


def _about(request: Request) -> int:
    return int(getattr(request, "order_id", getattr(request, "request_id", -1)))
