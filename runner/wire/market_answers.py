"""What a server says of contracts and prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runner.wire.values import Bar, TagValue, WireContract

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ineligibility:
    """A reason why a contract may not be traded."""

    reason: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractData:
    """A contract in full."""

    request_id: int
    contract: WireContract
    market_name: str = ""
    min_tick: Decimal | None = ZERO
    size_multiplier: int = 1
    order_types: str = ""
    valid_exchanges: str = ""
    price_magnifier: int = 1
    under_contract_id: int = 0
    long_name: str = ""
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""
    ev_rule: str = ""
    ev_multiplier: int = 0
    security_ids: tuple[TagValue, ...] = ()
    agg_group: int = 0
    under_symbol: str = ""
    under_security_type: str = ""
    market_rule_ids: str = ""
    real_expiration_date: str = ""
    stock_type: str = ""
    last_trade_day: str = ""
    size_min_tick: Decimal | None = None
    min_size: Decimal | None = None
    size_increment: Decimal | None = None
    suggested_size_increment: Decimal | None = None
    # of funds only, since 179
    fund_name: str = ""
    fund_family: str = ""
    fund_type: str = ""
    fund_front_load: str = ""
    fund_back_load: str = ""
    fund_back_load_time_interval: str = ""
    fund_management_fee: str = ""
    fund_closed: bool = False
    fund_closed_for_new_investors: bool = False
    fund_closed_for_new_money: bool = False
    fund_notify_amount: str = ""
    fund_minimum_initial_purchase: str = ""
    fund_minimum_subsequent_purchase: str = ""
    fund_blue_sky_states: str = ""
    fund_blue_sky_territories: str = ""
    fund_distribution_policy: str = ""
    fund_asset_type: str = ""
    ineligibilities: tuple[Ineligibility, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractDataEnd:
    """All contracts that fit were told."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketDataType:
    """The kind of quotes that follow."""

    request_id: int
    data_type: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TickRequestParameters:
    """What a market data request turned into."""

    request_id: int
    min_tick: Decimal | None
    bbo_exchange: str = ""
    snapshot_permissions: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TickPrice:
    """A price and its size; attributes: 1 can auto-execute, 2 past limit, 4 pre-open."""

    request_id: int
    tick_type: int
    price: Decimal | None
    size: Decimal | None = ZERO
    attributes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TickSize:
    """A size."""

    request_id: int
    tick_type: int
    size: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TickGeneric:
    """A number."""

    request_id: int
    tick_type: int
    value: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TickString:
    """A text, such as the time of the last trade."""

    request_id: int
    tick_type: int
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TickSnapshotEnd:
    """The snapshot is complete."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoricalData:
    """Bars; its end is told with it (from version 196 on in `HistoricalDataEnd`)."""

    request_id: int
    start: str = ""
    end: str = ""
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoricalDataEnd:
    """All bars were told; from version 196 on."""

    request_id: int
    start: str
    end: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoricalDataUpdate:
    """The last bar of a request that is kept up to date, as it stands now."""

    request_id: int
    bar: Bar


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadTimestamp:
    """The earliest time that there are bars of, as the request wanted it written."""

    request_id: int
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Derivative:
    """A type of security that is derived from another."""

    security_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SymbolSample:
    """A contract whose symbol or name was asked for, and what is derived from it."""

    contract_id: int = 0
    symbol: str = ""
    security_type: str = ""
    primary_exchange: str = ""
    currency: str = ""
    derivatives: tuple[Derivative, ...] = ()
    description: str = ""
    issuer_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SymbolSamples:
    """The contracts that a pattern fits."""

    request_id: int
    samples: tuple[SymbolSample, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceIncrement:
    """From `low_edge` on, prices lie on the grid of `increment`."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketRule:
    """A price grid."""

    rule_id: int
    increments: tuple[PriceIncrement, ...] = ()
