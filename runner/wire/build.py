"""Make frozen values quickly.

The initialiser of a frozen dataclass of 150 fields costs three times the rest of decoding one, for it looks up each
field by name. The slots' own descriptors do the same in a fraction; the classes have no `__post_init__`, so nothing is
left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=256)
def builder(cls: type) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes a value of a slotted dataclass from what is given and the defaults."""
    defaults = {field.name: field.default for field in fields(cls)}
    puts = tuple(cls.__dict__[name].__set__ for name in defaults)
    required = frozenset(name for name, default in defaults.items() if default is MISSING)
    new = object.__new__

    def build(given: dict[str, Any]) -> Any:
        if not required <= given.keys():
            return cls(**given)  # says which one is missing
        value: Any = new(cls)
        for put, item in zip(puts, (defaults | given).values(), strict=True):
            put(value, item)
        return value

    return build
