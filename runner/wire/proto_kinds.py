"""How one value travels in a protobuf field: to what the field takes, None for a field that is left out, and back.

Nothing of google.protobuf is needed here: fields take and give plain numbers, texts and mappings. What a client of text
versions may have sent, a field of protobuf may not hold (a number beyond 32 bits): such a value is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from runner.wire.kinds import plain, read_integer, read_number, read_offset
from runner.wire.values import TagValue

UNSET_DOUBLE = 1.7976931348623157e308  # IB's own word for "no figure", for readers that take a missing one for 0


@dataclass(frozen=True, slots=True)
class ProtoKind:
    """A type of field: how to read it, how to write it, and what it means when it is missing."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    absent: Any = None

    def missing(self, absent: Any) -> ProtoKind:
        """Return the same kind with another meaning when it is missing."""
        return ProtoKind(self.read, self.write, absent)


def read_text(value: str) -> str:
    """Read a text; a zero byte could not be told to a client of a text version."""
    if "\0" in value:
        raise ValueError("holds a zero byte")
    return value


def write_text(value: str) -> str | None:
    """Write a text; an empty one is left out."""
    if not value:
        return None
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _within(bits: int) -> Callable[[int | None], int | None]:
    bound = 1 << (bits - 1)
    return lambda value: value if value is not None and -bound <= value < bound else None


def read_double(value: float) -> Decimal | None:
    """Read a double as the shortest decimal that is the same double."""
    return read_number(repr(value))


def write_double(value: Decimal | None) -> float | None:
    """Write a decimal as a double."""
    return None if value is None else float(value)


def read_amount(value: float) -> Decimal:
    """Read a double that has to be set."""
    return read_double(value) or Decimal(0)


def write_size(value: Decimal | None) -> str | None:
    """Write a decimal as text."""
    return None if value is None else plain(value)


def write_flag(value: bool) -> bool | None:
    """Write a truth value; False is left out."""
    return True if value else None


def read_multiplier(value: float) -> str:
    """Read a double as the text that it is in text versions."""
    number = read_double(value)
    return "" if number is None else plain(number).removesuffix(".0")


def write_multiplier(value: str) -> float | None:
    """Write a text that should be a number; what is none is left out."""
    try:
        return write_double(read_number(value))
    except ValueError:
        return None


def read_tags(value: Mapping[str, str]) -> tuple[TagValue, ...]:
    """Read a map, in the order of its keys, for protobuf has none."""
    return tuple(TagValue(tag=read_text(tag), value=read_text(value[tag])) for tag in sorted(value))


def write_tags(value: tuple[TagValue, ...]) -> dict[str, str] | None:
    """Write tags as a map."""
    return {write_text(item.tag) or "": write_text(item.value) or "" for item in value} or None


def read_options(value: Mapping[str, str]) -> str:
    """Read a map as the text that it is in text versions: ``a=b;c=d;``."""
    return "".join(f"{item.tag}={item.value};" for item in read_tags(value))


def write_options(value: str) -> dict[str, str] | None:
    """Write such a text as a map."""
    pairs = (item.partition("=") for item in value.split(";") if item)
    return {write_text(tag) or "": write_text(text) or "" for tag, _, text in pairs} or None


TEXT = ProtoKind(read_text, write_text, "")
INT = ProtoKind(int, _within(32), 0)
LONG = ProtoKind(int, _within(64), 0)
OPTIONAL_INT = ProtoKind(int, _within(32))
SET_INT = ProtoKind(int, lambda value: _within(32)(value or None), 0)
SET_LONG = ProtoKind(int, lambda value: _within(64)(value or None), 0)
INT_TEXT = ProtoKind(read_integer, lambda value: str(value) if value else None, 0)
COUNT_TEXT = ProtoKind(read_integer, str, 0)
FLAG = ProtoKind(bool, write_flag, False)
SAID_FLAG = ProtoKind(bool, bool, False)
FLAG_INT = ProtoKind(bool, lambda value: 1 if value else None, False)
OPTIONAL_FLAG_INT = ProtoKind(bool, lambda value: None if value is None else int(value))
INT_FLAG = ProtoKind(int, write_flag, 0)
CONJUNCTION = ProtoKind(lambda value: "a" if value else "o", lambda value: value != "o", "a")
DOUBLE = ProtoKind(read_double, write_double)
DOUBLE_OR_UNSET = ProtoKind(read_double, lambda value: UNSET_DOUBLE if value is None else float(value))
AMOUNT = ProtoKind(read_amount, write_double, Decimal(0))
OFFSET = ProtoKind(lambda value: read_offset(repr(value)), write_double)
DOUBLE_INT = ProtoKind(lambda value: read_integer(repr(value)), float, 0)
INT_NUMBER = ProtoKind(Decimal, lambda value: None if value is None else _within(32)(int(value)))
SIZE = ProtoKind(read_number, write_size)
AMOUNT_TEXT = ProtoKind(lambda value: read_number(value) or Decimal(0), write_size, Decimal(0))
MULTIPLIER = ProtoKind(read_multiplier, write_multiplier, "")
TAGS = ProtoKind(read_tags, write_tags, ())
OPTIONS = ProtoKind(read_options, write_options, "")
