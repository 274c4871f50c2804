"""An entry with its exits, which TWS holds until the entry fills and of which one cancels the other.

A distance counts from the price that the entry names, else from the ask of a BUY and the bid of a SELL.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from runner.core.money import EXACT, plain
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeKind
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, OrderType, Role, Side, Terms, TimeInForce
from runner.plan.model import Instruction
from strategies import pricing, single
from strategies.base import Denied
from strategies.pricing import Market

_EXITS = ("take_profit", "stop_loss", "trailing_stop")


def needs(instruction: Instruction) -> Need:
    """Return what entry and exits need: a quote where something counts from an entry that names no price."""
    exits = [exit for name in _EXITS if (exit := _written(instruction, name)) is not None]
    counts = any(exit.number is None for exit in exits) or instruction.size.kind is SizeKind.RISK
    from_market = counts and not pricing.has_own_price(instruction)
    found = single.needs(instruction) | pricing.needs_of_prices(*exits)
    return found | Need.QUOTE if from_market else found


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry, then the take-profit and the stop-loss as far as the plan names them."""
    market = exits_of(instruction, snapshot)
    lost = None if market.stop is None or market.entry is None else abs(EXACT.subtract(market.entry, market.stop))
    entry = single.entry(instruction, fire, snapshot, attempt, lost=lost)
    exits = (take_profit(instruction, entry, market), stop_loss(instruction, entry, market))
    return (entry, *(exit for exit in exits if exit is not None))


def exits_of(instruction: Instruction, snapshot: Snapshot) -> Market:
    """Return what the exits are priced with: the entry's price as far as it is known, then that of the stop-loss."""
    own = single.market_of(instruction, snapshot)
    written = instruction.stop_price if instruction.limit_price is None else instruction.limit_price
    if written is not None:
        entry: Decimal | None = pricing.price(written, own)
    else:
        entry = own.touch if Need.QUOTE in needs(instruction) else None
    market = replace(own, side=instruction.side.opposite, entry=entry)
    stop = _written(instruction, "stop_loss") or _written(instruction, "trailing_stop")
    if stop is None:
        return market
    if stop.unit is Unit.R:
        raise Denied("R is the distance to the stop-loss, so the stop-loss itself cannot be counted in R")
    if stop is _written(instruction, "trailing_stop"):
        return _behind(stop, instruction, market)
    return replace(market, stop=_placed(stop, market, wins=False)) if _is_known(stop, market) else market


def _behind(trail: PriceExpr, instruction: Instruction, market: Market) -> Market:
    """Return the market with the price at which a trailing stop begins, where the entry's is known."""
    if not trail.is_distance and trail.number is None:
        raise Denied("a trailing stop needs a distance, such as 0.5%")
    if market.entry is None:
        return market
    amount = trail.number
    first = trail if amount is None else PriceExpr(Anchor.ENTRY, -amount * instruction.side.sign)
    return replace(market, stop=_placed(first, market, wins=False))


def _is_known(exit: PriceExpr, market: Market) -> bool:
    return exit.number is not None or market.entry is not None or exit.anchor is not None


def _placed(exit: PriceExpr, market: Market, *, wins: bool) -> Decimal:
    """Return the price of an exit; raises Denied if it lies on the wrong side of the entry."""
    price = pricing.beyond(exit, market, wins=wins)
    is_above = wins is (market.side is Side.SELL)
    if market.entry is not None and not (price > market.entry if is_above else price < market.entry):
        name, where = "take-profit" if wins else "stop-loss", "above" if is_above else "below"
        raise Denied(f"its {name} {plain(price)} does not lie {where} the entry at {plain(market.entry)}")
    return price


def take_profit(instruction: Instruction, entry: OrderTicket, market: Market) -> OrderTicket | None:
    """Return the limit order that takes the profit of an entry, None if the plan has none."""
    written = _written(instruction, "take_profit")
    if written is None:
        return None
    ticket = _exit(instruction, entry, Role.TAKE_PROFIT, OrderType.LIMIT)
    return replace(ticket, limit_price=_placed(written, market, wins=True))


def stop_loss(instruction: Instruction, entry: OrderTicket, market: Market) -> OrderTicket | None:
    """Return the stop, or the trailing stop, of an entry, None if the plan has none."""
    trailing = _written(instruction, "trailing_stop")
    if trailing is not None:
        ticket = _exit(instruction, entry, Role.STOP_LOSS, OrderType.TRAILING_STOP)
        return replace(ticket, trail=pricing.trail(trailing, None, market, market.entry))
    if _written(instruction, "stop_loss") is None:
        return None
    return replace(_exit(instruction, entry, Role.STOP_LOSS, OrderType.STOP), stop_price=market.stop)


def _exit(instruction: Instruction, entry: OrderTicket, role: Role, order_type: OrderType) -> OrderTicket:
    """Return one exit; it is good till cancelled, since one that lapsed at 17:00 would leave the position bare."""
    return OrderTicket(
        key=single.key(instruction, entry.key.fire, role.value, entry.key.attempt),
        role=role,
        contract=instruction.contract,
        side=instruction.side.opposite,
        quantity=entry.quantity,
        order_type=order_type,
        time_in_force=TimeInForce.GTC,
        parent=entry.order_ref,
        terms=Terms(outside_rth=entry.terms.outside_rth),
    )


def _written(instruction: Instruction, name: str) -> PriceExpr | None:
    value = instruction.parameters.get(name)
    return value if isinstance(value, PriceExpr) else None
