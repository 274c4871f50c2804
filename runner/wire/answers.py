"""What a server says to a client: the session, orders, fills, accounts; and the union of all answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runner.wire.market_answers import (
    ContractData,
    ContractDataEnd,
    HistoricalData,
    HistoricalDataEnd,
    MarketDataType,
    MarketRule,
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
class Position:
    """One holding."""

    account: str
    contract: WireContract
    position: Decimal | None
    average_cost: Decimal | None = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionEnd:
    """All holdings were told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionMulti:
    """One holding of an account or model."""

    request_id: int
    account: str
    contract: WireContract
    position: Decimal | None
    average_cost: Decimal | None = ZERO
    model_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionMultiEnd:
    """All holdings of that request were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSummary:
    """One figure of one account; the value is text, for not every figure is a number."""

    request_id: int
    account: str
    tag: str
    value: str
    currency: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSummaryEnd:
    """All figures were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountValue:
    """One figure of the subscribed account."""

    key: str
    value: str
    currency: str
    account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PortfolioValue:
    """One holding of the subscribed account, valued."""

    contract: WireContract
    position: Decimal | None
    market_price: Decimal | None
    market_value: Decimal | None
    average_cost: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None
    account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountUpdateTime:
    """When the account was last valued, as hh:mm."""

    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountDownloadEnd:
    """The subscribed account was told whole."""

    account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountUpdateMulti:
    """One figure of an account or model."""

    request_id: int
    account: str
    model_code: str
    key: str
    value: str
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountUpdateMultiEnd:
    """All figures of that request were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentTime:
    """The server's time in seconds since 1970."""

    time: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyCode:
    """An account and its family."""

    account: str
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyCodes:
    """The families of the accounts."""

    codes: tuple[FamilyCode, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UserInfo:
    """The branding of the login."""

    request_id: int
    white_branding_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pnl:
    """Profit and loss of an account."""

    request_id: int
    daily: Decimal | None
    unrealized: Decimal | None = None
    realized: Decimal | None = None


Answer = (
    NextValidId
    | ManagedAccounts
    | ErrorMessage
    | OrderStatus
    | OpenOrder
    | OpenOrdersEnd
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
    | CurrentTime
    | FamilyCodes
    | MarketRule
    | UserInfo
    | Pnl
    | Unsupported
)
