"""What the gateway tells about contracts, quotes and the account: values in, messages out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from runner.core.money import EXACT, cents, plain
from runner.gateway.account import Account
from runner.gateway.instruments import INSTRUMENTS, Instrument
from runner.gateway.market import Market, Quote
from runner.gateway.rules import listed
from runner.gateway.settings import BASE_CURRENCY
from runner.gateway.valuation import Valuation
from runner.wire.messages import (
    Answer,
    ContractData,
    MarketRule,
    PortfolioValue,
    Position,
    PriceIncrement,
    TickPrice,
    TickSize,
)

ZERO = Decimal(0)
Figure = tuple[str, str, str]  # key, value, currency
_NEW_YORK = ZoneInfo("America/New_York")
_SESSION = 85_500  # seconds: every session lasts from 17:15 to 17:00
_SESSIONS_TOLD = 6
_RULES = {
    239: Decimal("0.00005"),
    240: Decimal("0.005"),
    26: Decimal("0.01"),
    32: Decimal("0.01"),
    67: Decimal("0.25"),
    635: Decimal("0.0001"),
    2806: Decimal("0.25"),
}


# --- contracts


def contract_data(request_id: int, instrument: Instrument, market: Market, at: int) -> ContractData:
    """Describe a pair in full."""
    hours = _trading_hours(market, instrument.local_symbol, at)
    return ContractData(
        request_id=request_id,
        contract=listed(instrument),
        market_name=instrument.local_symbol,
        min_tick=instrument.min_tick,
        order_types="DAY,FOK,GTC,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF",
        valid_exchanges="IDEALPRO",
        long_name=instrument.long_name,
        time_zone="US/Eastern",
        trading_hours=hours,
        liquid_hours=hours,
        agg_group=4,
        market_rule_ids=str(instrument.market_rule_id),
        size_min_tick=Decimal(1),
        min_size=Decimal(1),
        size_increment=Decimal(1),
        suggested_size_increment=Decimal(1),
    )


def _trading_hours(market: Market, pair: str, at: int) -> str:
    sessions = []
    close = at
    for _ in range(_SESSIONS_TOLD):
        close = market.next_close(pair, close)
        sessions.append(f"{_local(close - _SESSION)}-{_local(close)}")
    return ";".join(sessions)


def _local(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(_NEW_YORK).strftime("%Y%m%d:%H%M")


def market_rule(rule_id: int) -> MarketRule | None:
    """Return a price grid, None if there is none of that number."""
    step = _RULES.get(rule_id)
    return (
        None
        if step is None
        else MarketRule(rule_id=rule_id, increments=(PriceIncrement(low_edge=ZERO, increment=step),))
    )


# --- quotes


def ticks(request_id: int, quote: Quote, before: Quote | None) -> Iterator[Answer]:
    """Say what changed between two quotes: bid, then ask."""
    sides = ((1, 0, "bid"), (2, 3, "ask"))
    for price_type, size_type, side in sides:
        price, size = getattr(quote, side), Decimal(getattr(quote, f"{side}_size"))
        if before is None or getattr(before, side) != price:
            yield TickPrice(request_id=request_id, tick_type=price_type, price=price, size=size, attributes=1)
        if before is None or getattr(before, f"{side}_size") != size:
            yield TickSize(request_id=request_id, tick_type=size_type, size=size)


# --- the account


def figures(account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures of the whole account."""
    marks = valuation.marks(at)
    equity, margin = account.equity(marks), account.margin(marks)
    free = equity - margin
    yield "AccountType", "INDIVIDUAL", ""
    yield "Cushion", plain(_share(free, equity)), ""
    yield "DayTradesRemaining", "-1", ""
    yield "Leverage", plain(_share(margin * 40, equity)), ""
    yield "LookAheadNextChange", "0", ""
    for key in ("NetLiquidation", "EquityWithLoanValue", "PreviousDayEquityWithLoanValue", "TotalCashValue"):
        yield key, str(cents(equity)), BASE_CURRENCY
    for key in ("SettledCash", "RegTEquity", "SMA"):
        yield key, str(cents(equity)), BASE_CURRENCY
    for key in ("AccruedCash", "GrossPositionValue"):
        yield key, "0.00", BASE_CURRENCY
    yield "BuyingPower", str(cents(max(ZERO, free) * 40)), BASE_CURRENCY
    for prefix in ("", "Full", "LookAhead"):
        for key in ("InitMarginReq", "MaintMarginReq"):
            yield prefix + key, str(cents(margin)), BASE_CURRENCY
        for key in ("AvailableFunds", "ExcessLiquidity"):
            yield prefix + key, str(cents(free)), BASE_CURRENCY
    yield "RegTMargin", str(cents(margin)), BASE_CURRENCY


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return EXACT.divide(part, whole).quantize(Decimal("0.000001")) if whole > 0 else ZERO


