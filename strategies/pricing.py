"""From what a plan writes to numbers, with what is known at the fire.

Prices are rounded to the tick so that none is worse than what was written: what buys is rounded down, what sells up;
a stop comes nearer to the market by that. Sizes are rounded down to whole units, or to
the contract's larger step. What cannot be worked out denies the
fire.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from runner.core.contract import ContractSpec
from runner.core.money import EXACT, plain
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.core.snapshot import Need, Snapshot
from runner.core.standing import Quote
from runner.core.ticket import Side, Trail
from runner.plan.model import Instruction
from strategies.base import Denied

_ONE_TO_ONE = ("STK", "CMDTY")  # a price of 1 is one unit of currency, whatever the broker tells
HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """What the prices and the size of one order are worked out with; `entry` and `stop` are numbers once known."""

    contract: ContractSpec
    side: Side
    snapshot: Snapshot
    entry: Decimal | None = None
    stop: Decimal | None = None  # of the stop-loss: R is the entry less this

    def tick(self, price: Decimal | None = None) -> Decimal:
        """Return the grid that prices around this one lie on, in quote currency; raises Denied if it is not known."""
        found = self.contract.tick_at(price)
        if found is None:
            raise Denied(f"the steps that {self.contract.name} is priced in are asked of the broker when a run starts")
        return found

    @property
    def quote(self) -> Quote:
        """Bid and ask; raises Denied without."""
        found = self.snapshot.quote
        if found is None or not (0 < found.bid <= found.ask):
            raise Denied(f"there is no quote of {self.contract.name}, and it cannot be priced without one")
        return found

    @property
    def touch(self) -> Decimal:
        """The price that an order of this side deals at: the ask of a BUY, the bid of a SELL."""
        return self.quote.ask if self.side is Side.BUY else self.quote.bid


# --- prices


def price(expression: PriceExpr, market: Market) -> Decimal:
    """Return a price on the tick; a distance is none. Raises Denied."""
    if expression.number is not None:
        return expression.number
    if expression.anchor is None:
        raise Denied(f"{expression.text} is a distance, and here a price is needed")
    anchor = _anchored(expression.anchor, market)
    return on_tick(EXACT.add(anchor, distance(expression, anchor, market)), market)


def beyond(expression: PriceExpr, market: Market, *, wins: bool) -> Decimal:
    """Return the price of an exit: a distance counts from the entry, to where the position wins or loses.

    `market.side` is the side of the exit.
    """
    if not expression.is_distance:
        return price(expression, market)
    entry = _anchored(Anchor.ENTRY, market)
    away = abs(distance(expression, entry, market))
    is_above = wins is (market.side is Side.SELL)
    return on_tick(EXACT.add(entry, away) if is_above else EXACT.subtract(entry, away), market)


def on_tick(value: Decimal, market: Market) -> Decimal:
    """Round a price to the tick, down where it buys and up where it sells; raises Denied if nothing is left of it."""
    rounding = ROUND_FLOOR if market.side is Side.BUY else ROUND_CEILING
    tick = market.tick(value)
    rounded = EXACT.multiply(EXACT.divide(value, tick).to_integral_value(rounding=rounding), tick)
    if rounded <= 0:
        raise Denied(f"its price comes to {plain(value)}, and a price is above zero")
    return rounded


def distance(expression: PriceExpr, anchor: Decimal | None, market: Market) -> Decimal:
    """Return an offset in quote currency, with its sign; a percentage is one of the anchor. Raises Denied."""
    match expression.unit:
        case Unit.PRICE:
            return expression.offset
        case Unit.PIPS:
            return EXACT.multiply(expression.offset, _pip(market.contract))
        case Unit.PERCENT:
            if anchor is None:
                raise Denied(f"{expression.text} is a share of a price that is not known")
            return EXACT.divide(EXACT.multiply(expression.offset, anchor), HUNDRED)
        case Unit.R:
            return EXACT.multiply(expression.offset, risk(market))


def _pip(contract: ContractSpec) -> Decimal:
    if not contract.is_pair:
        raise Denied(f"a pip is of a currency pair, and {contract.name} is none: expected an amount or a percentage")
    return contract.pair.pip_size


def risk(market: Market) -> Decimal:
    """Return R, the entry less its stop-loss: above zero for what buys, below for what sells. Raises Denied."""
    if market.stop is None:
        raise Denied("R is the distance to the stop-loss, and there is none at a price")
    return EXACT.subtract(_anchored(Anchor.ENTRY, market), market.stop)


def _anchored(anchor: Anchor, market: Market) -> Decimal:
    match anchor:
        case Anchor.BID:
            return market.quote.bid
        case Anchor.ASK:
            return market.quote.ask
        case Anchor.MID:
            return EXACT.divide(EXACT.add(market.quote.bid, market.quote.ask), Decimal(2))
        case Anchor.ENTRY:
            if market.entry is None:
                raise Denied("the price of the entry is not known")
            return market.entry


def trail(expression: PriceExpr, limit_offset: PriceExpr | None, market: Market, reference: Decimal | None) -> Trail:
    """Return how far a trailing order stays behind: percent stay percent, the rest is an amount on the tick."""
    limit = None if limit_offset is None else _tightened(limit_offset, reference, market)
    if expression.unit is Unit.PERCENT:
        return Trail(percent=abs(expression.offset), limit_offset=limit)
    least = market.tick(_around(reference, market))
    return Trail(amount=max(_tightened(expression, reference, market), least), limit_offset=limit)


def _tightened(expression: PriceExpr, reference: Decimal | None, market: Market) -> Decimal:
    """Return a distance rounded to the tick towards zero: a stop is never further away than was written."""
    away, tick = abs(distance(expression, reference, market)), market.tick(_around(reference, market))
    return EXACT.multiply(EXACT.divide(away, tick).to_integral_value(rounding=ROUND_DOWN), tick)


def _around(reference: Decimal | None, market: Market) -> Decimal | None:
    """Return the price at which a distance is counted, as far as one is known."""
    quote = market.snapshot.quote
    return reference if reference is not None or quote is None else quote.bid


# --- sizes


def quantity(size: SizeExpr, market: Market, reference: Decimal | None, lost: Decimal | None = None) -> Decimal:
    """Return a size in whole units of the contract where it had to be worked out; raises Denied.

    reference: the order's own price, None for one that deals at the market; lost: what one unit loses at the
    stop-loss, in quote currency.
    """
    if size.units is not None:
        return size.units
    match size.kind:
        case SizeKind.MONEY:
            return _bought(size.amount, size.currency or "", market, reference)
        case SizeKind.CASH:
            return _of_cash(size.amount, market, reference)
        case _:
            return _at_risk(size.amount, market, lost)


def whole(units: Decimal, what: str, step: Decimal = Decimal(1)) -> Decimal:
    """Round down to whole units, or to a multiple of a larger step; raises Denied if none is left."""
    rounded = floor(units, step)
    if rounded <= 0:
        raise Denied(f"{what} does not come to a single unit")
    return rounded


def floor(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of a step that is not above a value."""
    return EXACT.multiply(EXACT.divide(value, step).to_integral_value(rounding=ROUND_FLOOR), step)


