"""An entry with its exits, which TWS holds until the entry fills and of which one cancels the other."""

from __future__ import annotations

from runner.core.price import PriceExpr
from runner.core.snapshot import Snapshot
from runner.core.ticket import OrderTicket, OrderType, Role, TimeInForce
from runner.plan.model import Instruction
from strategies import pricing, single

_EXITS = {"take_profit": Role.TAKE_PROFIT, "stop_loss": Role.STOP_LOSS}


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry, then the take-profit and the stop-loss as far as the plan names them."""
    entry = single.entry(instruction, fire, snapshot, attempt)
    exits = [
        _exit(instruction, entry, role, price)
        for name, role in _EXITS.items()
        if isinstance(price := instruction.parameters.get(name), PriceExpr)
    ]
    return (entry, *exits)


def _exit(instruction: Instruction, entry: OrderTicket, role: Role, price: PriceExpr) -> OrderTicket:
    """Return one exit; it is good till cancelled, since one that lapsed at 17:00 would leave the position bare."""
    takes_profit = role is Role.TAKE_PROFIT
    return OrderTicket(
        key=single.key(instruction, entry.key.fire, role.value, entry.key.attempt),
        role=role,
        contract=instruction.contract,
        side=instruction.side.opposite,
        quantity=entry.quantity,
        order_type=OrderType.LIMIT if takes_profit else OrderType.STOP,
        limit_price=pricing.number(price) if takes_profit else None,
        stop_price=None if takes_profit else pricing.number(price),
        time_in_force=TimeInForce.GTC,
        parent=entry.order_ref,
    )
