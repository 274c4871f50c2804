"""Brings this plan's own position in the pair to a target: long for a plan that buys, short for one that sells."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from runner.core.money import EXACT, plain
from runner.core.size import SizeExpr, SizeKind, units
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, Side
from runner.plan.model import Instruction
from strategies import pricing, reading, single
from strategies.base import Denied, Nothing
from strategies.pricing import HUNDRED, Market


def needs(instruction: Instruction) -> Need:
    """Return what target and order need; the position in any case."""
    written = (reading.size(instruction, "position"), reading.size(instruction, "band"))
    is_share = "percent" in instruction.parameters
    counts = [size for size in written if size is not None and size.kind is SizeKind.MONEY]
    in_quote = is_share or any(size.currency != _base(instruction) for size in counts)
    prices = pricing.needs_of_prices(instruction.limit_price, instruction.stop_price)
    found = prices | Need.POSITION | (Need.ACCOUNT if is_share else Need.NOTHING)
    return found | Need.QUOTE if in_quote else found


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the order for the difference; raises Nothing within the band."""
    market = single.market_of(instruction, snapshot)
    aim = EXACT.multiply(_aim(instruction, market), Decimal(instruction.side.sign))
    away = EXACT.subtract(aim, snapshot.position)
    band = reading.size(instruction, "band")
    allowed = Decimal(0) if band is None else _units(band, market)
    quantity = pricing.floor(abs(away), instruction.contract.size_step)
    if quantity <= allowed:
        told = f"the position of {plain(snapshot.position)} is {plain(abs(away))} from the target of {plain(aim)}"
        raise Nothing(f"nothing to do: {told}, the band is {plain(allowed)}")
    side = Side.BUY if away > 0 else Side.SELL
    return single.expand(replace(instruction, side=side, size=units(quantity)), fire, snapshot, attempt)


def _aim(instruction: Instruction, market: Market) -> Decimal:
    """Return the target without its sign, in whole units; raises Denied."""
    written = reading.size(instruction, "position")
    if written is not None:
        return _units(written, market)
    percent = reading.number(instruction, "percent")
    worth = EXACT.divide(EXACT.multiply(pricing.net_liquidation(market.snapshot), percent), HUNDRED)
    return pricing.floor(EXACT.divide(worth, _worth_of_unit(market)), market.contract.size_step)


def _worth_of_unit(market: Market) -> Decimal:
    """Return what one unit is worth in the account's currency: an account has rates of what it holds alone."""
    contract = market.contract
    if contract.is_pair:
        with suppress(Denied):
            return pricing.rate(contract.symbol, market.snapshot)
    price = EXACT.multiply(market.touch, pricing.worth(contract))
    return EXACT.multiply(price, pricing.rate(contract.currency, market.snapshot))


def _base(instruction: Instruction) -> str | None:
    """Return the currency of which one is one unit."""
    return instruction.contract.symbol if instruction.contract.is_pair else None


def _units(size: SizeExpr, market: Market) -> Decimal:
    if size.kind in (SizeKind.CASH, SizeKind.RISK):
        raise Denied("a target is written in units, lots or money")
    return pricing.quantity(size, market, None)
