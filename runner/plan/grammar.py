"""The little languages inside a plan's values: prices, sizes and durations, from text to frozen expressions.

    price     1.085 | bid - 5 pips | mid + 0.1% | entry + 2R | 20 pips | 0.5% | 2R
    size      30_000 | 0.25 lots | 30_000 USD | 50% of cash | risk 0.5%
    duration  90s | 15m | 1h | 1d

Words stand in any case, currencies in capitals, spaces where they please. What is read has a meaning in itself; whether
it has one where it stands (a distance is no limit price) is for the rules of the plan. This module imports a parser
library, so it is imported when a plan has such a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from parsy import ParseError, Parser, Result, alt, regex, seq

from runner.core.fx import CURRENCIES
from runner.core.money import plain
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import LOT, SizeExpr, SizeKind
from runner.core.times import parse_duration
from runner.plan.scalars import MAX_DIGITS
from runner.plan.suggest import for_choice
from runner.plan.text import Misread, quote

MAX_LENGTH = 60
MAX_PRICE = Decimal(1_000_000)
MAX_SIZE = Decimal(1_000_000_000_000)
PRICE_FORM = "a price such as 1.085, bid - 5 pips or mid + 0.1%, or a distance such as 20 pips, 0.5% or 2R"
SIZE_FORM = "a size such as 30_000, 0.25 lots, 30_000 USD, 50% of cash or risk 0.5%"
_HUNDRED = Decimal(100)
_SIZE_PLACES = 8
_DIGITS = re.compile(r"(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+(?:_[0-9]+)*)?(?![0-9_]|\.[0-9])", re.ASCII)
_CODE = re.compile(r"[A-Z]{3}(?![A-Za-z])", re.ASCII)
_WORD = re.compile(r"[A-Za-z]+|[0-9][0-9_.,]*|\S", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number and where it stands."""

    value: Decimal
    index: int

    def at_most(self, most: Decimal, unit: str = "") -> Decimal:
        """Return the number, or raise Misread where it is larger."""
        if self.value > most:
            raise Misread(self.index, f"expected at most {plain(most)}{unit} in place of {plain(self.value)}")
        return self.value


@lru_cache(maxsize=1024)  # plans of one hand say `2R` and `25 pips` over and over
def price(text: str) -> PriceExpr:
    """Read a price or a distance; raises Misread with the place of what is wrong."""
    found: PriceExpr = _parse(_PRICE, text, (*_ANCHORS, "pips"))
    return found


@lru_cache(maxsize=1024)
def size(text: str) -> SizeExpr:
    """Read a size; raises Misread with the place of what is wrong."""
    found: SizeExpr = _parse(_SIZE, text, ("lots", "of", "cash", "risk", *CURRENCIES))
    return found


def duration(text: str) -> timedelta:
    """Read elapsed time; raises Misread with the place of what is wrong."""
    try:
        return parse_duration(text)
    except ValueError as error:
        digits = re.match(r"[1-9][0-9]{0,8}(?![0-9])", text, re.ASCII)
        raise Misread(0 if digits is None else digits.end(), str(error)) from None


def _parse(parser: Parser, text: str, words: Iterable[str]) -> Any:
    if len(text) > MAX_LENGTH:
        raise Misread(MAX_LENGTH, f"expected at most {MAX_LENGTH} characters")
    try:
        return parser.parse(text)
    except ParseError as error:
        raise Misread(error.index, _wording(text, error, words)) from None


def _wording(text: str, error: ParseError, words: Iterable[str]) -> str:
    """Say what was expected at the furthest place that made sense, and what stands there."""
    *most, last = sorted("nothing more" if one == "EOF" else one for one in error.expected)
    wanted = f"expected {', '.join(most)} or {last}" if most else f"expected {last}"
    there = _WORD.match(text, error.index)
    if there is None:
        return f"{wanted} at its end"
    hint = for_choice(there[0], words) if there[0].isalpha() else ""
    return f"{wanted} in place of {quote(there[0])}{hint}"


