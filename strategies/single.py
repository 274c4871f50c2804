"""One order."""

from __future__ import annotations

from decimal import Decimal

from runner.core.ids import OrderKey
from runner.core.price import PriceExpr, Unit
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, Role, Trail
from runner.plan.model import Instruction
from strategies import pricing
from strategies.pricing import Market
from strategies.terms import terms


def needs(instruction: Instruction) -> Need:
    """Return what the prices and the size of the order need."""
    offset = instruction.terms.limit_offset
    is_share = offset is not None and offset.unit is Unit.PERCENT
    prices = pricing.needs_of_prices(instruction.limit_price, instruction.stop_price)
    return prices | pricing.needs_of_size(instruction) | (Need.QUOTE if is_share else Need.NOTHING)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry alone."""
    return (entry(instruction, fire, snapshot, attempt),)


def entry(
    instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int, *, lost: Decimal | None = None
) -> OrderTicket:
    """Return the order that the instruction itself describes; `lost` is what a unit loses at its stop-loss."""
    market = market_of(instruction, snapshot)
    limit, stop = (_price(each, market) for each in (instruction.limit_price, instruction.stop_price))
    own = stop if limit is None else limit
    written = instruction.terms
    return OrderTicket(
        key=key(instruction, fire, Role.ENTRY.value, attempt),
        role=Role.ENTRY,
        contract=instruction.contract,
        side=instruction.side,
        quantity=pricing.quantity(instruction.size, market, own, lost),
        order_type=instruction.order_type,
        limit_price=limit,
        stop_price=stop,
        trail=None if written.trail is None else _trail(written.trail, written.limit_offset, market),
        time_in_force=instruction.time_in_force,
        terms=terms(written, fire, snapshot),
    )


def market_of(instruction: Instruction, snapshot: Snapshot) -> Market:
    """Return what the instruction's own order is priced with."""
    return Market(contract=instruction.contract, side=instruction.side, snapshot=snapshot)


def _price(expression: PriceExpr | None, market: Market) -> Decimal | None:
    return None if expression is None else pricing.price(expression, market)


def _trail(expression: PriceExpr, limit_offset: PriceExpr | None, market: Market) -> Trail:
    is_share = limit_offset is not None and limit_offset.unit is Unit.PERCENT
    return pricing.trail(expression, limit_offset, market, market.touch if is_share else None)


def key(instruction: Instruction, fire: str, name: str, attempt: int) -> OrderKey:
    """Return the identity of one order of the instruction at one fire; `name` is unique there."""
    return OrderKey(plan=instruction.plan, order=instruction.order, fire=fire, role=name, attempt=attempt)
