"""The orders a gateway holds, by client and by what links them; state only, nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from runner.wire.messages import WireContract, WireOrder

ZERO = Decimal(0)


class Stage(Enum):
    """Where an order is on its way."""

    UNSENT = "unsent"  # transmit was false: it waits for the last of its group
    CHILD = "child"  # waits for its parent
    OPENING = "opening"  # waits for the market to open
    TRIGGER = "trigger"  # a stop that waits for its price
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"  # cancelled before it was transmitted
    REJECTED = "rejected"

    @property
    def is_live(self) -> bool:
        """True while the order may still be filled."""
        return self in _LIVE


_LIVE = frozenset({Stage.CHILD, Stage.OPENING, Stage.TRIGGER, Stage.WORKING})
_STATUS = {
    Stage.UNSENT: "Inactive",
    Stage.CHILD: "PreSubmitted",
    Stage.OPENING: "PreSubmitted",
    Stage.TRIGGER: "PreSubmitted",
    Stage.WORKING: "Submitted",
    Stage.FILLED: "Filled",
    Stage.CANCELLED: "Cancelled",
    Stage.DISCARDED: "ApiCancelled",
    Stage.REJECTED: "Inactive",
}
_WHY_HELD = {Stage.CHILD: "child", Stage.TRIGGER: "trigger"}


@dataclass(slots=True)
class Entry:
    """One order: as its client last sent it, and how far it has come."""

    client_id: int
    order_id: int
    contract: WireContract
    order: WireOrder
    pair: str
    stage: Stage = Stage.UNSENT
    is_triggered: bool = False
    expires: int | None = None  # epoch seconds
    filled: Decimal = ZERO
    price: Decimal = ZERO
    ended: int = 0  # epoch seconds
    version: int = 0  # counts re-planning, so that what was planned before is known to be stale

    @property
    def key(self) -> tuple[int, int]:
        """Client and order id."""
        return self.client_id, self.order_id

    @property
    def perm_id(self) -> int:
        """The broker's own number, 0 before the order is transmitted."""
        return self.order.perm_id

    @property
    def quantity(self) -> Decimal:
        """Units of the base currency."""
        return self.order.total_quantity or ZERO

    @property
    def remaining(self) -> Decimal:
        """Units not filled."""
        return self.quantity - self.filled

    @property
    def is_buy(self) -> bool:
        """True for BUY."""
        return self.order.action == "BUY"

    @property
    def units(self) -> Decimal:
        """Signed quantity."""
        return self.quantity if self.is_buy else -self.quantity

    @property
    def status(self) -> str:
        """The word of orderStatus."""
        return _STATUS[self.stage]

    @property
    def why_held(self) -> str:
        """What keeps it from the market, in IB's word."""
        return _WHY_HELD.get(self.stage, "")


def _ignore(entry: Entry) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Book:
    """Every order since the start."""

    entries: dict[tuple[int, int], Entry] = field(default_factory=dict)
    _highest: dict[int, int] = field(default_factory=dict)
    _live: dict[tuple[int, int], Entry] = field(default_factory=dict)
    _families: dict[tuple[int, int], list[Entry]] = field(default_factory=dict)
    _groups: dict[str, list[Entry]] = field(default_factory=dict)
    watch: Callable[[Entry], None] = _ignore  # is told of every order that is new or has moved on

    def get(self, client_id: int, order_id: int) -> Entry | None:
        """Find an order."""
        return self.entries.get((client_id, order_id))

    def next_id(self, client_id: int) -> int:
        """Return the lowest order id this client may use."""
        return self._highest.get(client_id, 0) + 1

    @property
    def highest(self) -> Mapping[int, int]:
        """The highest order id that each client has used."""
        return self._highest

    def use(self, client_id: int, order_id: int) -> None:
        """Note that an order id was used, whatever became of the order."""
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))

    def add(self, entry: Entry) -> None:
        """Take in an order."""
        self.use(*entry.key)
        self.entries[entry.key] = entry
        self.watch(entry)
        if entry.order.parent_id:
            self._families.setdefault((entry.client_id, entry.order.parent_id), []).append(entry)
        if entry.order.oca_group:
            self._groups.setdefault(entry.order.oca_group, []).append(entry)

    def mark(self, entry: Entry, stage: Stage) -> None:
        """Move an order on."""
        entry.stage = stage
        entry.version += 1
        self.watch(entry)
        if stage.is_live:
            self._live[entry.key] = entry
        else:
            self._live.pop(entry.key, None)

    def live(self, client_id: int | None = None) -> Iterator[Entry]:
        """Yield the orders that may still be filled, oldest first."""
        return iter([e for e in self._live.values() if client_id is None or e.client_id == client_id])

    def unsent(self) -> Iterator[Entry]:
        """Yield the orders that wait for the last of their group."""
        return iter([e for e in self.entries.values() if e.stage is Stage.UNSENT])

    def ended(self, since: int) -> Iterator[Entry]:
        """Yield the orders that ended at that instant or later."""
        over = (Stage.FILLED, Stage.CANCELLED, Stage.REJECTED)
        return iter([e for e in self.entries.values() if e.stage in over and e.ended >= since])

    def parent(self, entry: Entry) -> Entry | None:
        """Return the order this one is attached to."""
        return self.entries.get((entry.client_id, entry.order.parent_id)) if entry.order.parent_id else None

    def children(self, entry: Entry) -> list[Entry]:
        """Return the orders attached to this one."""
        return list(self._families.get(entry.key, ()))

    def siblings(self, entry: Entry) -> list[Entry]:
        """Return the orders of which only one may be filled together with this one, without itself."""
        family = self._families.get((entry.client_id, entry.order.parent_id), []) if entry.order.parent_id else []
        group = self._groups.get(entry.order.oca_group, []) if entry.order.oca_group else []
        return [other for other in (*family, *group) if other is not entry]
