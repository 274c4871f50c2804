"""Strategies: an instruction, a fire and what is known then in, order tickets out; pure, one module each."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from runner.core.snapshot import Snapshot
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import bracket, single
from strategies.base import Denied

__all__ = ["STRATEGIES", "Denied", "expand"]

STRATEGIES: Mapping[str, ModuleType] = {"bracket": bracket, "single": single}


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int = 1) -> tuple[OrderTicket, ...]:
    """Return the tickets due at one fire, the parent first; `fire` is the fire's key. Raises Denied."""
    tickets: tuple[OrderTicket, ...] = STRATEGIES[instruction.strategy].expand(instruction, fire, snapshot, attempt)
    return tickets
