"""Make frozen values quickly.

The initialiser of a frozen dataclass of 150 fields costs three times the rest of decoding one, for it looks up each
field by name. The slots' own descriptors do the same in a fraction, and a class without slots (an order) takes all of
them at once; the classes have no `__post_init__`, so nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

_set = object.__setattr__
_new = object.__new__


@lru_cache(maxsize=256)
def builder(cls: type) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes a value of a frozen dataclass from what is given and the defaults."""
    defaults = {field.name: field.default for field in fields(cls)}
    has_slots = "__slots__" in cls.__dict__
    puts = tuple(cls.__dict__[name].__set__ for name in defaults) if has_slots else ()
    required = frozenset(name for name, default in defaults.items() if default is MISSING)

    def build(given: dict[str, Any]) -> Any:
        if not required <= given.keys():
            return cls(**given)  # says which one is missing
        value: Any = _new(cls)
        if not has_slots:
            _set(value, "__dict__", defaults | given)
            return value
        for put, item in zip(puts, (defaults | given).values(), strict=True):
            put(value, item)
        return value

    return build


def copied(value: Any, changes: Mapping[str, Any]) -> Any:
    """Return a copy of a value of a class without slots, with some fields changed."""
    made = _new(type(value))
    _set(made, "__dict__", value.__dict__ | changes)
    return made
