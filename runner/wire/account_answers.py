"""What a server says of accounts: holdings, figures, profit and loss."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from runner.wire.values import WireContract

ZERO = Decimal(0)


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
class FamilyCode:
    """An account and its family."""

    account: str
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyCodes:
    """The families of the accounts."""

    codes: tuple[FamilyCode, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pnl:
    """Profit and loss of an account."""

    request_id: int
    daily: Decimal | None
    unrealized: Decimal | None = None
    realized: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PnlSingle:
    """Profit and loss of one holding, and what it is worth."""

    request_id: int
    position: Decimal | None
    daily: Decimal | None
    unrealized: Decimal | None = None
    realized: Decimal | None = None
    value: Decimal | None = None
