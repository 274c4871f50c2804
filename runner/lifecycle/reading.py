"""What a broker's words mean for one order: pure, so that every combination can be tried."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from runner.core.facts import CompletedOrderSeen, OpenOrderSeen, OrderStatusSeen
from runner.core.fx_hours import session_end
from runner.core.order_state import Change
from runner.core.ticket import OrderTicket, TimeInForce

# IBKR's orderStatus page: PendingSubmit and ApiPending tell nothing we do not know; Inactive may be a rejection or a
# hold, its notice or whyHeld decides. Quantities are looked at elsewhere.
_CHANGES = {
    "PreSubmitted": Change.HELD,
    "Submitted": Change.ACKNOWLEDGED,
    "PendingCancel": Change.CANCEL_REQUESTED,
    "Cancelled": Change.CANCELLED,
    "ApiCancelled": Change.CANCELLED,
    "Filled": Change.FULLY_FILLED,
}
_SILENT = frozenset({"PendingSubmit", "ApiPending"})
INACTIVE = "Inactive"
_REFUSED_CANCEL = {
    **_CHANGES,
    "PreSubmitted": Change.CANCEL_REFUSED,
    "Submitted": Change.CANCEL_REFUSED,
    **dict.fromkeys(_SILENT, Change.CANCEL_REFUSED),
}
_STATE = re.compile(r"\bstate\s*:\s*([A-Za-z]+)")
_EARLY = timedelta(seconds=5)  # how far our clock may be behind the broker's at the end of the day


def change_of(
    status: OrderStatusSeen, ticket: OrderTicket, since: datetime, now: datetime, *, cancel_asked: bool
) -> Change | None:
    """Return what an orderStatus means, None if it decides nothing. `since`: when the order was claimed."""
    if status.status == INACTIVE:
        return Change.HELD if status.why_held.strip() else None
    change = _CHANGES.get(status.status)
    return end_of(ticket, since, now, cancel_asked=cancel_asked) if change is Change.CANCELLED else change


def end_of(ticket: OrderTicket, since: datetime, now: datetime, *, cancel_asked: bool) -> Change:
    """Return what the end of an order that was not filled is called.

    TWS reports the end of a DAY order as Cancelled: if nobody asked for it and the session is over, it expired.
    """
    if ticket.time_in_force is not TimeInForce.DAY or cancel_asked:
        return Change.CANCELLED
    ends = _day_ends(ticket, since)
    return Change.EXPIRED if ends is not None and now + _EARLY >= ends else Change.CANCELLED


def _day_ends(ticket: OrderTicket, since: datetime) -> datetime | None:
    """Return when the day of an order ends, None where nobody has told.

    Of what is no pair the broker told at what time its sessions close in these days; a half day is not among them.
    """
    if ticket.contract.is_pair:
        return session_end(since)
    details = ticket.contract.details
    return None if details is None else details.close_after(since, late=ticket.terms.outside_rth)


def is_known_word(status: str) -> bool:
    """Tell whether a status is one of those that IBKR documents."""
    return status in _CHANGES or status in _SILENT or status == INACTIVE


def acknowledgement(seen: OpenOrderSeen) -> Change | None:
    """Return what an openOrder tells of an order: the broker has it, None if it does not say in what state."""
    change = _CHANGES.get(seen.status)
    return change if change in (Change.HELD, Change.ACKNOWLEDGED, Change.CANCEL_REQUESTED) else None


def completion(
    seen: CompletedOrderSeen, ticket: OrderTicket, since: datetime, now: datetime, *, cancel_asked: bool
) -> Change | None:
    """Return how an order ended while nobody of ours was there to see it, None if the message does not tell."""
    if seen.status == INACTIVE:  # it is no longer held: it was refused
        return Change.REJECTED
    match _CHANGES.get(seen.status):
        case Change.CANCELLED:
            return end_of(ticket, since, seen.at or now, cancel_asked=cancel_asked)
        case Change.FULLY_FILLED:
            return Change.FULLY_FILLED
        case _:
            return None


def refused_cancel(text: str) -> Change | None:
    """Return what the refusal of a cancel says of the order in its state, None if its words are not understood."""
    found = _STATE.search(text)
    return None if found is None else _REFUSED_CANCEL.get(found.group(1))
