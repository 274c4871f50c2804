"""What goes wrong on demand: the faults that a gateway is told of, as values; `faults_read` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from runner.gateway.anomalies import NONE, Anomalies


class Direction(Enum):
    """Whose frame: the client's on its way in, or the gateway's on its way out."""

    IN = "in"
    OUT = "out"


class Trigger(Enum):
    """What a fault waits for."""

    TIME = "time"
    CONNECTION = "connection"
    ORDER = "order"
    FRAME_IN = "frame in"
    FRAME_OUT = "frame out"
    BYTES_IN = "bytes in"  # before a frame is read

    __hash__ = object.__hash__  # asked for with every frame


class Scope(Enum):
    """What a verb acts on."""

    FRAME = "frame"  # the frame that meets its conditions
    ORDER = "order"  # the order that meets them
    CLIENT = "client"  # one connection or all of them
    GATEWAY = "gateway"  # the whole of it, or what a client may do in it


class Verb(Enum):
    """Every fault, and what it acts on."""

    scope: Scope
    __hash__ = object.__hash__

    def __new__(cls, word: str, scope: Scope) -> Verb:
        """Make a member whose value is its word."""
        made = object.__new__(cls)
        made._value_ = word
        made.scope = scope
        return made

    CUT = "cut", Scope.FRAME
    DELAY = "delay", Scope.FRAME
    DROP = "drop", Scope.FRAME
    DUPLICATE = "duplicate", Scope.FRAME
    REORDER = "reorder", Scope.FRAME
    SWALLOW = "swallow", Scope.ORDER
    REJECT = "reject", Scope.ORDER
    FILL_AFTER_CANCEL = "fill_after_cancel", Scope.ORDER
    CONNECTIVITY_LOST = "connectivity_lost", Scope.CLIENT
    CONNECTIVITY_RESTORED = "connectivity_restored", Scope.CLIENT
    RESET = "reset", Scope.CLIENT
    CLOSE = "close", Scope.CLIENT
    MUTE = "mute", Scope.CLIENT
    STOP_READING = "stop_reading", Scope.CLIENT
    READ_ONLY = "read_only", Scope.GATEWAY
    PACING = "pacing", Scope.GATEWAY
    CLIENT_ID_HELD = "client_id_held", Scope.GATEWAY
    RESTART = "restart", Scope.GATEWAY
    DAY_ROLLOVER = "day_rollover", Scope.GATEWAY
    CORRECT = "correct", Scope.GATEWAY
    HAND_ORDER = "hand_order", Scope.GATEWAY
    HAND_CANCEL = "hand_cancel", Scope.GATEWAY
    CALM = "calm", Scope.GATEWAY


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """The conditions of a fault; all that are given must hold."""

    at: float | datetime | None = None  # seconds after the start, or the gateway's time
    every: float | None = None  # seconds
    connection: int | None = None  # the n-th that is made, from 1
    client: int | None = None
    order: int | str | None = None  # the n-th new order, from 1, or a pattern of its orderRef
    frame: int | None = None  # the n-th of a connection, from 1, the greeting; with `message`, the n-th of that name
    direction: Direction = Direction.OUT
    message: str | None = None
    share: Decimal = Decimal(100)
    times: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOrder:
    """An order to be entered as if by hand."""

    pair: str
    side: str  # BUY or SELL
    quantity: Decimal
    type: str = "MKT"
    price: Decimal | None = None  # the limit, or where a stop is triggered
    tif: str = "DAY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that goes wrong, and when; what a verb has no use for stays at its default."""

    do: Verb
    when: When = When()
    seconds: float | None = None  # how long; None: for good
    byte: int = 0  # how many bytes of the frame pass
    code: int = 0
    text: str = ""
    use_id: bool = True
    data_lost: bool = False
    state_lost: bool = False
    ids_back: int = 0
    rate: int = 50
    strikes: int = 3
    price: Decimal | None = None
    by: Decimal = Decimal(0)
    execution: str = ""
    order: HandOrder | None = None
    perm_id: int = 0

    @property
    def trigger(self) -> Trigger:
        """What it waits for: what its conditions say, else what its verb acts on."""
        when = self.when
        if when.at is not None or when.every is not None:
            return Trigger.TIME
        if when.connection is not None:
            return Trigger.CONNECTION
        if when.order is not None:
            return Trigger.ORDER
        if when.frame is not None or when.message is not None or self.do.scope is Scope.FRAME:
            coming = Trigger.BYTES_IN if self.do is Verb.CUT else Trigger.FRAME_IN
            return coming if when.direction is Direction.IN else Trigger.FRAME_OUT
        return _USUALLY[self.do.scope]


_USUALLY = {Scope.ORDER: Trigger.ORDER, Scope.CLIENT: Trigger.CONNECTION, Scope.GATEWAY: Trigger.TIME}


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What a file of faults says: shares of orders that meet an anomaly, and single faults."""

    seed: int = 1
    shares: Anomalies = NONE
    faults: tuple[Fault, ...] = field(default=())


NO_FAULTS = Faults()
