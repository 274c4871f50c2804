"""What lies idle of one currency into the other one of the pair: the account's cash, as far as it is above a floor."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from runner.core.money import EXACT, plain
from runner.core.size import SizeExpr, SizeKind
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, Side
from runner.plan.model import Instruction
from strategies import pricing, reading, single
from strategies.base import Denied, Nothing


def needs(instruction: Instruction) -> Need:
    """Return what is needed: the cash, and a quote where it buys the base currency."""
    side = _side(instruction)
    from_market = side is Side.BUY and not pricing.has_own_price(instruction)
    prices = pricing.needs_of_prices(instruction.limit_price, instruction.stop_price)
    return prices | Need.ACCOUNT | (Need.QUOTE if from_market else Need.NOTHING)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the order that converts what is above the floor; raises Nothing where nothing is."""
    side = _side(instruction)
    currency, keep = reading.word(instruction, "from"), reading.number(instruction, "keep")
    there = pricing.cash(currency, snapshot)
    idle = EXACT.subtract(there, keep)
    least = max(reading.number(instruction, "at_least"), Decimal(0))
    if idle <= 0 or idle < least:
        floor = f"{plain(keep)} {currency} are kept" + (f", {plain(least)} are the least to convert" if least else "")
        raise Nothing(f"nothing to convert: the account has {plain(there)} {currency}; {floor}")
    venue = reading.word(instruction, "venue", instruction.contract.exchange)
    written = replace(
        instruction,
        side=side,
        size=SizeExpr(idle, SizeKind.MONEY, currency),
        contract=replace(instruction.contract, exchange=venue),
    )
    return single.expand(written, fire, snapshot, attempt)


def _side(instruction: Instruction) -> Side:
    """Return BUY where the quote currency is given away, SELL where the base currency is; raises Denied for others."""
    if not instruction.contract.is_pair:
        raise Denied(f"convert needs a currency pair, and {instruction.contract.name} is none")
    pair, currency = instruction.contract.pair, reading.word(instruction, "from")
    if currency not in (pair.base, pair.quote):
        raise Denied(f"convert.from is {currency}: expected {pair.base} or {pair.quote}, the currencies of {pair.name}")
    other = pair.quote if currency == pair.base else pair.base
    if reading.word(instruction, "to", other) != other:
        raise Denied(f"convert.to is {reading.word(instruction, 'to')}: expected {other}, the other one of {pair.name}")
    return Side.SELL if currency == pair.base else Side.BUY
