"""What a server says to a client: the session, orders, fills; and the union of all answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runner.wire.account_answers import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    FamilyCodes,
    Pnl,
    PnlSingle,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
)
from runner.wire.market_answers import (
    ContractData,
    ContractDataEnd,
    HeadTimestamp,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    MarketDataType,
    MarketRule,
    SymbolSamples,
    TickGeneric,
    TickPrice,
    TickRequestParameters,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from runner.wire.requests import Unsupported
from runner.wire.values import WireContract, WireExecution, WireOrder, WireOrderState

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class NextValidId:
    """The lowest order id the client may use."""

    order_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedAccounts:
    """The accounts of the login, comma-separated as they travel."""

    accounts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorMessage:
    """An error, warning or notice; `about` is an order or request id, or -1."""

    about: int
    code: int
    text: str
    advanced_reject: str = ""
    time_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderStatus:
    """Where an order stands."""

    order_id: int
    status: str
    filled: Decimal | None = ZERO
    remaining: Decimal | None = ZERO
    average_fill_price: Decimal | None = ZERO
    perm_id: int = 0
    parent_id: int = 0
    last_fill_price: Decimal | None = ZERO
    client_id: int = 0
    why_held: str = ""
    market_cap_price: Decimal | None = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrder:
    """An order that is open, or was just placed, with everything known of it."""

    order_id: int
    contract: WireContract
    order: WireOrder
    order_state: WireOrderState


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrdersEnd:
    """All open orders were told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderBound:
    """An order entered by hand now belongs to a client, under this id."""

    perm_id: int
    client_id: int
    order_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedOrder:
    """An order that has ended."""

    contract: WireContract
    order: WireOrder
    order_state: WireOrderState


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedOrdersEnd:
    """All completed orders were told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionDetails:
    """A fill; `request_id` is -1 for one that was not asked for."""

    request_id: int
    contract: WireContract
    execution: WireExecution


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionDetailsEnd:
    """All fills were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionReport:
    """What a fill cost; `realized_pnl` is unset for a fill that opens."""

    execution_id: str
    commission: Decimal | None
    currency: str
    realized_pnl: Decimal | None = None
    yield_: Decimal | None = None
    yield_redemption_date: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentTime:
    """The server's time in seconds since 1970."""

    time: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentTimeInMillis:
    """The server's time in milliseconds since 1970."""

    time_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UserInfo:
    """The branding of the login."""

    request_id: int
    white_branding_id: str = ""


Answer = (
    NextValidId
    | ManagedAccounts
    | ErrorMessage
    | OrderStatus
    | OpenOrder
    | OpenOrdersEnd
    | OrderBound
    | CompletedOrder
    | CompletedOrdersEnd
    | ExecutionDetails
    | ExecutionDetailsEnd
    | CommissionReport
    | Position
    | PositionEnd
    | PositionMulti
    | PositionMultiEnd
    | AccountSummary
    | AccountSummaryEnd
    | AccountValue
    | PortfolioValue
    | AccountUpdateTime
    | AccountDownloadEnd
    | AccountUpdateMulti
    | AccountUpdateMultiEnd
    | ContractData
    | ContractDataEnd
    | MarketDataType
    | TickRequestParameters
    | TickPrice
    | TickSize
    | TickGeneric
    | TickString
    | TickSnapshotEnd
    | HistoricalData
    | HistoricalDataEnd
    | HistoricalDataUpdate
    | HeadTimestamp
    | SymbolSamples
    | CurrentTime
    | CurrentTimeInMillis
    | FamilyCodes
    | MarketRule
    | UserInfo
    | Pnl
    | PnlSingle
    | Unsupported
)
