"""Closes what this plan has opened in the pair, by its own fills.

Before that the plan's open orders of the pair are cancelled (the engine does that where `clears` says so, and waits for
the confirmation): an exit that went on working would open a position anew.
"""

from __future__ import annotations

from dataclasses import replace

from runner.core.size import units
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, Side
from runner.plan.model import Instruction
from strategies import pricing, reading, single
from strategies.base import Nothing


def needs(instruction: Instruction) -> Need:
    """Return the position, and what the order's own prices need."""
    return Need.POSITION | pricing.needs_of_prices(instruction.limit_price, instruction.stop_price)


def clears(instruction: Instruction) -> bool:
    """Tell whether the plan's open orders of the pair end first."""
    return reading.word(instruction, "open_orders", "cancel") == "cancel"


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the order that undoes the position; raises Nothing where there is none."""
    position = snapshot.position
    if position == 0:
        raise Nothing(f"nothing to do: {instruction.plan} has no position in {instruction.contract.name}")
    side = Side.SELL if position > 0 else Side.BUY
    return single.expand(replace(instruction, side=side, size=units(abs(position))), fire, snapshot, attempt)
