"""What links orders: parents with what hangs on them, and groups of which one fill reduces or cancels the rest."""

from __future__ import annotations

from decimal import Decimal

from runner.gateway.book import Book, Entry, Stage
from runner.gateway.changes import changed

REDUCING = 3  # without block; 2 is with block, 1 cancels
ZERO = Decimal(0)


def outgoing(book: Book, entry: Entry) -> list[Entry]:
    """Return all that goes out with this order, parents first: what waits above it, beside it and below it."""
    head = entry
    while (parent := book.parent(head)) is not None and parent.stage is Stage.UNSENT:
        head = parent
    top = book.parent(head) or head
    found = [top] if top.stage is Stage.UNSENT else []
    todo = [top]
    while todo:
        waiting = [child for child in book.children(todo.pop(0)) if child.stage is Stage.UNSENT]
        waiting.sort(key=lambda one: one.order_id)
        found += waiting
        todo += waiting
    return found


def tie(entry: Entry, parent: Entry | None) -> None:
    """Give an order the group that holds a bracket together, and the usual type where a group has none."""
    order = entry.order
    if parent is not None and not order.oca_group:
        entry.order = changed(order, oca_group=str(parent.perm_id), oca_type=REDUCING)
    elif order.oca_group and not order.oca_type:
        entry.order = changed(order, oca_type=REDUCING)


def left_of(sibling: Entry, quantity: Decimal) -> Decimal:
    """Return what an order is reduced to when another one of its group was filled, or less than it has if it ends."""
    if sibling.order.oca_type == 1:
        return ZERO
    return max(sibling.quantity - quantity, ZERO)
