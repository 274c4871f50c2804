"""The orders a gateway holds, by client and by what links them; state only, nothing is decided here."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TypeVar

from runner.gateway.archive import Archive, Packed
from runner.wire.messages import WireContract, WireOrder

T = TypeVar("T")
ZERO = Decimal(0)
_UNPACKED = 64  # so many orders that ended last are kept as they are
Key = tuple[int, int]  # client and order id
_HAND = -1  # who has used the ids of orders that are entered by hand


class Stage(Enum):
    """Where an order is on its way: `is_live` while it may still be filled, `is_active` if on its own."""

    UNSENT = "unsent", "Inactive"  # transmit was false: it waits for the last of its group
    CHILD = "child", "PreSubmitted", "child"  # waits for its parent
    HELD = "held", "PreSubmitted"  # waits for its time or its conditions
    OPENING = "opening", "PreSubmitted"  # waits for the market to open
    TRIGGER = "trigger", "PreSubmitted", "trigger"  # waits for its trigger price
    WORKING = "working", "Submitted"
    FILLED = "filled", "Filled"
    CANCELLED = "cancelled", "Cancelled"
    DISCARDED = "discarded", "ApiCancelled"  # cancelled before it was transmitted
    REJECTED = "rejected", "Inactive"

    def __init__(self, text: str, status: str, why_held: str = "") -> None:
        self.status = status
        self.why_held = why_held
        self.is_live = status in ("PreSubmitted", "Submitted")
        self.is_active = self.is_live and text != "child"
        self.is_over = text in ("filled", "cancelled", "rejected")


@dataclass(slots=True)
class Entry:
    """One order: as its client last sent it, and how far it has come."""

    client_id: int
    order_id: int
    contract: WireContract
    order: WireOrder
    pair: str  # the key of what is traded
    stage: Stage = Stage.UNSENT
    is_triggered: bool = False
    is_released: bool = False  # its conditions were met
    is_unbound: bool = False  # entered by hand, and no client's yet
    rests: bool = False  # it has waited in the market for its price, and is met there
    starts: int = 0  # epoch seconds: not before
    expires: int | None = None
    filled: Decimal = ZERO
    price: Decimal = ZERO  # the average one
    last_price: Decimal = ZERO
    paid: Decimal = ZERO  # commission, in the base currency
    stop: Decimal | None = None  # where a trailing stop stands
    seen: int = 0  # the instant as of which it stands there
    ready: int | None = None  # when a fill that takes time is made
    tries: int = 0  # how often in a row the quoted size was not enough
    ended: int = 0
    version: int = 0  # counts re-planning, so that what was planned before is known to be stale

    @property
    def key(self) -> Key:
        """Client and order id."""
        return self.client_id, self.order_id

    @property
    def told_id(self) -> int:
        """The order id that clients are told: none if it was entered by hand and is not bound."""
        return 0 if self.is_unbound else self.order_id

    @property
    def perm_id(self) -> int:
        """The broker's own number, 0 before the order is transmitted."""
        return self.order.perm_id

    @property
    def quantity(self) -> Decimal:
        """Units of what is traded."""
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
    def status(self) -> str:
        """The word of orderStatus."""
        return self.stage.status

    @property
    def why_held(self) -> str:
        """What keeps it from the market, in IB's word."""
        return self.stage.why_held

    @property
    def is_open(self) -> bool:
        """True until it has ended."""
        return self.stage.is_live or self.stage is Stage.UNSENT


