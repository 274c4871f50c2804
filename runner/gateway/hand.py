"""What a hand does in the window of a TWS: enter an order, and cancel any."""

from __future__ import annotations

from runner.gateway import rules
from runner.gateway.desk import Desk
from runner.gateway.faults import HandOrder
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.venue import Venue
from runner.wire.messages import PlaceOrder, WireOrder


def enter(desk: Desk, wanted: HandOrder, at: int) -> str:
    """Enter an order; returns what became of it."""
    order = WireOrder(
        action=wanted.side,
        order_type=wanted.type,
        total_quantity=wanted.quantity,
        limit_price=wanted.price if wanted.type == "LMT" else None,
        aux_price=wanted.price if wanted.type == "STP" else None,
        time_in_force=wanted.tif,
    )
    contract = rules.listed(INSTRUMENTS[wanted.pair])
    request = PlaceOrder(order_id=desk.venue.book.hand_id(), contract=contract, order=order)
    entry, refused = desk.enter(request, at)
    if refused is not None:
        return f"refused: {refused[0]} {refused[1]}"
    return f"order {entry.perm_id} is {entry.status}"


def cancel(venue: Venue, perm_id: int, at: int) -> str:
    """Cancel the order of that permId, whoever sent it; 0: the latest that was entered by hand."""
    live = [one for one in venue.book.live() if (one.perm_id == perm_id if perm_id else one.order_id < 0)]
    if not live:
        return "no such order"
    venue.cancel(live[-1], at)
    return f"order {live[-1].perm_id} is {live[-1].status}"
