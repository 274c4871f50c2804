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
_OWN = ("ended", "stage", "filled", "price", "paid")
_OWN_OF_ORDER = ("perm_id", "order_ref", "total_quantity")
_RARE = (  # of an order: most have none, and often the same
    "limit_price", "aux_price", "parent_id", "oca_group", "trail_stop_price", "good_till_date", "good_after_time",
)  # fmt: skip
_SHARED = tuple(field.name for field in fields(WireOrder) if field.name not in (*_OWN_OF_ORDER, *_RARE))
_own = attrgetter(*_OWN)
_own_of_order = attrgetter(*_OWN_OF_ORDER)
_rare = attrgetter(*_RARE)
_shared = attrgetter(*_SHARED)
_ENDED = 4 + _OWN.index("ended")
_MOST = 10_000  # what is remembered in order to be shared


class Same:
    """Gives one and the same object for equal numbers."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Decimal] = {}

    def one(self, number: Decimal) -> Decimal:
        """Return the equal number that was seen before."""
        return _once(self._known, str(number), number)


class Archive:
    """Packs and unpacks the entries of a book."""

    __slots__ = ("_last", "_same", "_shared")

    def __init__(self) -> None:
        self._shared: dict[Packed, Packed] = {}
        self._last: Packed = ()
        self._same = Same()

    def pack(self, entry: Any) -> Packed:
        """Return an order as a tuple."""
        order = entry.order
        shared: Packed = _shared(order)
        if shared == self._last:  # which is faster than to look it up
            shared = self._last
        else:
            shared = self._last = _once(self._shared, shared, shared)
        rare: Packed = _rare(order)
        perm_id, order_ref, quantity = _own_of_order(order)
        quantity = entry.filled if quantity == entry.filled else self._one(quantity)
        own = _own(entry)
        return (entry.contract, entry.pair, shared, _once(self._shared, rare, rare), *own, perm_id, order_ref, quantity)

    def _one(self, value: Any) -> Any:
        return self._same.one(value) if type(value) is Decimal else value

    def unpack(self, packed: Packed, make: Callable[..., T]) -> T:
        """Return the order again, as far as it matters of one that has ended."""
        contract, pair, shared, rare, *own = packed
        facts = dict(zip(_OWN, own, strict=False))
        values = dict(zip(_SHARED, shared, strict=True))
        values |= zip(_RARE, rare, strict=True)
        values |= zip(_OWN_OF_ORDER, own[len(_OWN) :], strict=True)
        return make(contract=contract, pair=pair, order=builder(WireOrder)(values), last_price=facts["price"], **facts)

    def ended(self, packed: Packed) -> int:
        """Return when an order ended."""
        ended: int = packed[_ENDED]
        return ended


def _once(known: dict[Any, T], key: Any, value: T) -> T:
    """Return the equal value that was seen before, so that there is only one of it."""
    if len(known) > _MOST:
        known.clear()
    return known.setdefault(key, value)
