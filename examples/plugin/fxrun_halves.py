"""Half of a size at the market, the other half as a limit so far better: `halves: {better: 20 pips, after: 2h}`.

What is left of the limit after a while goes to the market.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from runner.core.price import Anchor, PriceExpr
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, OrderType, Side
from runner.plan.model import Instruction
from strategies import pricing, single
from strategies.base import Action, Cancel, Denied, Fact, Finish, Place, State, Wait

SCHEMA = {
    "title": "Half at the market, half better",
    "description": "Half of the size is a market order, the other half a limit order at a better price.",
    "type": "object",
    "additionalProperties": False,
    "required": ["better"],
    "examples": [{"better": "20 pips", "after": "2h"}],
    "properties": {
        "better": {
            "title": "How much better",
            "description": "The distance of the limit from the market.",
            "x-fxrun": "price",
            "type": "string",
            "examples": ["20 pips"],
        },
        "after": {
            "title": "Patience",
            "description": "How long the limit may work; 1h if this is left out.",
            "x-fxrun": "duration",
            "type": "string",
            "examples": ["2h"],
        },
    },
}


def needs(instruction: Instruction) -> Need:
    """The limit counts from the quote, and so may the size."""
    return Need.QUOTE | pricing.needs_of_size(instruction)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the market order and the limit."""
    now = single.entry(replace(instruction, order_type=OrderType.MARKET), fire, snapshot, attempt)
    better = instruction.parameters["better"]
    assert isinstance(better, PriceExpr)
    half = now.quantity // 2
    if half <= 0:
        raise Denied(f"{now.quantity} cannot be halved")
    is_buy = instruction.side is Side.BUY
    written = PriceExpr(Anchor.ASK if is_buy else Anchor.BID, -better.offset if is_buy else better.offset, better.unit)
    limit = replace(
        now,
        key=replace(now.key, role="better"),
        quantity=half,
        order_type=OrderType.LIMIT,
        limit_price=pricing.price(written, single.market_of(instruction, snapshot)),
    )
    return replace(now, quantity=now.quantity - half), limit


def on_fact(state: State, fact: Fact) -> tuple[Action, ...]:
    """Wait for the limit, then cancel it, then send what it left to the market."""
    limit, rest = state.leg("better"), state.leg("rest")
    if limit is None or rest is not None or limit.filled >= limit.ticket.quantity:
        return (Finish(),)
    after = state.instruction.parameters.get("after", timedelta(hours=1))
    assert isinstance(after, timedelta)
    if fact.now < state.started.now + after:
        return (Finish(),) if limit.state.is_done else (Wait(state.started.now + after),)
    if not limit.state.is_done:
        return (Cancel(limit.ticket.order_ref),)
    left: Decimal = limit.ticket.quantity - limit.filled
    order = replace(limit.ticket, key=replace(limit.ticket.key, role="rest"), quantity=left)
    return (Place((replace(order, order_type=OrderType.MARKET, limit_price=None),)),)
