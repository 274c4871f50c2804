"""Values of dataclasses to JSON and back, driven by their type hints: what a class gains is kept without a word here.

Only what differs from its default is written; a Decimal keeps its exponent, a stage is its name.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from cattrs.errors import ForbiddenExtraKeysError
from cattrs.preconf.json import JsonConverter, make_converter

from runner.gateway.book import Stage

T = TypeVar("T")


class CodecError(ValueError):
    """The text is not a value of that type."""


@cache
def _converter() -> JsonConverter:
    converter = make_converter(omit_if_default=True, forbid_extra_keys=True, detailed_validation=False)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_unstructure_hook(Stage, lambda stage: stage.name)
    converter.register_structure_hook(Stage, lambda name, _: Stage[name])
    return converter


def _decimal(text: Any, _: type) -> Decimal:
    if not isinstance(text, str):  # a number of JSON has been a float
        raise TypeError(f"{str(text)[:40]!r} is no decimal as text")
    return Decimal(text)


def to_text(value: Any) -> str:
    """Write a value of a dataclass."""
    return _converter().dumps(value, separators=(",", ":"))


def from_text(cls: type[T], text: str) -> T:
    """Read a value of a dataclass; raises CodecError."""
    try:
        return _converter().loads(text, cls)
    except (ForbiddenExtraKeysError, LookupError, AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise CodecError(f"not a {cls.__name__}: {error}") from None
