"""One order."""

from __future__ import annotations

from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, Role
from runner.plan.model import Instruction


def expand(instruction: Instruction, fire: str, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry alone."""
    return (entry(instruction, fire, attempt),)


def entry(instruction: Instruction, fire: str, attempt: int) -> OrderTicket:
    """Return the order that the instruction itself describes."""
    return OrderTicket(
        key=key(instruction, fire, Role.ENTRY, attempt),
        role=Role.ENTRY,
        contract=instruction.contract,
        side=instruction.side,
        quantity=instruction.quantity,
        order_type=instruction.order_type,
        limit_price=instruction.limit_price,
        stop_price=instruction.stop_price,
        time_in_force=instruction.time_in_force,
    )


def key(instruction: Instruction, fire: str, role: Role, attempt: int) -> OrderKey:
    """Return the identity of one order of the instruction at one fire."""
    return OrderKey(plan=instruction.plan, order=instruction.order, fire=fire, role=role.value, attempt=attempt)
