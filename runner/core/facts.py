"""What the broker told us, as values: facts, not commands. `runner.ib.tap` makes them, the engine thread reads them.

Sentinels of the wire (UNSET_DOUBLE, 2**127-1, ...) do not get this far: what is absent is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from runner.core.ticket import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Handled:
    """Every callback of the first `total` bytes received is on the queue before this."""

    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NextOrderIdSeen:
    """nextValidId: the smallest order id that may be used."""

    order_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountsSeen:
    """managedAccounts: the accounts this session may trade."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentTimeSeen:
    """currentTime: the clock of the TWS."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionLost:
    """The session ended; nothing more comes from it."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrderSeen:
    """openOrder: the order as TWS holds it. `order_ref` is empty for orders that are not ours."""

    order_id: int
    client_id: int
    perm_id: int | None
    order_ref: str
    account: str
    status: str
    warning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrdersEnd:
    """The list of open orders is complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderStatusSeen:
    """orderStatus; duplicates and omissions are usual, quantities decide."""

    order_id: int
    client_id: int
    perm_id: int | None
    status: str
    filled: Decimal | None
    remaining: Decimal | None
    average_price: Decimal | None
    why_held: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedOrderSeen:
    """completedOrder: an order at its end, without the ids of the client that placed it."""

    perm_id: int | None
    order_ref: str
    account: str
    status: str
    completed_status: str  # the broker's words, such as "Filled Size: 25000"
    filled: Decimal | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedOrdersEnd:
    """The list of completed orders is complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionSeen:
    """execDetails: one execution. The last dotted part of exec_id is its revision: higher replaces lower."""

    order_id: int
    client_id: int
    perm_id: int | None
    order_ref: str
    exec_id: str
    account: str
    contract: str  # local symbol, EUR.USD
    side: Side
    price: Decimal
    quantity: Decimal
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionsEnd:
    """The list of executions is complete."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionSeen:
    """commissionReport; amount is None until IB knows it."""

    exec_id: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeSeen:
    """error(): anything from a farm status to a rejection; `runner.ib.notices` says which."""

    about: int  # order or request id, -1 for none
    code: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TickSeen:
    """One bid or ask of a market data snapshot."""

    request_id: int
    field: str  # bid, ask
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotEnd:
    """A market data snapshot is complete."""

    request_id: int


Fact = (
    Handled
    | NextOrderIdSeen
    | AccountsSeen
    | CurrentTimeSeen
    | ConnectionLost
    | OpenOrderSeen
    | OpenOrdersEnd
    | OrderStatusSeen
    | CompletedOrderSeen
    | CompletedOrdersEnd
    | ExecutionSeen
    | ExecutionsEnd
    | CommissionSeen
    | NoticeSeen
    | TickSeen
    | SnapshotEnd
)
