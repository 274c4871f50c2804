"""A message as one line of text: its name and the fields that differ from their defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from runner.core.money import plain

_SHOWN_BYTES = 32
_SHOWN_ITEMS = 4  # of a long list, such as bars
_LONGEST = 4000  # characters
_PLAIN = re.compile(r"[^\s\"'=,{}\[\]\\]+")


def words(message: Any, raw: str = "") -> str:
    """Return the line of a message; raw: what stands behind its name."""
    line = " ".join([type(message).__name__ + raw, *_pairs(message, "")])
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}... {len(line) - _LONGEST} characters more"


def unreadable(data: bytes, problem: str) -> str:
    """Return the line of what is no message."""
    return f"unreadable {hexadecimal(data)}: {text(problem)}"


def hexadecimal(data: bytes) -> str:
    """Return the first bytes, and how many there are."""
    more = f"... ({len(data)} bytes)" if len(data) > _SHOWN_BYTES else ""
    return data[:_SHOWN_BYTES].hex(" ") + more


def text(value: str) -> str:
    """Return a text, in quotes and with control characters escaped where they need it."""
    return value if value.isprintable() and _PLAIN.fullmatch(value) else repr(value)


def _pairs(message: Any, prefix: str) -> Iterator[str]:
    kind: Any = type(message)
    for name, default in _fields(kind):
        value = getattr(message, name)
        if value is default or (value == default and type(value) is type(default)):
            continue
        if is_dataclass(value):
            yield from _pairs(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={_value(value)}"


@lru_cache(maxsize=256)
def _fields(cls: Any) -> tuple[tuple[str, Any], ...]:
    made = ((one.name, one.default, one.default_factory) for one in fields(cls))
    return tuple((name, default if factory is MISSING else factory()) for name, default, factory in made)


def _value(value: Any) -> str:
    if is_dataclass(value):
        return "{" + " ".join(_pairs(value, "")) + "}"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bytes):
        return f"<{hexadecimal(value)}>"
    if isinstance(value, tuple):
        more = [f"... {len(value) - _SHOWN_ITEMS} more"] if len(value) > _SHOWN_ITEMS else []
        return "[" + ", ".join([*map(_value, value[:_SHOWN_ITEMS]), *more]) + "]"
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 30:
        return plain(value)
    return str(value)