def _read_number(stream: str, index: int) -> Result:
    """Read plain digits as the numbers of a plan are written."""
    match = _DIGITS.match(stream, index)
    if match is None:
        return Result.failure(index, "a number")
    if sum(map(str.isdigit, match[0])) > MAX_DIGITS:
        raise Misread(index, f"expected a number of at most {MAX_DIGITS} digits")
    value = Decimal(match[0].replace("_", ""))
    if not value:
        raise Misread(index, f"expected a number greater than 0 in place of {quote(match[0])}")
    return Result.success(match.end(), _Number(value, index))


def _word(word: str, *others: str) -> Parser:
    """Read a word in any case, whole, or one of its other spellings."""
    return regex(rf"(?:{'|'.join((word, *others))})(?![A-Za-z])", re.IGNORECASE | re.ASCII).desc(word) << _SPACE


def _price(anchor: Anchor | None, sign: int, number: _Number, unit: Unit) -> PriceExpr:
    most = _HUNDRED if unit is Unit.PERCENT else MAX_PRICE
    return PriceExpr(anchor, sign * number.at_most(most, "%" if unit is Unit.PERCENT else ""), unit)


def _anchored(anchor: Anchor, offset: tuple[int, _Number, Unit] | None) -> PriceExpr:
    return PriceExpr(anchor, Decimal(0)) if offset is None else _price(anchor, *offset)


def _units_of(number: _Number, most: Decimal = MAX_SIZE) -> Decimal:
    exponent = number.value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _SIZE_PLACES:
        raise Misread(number.index, f"expected at most {_SIZE_PLACES} decimal places in place of {plain(number.value)}")
    return number.at_most(most)


def _read_currency(stream: str, index: int) -> Result:
    """Read the ISO code of a currency that IDEALPRO trades."""
    match = _CODE.match(stream, index)
    if match is None:
        return Result.failure(index, "a currency such as USD")
    if match[0] not in CURRENCIES:
        hint = for_choice(match[0], CURRENCIES)
        raise Misread(index, f"expected a currency that IDEALPRO trades in place of {quote(match[0])}{hint}")
    return Result.success(match.end(), match[0])


_ANCHORS = {anchor.value: anchor for anchor in Anchor}
_SPACE = regex(" *")
_SPACED = Parser(_read_number) << _SPACE
_PERCENT = regex("%").desc("%") << _SPACE
_UNIT = alt(_word("pips", "pip").result(Unit.PIPS), _PERCENT.result(Unit.PERCENT), _word("R").result(Unit.R)).optional(
    Unit.PRICE
)
_SIGN = alt(regex(r"\+").desc("+").result(1), regex("-").desc("-").result(-1)) << _SPACE
_ANCHOR = alt(*(_word(name).result(anchor) for name, anchor in _ANCHORS.items()))
_PRICE = _SPACE >> alt(
    seq(_ANCHOR, seq(_SIGN, _SPACED, _UNIT).optional()).combine(_anchored),
    seq(_SPACED, _UNIT).combine(lambda number, unit: _price(None, 1, number, unit)),
)
_COUNTED = alt(
    _word("lots", "lot").result((SizeKind.LOTS, None)),
    (_PERCENT >> _word("of") >> _word("cash")).result((SizeKind.CASH, None)),
    (Parser(_read_currency) << _SPACE).map(lambda currency: (SizeKind.MONEY, currency)),
).optional((SizeKind.UNITS, None))


def _sized(number: _Number, counted: tuple[SizeKind, str | None]) -> SizeExpr:
    kind, currency = counted
    if kind is SizeKind.CASH:
        return SizeExpr(number.at_most(_HUNDRED, "%"), kind)
    return SizeExpr(_units_of(number, MAX_SIZE / LOT if kind is SizeKind.LOTS else MAX_SIZE), kind, currency)


_SIZE = _SPACE >> alt(
    (_word("risk") >> _SPACED << _PERCENT).map(lambda number: SizeExpr(number.at_most(_HUNDRED, "%"), SizeKind.RISK)),
    seq(_SPACED, _COUNTED).combine(_sized),
)
