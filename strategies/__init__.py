"""Strategies: an instruction, a fire and what is known then in, order tickets out; pure, one module each."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import bracket, single
from strategies.base import Denied, Nothing

__all__ = ["STRATEGIES", "Denied", "Nothing", "expand", "needs"]

STRATEGIES: Mapping[str, ModuleType] = {"bracket": bracket, "single": single}


def needs(instruction: Instruction) -> Need:
    """Return what of a snapshot the tickets of an instruction cannot do without."""
    found: Need = STRATEGIES[instruction.strategy].needs(instruction)
    return found


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int = 1) -> tuple[OrderTicket, ...]:
    """Return the tickets due at one fire, the parent first; `fire` is the fire's key. Raises Denied and Nothing."""
    tickets: tuple[OrderTicket, ...] = STRATEGIES[instruction.strategy].expand(instruction, fire, snapshot, attempt)
    return tickets
