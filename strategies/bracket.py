"""An entry with its exits, which TWS holds until the entry fills and of which one cancels the other."""

from __future__ import annotations

from runner.core.ticket import OrderTicket, OrderType, Role, TimeInForce
from runner.plan.model import Instruction
from strategies import single


def expand(instruction: Instruction, fire: str, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry, then the take-profit and the stop-loss as far as the plan names them."""
    bracket = instruction.bracket
    if bracket is None:
        raise ValueError(f"{instruction.plan}/{instruction.order} has no bracket")
    tickets = [single.entry(instruction, fire, attempt)]
    if bracket.take_profit is not None:
        tickets.append(_exit(instruction, fire, attempt, Role.TAKE_PROFIT))
    if bracket.stop_loss is not None:
        tickets.append(_exit(instruction, fire, attempt, Role.STOP_LOSS))
    return tuple(tickets)


def _exit(instruction: Instruction, fire: str, attempt: int, role: Role) -> OrderTicket:
    """Return one exit; it is good till cancelled, since one that lapsed at 17:00 would leave the position bare."""
    bracket = instruction.bracket
    takes_profit = role is Role.TAKE_PROFIT
    return OrderTicket(
        key=single.key(instruction, fire, role, attempt),
        role=role,
        contract=instruction.contract,
        side=instruction.side.opposite,
        quantity=instruction.quantity,
        order_type=OrderType.LIMIT if takes_profit else OrderType.STOP,
        limit_price=bracket.take_profit if bracket and takes_profit else None,
        stop_price=bracket.stop_loss if bracket and not takes_profit else None,
        time_in_force=TimeInForce.GTC,
    )
