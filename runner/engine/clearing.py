"""Ending the open orders of a plan in a pair before a fire that closes its position."""

from __future__ import annotations

from runner.core.order_state import OrderState
from runner.engine.desk import Desk
from runner.engine.obedience import cancel
from runner.plan.model import Instruction

CLEARED = "its position was closed by another order of the plan"


def clear(instruction: Instruction, desk: Desk) -> str | None:
    """Ask for the end of what is open; returns what is waited for, None once nothing is. Raises JournalFailed.

    Whatever is being worked of the same plan and pair is given up first, so that nothing new comes of it.
    """
    pair = instruction.contract.name
    for work in desk.journal.works.open():
        orders = desk.journal.works.orders(work.fire)
        if work.fire.plan == instruction.plan and all(row.ticket.contract.name == pair for row in orders):
            desk.journal.works.finish(work.fire, CLEARED)
    refs = _open_refs(instruction, desk)
    cancel([ref for ref in refs if desk.tracker.row(ref).state is not OrderState.CANCEL_PENDING], desk)
    return f"the end of {refs[0]} is waited for" if refs else None


def is_open(instruction: Instruction, desk: Desk) -> bool:
    """Tell whether anything of the plan is open in the pair."""
    return bool(_open_refs(instruction, desk))


def _open_refs(instruction: Instruction, desk: Desk) -> list[str]:
    tickets = {ref: desk.tracker.row(ref).ticket for ref in desk.tracker.open_refs()}
    plan, pair = instruction.plan, instruction.contract.name
    return [ref for ref, one in tickets.items() if one.key.plan == plan and one.contract.name == pair]
