"""What fxrun never exceeds: limits as values; `runner.risk.checks` holds orders against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a currency."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of a zone's day in which orders may be sent: [opens, closes), over midnight if closes is earlier."""

    opens: time
    closes: time
    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        clock = at.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """None does not bind. Quantities are units of the base currency and count entries: an exit undoes one."""

    max_quantity: Decimal | None = None
    max_daily_quantity: Decimal | None = None  # of all orders of a base currency in a UTC day
    max_notional: Amount | None = None
    max_daily_notional: Amount | None = None
    max_open_orders: int | None = None  # of one pair and side
    max_fires_per_day: int | None = None  # of one plan in a UTC day
    max_orders_per_minute: int | None = None
    price_collar: Decimal | None = None  # a fraction of the last quote: 0.02 is 2 %
    pairs: frozenset[str] | None = None  # names such as EUR.USD
    window: Window | None = None

    @property
    def needs_quote(self) -> bool:
        """True if some check may want a bid and an ask."""
        return self.price_collar is not None or self.max_notional is not None or self.max_daily_notional is not None


NO_LIMITS = Limits()
