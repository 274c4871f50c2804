"""The words in which the tables describe a message: which fields, in which order, from and until which version.

A path is `attribute` of the message, or `part.attribute` where the message holds a contract, an order and so on.
`since` is the first server version that has the item, `until` the first that has it no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.wire.kinds import ESCAPED, PRICE, TEXT, WHOLE, Kind

NEVER = 10_000
ESCAPES_SINCE = 153
FRACTIONS_SINCE = 101  # of quantities; of market data sizes it is 163


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    path: str
    kind: Kind
    since: int = 0
    until: int = NEVER
    unset: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field without meaning: written as told, skipped in reading."""

    text: str = ""
    since: int = 0
    until: int = NEVER


@dataclass(frozen=True, slots=True)
class When:
    """Items that are there only if an attribute that came before is of a certain kind."""

    path: str
    holds: Callable[[Any], bool]
    items: tuple[Item, ...]
    since: int = 0
    until: int = NEVER


@dataclass(frozen=True, slots=True)
class Repeat:
    """A count, then so many elements."""

    path: str
    element: type
    items: tuple[Item, ...]
    since: int = 0
    until: int = NEVER


@dataclass(frozen=True, slots=True)
class Maybe:
    """A flag, then one element if it is set."""

    path: str
    element: type
    items: tuple[Item, ...]
    since: int = 0
    until: int = NEVER


Item = Field | Fixed | When | Repeat | Maybe


@dataclass(frozen=True, slots=True)
class Layout:
    """One message: its id, its class, its items."""

    message_id: int
    message: type
    items: tuple[Item, ...]
    parts: tuple[tuple[str, type], ...] = ()


def fields(
    kind: Kind, names: str, *, part: str = "", since: int = 0, until: int = NEVER, unset: str = ""
) -> tuple[Field, ...]:
    """Return several fields of one kind, by their names."""
    prefix = f"{part}." if part else ""
    return tuple(Field(prefix + name, kind, since, until, unset) for name in names.split())


def escaped(path: str, since: int = 0) -> tuple[Field, ...]:
    """Return a text that clients un-escape from version 153 on."""
    return (Field(path, TEXT, since, ESCAPES_SINCE), Field(path, ESCAPED, max(since, ESCAPES_SINCE)))


def sizes(names: str, *, part: str = "", since: int = FRACTIONS_SINCE) -> tuple[Field, ...]:
    """Return quantities, each a whole number before the version that knows fractions."""
    return (*fields(WHOLE, names, part=part, until=since), *fields(PRICE, names, part=part, since=since))


def one_of(*values: str) -> Callable[[Any], bool]:
    """Return the test whether a value is one of these."""
    return frozenset(values).__contains__


def is_positive(value: Any) -> bool:
    """Tell whether a number is set and above zero."""
    return value is not None and value > 0


def is_infinite(value: Any) -> bool:
    """Tell whether a number is set and infinite."""
    return value is not None and value.is_infinite()
