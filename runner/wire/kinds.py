"""How one value is written as text and read back; reading is lenient in what it takes for "nothing".

Clients spell an unset number as an empty field or as the largest number of some type, each in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

MAX_DIGITS = 64
MAX_EXPONENT = 308
UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_PYTHON_DOUBLE = "1.7976931348623157e+308"
UNSET_INTEGER = "2147483647"
UNSET_LONG = "9223372036854775807"
UNSET_DECIMAL = "170141183460469231731687303715884105727"
UNSET = frozenset(
    {"", UNSET_DOUBLE, UNSET_PYTHON_DOUBLE, UNSET_INTEGER, UNSET_LONG, UNSET_DECIMAL, "-9223372036854775808"}
)
UNSET_FROM = Decimal("1.7e308")
INFINITE = frozenset({"Infinity", "inf", "Infinite"})
INFINITY = Decimal("Infinity")

Read = Callable[[str], Any]
Write = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of field: how to read it, and how to write a value that is set.

    The quick forms are expressions for the same, in which the commonest texts and values need no call.
    """

    read: Read
    write: Write
    can_be_unset: bool = False
    quick_read: str = "{read}({text})"
    quick_write: str = "{write}({value})"


def _check(text: str) -> None:
    """Refuse what int() and Decimal() would take but no client means."""
    if len(text) > MAX_DIGITS or not text.isascii() or "_" in text or text != text.strip():
        raise ValueError("not a number")


@lru_cache(maxsize=4096)
def read_number(text: str) -> Decimal | None:
    """Read a finite decimal; None if it is unset."""
    if text in UNSET:
        return None
    _check(text)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not value.is_finite():
        raise ValueError("not a finite number")
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueError("out of range")
    return None if value >= UNSET_FROM else value


def read_offset(text: str) -> Decimal | None:
    """Read a decimal that may be infinite."""
    return INFINITY if text in INFINITE else read_number(text)


@lru_cache(maxsize=4096)
def read_integer(text: str) -> int:
    """Read an integer; an empty field is 0, and a whole number may be written as a decimal."""
    if not text:
        return 0
    _check(text)
    try:
        return int(text)
    except ValueError:
        value = read_number(text)
    if value is None or value != value.to_integral_value():
        raise ValueError("not a whole number")
    return int(value)


@lru_cache(maxsize=4096)
def read_optional_integer(text: str) -> int | None:
    """Read an integer; None if it is unset."""
    return None if text in UNSET else read_integer(text)


@lru_cache(maxsize=256)
def read_flag(text: str) -> bool:
    """Read a truth value."""
    lowered = text.lower()
    return lowered == "true" or (lowered != "false" and read_integer(text) != 0)


@lru_cache(maxsize=256)
def read_optional_flag(text: str) -> bool | None:
    """Read a truth value; None if it is unset."""
    return None if text in UNSET else read_flag(text)


def plain(value: Decimal) -> str:
    """Write a decimal without exponent, digits as they are."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def as_double(value: Decimal) -> str:
    """Write a decimal as Python writes a float, for this is what ibapi sends."""
    return str(value) if -5 < value.adjusted() < 16 else repr(float(value))


def as_offset(value: Decimal) -> str:
    """Write a decimal that may be infinite."""
    return "Infinity" if value.is_infinite() else plain(value)


def as_double_offset(value: Decimal) -> str:
    """Write a decimal that may be infinite as ibapi sends it."""
    return "Infinity" if value.is_infinite() else as_double(value)


def whole(value: Decimal) -> str:
    """Write the whole part, for versions that know no other."""
    return str(int(value))


def escape(text: str) -> str:
    r"""Write text so that a reader of Python's or Java's ``\uXXXX`` escapes gets it back."""
    if text.isascii() and "\\" not in text and text.isprintable():
        return text
    return text.encode("unicode-escape").decode("ascii")


def unescape(text: str) -> str:
    """Read what `escape` wrote; text that holds no valid escape is taken as it is."""
    if "\\" not in text:
        return text
    try:
        return text.encode("ascii", "backslashreplace").decode("unicode-escape").encode("utf-8", "replace").decode()
    except UnicodeDecodeError:
        return text


_FLAGS = {True: "1", False: "0"}

_OR_NONE = "(None if {text} == '' else {read}({text}))"
_OR_ZERO = "(0 if {text} == '0' else {read}({text}))"
_OR_FALSE = "({text} != '0' and {read}({text}))"


def _optional(read: Read, write: Write) -> Kind:
    return Kind(read, write, can_be_unset=True, quick_read=_OR_NONE)


TEXT = Kind(str, str, quick_read="{text}", quick_write="{value}")
ESCAPED = Kind(unescape, escape, quick_read="({text} and {read}({text}))", quick_write="({value} and {write}({value}))")
INTEGER = Kind(read_integer, str, quick_read=_OR_ZERO, quick_write="(str(value) if (value := {value}) else '0')")
OPTIONAL_INTEGER = _optional(read_optional_integer, str)
FLAG = Kind(read_flag, _FLAGS.__getitem__, quick_read=_OR_FALSE, quick_write="('1' if {value} else '0')")
OPTIONAL_FLAG = _optional(read_optional_flag, _FLAGS.__getitem__)
PRICE = _optional(read_number, plain)
DOUBLE = _optional(read_number, as_double)
SIZE = _optional(read_number, str)
WHOLE = _optional(read_number, whole)
DOUBLE_OFFSET = _optional(read_offset, as_double_offset)
OFFSET = _optional(read_offset, as_offset)
