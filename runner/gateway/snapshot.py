"""What a gateway looks like at one instant, as plain values that another thread may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from runner.gateway.book import Entry
from runner.gateway.session import Session
from runner.gateway.venue import Venue

_MOST_ORDERS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientRow:
    """One connected client."""

    client_id: int
    version: int
    since: int  # epoch seconds
    requests: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One order that may still be filled."""

    client_id: int
    order_id: int
    order_ref: str
    instrument: str
    side: str
    quantity: Decimal
    filled: Decimal
    order_type: str
    price: Decimal | None
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One instant of a gateway."""

    at: int
    account: str
    equity: Decimal
    cash: tuple[tuple[str, Decimal], ...]
    clients: tuple[ClientRow, ...]
    orders: tuple[OrderRow, ...]  # the first ones
    order_count: int
    notes: tuple[str, ...] = ()  # the last faults


def snapshot(venue: Venue, sessions: Sequence[Session], at: int, notes: Sequence[str] = ()) -> Snapshot:
    """Look at a gateway; in its own thread."""
    live = [*venue.book.live()]
    return Snapshot(
        at=at,
        account=venue.account.number,
        equity=venue.account.equity(venue.valuation.marks(at)),
        cash=tuple((currency, amount) for currency, amount in venue.account.cash.items() if amount),
        clients=tuple(map(_client, sorted(sessions, key=lambda session: session.client_id))),
        orders=tuple(map(_order, islice(live, _MOST_ORDERS))),
        order_count=len(live),
        notes=tuple(notes),
    )


def _client(session: Session) -> ClientRow:
    return ClientRow(
        client_id=session.client_id, version=session.version, since=session.since, requests=session.requests
    )


def _order(entry: Entry) -> OrderRow:
    order = entry.order
    return OrderRow(
        client_id=entry.client_id,
        order_id=entry.order_id,
        order_ref=order.order_ref,
        instrument=entry.pair,
        side=order.action,
        quantity=entry.quantity,
        filled=entry.filled,
        order_type=order.order_type,
        price=order.limit_price or order.aux_price or None,
        status=entry.status,
    )
