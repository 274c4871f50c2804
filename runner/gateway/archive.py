"""Orders that have ended, in a tenth of the room: what most orders share is kept once.

An order has 160 fields, of which two orders of one program differ in a few. What they share is a tuple that all of
them point to; beside it stands what is an order's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from runner.wire.build import builder
from runner.wire.messages import WireOrder

T = TypeVar("T")
Packed: TypeAlias = tuple[Any, ...]
_OWN = (
    "client_id", "order_id", "ended", "stage", "filled", "price", "last_price", "paid", "expires", "version", "starts",
    "seen", "stop",
)  # fmt: skip
_OWN_OF_ORDER = (
    "perm_id", "order_ref", "total_quantity", "limit_price", "aux_price", "parent_id", "oca_group", "trail_stop_price",
    "good_till_date",
)  # fmt: skip
_ORDER = tuple(field.name for field in fields(WireOrder) if field.name not in _OWN_OF_ORDER)
_own_of_order = attrgetter(*_OWN_OF_ORDER)
_shared_of_order = attrgetter(*_ORDER)
_own = attrgetter(*_OWN)
_MOST = 10_000  # what is remembered in order to be shared


class Archive:
    """Packs and unpacks the entries of a book."""

    __slots__ = ("_same", "_shared")

    def __init__(self) -> None:
        self._shared: dict[Packed, Packed] = {}
        self._same: dict[str, Decimal] = {}

    def pack(self, entry: Any) -> Packed:
        """Return an order as a tuple."""
        shared = (entry.contract, entry.pair, *_shared_of_order(entry.order))
        own = (*_own(entry), *_own_of_order(entry.order))
        return (_once(self._shared, shared, shared), *map(self._one, own))

    def _one(self, value: Any) -> Any:
        """Return one and the same object for equal numbers."""
        return _once(self._same, str(value), value) if isinstance(value, Decimal) else value

    def unpack(self, packed: Packed, make: Callable[..., T]) -> T:
        """Return the order again."""
        (contract, pair, *rest), own = packed[0], packed[1:]
        facts = dict(zip(_OWN, own, strict=False))
        values = dict(zip(_ORDER, rest, strict=True)) | dict(zip(_OWN_OF_ORDER, own[len(_OWN) :], strict=True))
        return make(contract=contract, pair=pair, order=builder(WireOrder)(values), **facts)

    def ended(self, packed: Packed) -> int:
        """Return when an order ended."""
        ended: int = packed[1 + _OWN.index("ended")]
        return ended


def _once(known: dict[Any, Any], key: Any, value: Any) -> Any:
    """Return the equal value that was seen before, so that there is only one of it."""
    if len(known) > _MOST:
        known.clear()
    return known.setdefault(key, value)
