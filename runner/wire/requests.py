"""What a client says to a server."""

from __future__ import annotations

from dataclasses import dataclass

from runner.wire.market_requests import (
    CancelHeadTimestamp,
    CancelHistoricalData,
    CancelMarketData,
    RequestContractDetails,
    RequestHeadTimestamp,
    RequestHistoricalData,
    RequestMarketData,
    RequestMarketDataType,
    RequestMarketRule,
    RequestMatchingSymbols,
)
from runner.wire.values import WireContract, WireOrder


@dataclass(frozen=True, kw_only=True, slots=True)
class StartApi:
    """Begin the session under a client id."""

    client_id: int
    optional_capabilities: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachedOrders:
    """A stop loss and a profit taker that the server is to make for an order, since 218."""

    stop_loss_id: int | None = None
    stop_loss_type: str = ""
    profit_taker_id: int | None = None
    profit_taker_type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceOrder:
    """Place a new order, or modify the one of this id."""

    order_id: int
    contract: WireContract
    order: WireOrder
    attached: AttachedOrders = AttachedOrders()


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelOrder:
    """Cancel one order."""

    order_id: int
    manual_cancel_time: str = ""
    ext_operator: str = ""
    external_user_id: str = ""
    manual_order_indicator: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GlobalCancel:
    """Cancel every open order of the account."""

    ext_operator: str = ""
    manual_order_indicator: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestOpenOrders:
    """Ask for the open orders of this client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAllOpenOrders:
    """Ask for the open orders of every client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAutoOpenOrders:
    """Bind orders entered by hand to this client."""

    auto_bind: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestIds:
    """Ask for the next order id."""

    count: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCurrentTime:
    """Ask what time it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCurrentTimeInMillis:
    """Ask what time it is, to the millisecond; since 197."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestManagedAccounts:
    """Ask for the accounts of this login."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestExecutions:
    """Ask for today's fills that fit a filter; empty fields and zero match everything."""

    request_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    security_type: str = ""
    exchange: str = ""
    side: str = ""
    last_days: int | None = None
    specific_dates: tuple[SpecificDate, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecificDate:
    """One date, as YYYYMMDD."""

    date: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestPositions:
    """Subscribe to the positions of all accounts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelPositions:
    """End that subscription."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestPositionsMulti:
    """Subscribe to the positions of one account or model."""

    request_id: int
    account: str = ""
    model_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelPositionsMulti:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAccountSummary:
    """Subscribe to chosen figures of the accounts of a group; tags are comma-separated."""

    request_id: int
    group: str = "All"
    tags: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelAccountSummary:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAccountUpdates:
    """Subscribe to, or leave, the values and the portfolio of one account."""

    subscribe: bool
    account: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAccountUpdatesMulti:
    """Subscribe to the values of one account or model."""

    request_id: int
    account: str = ""
    model_code: str = ""
    ledger_and_nlv: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelAccountUpdatesMulti:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCompletedOrders:
    """Ask for the orders that ended today."""

    api_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFamilyCodes:
    """Ask for the family codes of the accounts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestUserInfo:
    """Ask for the branding of this login."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestPnl:
    """Subscribe to the profit and loss of an account or model."""

    request_id: int
    account: str = ""
    model_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelPnl:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestPnlSingle:
    """Subscribe to the profit and loss of one holding."""

    request_id: int
    account: str = ""
    model_code: str = ""
    contract_id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelPnlSingle:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SetServerLogLevel:
    """Choose how much the server logs."""

    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsupported:
    """A message this codec does not take apart: of a kind it has no layout for, or unknown.

    One that came as protobuf has no fields but its bytes. What is known of such a request (`unoffered`) is told with
    it: its name, the id that its answers should carry, and whether it only ends what another one asked for.
    """

    message_id: int
    fields: tuple[str, ...] = ()
    protobuf: bytes | None = None
    request_id: int | None = None
    name: str = ""
    is_cancel: bool = False


Request = (
    StartApi
    | PlaceOrder
    | CancelOrder
    | GlobalCancel
    | RequestOpenOrders
    | RequestAllOpenOrders
    | RequestAutoOpenOrders
    | RequestIds
    | RequestCurrentTime
    | RequestCurrentTimeInMillis
    | RequestManagedAccounts
    | RequestExecutions
    | RequestPositions
    | CancelPositions
    | RequestPositionsMulti
    | CancelPositionsMulti
    | RequestAccountSummary
    | CancelAccountSummary
    | RequestAccountUpdates
    | RequestAccountUpdatesMulti
    | CancelAccountUpdatesMulti
    | RequestContractDetails
    | RequestMarketData
    | CancelMarketData
    | RequestMarketDataType
    | RequestHistoricalData
    | CancelHistoricalData
    | RequestCompletedOrders
    | RequestFamilyCodes
    | RequestUserInfo
    | RequestPnl
    | CancelPnl
    | RequestPnlSingle
    | CancelPnlSingle
    | RequestMarketRule
    | RequestMatchingSymbols
    | RequestHeadTimestamp
    | CancelHeadTimestamp
    | SetServerLogLevel
    | Unsupported
)
