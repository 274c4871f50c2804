"""Strategies of third parties: modules that installed packages name in the entry points of `fxrun.strategies`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

GROUP = "fxrun.strategies"


class Unusable(Exception):
    """A package names a strategy, and it is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A strategy of a package."""

    name: str
    module: ModuleType

    @property
    def schema(self) -> Mapping[str, Any]:
        """What may stand below the strategy's key."""
        schema: Mapping[str, Any] = self.module.SCHEMA
        return schema


@lru_cache(maxsize=64)
def find(name: str) -> Plugin | None:
    """Return the strategy of that name, None if no package has one; raises Unusable. Reads the packages' metadata."""
    from importlib.metadata import entry_points  # only for a key that nothing else knows

    found = list(entry_points(group=GROUP, name=name))
    if not found:
        return None
    owners = ", ".join(sorted({entry.dist.name for entry in found if entry.dist is not None}))
    if len(found) > 1:
        raise Unusable(f"more than one package has a strategy {name}: {owners}")
    try:
        module = found[0].load()
    except Exception as fault:  # whatever a package's code does when it is imported
        raise Unusable(f"{found[0].value} of {owners} cannot be imported: {type(fault).__name__}: {fault}") from fault
    if not isinstance(module, ModuleType) or not isinstance(getattr(module, "SCHEMA", None), Mapping):
        raise Unusable(f"{found[0].value} of {owners} is not a module with a mapping SCHEMA")
    return Plugin(name, module)
