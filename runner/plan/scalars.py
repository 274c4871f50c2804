"""What an unquoted word means: a number, true, false, nothing, or itself."""

from __future__ import annotations

import re
from decimal import Decimal

from runner.plan.text import quote

MAX_DIGITS = 28
_LONGEST = 60  # with sign, point and underscores
_DIGITS_ONLY = re.compile(r"[-+]?[0-9][0-9_.,]*")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+(?:_[0-9]+)*)?")
_NOT_OURS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), "a number in hexadecimal"),
    (re.compile(r"[-+]?0[oO][0-7_]+"), "a number in octal"),
    (re.compile(r"[-+]?0[bB][01_]+"), "a number in binary"),
    (re.compile(r"[-+]?0[0-9_]+(?:\.[0-9_]*)?"), "a number with a leading zero"),
    (re.compile(r"[-+]?[0-9_]*(?:\.[0-9_]*)?(?:,[0-9_]+)+(?:\.[0-9_]*)?"), "a number with a comma"),
    (re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9_]+"), "a number with an exponent"),
    (re.compile(r"[-+]?\.?(?:inf|infinity|nan)", re.IGNORECASE), "a number that is not finite"),
    (re.compile(r"[-+]?\.[0-9_]+"), "a number that begins with its point"),
    (re.compile(r"[-+]?[0-9][0-9_]*\.[_]*"), "a number that ends with its point"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?"), "a number with a stray underscore"),
)
_EXPECTED = "expected plain digits such as 25000, 25_000 or 1.0850; text that looks like a number goes in quotes"


class BadNumber(ValueError):
    """A number in a form that people and programs read differently; the text says which."""


def plain_value(text: str) -> Decimal | bool | str | None:
    """Return what an unquoted word means; times, yes, no, on and off stay text. Raises BadNumber."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST:
        return _long(text)
    if _NUMBER.fullmatch(text):
        return _decimal(text)
    for form, name in _NOT_OURS:
        if form.fullmatch(text):
            raise BadNumber(f"{name}: found {quote(text)}; {_EXPECTED}")
    return text


def _long(text: str) -> str:
    """Return text that is too long for a number; a number in any form is refused without looking closer."""
    if _DIGITS_ONLY.fullmatch(text):
        raise BadNumber(_too_long(text))
    return text


def _too_long(text: str) -> str:
    digits = sum(map(text.count, "0123456789"))
    return f"a number of {digits} digits: found {quote(text)}; expected at most {MAX_DIGITS} digits"


def _decimal(text: str) -> Decimal:
    if sum(c.isdigit() for c in text) > MAX_DIGITS:
        raise BadNumber(_too_long(text))
    return Decimal(text.replace("_", ""))
