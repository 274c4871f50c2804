"""One cancels the other: orders of the plan that name the same group and are due at the same fire.

Each of them is an order with a fire of its own; what ties them together is the group that TWS keeps.
"""

from __future__ import annotations

from dataclasses import replace

from runner.core.ids import OrderKey
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import reading, single


def needs(instruction: Instruction) -> Need:
    """Return what the order itself needs."""
    return single.needs(instruction)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the order as a member of its group."""
    entry = single.entry(instruction, fire, snapshot, attempt)
    return (replace(entry, oca_group=group(instruction.plan, reading.word(instruction, "group"), fire)),)


def group(plan: str, name: str, fire: str) -> str:
    """Return the name of a group at the broker: one for each plan, group and fire."""
    return OrderKey(plan=plan, order="", fire=fire, role=f"oca|{name}").order_ref
