"""A changed copy of an order, at a fraction of what `dataclasses.replace` costs for a class of 150 fields."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from runner.wire.build import builder
from runner.wire.messages import WireOrder

_NAMES = tuple(field.name for field in fields(WireOrder))
_values = attrgetter(*_NAMES)


def changed(order: WireOrder, **changes: object) -> WireOrder:
    """Return a copy of order with some fields changed."""
    made: WireOrder = builder(WireOrder)(dict(zip(_NAMES, _values(order), strict=True)) | changes)
    return made
