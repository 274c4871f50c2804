"""What a client asks of contracts and prices."""

from __future__ import annotations

from dataclasses import dataclass

from runner.wire.values import WireContract


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestContractDetails:
    """Ask for the contracts that fit a description."""

    request_id: int
    contract: WireContract


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestMarketData:
    """Subscribe to quotes, or ask for one snapshot."""

    request_id: int
    contract: WireContract
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False
    options: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelMarketData:
    """End that subscription."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestMarketDataType:
    """Choose live (1), frozen (2), delayed (3) or delayed frozen (4) quotes."""

    data_type: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestHistoricalData:
    """Ask for bars."""

    request_id: int
    contract: WireContract
    end: str = ""
    bar_size: str = ""
    duration: str = ""
    regular_hours_only: bool = False
    what_to_show: str = ""
    date_format: int = 1
    keep_up_to_date: bool = False
    options: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelHistoricalData:
    """End that request."""

    request_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestMarketRule:
    """Ask for the price grid of a rule."""

    rule_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestMatchingSymbols:
    """Ask for the contracts whose symbol or name begins like this."""

    request_id: int
    pattern: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestHeadTimestamp:
    """Ask for the earliest time that there are bars of."""

    request_id: int
    contract: WireContract
    regular_hours_only: bool = False
    what_to_show: str = ""
    date_format: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelHeadTimestamp:
    """End that request."""

    request_id: int
