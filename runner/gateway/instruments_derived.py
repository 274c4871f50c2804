"""CFDs on indices and on the listed stocks, and options on two of them. Their prices are made up.

A CFD on a stock has the prices of the stock. An option has a path of its own, which knows nothing of the stock's price
or of the time that is left; nothing is exercised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

from runner.gateway.instruments_kinds import Instrument, Sizes, Step
from runner.gateway.instruments_listed import CENT, stocks
from runner.gateway.instruments_pairs import made_up_id

_NEW_YORK = ZoneInfo("America/New_York")
_FIRST_YEAR, _YEARS = 2024, 8
_QUARTERS = (3, 6, 9, 12)
_LISTED_AHEAD = 365 * 86_400
_LAST_TRADE = time(16, 0)
_WRITTEN_ON = {"AAPL": (220, 230, 240), "SPY": (580, 590, 600)}
_BELOW_THREE, _FROM_THREE = Step(Decimal(0), CENT), Step(Decimal(3), Decimal("0.05"))

# IB's symbol, currency, tick, digits behind the point, spread in ticks, name
_INDICES = (
    ("IBUS500", "USD", "0.25", 2, 2, "US 500"),
    ("IBUST100", "USD", "0.25", 2, 6, "US Tech 100"),
    ("IBDE40", "EUR", "0.50", 2, 4, "Germany 40"),
    ("IBGB100", "GBP", "0.50", 2, 3, "UK 100"),
)


def cfds() -> Iterator[Instrument]:
    """Yield the CFDs: those on indices, then one on each stock that is no fund."""
    for symbol, currency, tick, decimals, spread, name in _INDICES:
        yield Instrument(
            con_id=made_up_id(f"{symbol} CFD"),
            security_type="CFD",
            symbol=symbol,
            currency=currency,
            local_symbol=symbol,
            trading_class=symbol,
            exchange="SMART",
            valid_exchanges=("SMART",),
            long_name=name,
            min_tick=Decimal(tick),
            min_size=Decimal(1),
            decimals=decimals,
            step=int(Decimal(tick).scaleb(decimals)),
            spread=spread,
            sizes=Sizes(10, 10, 49),
            market_rule_id=67 if tick == "0.25" else 68,
            calendar="globex",
            time_zone="US/Central",
        )
    for stock in stocks():
        if stock.stock_type == "COMMON":
            yield _on(stock)


def _on(stock: Instrument) -> Instrument:
    return Instrument(
        con_id=made_up_id(f"{stock.symbol} CFD"),
        security_type="CFD",
        symbol=stock.symbol,
        currency=stock.currency,
        local_symbol=f"{stock.symbol}n",
        trading_class=f"{stock.symbol}n",
        exchange="SMART",
        valid_exchanges=("SMART",),
        long_name=stock.long_name,
        min_tick=stock.min_tick,
        min_size=stock.min_size,
        decimals=stock.decimals,
        spread=stock.spread,
        sizes=stock.sizes,
        market_rule_id=stock.market_rule_id,
        calendar=stock.calendar,
        underlying=stock.symbol,
    )


def third_friday(year: int, month: int) -> date:
    """Return the last trading day of the options of a month; a holiday moves nothing here."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def options() -> Iterator[Instrument]:
    """Yield calls and puts on AAPL and SPY: three strikes, four quarters ahead."""
    for year in range(_FIRST_YEAR, _FIRST_YEAR + _YEARS):
        for month in _QUARTERS:
            last = third_friday(year, month)
            ends = int(datetime.combine(last, _LAST_TRADE, _NEW_YORK).timestamp())
            for symbol, strikes in _WRITTEN_ON.items():
                for strike, right in product(strikes, "CP"):
                    yield _option(symbol, last, ends, strike, right)


def _option(symbol: str, last: date, ends: int, strike: int, right: str) -> Instrument:
    name = f"{symbol:<6}{last:%y%m%d}{right}{strike * 1000:08d}"
    return Instrument(
        con_id=made_up_id(name),
        security_type="OPT",
        symbol=symbol,
        currency="USD",
        local_symbol=name,
        trading_class=symbol,
        exchange="SMART",
        valid_exchanges=("SMART", "AMEX", "CBOE", "PHLX"),
        long_name=symbol,
        multiplier=Decimal(100),
        min_tick=CENT,
        steps=(_BELOW_THREE, _FROM_THREE),
        min_size=Decimal(1),
        decimals=2,
        step=5,
        spread=1,
        sizes=Sizes(5, 1, 45),
        market_rule_id=109,
        calendar="stocks",
        last_trade_date=f"{last:%Y%m%d}",
        contract_month=f"{last:%Y%m}",
        trades_from=ends - _LISTED_AHEAD,
        trades_until=ends,
        strike=Decimal(strike),
        right=right,
        underlying=symbol,
    )
