"""One order as we intend it, before any broker has an opinion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.money import plain


class Side(Enum):
    """Direction; IB calls it action."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderType(Enum):
    """Value: IB's orderType."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAILING_STOP = "TRAIL"
    TRAILING_LIMIT = "TRAIL LIMIT"
    MARKET_IF_TOUCHED = "MIT"
    LIMIT_IF_TOUCHED = "LIT"

    @property
    def word(self) -> str:
        """What plans, events and reports call it: market, stop_limit."""
        return self.name.lower()

    @property
    def has_limit(self) -> bool:
        """True if the type carries a limit price."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)

    @property
    def has_stop(self) -> bool:
        """True if the type carries a trigger price: where a stop, or an if-touched order, goes to market."""
        return self in (
            OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED,
        )  # fmt: skip

    @property
    def trails(self) -> bool:
        """True if the trigger follows the market at a distance."""
        return self in (OrderType.TRAILING_STOP, OrderType.TRAILING_LIMIT)


class TimeInForce(Enum):
    """How long an order may work; value: IB's tif."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class Role(Enum):
    """An order's part in its group."""

    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """How far a trailing order's trigger stays behind the market: an amount of quote currency, or percent of the price.

    `limit_offset` is how far the limit of a TRAIL LIMIT lies beyond the trigger, in quote currency.
    """

    amount: Decimal | None = None
    percent: Decimal | None = None
    limit_offset: Decimal | None = None

    @property
    def text(self) -> str:
        """How far, in words: trail 0.0015, trail 0.3%, trail 0.0015 offset 0.0002."""
        distance = f"{plain(self.percent)}%" if self.percent is not None else plain(self.amount or Decimal(0))
        return f"trail {distance}" + (f" offset {plain(self.limit_offset)}" if self.limit_offset is not None else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a plan may add to an order, under the names that IB's Order has for it; times are aware UTC."""

    good_till: datetime | None = None  # goodTillDate, with GTD
    good_after: datetime | None = None  # goodAfterTime
    outside_rth: bool = False
    all_or_none: bool = False
    min_quantity: Decimal | None = None  # minQty
    cash_quantity: Decimal | None = None  # cashQty: quote currency to spend, in place of a quantity
    extra: tuple[
        tuple[str, str | bool | int | Decimal], ...
    ] = ()  # further fields of ibapi's Order, by their own names


PLAIN = Terms()


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTicket:
    """One intended order at one fire; quantity in base-currency units, prices in quote currency per base unit.

    `key.role` is its name within the fire and unique there (`entry`, `slice-3`); `role` is its part in the group, which
    limits count by. `parent` is the order_ref of the order of the same fire that it waits for; orders with one
    `oca_group` cancel each other.
    """

    key: OrderKey
    role: Role
    contract: ContractSpec
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Trail | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    parent: str | None = None
    oca_group: str | None = None
    terms: Terms = PLAIN

    @property
    def order_ref(self) -> str:
        """The identity it travels under."""
        return self.key.order_ref
