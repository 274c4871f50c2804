"""What the broker told us, as values: facts, not commands. `runner.ib.tap` makes them, the engine thread reads them.

Sentinels of the wire (UNSET_DOUBLE, 2**127-1, ...) do not get this far: what is absent is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from runner.core.contract import Increment
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
class LoggedIn:
    """A session that was begun in the background is ready; every other fact of it comes after this one."""

    session: int  # counts the sessions of one connection from 1
    server_version: int
    server_time: str  # as the TWS wrote it in its greeting, with its zone
    accounts: tuple[str, ...]
    next_order_id: int  # as the TWS told it: raised neither by orders that were seen nor by ids that were taken
    simulated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginFailed:
    """A session that was begun in the background did not come about: what happened, and what to do."""

    what: str
    advice: str
    is_final: bool  # trying again would not help
    code: int | None = None  # the TWS's own, such as 326


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
    contract: str | None = None  # local symbol, EUR.USD
    side: Side | None = None
    quantity: Decimal | None = None
    order_type: str | None = None  # in IB's words, MKT
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: str | None = None
    parent_id: int | None = None  # the order id of the order it waits for
    filled: Decimal | None = None


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
    contract: str | None = None  # local symbol, EUR.USD
    side: Side | None = None
    quantity: Decimal | None = None


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


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractSeen:
    """contractDetails: one of the contracts that fit what was asked for; None for what the TWS does not tell."""

    request_id: int
    con_id: int
    sec_type: str
    symbol: str
    currency: str
    exchange: str
    primary_exchange: str
    local_symbol: str
    trading_class: str
    last_trade_date: str  # YYYYMMDD
    multiplier: Decimal | None
    strike: Decimal | None
    right: str  # C, P
    long_name: str
    min_tick: Decimal | None
    price_magnifier: int  # 100 where prices are told in hundredths of the currency
    rules: Mapping[str, int]  # exchange to the number of its market rule
    least: Decimal | None  # the smallest size
    size_step: Decimal | None
    time_zone: str
    closes: tuple[time, ...]  # local times at which its regular sessions end
    late_closes: tuple[time, ...]  # with trading outside regular hours


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractsEnd:
    """All contracts that fit were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketRuleSeen:
    """marketRule: the steps of prices under the rule of that number."""

    rule_id: int
    increments: tuple[Increment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountValueSeen:
    """accountSummary: one value of an account; text, since not every tag is a number."""

    request_id: int
    account: str
    tag: str  # NetLiquidation, TotalCashValue, ...
    value: str
    currency: str  # empty where the value is no money


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSummaryEnd:
    """The account summary is complete; changes follow until it is cancelled."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionSeen:
    """position: what an account holds of a contract, in units and signed."""

    account: str
    contract: str  # local symbol, EUR.USD
    quantity: Decimal
    average_cost: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionsEnd:
    """The positions are complete; changes follow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfitSeen:
    """pnl: the profit of an account in its base currency; None where IB does not know it."""

    request_id: int
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIfSeen:
    """openOrder of an order that was only asked about: margin in the base currency of the account, and commission."""

    order_id: int
    init_margin_before: Decimal | None
    init_margin_change: Decimal | None
    init_margin_after: Decimal | None
    maint_margin_before: Decimal | None
    maint_margin_change: Decimal | None
    maint_margin_after: Decimal | None
    equity_with_loan_before: Decimal | None
    equity_with_loan_change: Decimal | None
    equity_with_loan_after: Decimal | None
    commission: Decimal | None
    min_commission: Decimal | None
    max_commission: Decimal | None
    commission_currency: str
    warning: str


Fact = (
    Handled
    | LoggedIn
    | LoginFailed
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
    | ContractSeen
    | ContractsEnd
    | MarketRuleSeen
    | AccountValueSeen
    | AccountSummaryEnd
    | PositionSeen
    | PositionsEnd
    | ProfitSeen
    | WhatIfSeen
)
