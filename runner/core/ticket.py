"""One order as we intend it, before any broker has an opinion."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey


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

    @property
    def has_limit(self) -> bool:
        """True if the type carries a limit price."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT)

    @property
    def has_stop(self) -> bool:
        """True if the type carries a stop (trigger) price."""
        return self in (OrderType.STOP, OrderType.STOP_LIMIT)


class TimeInForce(Enum):
    """How long an order may work; value: IB's tif."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Role(Enum):
    """An order's part in its group."""

    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTicket:
    """One intended order at one fire; quantity in base-currency units, prices in quote currency per base unit."""

    key: OrderKey
    role: Role
    contract: ContractSpec
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY

    @property
    def order_ref(self) -> str:
        """The identity it travels under."""
        return self.key.order_ref
