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
    refs = [ref for ref in desk.tracker.open_refs() if _is_meant(desk, ref, instruction.plan, pair)]
    cancel([ref for ref in refs if desk.tracker.row(ref).state is not OrderState.CANCEL_PENDING], desk)
    return f"the end of {refs[0]} is waited for" if refs else None


def _is_meant(desk: Desk, ref: str, plan: str, pair: str) -> bool:
    ticket = desk.tracker.row(ref).ticket
    return ticket.key.plan == plan and ticket.contract.name == pair