def _ignore(entry: Entry) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Book:
    """Every order of the day, and every one that has not ended."""

    watch: Callable[[Entry], None] = _ignore  # is told of every order that is new or has changed
    _entries: dict[int, Entry | Packed] = field(default_factory=dict)
    _highest: dict[int, int] = field(default_factory=dict)
    _live: dict[Key, Entry] = field(default_factory=dict)
    _unsent: dict[Key, Entry] = field(default_factory=dict)
    _families: dict[Key, dict[Key, Entry]] = field(default_factory=dict)
    _groups: dict[str, dict[Key, Entry]] = field(default_factory=dict)
    _working: Counter[tuple[str, bool]] = field(default_factory=Counter)
    _ended: deque[Key] = field(default_factory=deque)
    _archive: Archive = field(default_factory=Archive)

    def get(self, client_id: int, order_id: int) -> Entry | None:
        """Find an order; of one that ended long ago this is a copy."""
        number = _number(client_id, order_id)
        found = self._entries.get(number)
        return None if found is None else self._whole(number, found)

    def _whole(self, number: int, found: Entry | Packed) -> Entry:
        return found if isinstance(found, Entry) else self._archive.unpack(found, partial(Entry, *_key(number)))

    @property
    def entries(self) -> dict[Key, Entry]:
        """Every order, oldest first."""
        return {_key(number): self._whole(number, one) for number, one in self._entries.items()}

    def next_id(self, client_id: int) -> int:
        """Return the lowest order id this client may use."""
        return self._highest.get(client_id, 0) + 1

    @property
    def highest(self) -> Mapping[int, int]:
        """The highest order id that each client has used."""
        return self._highest

    def hand_id(self) -> int:
        """Use the next id of orders that are entered by hand: -1, -2 and so on."""
        self._highest[_HAND] = self._highest.get(_HAND, 0) + 1
        return -self._highest[_HAND]

    def roll_back(self, count: int) -> None:
        """Forget the use of the last ids of each client; those of orders entered by hand stay."""
        used = {client_id: max(0, used - count) for client_id, used in self._highest.items() if client_id != _HAND}
        self._highest.update(used)

    def use(self, client_id: int, order_id: int) -> None:
        """Note that an order id was used, whatever became of the order."""
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))

    def add(self, entry: Entry) -> None:
        """Take in an order."""
        self.use(*entry.key)
        self._entries[_number(*entry.key)] = entry
        if entry.is_open:
            self.link(entry)
            (self._live if entry.stage.is_live else self._unsent)[entry.key] = entry
            self._working[entry.pair, entry.is_buy] += entry.stage.is_active
        else:
            self._end(entry, entry.key)
        self.watch(entry)

    def link(self, entry: Entry) -> None:
        """Take an order into the family of its parent, and its group."""
        if entry.order.parent_id:
            self._families.setdefault((entry.client_id, entry.order.parent_id), {})[entry.key] = entry
        if entry.order.oca_group:
            self._groups.setdefault(entry.order.oca_group, {})[entry.key] = entry

    def revise(self, entry: Entry, order: WireOrder) -> None:
        """Put other terms in place of an order's, which may link it otherwise."""
        self._unlink(entry)
        entry.order = order
        self.link(entry)
        self.watch(entry)

    def _unlink(self, entry: Entry) -> None:
        _take_out(self._families, (entry.client_id, entry.order.parent_id), entry.key)
        _take_out(self._groups, entry.order.oca_group, entry.key)

    def mark(self, entry: Entry, stage: Stage) -> None:
        """Move an order on."""
        before, entry.stage = entry.stage, stage
        entry.version += 1
        if before is not stage:
            self._move(entry, before)
        self.watch(entry)

    def _move(self, entry: Entry, before: Stage) -> None:
        stage, key = entry.stage, entry.key
        if before.is_active is not stage.is_active:
            self._working[entry.pair, entry.is_buy] += 1 if stage.is_active else -1
        if not stage.is_live:
            self._end(entry, key)
        elif not before.is_live:
            self._unsent.pop(key, None)
            self._live[key] = entry

    def note(self, entry: Entry) -> None:
        """Say that an order has changed where it is."""
        self.watch(entry)

    def _end(self, entry: Entry, key: Key) -> None:
        self._live.pop(key, None)
        self._unsent.pop(key, None)
        self._unlink(entry)
        self._ended.append(key)
        if len(self._ended) > _UNPACKED:
            self._pack(self._ended.popleft())

    def _pack(self, key: Key) -> None:
        number = _number(*key)
        found = self._entries.get(number)
        if isinstance(found, Entry) and not found.is_open:
            self._entries[number] = self._archive.pack(found)

    def put_back(self, entry: Entry) -> None:
        """Take in what became of an order after it had ended."""
        self._entries[_number(*entry.key)] = entry
        self._end(entry, entry.key)
        self.watch(entry)

    def active(self, pair: str, *, is_buy: bool) -> int:
        """Return how many orders are active on one side of an instrument."""
        return self._working[pair, is_buy]

    def forget(self, before: int) -> None:
        """Forget the orders that ended before that instant; their ids stay used."""
        self._entries = {
            number: one for number, one in self._entries.items() if self._is_open(one) or self._when(one) >= before
        }

    def _is_open(self, one: Entry | Packed) -> bool:
        return isinstance(one, Entry) and one.is_open

    def _when(self, one: Entry | Packed) -> int:
        return one.ended if isinstance(one, Entry) else self._archive.ended(one)

    def live(self, client_id: int | None = None) -> Iterator[Entry]:
        """Yield the orders that may still be filled, oldest first."""
        return iter([e for e in self._live.values() if client_id is None or e.client_id == client_id])

    def unsent(self) -> Iterator[Entry]:
        """Yield the orders that wait for the last of their group."""
        return iter(list(self._unsent.values()))

    def ended(self, since: int) -> Iterator[Entry]:
        """Yield the orders that ended at that instant or later."""
        every = [(number, one) for number, one in self._entries.items() if self._when(one) >= since]
        return (entry for number, one in every if (entry := self._whole(number, one)).stage.is_over)

    def parent(self, entry: Entry) -> Entry | None:
        """Return the order this one is attached to."""
        return self.get(entry.client_id, entry.order.parent_id) if entry.order.parent_id else None

    def children(self, entry: Entry) -> list[Entry]:
        """Return the orders attached to this one that have not ended."""
        return list(self._families.get(entry.key, {}).values())

    def siblings(self, entry: Entry) -> list[Entry]:
        """Return the orders that have not ended of which only one may be filled together with this one."""
        order = entry.order
        family = self._families.get((entry.client_id, order.parent_id), {}) if order.parent_id else {}
        group = self._groups.get(order.oca_group, {}) if order.oca_group else {}
        return [other for key, other in {**family, **group}.items() if key != entry.key]


def _number(client_id: int, order_id: int) -> int:
    """Return one number for both, which takes less room than a pair."""
    return (client_id << 33) + order_id + (1 << 32)


def _key(number: int) -> Key:
    return number >> 33, (number & (1 << 33) - 1) - (1 << 32)


def _take_out(index: dict[T, dict[Key, Entry]], name: T, key: Key) -> None:
    """Take an order out of a family or group, and forget that when it was the last."""
    members = index.get(name)
    if members is not None:
        members.pop(key, None)
        if not members:
            del index[name]
