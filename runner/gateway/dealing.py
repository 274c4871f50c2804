"""How much of an order is filled in a second, and at what price.

What one order takes of the size quoted in a second the next one cannot have.
"""

from __future__ import annotations

from decimal import Decimal

from runner.gateway.book import Entry
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import Quote
from runner.gateway.matching import has_limit
from runner.gateway.settings import GatewaySettings
from runner.gateway.waiting import Waiting

ZERO = Decimal(0)


class Dealing:
    """Remembers what was taken from each side of each instrument in the last second in which anything was."""

    def __init__(self, settings: GatewaySettings, waiting: Waiting) -> None:
        self._model = settings.fill_model
        self._seed = settings.seed
        self._waiting = waiting
        self._taken: dict[tuple[str, bool], tuple[int, Decimal]] = {}

    def price(self, entry: Entry, far: Decimal, at: int) -> Decimal:
        """Return at what price an order is filled: its limit if it has rested, unless the market opened beyond it."""
        limit = entry.order.limit_price if has_limit(entry.order.order_type) else None
        if limit is not None and entry.rests and self._waiting.is_open(entry, at - 1):
            return limit
        slip = self._model.slippage
        if not slip or entry.order.order_type in ("LMT", "LIT"):
            return far
        worse = INSTRUMENTS[entry.pair].min_tick * slip
        if entry.is_buy:
            return far + worse if limit is None else min(far + worse, limit)
        return max(far - worse, INSTRUMENTS[entry.pair].min_tick if limit is None else limit)

    def quantity(self, entry: Entry, quote: Quote, at: int) -> Decimal:
        """Return how much of an order is filled now, 0 if it takes more than there is."""
        order, left = entry.order, entry.remaining
        room = self._left(entry, quote, at)
        if order.all_or_none or order.time_in_force == "FOK":
            return left if room >= left else ZERO
        at_once = self._model.most_at_once(self._seed, entry.key, entry.quantity)
        quantity = min(left, room, at_once)
        least = Decimal(order.min_quantity or 0)
        if not entry.filled and quantity < min(least, left):
            return min(left, room) if min(left, room) >= least else ZERO
        return quantity

    def _left(self, entry: Entry, quote: Quote, at: int) -> Decimal:
        """Return how much an order can have at most."""
        second, taken = self._taken.get((entry.pair, entry.is_buy), (at, ZERO))
        size = Decimal(quote.ask_size if entry.is_buy else quote.bid_size)
        return size if second != at else min(max(size * self._model.depth - taken, ZERO), size)

    def take(self, entry: Entry, quantity: Decimal, at: int) -> None:
        """Note that an order has taken some of it."""
        side = entry.pair, entry.is_buy
        second, taken = self._taken.get(side, (at, ZERO))
        self._taken[side] = (at, taken + quantity if second == at else quantity)
