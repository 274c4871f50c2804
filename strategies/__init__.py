"""Strategies: an instruction and a fire in, order tickets out; pure, one module each, listed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import bracket, single

STRATEGIES: Mapping[str, ModuleType] = {"bracket": bracket, "single": single}


def strategy_of(instruction: Instruction) -> str:
    """Name the strategy that an instruction asks for."""
    return "single" if instruction.bracket is None else "bracket"


def expand(instruction: Instruction, fire: str, attempt: int = 1) -> tuple[OrderTicket, ...]:
    """Return the tickets due at one fire, the parent first; `fire` is the fire's key."""
    tickets: tuple[OrderTicket, ...] = STRATEGIES[strategy_of(instruction)].expand(instruction, fire, attempt)
    return tickets
