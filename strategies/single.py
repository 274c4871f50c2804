"""One order."""

from __future__ import annotations

from runner.core.ids import OrderKey
from runner.core.snapshot import Snapshot
from runner.core.ticket import OrderTicket, Role
from runner.plan.model import Instruction
from strategies import pricing


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the entry alone."""
    return (entry(instruction, fire, snapshot, attempt),)


def entry(instruction: Instruction, fire: str, _snapshot: Snapshot, attempt: int) -> OrderTicket:
    """Return the order that the instruction itself describes."""
    return OrderTicket(
        key=key(instruction, fire, Role.ENTRY.value, attempt),
        role=Role.ENTRY,
        contract=instruction.contract,
        side=instruction.side,
        quantity=pricing.quantity(instruction.size),
        order_type=instruction.order_type,
        limit_price=pricing.number(instruction.limit_price),
        stop_price=pricing.number(instruction.stop_price),
        time_in_force=instruction.time_in_force,
    )


def key(instruction: Instruction, fire: str, name: str, attempt: int) -> OrderKey:
    """Return the identity of one order of the instruction at one fire; `name` is unique there."""
    return OrderKey(plan=instruction.plan, order=instruction.order, fire=fire, role=name, attempt=attempt)
