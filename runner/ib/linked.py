"""Order ids, and which order is whose parent: known only when the group is about to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ibapi.contract import Contract
from ibapi.order import Order

from runner.ib.compile import CompiledOrder

_Named = TypeVar("_Named", Contract, Order)


def number(group: Sequence[CompiledOrder], first_order_id: int, account: str) -> tuple[CompiledOrder, ...]:
    """Return the group with consecutive ids from first_order_id, and each child with that of its parent."""
    ids = {compiled.ticket.order_ref: first_order_id + index for index, compiled in enumerate(group)}
    return tuple(
        CompiledOrder(
            ticket=compiled.ticket,
            contract=_copied(compiled.contract),
            order=_numbered(compiled.order, first_order_id + index, ids.get(compiled.ticket.parent or "", 0), account),
        )
        for index, compiled in enumerate(group)
    )


def _numbered(order: Order, order_id: int, parent_id: int, account: str) -> Order:
    numbered = _copied(order)
    numbered.orderId = order_id
    numbered.parentId = parent_id
    numbered.account = account
    return numbered


def _copied(value: _Named) -> _Named:
    """Copy a plain object of ibapi; copy.copy asks each time how, and takes ten times as long."""
    made: _Named = object.__new__(type(value))
    made.__dict__.update(value.__dict__)
    return made
