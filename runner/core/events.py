"""What a run says while it goes: values that a renderer turns into text or JSON lines.

`fire` is the fire's key (its UTC instant, or `once`); every instant is aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from runner.core.order_state import OrderState
from runner.core.ticket import OrderType, Role, Side


class FireState(Enum):
    """What became of a fire."""

    SENT = "sent"
    SKIPPED = "skipped"
    MISSED = "missed"
    DENIED = "denied"


RECORDED = "already recorded in this journal; nothing sent"  # the reason of a fire that an earlier run had


class Severity(Enum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStarted:
    """A plan takes part in the run. `mode` is the mode it runs in, `account` the account of the session."""

    plan: str
    file: str
    mode: str
    account: str
    orders: int
    start: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FireDone:
    """A fire was handled; `reason` is None for a fire that was sent in time."""

    plan: str
    order: str
    fire: str
    time: datetime
    state: FireState
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChanged:
    """An order changed its state or its filled quantity."""

    plan: str
    order: str
    fire: str
    order_ref: str
    role: Role
    time: datetime
    state: OrderState
    contract: str
    side: Side
    quantity: Decimal
    order_type: OrderType
    filled: Decimal
    remaining: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """One execution of an order of ours."""

    plan: str
    order: str
    fire: str
    order_ref: str
    exec_id: str
    contract: str
    side: Side
    price: Decimal
    quantity: Decimal
    time: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Commissioned:
    """The cost of one execution."""

    plan: str
    order: str
    fire: str
    order_ref: str
    exec_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Noticed:
    """A message of the broker, or of fxrun itself (code 0); order fields are None where it is about none."""

    plan: str
    code: int
    severity: Severity
    text: str
    time: datetime
    order: str | None = None
    fire: str | None = None
    order_ref: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The end of a run; orders = filled + working + cancelled + expired + rejected + denied + unknown."""

    plan: str
    fires: int = 0
    orders: int = 0
    filled: int = 0
    working: int = 0
    cancelled: int = 0
    expired: int = 0
    rejected: int = 0
    denied: int = 0
    unknown: int = 0
    skipped: int = 0
    missed: int = 0
    denied_fires: int = 0  # also those that came to no order
    commission: Mapping[str, Decimal] = field(default_factory=dict)  # by currency
    realized_pnl: Mapping[str, Decimal] = field(default_factory=dict)  # by quote currency, before commission
    positions: Mapping[str, Decimal] = field(
        default_factory=dict
    )  # by pair, base units, signed; flat pairs are left out


Event = PlanStarted | FireDone | OrderChanged | Filled | Commissioned | Noticed | Summary
