"""Going on where an earlier gateway ended: its orders are live again, and meet the market as it is now.

What the market would have done to them meanwhile has not happened. Only time has passed: an order whose session or date
ended while nobody served it has expired then.
"""

from __future__ import annotations

from runner.gateway.book import Entry, Stage
from runner.gateway.venue import Venue


def resume(venue: Venue, at: int) -> None:
    """Take over what the venue's store has kept; nothing if it is new, or keeps nothing."""
    saved = venue.store.attach(venue.book, venue.account)
    for client_id, order_id in saved.highest.items():
        venue.book.use(client_id, order_id)
    venue.numbers.avoid(saved.perm_ids, saved.execution_ids)
    for fill in saved.fills:
        venue.remember(fill)
    for entry in saved.entries:
        venue.book.add(entry)
        venue.book.mark(entry, entry.stage)
    for entry in saved.entries:
        _expire(venue, entry, at)
    for entry in saved.entries:
        _wake(venue, entry, at)


def _expire(venue: Venue, entry: Entry, at: int) -> None:
    if entry.stage.is_live and entry.expires is not None and entry.expires <= at:
        venue.end(entry, entry.expires)


def _wake(venue: Venue, entry: Entry, at: int) -> None:
    """Let an order wait for what comes next, from now on."""
    if not entry.stage.is_live:
        return
    if entry.stage is Stage.OPENING and venue.market.is_open(entry.pair, at):
        venue.open(entry, at)
    venue.meet_market(entry, at)
