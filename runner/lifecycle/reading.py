"""What a broker's words mean for one order: pure, so that every combination can be tried."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from runner.core.facts import CompletedOrderSeen, OpenOrderSeen, OrderStatusSeen
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
    if _is_all(status.filled, ticket):
        return Change.FULLY_FILLED
    change = _CHANGES.get(status.status)
    return end_of(ticket, now, cancel_asked=cancel_asked) if change is Change.CANCELLED else change


def end_of(ticket: OrderTicket, now: datetime, *, cancel_asked: bool) -> Change:
    """Return what the end of an order that was not filled is called."""
    lapsed = ticket.time_in_force is TimeInForce.DAY and not cancel_asked and not is_open(now)
    return Change.EXPIRED if lapsed else Change.CANCELLED


def acknowledgement(seen: OpenOrderSeen) -> Change | None:
    """Return what an openOrder tells of an order that nothing was heard of: the broker has it."""
    change = _CHANGES.get(seen.status)
    return change if change in (Change.HELD, Change.ACKNOWLEDGED) else None


def completion(seen: CompletedOrderSeen, ticket: OrderTicket, now: datetime) -> Change | None:
    """Return how an order ended while nobody of ours was there to see it, None if the message does not tell."""
    if _is_all(seen.filled, ticket):
        return Change.FULLY_FILLED
    ended = _CHANGES.get(seen.status) is Change.CANCELLED
    return end_of(ticket, seen.at or now, cancel_asked=False) if ended else None


def _is_all(filled: Decimal | None, ticket: OrderTicket) -> bool:
    return filled is not None and filled >= ticket.quantity
