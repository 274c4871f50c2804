"""Orders entered by hand are nobody's until client 0 takes them over.

They are client 0's from the beginning, under negative ids; while they are unbound it does not know them.
"""

from __future__ import annotations

from runner.gateway.book import Entry
from runner.gateway.venue import Venue
from runner.wire.messages import OrderBound


def bind(venue: Venue, entry: Entry) -> None:
    """Give client 0 the id by which it can change and cancel an order."""
    entry.is_unbound = False
    venue.book.note(entry)
    venue.tell(entry, OrderBound(perm_id=entry.perm_id, client_id=0, order_id=entry.order_id))


def bind_all(venue: Venue) -> None:
    """Give client 0 the ids of all orders that still work."""
    for entry in venue.book.live(0):
        if entry.is_unbound:
            bind(venue, entry)
