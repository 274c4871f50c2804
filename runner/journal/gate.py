"""What a claim is judged by, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from runner.core.standing import Standing
from runner.core.ticket import OrderTicket
from runner.journal.rows import WAITS, FireRow


class Outcome(Enum):
    """What a claim did."""

    CLAIMED = "claimed"  # recorded; its orders may be sent
    RECORDED_BEFORE = "recorded_before"  # nothing was written
    DENIED = "denied"  # recorded with its reason and its intents; nothing may be sent
    MISSED = "missed"  # recorded with its reason; nothing may be sent
    GIVEN_BACK = "given_back"  # taken out, as if it had not been claimed; it may be claimed anew


@dataclass(frozen=True, slots=True)
class Claimed:
    """True if the claim is ours now; `reason` says why not."""

    outcome: Outcome
    reason: str | None = None

    def __bool__(self) -> bool:
        """Tell whether the fire is ours to send."""
        return self.outcome is Outcome.CLAIMED


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """How a claim of a live run is judged, inside the transaction that writes it."""

    now: Callable[[], datetime]  # called when the lock is ours
    deadline: datetime | None  # past it the fire is missed
    judge: Callable[[Standing], str | None]  # a reason denies
    client_id: int
    first_order_id: int  # the orders of the fire have this id and those above it; WAITS for none yet
    price: Decimal | None  # what an entry is counted with, None if not known
    prices: Mapping[str, Decimal | None] = field(default_factory=dict)  # by order_ref, where entries differ

    def order_id(self, place: int) -> int:
        """Return the order id of one of the orders, WAITS if they get theirs later."""
        return self.first_order_id + place if self.first_order_id != WAITS else WAITS

    def price_of(self, ticket: OrderTicket) -> Decimal | None:
        """Return what one of the entries is counted with."""
        return self.prices.get(ticket.order_ref, self.price)


@dataclass(frozen=True, slots=True)
class Bid:
    """A fire that is to be claimed together with others, and how it is judged."""

    row: FireRow
    tickets: tuple[OrderTicket, ...]
    gate: Gate
    payloads: tuple[str, ...]  # the tickets as they are kept
