"""What the gateway tells about the account: its figures and its positions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from runner.core.money import EXACT, cents, plain
from runner.gateway.account import Account, Marks
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.rules import listed
from runner.gateway.settings import BASE_CURRENCY
from runner.gateway.valuation import Valuation
from runner.wire.messages import PortfolioValue, Position

ZERO = Decimal(0)
Figure = tuple[str, str, str]  # key, value, currency
# What IB's documents call figures that its account updates have by another name.
_DOCUMENTED = {
    "PreviousEquityWithLoanValue": "PreviousDayEquityWithLoanValue",
    "ReqTEquity": "RegTEquity",
    "ReqTMargin": "RegTMargin",
}


def figures(account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures of the whole account."""
    marks = valuation.marks(at)
    equity, initial, gross = account.equity(marks), account.margin(marks), account.gross(marks)
    free = equity - initial
    yield "AccountType", "INDIVIDUAL", ""
    yield "Cushion", plain(_share(free, equity)), ""
    yield "DayTradesRemaining", "-1", ""
    yield "HighestSeverity", "", ""
    yield "Leverage", plain(_share(gross, equity)), ""
    yield "LookAheadNextChange", "0", ""
    for key in ("NetLiquidation", "EquityWithLoanValue", "PreviousDayEquityWithLoanValue", "RegTEquity", "SMA"):
        yield key, str(cents(equity)), BASE_CURRENCY
    cash = sum((EXACT.multiply(amount, marks.value(currency)) for currency, amount in account.cash.items()), ZERO)
    for key in ("TotalCashValue", "SettledCash"):
        yield key, str(cents(cash)), BASE_CURRENCY
    yield "AccruedCash", "0.00", BASE_CURRENCY
    yield "GrossPositionValue", str(cents(gross)), BASE_CURRENCY
    yield "BuyingPower", str(cents(max(ZERO, free) * 40)), BASE_CURRENCY
    yield "RegTMargin", str(cents(initial)), BASE_CURRENCY
    yield from _margins(equity, initial, account.maintenance(marks))


def _margins(equity: Decimal, initial: Decimal, maintenance: Decimal) -> Iterator[Figure]:
    told = (
        ("InitMarginReq", initial),
        ("MaintMarginReq", maintenance),
        ("AvailableFunds", equity - initial),
        ("ExcessLiquidity", equity - maintenance),
    )
    for key, amount in told:
        for prefix in ("", "Full", "LookAhead"):
            yield prefix + key, str(cents(amount)), BASE_CURRENCY


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return EXACT.divide(part, whole).quantize(Decimal("0.000001")) if whole > 0 else ZERO


# --- by currency


def ledger(account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures by currency: all of it in BASE, then each currency held."""
    marks = valuation.marks(at)
    parts = {currency: _part(account, marks, currency) for currency in _currencies(account)}
    rates = {currency: marks.value(currency) for currency in parts}
    whole = tuple(
        sum((EXACT.multiply(part[place], rates[currency]) for currency, part in parts.items()), ZERO)
        for place in range(5)
    )
    yield from _ledger_of("BASE", whole, Decimal(1))
    for currency, part in parts.items():
        yield from _ledger_of(currency, part, rates[currency])


def _currencies(account: Account) -> list[str]:
    held = {INSTRUMENTS[key].currency for key in account.holdings}
    with_cash = {currency for currency, amount in account.cash.items() if amount or currency == BASE_CURRENCY}
    return sorted(held | with_cash)


def _part(account: Account, marks: Marks, currency: str) -> tuple[Decimal, ...]:
    """Return cash, stocks, other value, unrealized and realized profit in one currency."""
    stocks = other = profit = gained = ZERO
    for key, holding in account.holdings.items():
        one = INSTRUMENTS[key]
        if one.currency == currency:
            open_profit = account.unrealized(key, marks)
            profit, gained = profit + open_profit, gained + holding.realized
            if one.security_type == "STK":
                stocks += account.market_value(key, marks)
            elif not one.is_pair:
                other += open_profit if one.is_margined else account.market_value(key, marks)
    return account.cash.get(currency, ZERO), stocks, other, profit, gained


def _ledger_of(currency: str, part: tuple[Decimal, ...], rate: Decimal) -> Iterator[Figure]:
    cash, stocks, other, profit, gained = part
    yield "Currency", currency, currency
    for key in ("CashBalance", "TotalCashBalance"):
        yield key, str(cents(cash)), currency
    yield "StockMarketValue", str(cents(stocks)), currency
    yield "NetLiquidationByCurrency", str(cents(cash + stocks + other)), currency
    yield "UnrealizedPnL", str(cents(profit)), currency
    yield "RealizedPnL", str(cents(gained)), currency
    yield "ExchangeRate", plain(rate.quantize(Decimal("0.000001"))), currency


def summary(tags: str, account: Account, valuation: Valuation, at: int) -> Iterator[Figure]:
    """Yield the figures that a comma-separated list asks for, $LEDGER among them."""
    asked = {tag.strip() for tag in tags.split(",") if tag.strip()}
    ledgers = {tag.partition(":")[2] for tag in asked if tag.startswith("$LEDGER")}
    if ledgers:
        wants_all = not ledgers.isdisjoint({"", "ALL"})
        yield from (figure for figure in ledger(account, valuation, at) if wants_all or figure[2] in ledgers)
    if len(asked) > len(ledgers):
        known = {figure[0]: figure for figure in figures(account, valuation, at)}
        yield from (figure for key, figure in known.items() if key in asked or "All" in asked)
        for word, key in _DOCUMENTED.items():
            if word in asked:
                yield word, *known[key][1:]


# --- positions


def held(account: Account) -> list[str]:
    """Return what there is a position of."""
    return sorted(key for key, holding in account.holdings.items() if holding.units)


def position(key: str, account: Account) -> Position:
    """Say what is held of an instrument."""
    return Position(
        account=account.number,
        contract=listed(INSTRUMENTS[key]),
        position=account.holdings[key].units,
        average_cost=_tidy(account.average_cost(key)),
    )


def portfolio(key: str, account: Account, valuation: Valuation, at: int) -> PortfolioValue:
    """Say what is held of an instrument and what that is worth, in its currency."""
    holding = account.holdings[key]
    marks = valuation.marks(at)
    return PortfolioValue(
        contract=listed(INSTRUMENTS[key]),
        position=holding.units,
        market_price=marks.price(key) or ZERO,
        market_value=cents(account.market_value(key, marks)),
        average_cost=_tidy(account.average_cost(key)),
        unrealized_pnl=cents(account.unrealized(key, marks)),
        realized_pnl=cents(holding.realized),
        account=account.number,
    )


def _tidy(average: Decimal) -> Decimal:
    """Cut an average price to what a TWS shows of one."""
    return average.quantize(Decimal("0.0000000001"))
