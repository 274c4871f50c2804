"""Stocks, the Euro FX future of CME with its expiries, and spot gold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from runner.gateway.instruments_kinds import Instrument, Sizes
from runner.gateway.instruments_pairs import made_up_id

CENT = Decimal("0.01")
_CHICAGO = ZoneInfo("America/Chicago")
_US = ("SMART", "NASDAQ", "NYSE", "ARCA", "AMEX", "BATS", "BYX", "EDGEA", "IEX", "MEMX", "PEARL", "PSX", "OVERNIGHT")

# IB's own number, primary exchange, trading class, typical spread in cents, name, and what contract details say of it.
_STOCKS = (
    ("AAPL", 265598, "NASDAQ", "NMS", 1, "APPLE INC", "Technology|Computers|Computers"),
    ("MSFT", 272093, "NASDAQ", "NMS", 2, "MICROSOFT CORP", "Technology|Software|Applications Software"),
    ("NVDA", 4815747, "NASDAQ", "NMS", 1, "NVIDIA CORP", "Technology|Semiconductors|Electronic Compo-Semicon"),
    ("AMZN", 3691937, "NASDAQ", "NMS", 1, "AMAZON.COM INC", "Communications|Internet|E-Commerce/Products"),
    ("TSLA", 76792991, "NASDAQ", "NMS", 3, "TESLA INC", "Consumer, Cyclical|Auto Manufacturers|Auto-Cars/Light Trucks"),
    ("IBM", 8314, "NYSE", "IBM", 4, "INTL BUSINESS MACHINES CORP", "Technology|Computers|Computer Services"),
    ("SPY", 756733, "ARCA", "SPY", 1, "SS SPDR S&P 500 ETF TRUST-US", ""),
    ("QQQ", 320227571, "NASDAQ", "NMS", 1, "INVESCO QQQ TRUST SERIES 1", ""),
    ("IWM", 9579970, "ARCA", "IWM", 1, "ISHARES RUSSELL 2000 ETF", ""),
)

# A price has one digit of its year in its name, as at the exchange, so the table must not hold eleven years.
_FIRST_YEAR, _YEARS = 2024, 10
_QUARTERS = {3: "H", 6: "M", 9: "U", 12: "Z"}
_LISTED_AHEAD = 5  # years: the exchange lists twenty quarters
_LAST_TRADE = time(9, 16)  # in Chicago


def stocks() -> Iterator[Instrument]:
    """Yield the stocks and funds; prices in whole cents."""
    for symbol, con_id, primary, trading_class, spread, name, kind in _STOCKS:
        industry, category, subcategory = kind.split("|") if kind else ("", "", "")
        yield Instrument(
            con_id=con_id,
            security_type="STK",
            symbol=symbol,
            currency="USD",
            local_symbol=symbol,
            trading_class=trading_class,
            exchange="SMART",
            primary_exchange=primary,
            valid_exchanges=_US,
            long_name=name,
            min_tick=CENT,
            min_size=Decimal(1),
            decimals=2,
            spread=spread,
            sizes=Sizes(100, 100, 19),
            market_rule_id=26,
            calendar="stocks",
            industry=industry,
            category=category,
            subcategory=subcategory,
            stock_type="COMMON" if kind else "ETF",
        )


def third_wednesday(year: int, month: int) -> date:
    """Return the day on which the quarterly futures of CME on currencies are delivered."""
    first = date(year, month, 1)
    return first + timedelta(days=(2 - first.weekday()) % 7 + 14)


def futures() -> Iterator[Instrument]:
    """Yield the quarterly expiries of the Euro FX future: the last trade is two business days before the delivery."""
    for year in range(_FIRST_YEAR, _FIRST_YEAR + _YEARS):
        for month, letter in _QUARTERS.items():
            last = third_wednesday(year, month) - timedelta(days=2)
            ends = int(datetime.combine(last, _LAST_TRADE, _CHICAGO).timestamp())
            begins = int(datetime.combine(last.replace(year=year - _LISTED_AHEAD), _LAST_TRADE, _CHICAGO).timestamp())
            yield _future(f"6E{letter}{year % 10}", last, begins, ends)


def _future(name: str, last: date, begins: int, ends: int) -> Instrument:
    return Instrument(
        con_id=made_up_id(f"{name} {last.year}"),
        security_type="FUT",
        symbol="EUR",
        currency="USD",
        local_symbol=name,
        trading_class="6E",
        exchange="CME",
        valid_exchanges=("CME",),
        long_name="European Monetary Union Euro",
        multiplier=Decimal(125_000),
        min_tick=Decimal("0.00005"),
        min_size=Decimal(1),
        decimals=5,
        step=5,
        spread=1,
        sizes=Sizes(5, 1, 45),
        market_rule_id=239,
        calendar="globex",
        time_zone="US/Central",
        last_trade_date=f"{last:%Y%m%d}",
        contract_month=f"{last:%Y%m}",
        trades_from=begins,
        trades_until=ends,
        industry="Currency",
    )


def metals() -> Iterator[Instrument]:
    """Yield spot gold, in ounces."""
    yield Instrument(
        con_id=69067924,
        security_type="CMDTY",
        symbol="XAUUSD",
        currency="USD",
        local_symbol="XAUUSD",
        trading_class="XAUUSD",
        exchange="SMART",
        valid_exchanges=("SMART", "IBMETAL"),
        long_name="London Gold",
        min_tick=CENT,
        min_size=Decimal(1),
        decimals=2,
        spread=30,
        sizes=Sizes(10, 10, 49),
        market_rule_id=26,
        calendar="globex",
    )
