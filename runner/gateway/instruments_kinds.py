"""What an instrument is: one thing that can be traded, with every figure that is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

SecurityType = Literal["CASH", "STK", "FUT", "CMDTY", "CFD", "OPT"]
Calendar = Literal["currencies", "stocks", "globex"]  # whose hours it keeps, see `runner.gateway.hours`


class Step(NamedTuple):
    """From a price of `edge` on, orders have prices on a grid of `tick`."""

    edge: Decimal
    tick: Decimal


class Sizes(NamedTuple):
    """What may be quoted on either side: the least, and the least plus any of `steps` further steps."""

    least: int
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """One instrument as the simulated broker lists it."""

    con_id: int
    security_type: SecurityType
    symbol: str
    currency: str
    local_symbol: str  # unique: the key by which everything else knows it
    trading_class: str
    exchange: str  # where an order for it is routed
    primary_exchange: str = ""
    valid_exchanges: tuple[str, ...]
    long_name: str
    multiplier: Decimal = Decimal(1)  # what a price of 1 is worth, in the currency
    min_tick: Decimal
    steps: tuple[Step, ...] = ()  # where the grid of orders depends on the price, from 0 on
    min_size: Decimal | None  # smallest order that is no odd lot; None where no figure is known
    decimals: int  # of a quoted price
    step: int = 1  # a quoted price is a multiple of that many 10**-decimals
    spread: int  # typical, in steps
    sizes: Sizes
    market_rule_id: int
    calendar: Calendar
    time_zone: str = "US/Eastern"
    last_trade_date: str = ""  # YYYYMMDD, of a future
    contract_month: str = ""  # YYYYMM
    trades_from: int = 0  # epoch seconds; a future is listed from then on
    trades_until: int | None = None  # and expires at that instant
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    stock_type: str = ""
    strike: Decimal | None = None  # of an option
    right: str = ""  # C or P
    underlying: str = ""  # the symbol of the stock that a CFD or an option is on

    @property
    def is_pair(self) -> bool:
        """True for two currencies: a trade moves cash in both."""
        return self.security_type == "CASH"

    @property
    def is_margined(self) -> bool:
        """True where only the profit of a position is paid, not what it is worth."""
        return self.security_type in ("FUT", "CFD")

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the grid on which an order may have a price there."""
        return next((step.tick for step in reversed(self.steps) if step.edge <= price), self.min_tick)

    @property
    def has_trades(self) -> bool:
        """True where there is a last price: an exchange that reports its trades."""
        return self.security_type in ("STK", "FUT")

    @property
    def quoted_step(self) -> Decimal:
        """The grid of quoted prices, which may be finer than that of orders."""
        return Decimal(self.step).scaleb(-self.decimals)

    def is_listed(self, at: int) -> bool:
        """Tell whether it can be traded at all in those days."""
        return self.trades_from <= at and (self.trades_until is None or at < self.trades_until)

    def is_expired(self, at: int) -> bool:
        """Tell whether it has traded for the last time."""
        return self.trades_until is not None and at >= self.trades_until
