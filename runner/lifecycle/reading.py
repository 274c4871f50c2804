"""What a broker's words mean for one order: pure, so that every combination can be tried."""

from __future__ import annotations

from datetime import datetime

from runner.core.facts import OrderStatusSeen
from runner.core.fx_hours import is_open
from runner.core.order_state import Change
from runner.core.ticket import OrderTicket, TimeInForce

# IBKR's orderStatus page: PendingSubmit and ApiPending tell nothing we do not know; Inactive may be a rejection or a
# hold, its notice decides; Filled is decided by quantities.
_CHANGES = {
    "PreSubmitted": Change.HELD,
    "Submitted": Change.ACKNOWLEDGED,
    "PendingCancel": Change.CANCEL_REQUESTED,
    "Cancelled": Change.CANCELLED,
    "ApiCancelled": Change.CANCELLED,
    "Filled": Change.FULLY_FILLED,
}


def change_of(status: OrderStatusSeen, ticket: OrderTicket, now: datetime, *, cancel_asked: bool) -> Change | None:
    """Return what an orderStatus means, None if it decides nothing.

    TWS reports the end of a DAY order as Cancelled: if nobody asked for it and the session is over, it expired.
    """
    change = _CHANGES.get(status.status)
    if status.filled is not None and status.filled >= ticket.quantity:
        return Change.FULLY_FILLED
    lapsed = ticket.time_in_force is TimeInForce.DAY and not cancel_asked and not is_open(now)
    return Change.EXPIRED if change is Change.CANCELLED and lapsed else change
