"""What is traded, in our own words; ibapi's Contract is made from it in `runner.ib.compile`.

A currency pair needs nothing but its name: its ticks are in `runner.core.fx`. Anything else is written in IB's long
form, and is only asked for until the broker has told what it is (`Details`); then it carries the broker's own number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from runner.core.fx import Pair

CASH = "CASH"
LISTED = ("STK", "FUT", "CFD", "CMDTY", "OPT")  # IB's words for what is no pair
_NAME = re.compile(rf".+\.(?:{'|'.join(LISTED)})\.[A-Z]{{3}}")
_ONE = Decimal(1)


class Increment(NamedTuple):
    """From a price of `low_edge` on, prices are multiples of `step`."""

    low_edge: Decimal
    step: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """What the broker told of a contract that no table of ours has (contractDetails, marketRule); `at` is when."""

    long_name: str
    increments: tuple[Increment, ...]  # by rising edge, the first from 0
    least: Decimal  # the smallest size
    size_step: Decimal  # sizes are multiples of it
    at: datetime
    time_zone: str = ""  # of the closes, an IANA name; empty if it is not known
    closes: tuple[time, ...] = ()  # at which its sessions end, as far as the broker told
    late_closes: tuple[time, ...] = ()  # with trading outside regular hours

    def close_after(self, at: datetime, *, late: bool) -> datetime | None:
        """Return the first instant after one at which a session may end; None if the broker did not tell."""
        closes = self.late_closes if late else self.closes
        if not closes or not self.time_zone:
            return None
        zone = ZoneInfo(self.time_zone)
        today = at.astimezone(zone).date()
        ends = (
            datetime.combine(today + timedelta(days=days), close, zone).astimezone(UTC)
            for days in (0, 1)
            for close in closes
        )
        return min((end for end in ends if end > at), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractSpec:
    """A contract as IB names it; of what is no pair, `con_id` and `details` are set once the broker has told them."""

    symbol: str
    currency: str
    sec_type: str = CASH
    exchange: str = "IDEALPRO"
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    last_trade_date: str = ""  # YYYYMMDD or YYYYMM, of a future or an option
    multiplier: Decimal | None = None  # what a price of 1 is worth, in the currency
    strike: Decimal | None = None
    right: str = ""  # C or P
    con_id: int = 0
    details: Details | None = None

    @property
    def is_pair(self) -> bool:
        """True for two currencies, which need not be asked for."""
        return self.sec_type == CASH

    @property
    def is_known(self) -> bool:
        """True if orders for it can be priced and sent."""
        return self.sec_type == CASH or self.details is not None

    @property
    def pair(self) -> Pair:
        """The pair this contract trades; meaningless for what is none."""
        return Pair(self.symbol, self.currency)

    @property
    def name(self) -> str:
        """What it is called everywhere: EUR.USD, AAPL.STK.USD, 6EH7.FUT.USD."""
        if self.sec_type == CASH:
            return f"{self.symbol}.{self.currency}"
        if not self.sec_type:
            return f"con_id {self.con_id}"
        return name_of(self.sec_type, self.local_symbol or self._described, self.symbol, self.currency)

    @property
    def _described(self) -> str:
        """What tells it from others on its symbol, until its local symbol is known."""
        strike = "" if self.strike is None else f"{self.strike:f}"
        return " ".join(part for part in (self.symbol, self.last_trade_date, strike, self.right) if part)

    @property
    def key(self) -> str:
        """What the simulated market knows it by: the local symbol, as far as the plan tells it."""
        return self.local_symbol or (self.name if self.sec_type == CASH else self.symbol)

    @property
    def unit(self) -> str:
        """What its sizes are counted in: the base currency of a pair, the contract itself of anything else."""
        return self.symbol if self.sec_type == CASH else self.name

    @property
    def worth(self) -> Decimal:
        """What a price of 1 is worth for one unit, in the contract's currency."""
        return _ONE if self.multiplier is None else self.multiplier

    @property
    def size_step(self) -> Decimal:
        """Sizes that are worked out are multiples of it."""
        return _ONE if self.details is None else self.details.size_step

    def tick_at(self, price: Decimal | None) -> Decimal | None:
        """Return the grid that prices around this one lie on; None if only the broker can tell, and has not.

        Without a price it is the finest one.
        """
        if self.sec_type == CASH:
            return self.pair.tick_size
        if self.details is None:
            return None
        steps = [one.step for one in self.details.increments if price is None or one.low_edge <= price]
        return steps[0] if price is None or not steps else steps[-1]


def name_of(sec_type: str, local_symbol: str, symbol: str, currency: str) -> str:
    """Return the one name of a contract: local symbol, type and currency; of a pair the local symbol alone."""
    if sec_type not in LISTED:
        return local_symbol or f"{symbol}.{currency}"
    local = " ".join((local_symbol or symbol).split())  # those of options have gaps
    return f"{local}.{sec_type}.{currency}"


def is_listed_name(name: str) -> bool:
    """Tell whether a name is that of a contract which is no pair."""
    return _NAME.fullmatch(name) is not None


def unit_of(name: str) -> str:
    """Return what sizes of the contract of that name are counted in."""
    return name if is_listed_name(name) else name.partition(".")[0]


def currency_of(name: str) -> str:
    """Return the currency that the prices of the contract of that name are in."""
    return name.rpartition(".")[2]
