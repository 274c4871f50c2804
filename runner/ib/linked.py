"""Order ids, and which order is whose parent: known only when the group is about to be sent."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ibapi.order import Order

from runner.ib.compile import CompiledOrder


def number(group: Sequence[CompiledOrder], first_order_id: int, account: str) -> tuple[CompiledOrder, ...]:
    """Return the group with consecutive ids from first_order_id, and each child with that of its parent."""
    ids = {compiled.ticket.order_ref: first_order_id + index for index, compiled in enumerate(group)}
    return tuple(
        CompiledOrder(
            ticket=compiled.ticket,
            contract=copy.copy(compiled.contract),
            order=_numbered(compiled.order, first_order_id + index, ids.get(compiled.ticket.parent or "", 0), account),
        )
        for index, compiled in enumerate(group)
    )


def _numbered(order: Order, order_id: int, parent_id: int, account: str) -> Order:
    numbered = copy.copy(order)
    numbered.orderId = order_id
    numbered.parentId = parent_id
    numbered.account = account
    return numbered
