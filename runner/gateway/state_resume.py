"""Going on where an earlier gateway ended: its orders are live again, and meet the market as it is now.

What the market would have done to them meanwhile has not happened. Only time has passed: an order whose session or date
ended while nobody served it has expired then.
"""

from __future__ import annotations

from runner.gateway import trailing
from runner.gateway.book import Stage
from runner.gateway.matching import is_trailing
from runner.gateway.venue import Venue


def resume(venue: Venue, at: int) -> None:
    """Take over what the venue's store has kept; nothing if it is new, or keeps nothing."""
    saved = venue.store.attach(venue.book, venue.account)
    for client_id, order_id in saved.highest.items():
        venue.book.use(client_id, order_id)
    venue.numbers.avoid(saved.perm_ids, saved.execution_ids)
    for fill in saved.fills:
        venue.executions.add(fill)
    for entry in saved.entries:
        if entry.stage is Stage.TRIGGER and is_trailing(entry.order.order_type) and entry.stop is not None:
            trailing.follow(venue.market, entry, saved.at)  # as far as the market drew it while it was served
    venue.resume(saved.entries, at)
