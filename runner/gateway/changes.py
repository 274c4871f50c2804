"""A changed copy of an order, at a fraction of what `dataclasses.replace` costs for a class of 150 fields."""

from __future__ import annotations

from runner.wire.build import copied
from runner.wire.messages import WireOrder


def changed(order: WireOrder, **changes: object) -> WireOrder:
    """Return a copy of order with some fields changed."""
    made: WireOrder = copied(order, changes)
    return made
