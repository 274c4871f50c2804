"""Sending one group of orders: the intent is committed before this is called, the record follows the bytes."""

from __future__ import annotations

from collections.abc import Sequence

from runner.core.crashpoints import crashpoint
from runner.core.ticket import OrderTicket
from runner.ib.compile import compile_group
from runner.ib.connection import Connection
from runner.ib.linked import number
from runner.journal.store import Journal

__all__ = ["Connection", "submit"]


def submit(
    tickets: Sequence[OrderTicket], first: int, connection: Connection, journal: Journal, account: str
) -> dict[int, str]:
    """Place a claimed group under the order ids from `first` on, parent first; returns order id -> order_ref.

    A crash or a lost connection between the first byte and the record leaves rows that say `planned`: only the
    broker can tell what became of them, so nothing here is ever repeated.
    """
    group = number(compile_group(tickets), first, account)
    crashpoint("before_first_order")
    for place, compiled in enumerate(group):
        if place:
            crashpoint("between_orders")
        connection.place(compiled)
    crashpoint("after_last_order")
    routes = {first + place: compiled.ticket.order_ref for place, compiled in enumerate(group)}
    sent = [(compiled.ticket, first + place) for place, compiled in enumerate(group)]
    journal.record_sent(sent, client_id=connection.client_id)
    return routes
