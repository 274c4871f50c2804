"""Strategies: an instruction, a fire and what is known then in, order tickets out; pure, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TypeVar

from runner.core import plugins
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import bracket, conditions, convert, flatten, invest, ladder, oca, single, slices, target, unfilled
from strategies.base import Action, Denied, Fact, Finish, Nothing, State

__all__ = ["STRATEGIES", "Denied", "Nothing", "clears", "expand", "goes_on", "needs", "on_fact", "watches"]

_Answer = TypeVar("_Answer")

STRATEGIES: Mapping[str, ModuleType] = {
    "bracket": bracket,
    "convert": convert,
    "flatten": flatten,
    "invest": invest,
    "ladder": ladder,
    "oca": oca,
    "single": single,
    "slices": slices,
    "target": target,
}


def needs(instruction: Instruction) -> Need:
    """Return what of a snapshot the conditions and the tickets of an instruction cannot do without; raises Denied."""
    module = _module(instruction)
    found: Need = _asked(instruction, lambda: module.needs(instruction))
    return found if instruction.when is None else found | conditions.needs(instruction.when)


def clears(instruction: Instruction) -> bool:
    """Tell whether the open orders of the plan in the pair have to end before anything is worked out."""
    module = _module(instruction)
    return hasattr(module, "clears") and module.clears(instruction)


def goes_on(instruction: Instruction) -> bool:
    """Tell whether somebody goes on with a fire of it once its first orders were sent."""
    return _worker(instruction) is not None


def watches(instruction: Instruction) -> Need:
    """Return what of a fact `on_fact` cannot do without; QUOTE or nothing."""
    worker = _worker(instruction)
    return Need.NOTHING if worker is None else getattr(worker, "watches", _nothing)(instruction)


def on_fact(state: State, fact: Fact) -> tuple[Action, ...]:
    """Return what is to be done next at a fire that `goes_on` says of; pure."""
    worker = _worker(state.instruction)
    if worker is None:
        return (Finish(),)
    try:
        return _asked(state.instruction, lambda: tuple(worker.on_fact(state, fact)))
    except Denied as denied:
        return (Finish(str(denied)),)


def _asked(instruction: Instruction, question: Callable[[], _Answer]) -> _Answer:
    """Return an answer of a strategy; a fault of one that a package brought denies, one of ours stays what it is."""
    try:
        return question()
    except Exception as fault:
        if instruction.strategy in STRATEGIES or isinstance(fault, Denied | Nothing):
            raise
        raise Denied(f"the strategy {instruction.strategy} failed: {type(fault).__name__}: {fault}") from fault


def _module(instruction: Instruction) -> ModuleType:
    """Return the strategy of an instruction: one of ours, or that of an installed package."""
    if (ours := STRATEGIES.get(instruction.strategy)) is not None:
        return ours
    found = plugins.find(instruction.strategy)
    if found is None:
        raise Denied(f"no package has the strategy {instruction.strategy} any more")
    return found.module


def _worker(instruction: Instruction) -> ModuleType | None:
    module = _module(instruction)
    if hasattr(module, "on_fact"):
        return module
    return None if instruction.unfilled is None else unfilled


def _nothing(_instruction: Instruction) -> Need:
    return Need.NOTHING


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int = 1) -> tuple[OrderTicket, ...]:
    """Return the tickets due at one fire, the parent first; `fire` is the fire's key. Raises Denied and Nothing."""
    module = _module(instruction)
    return _asked(instruction, lambda: tuple(module.expand(instruction, fire, snapshot, attempt)))