def ledger(account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures by currency: all of it in BASE, then each currency held."""
    total = account.equity(valuation.marks(at))
    profit = unrealized(account, valuation, at)
    yield from _ledger_of("BASE", total, Decimal(1), (profit, realized(account, valuation, at)))
    for currency, amount in sorted(account.cash.items()):
        if amount or currency == BASE_CURRENCY:
            yield from _ledger_of(currency, amount, valuation.value(currency, at), (ZERO, ZERO))


def _ledger_of(currency: str, amount: Decimal, rate: Decimal, profit: tuple[Decimal, Decimal]) -> Iterator[Figure]:
    yield "Currency", currency, currency
    for key in ("CashBalance", "TotalCashBalance", "NetLiquidationByCurrency"):
        yield key, str(cents(amount)), currency
    yield "UnrealizedPnL", str(cents(profit[0])), currency
    yield "RealizedPnL", str(cents(profit[1])), currency
    yield "ExchangeRate", plain(rate.quantize(Decimal("0.000001"))), currency


def summary(tags: str, account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures that a comma-separated list asks for, $LEDGER among them."""
    asked = [tag.strip() for tag in tags.split(",") if tag.strip()]
    for tag in asked:
        if tag.startswith("$LEDGER"):
            yield from _ledger_for(tag, account, valuation, at)
    yield from (figure for figure in figures(account, valuation, at) if figure[0] in asked or "All" in asked)


def _ledger_for(tag: str, account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    wanted = tag.partition(":")[2]
    for figure in ledger(account, valuation, at):
        if wanted in ("", "ALL", figure[2]):
            yield figure


def unrealized(account: Account, valuation: Valuation, at: int) -> Decimal:
    """Return what closing every position at the middle would bring, in the base currency."""
    marks = valuation.marks(at)
    parts = (
        EXACT.multiply(account.unrealized(pair, marks), marks.value(INSTRUMENTS[pair].currency))
        for pair in account.holdings
    )
    return sum(parts, ZERO)


def realized(account: Account, valuation: Valuation, at: int) -> Decimal:
    """Return what closed positions have brought, in the base currency, before commission."""
    parts = (
        EXACT.multiply(holding.realized, valuation.value(INSTRUMENTS[pair].currency, at))
        for pair, holding in account.holdings.items()
    )
    return sum(parts, ZERO)


def position(pair: str, account: Account) -> Position:
    """Say what is held of a pair."""
    holding = account.holdings[pair]
    return Position(
        account=account.number,
        contract=listed(INSTRUMENTS[pair]),
        position=holding.units,
        average_cost=_tidy(account.average_cost(pair)),
    )


def portfolio(pair: str, account: Account, valuation: Valuation, at: int) -> PortfolioValue:
    """Say what is held of a pair and what that is worth, in its quote currency."""
    holding = account.holdings[pair]
    marks = valuation.marks(at)
    return PortfolioValue(
        contract=listed(INSTRUMENTS[pair]),
        position=holding.units,
        market_price=marks.price(pair) or ZERO,
        market_value=cents(account.market_value(pair, marks)),
        average_cost=_tidy(account.average_cost(pair)),
        unrealized_pnl=cents(account.unrealized(pair, marks)),
        realized_pnl=cents(holding.realized),
        account=account.number,
    )


def _tidy(average: Decimal) -> Decimal:
    """Cut an average price to what a TWS shows of one."""
    return average.quantize(Decimal("0.0000000001"))