def _bought(amount: Decimal, currency: str, market: Market, reference: Decimal | None) -> Decimal:
    contract = market.contract
    told = f"a size of {plain(amount)} {currency}"
    if contract.is_pair and currency == contract.symbol:
        return whole(amount, told)
    if currency != contract.currency:
        fitting = f"{contract.symbol} or {contract.currency}" if contract.is_pair else contract.currency
        raise Denied(f"{told} means nothing for {contract.name}: expected {fitting}")
    price = market.touch if reference is None else reference
    return whole(EXACT.divide(amount, EXACT.multiply(price, worth(contract))), told, contract.size_step)


def _of_cash(percent: Decimal, market: Market, reference: Decimal | None) -> Decimal:
    contract = market.contract
    pays_base = contract.is_pair and market.side is Side.SELL
    currency = contract.symbol if pays_base else contract.currency
    there = cash(currency, market.snapshot)
    if there <= 0:
        raise Denied(f"the account has no {currency} to pay with: its cash is {plain(there)}")
    return _bought(EXACT.divide(EXACT.multiply(there, percent), HUNDRED), currency, market, reference)


def _at_risk(percent: Decimal, market: Market, lost: Decimal | None) -> Decimal:
    if not lost:
        raise Denied("a size by risk needs a stop-loss that is away from the entry")
    money = EXACT.divide(EXACT.multiply(net_liquidation(market.snapshot), percent), HUNDRED)
    contract = market.contract
    loss = EXACT.multiply(EXACT.multiply(lost, worth(contract)), rate(contract.currency, market.snapshot))
    return whole(EXACT.divide(money, loss), f"a risk of {plain(percent)}%", contract.size_step)


def worth(contract: ContractSpec) -> Decimal:
    """Return what a price of 1 is worth for one unit; raises Denied where only the broker can tell, and has not."""
    if contract.multiplier is None and not contract.is_known and contract.sec_type not in _ONE_TO_ONE:
        raise Denied(f"what a price of {contract.name} is worth is asked of the broker when a run starts")
    return contract.worth


def cash(currency: str, snapshot: Snapshot) -> Decimal:
    """Return what the account has of a currency, nothing if it names none; raises Denied if nothing was told of it."""
    if not snapshot.cash:
        raise Denied("the account's cash is not known")
    return snapshot.cash.get(currency, Decimal(0))


def net_liquidation(snapshot: Snapshot) -> Decimal:
    """Return what the account is worth, in its own currency; raises Denied if that is not known or not above zero."""
    if snapshot.net_liquidation is None:
        raise Denied("the account's net liquidation value is not known")
    if snapshot.net_liquidation <= 0:
        raise Denied(f"the account's net liquidation value is {plain(snapshot.net_liquidation)}")
    return snapshot.net_liquidation


def rate(currency: str, snapshot: Snapshot) -> Decimal:
    """Return what one unit of a currency is worth in the account's; raises Denied where the account has no rate."""
    if currency == snapshot.account_currency:
        return Decimal(1)
    found = snapshot.rates.get(currency)
    if found is None or found <= 0:
        raise Denied(f"the account tells no rate of {currency}")
    return found


# --- what has to be known


def needs_of_prices(*expressions: PriceExpr | None) -> Need:
    """Return what prices need that count from the market."""
    return Need.QUOTE if any(each is not None and each.wants_quote for each in expressions) else Need.NOTHING


def needs_of_size(instruction: Instruction) -> Need:
    """Return what the size needs: money is counted at the order's own price, else at the market's."""
    size = instruction.size
    if size.units is not None:
        return Need.NOTHING
    contract = instruction.contract
    if size.kind is SizeKind.MONEY and contract.is_pair and size.currency == contract.symbol:
        return Need.NOTHING
    needs = Need.NOTHING if size.kind is SizeKind.MONEY else Need.ACCOUNT
    pays_base = contract.is_pair and size.kind is SizeKind.CASH and instruction.side is Side.SELL
    return needs if has_own_price(instruction) or pays_base else needs | Need.QUOTE


def has_own_price(instruction: Instruction) -> bool:
    """Tell whether an order deals at a price that it names."""
    return instruction.limit_price is not None or instruction.stop_price is not None
