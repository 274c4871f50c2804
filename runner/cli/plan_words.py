"""Values of a plan as the plan writes them: `bid - 5 pips`, `30000 USD`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from runner.core.money import plain
from runner.core.price import PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.core.times import stamp


def written(value: object) -> str:
    """Write a value, or the fields of one that say something."""
    for kind, write in _KINDS.items():
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        return ", ".join(f"{name} {written(each)}" for name, each in said.items() if each not in (None, (), False))
    return str(value)


def price_words(price: PriceExpr) -> str:
    """Write a price."""
    amount = plain(abs(price.offset))
    offset = {Unit.PRICE: amount, Unit.PIPS: f"{amount} pips", Unit.PERCENT: f"{amount}%", Unit.R: f"{amount}R"}
    if price.anchor is None:
        return offset[price.unit]
    sign = "-" if price.offset < 0 else "+"
    return f"{price.anchor.value} {sign} {offset[price.unit]}" if price.offset else price.anchor.value


def size_words(size: SizeExpr) -> str:
    """Write a size."""
    amount = plain(size.amount)
    return {
        SizeKind.UNITS: amount,
        SizeKind.LOTS: f"{amount} lots",
        SizeKind.MONEY: f"{amount} {size.currency}",
        SizeKind.CASH: f"{amount}% of cash",
        SizeKind.RISK: f"risk {amount}%",
    }[size.kind]


def _duration(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _mapping(values: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name} {written(each)}" for name, each in values.items())


def _list(values: tuple[Any, ...]) -> str:
    return ", ".join(map(written, values))


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_KINDS: Mapping[type, Callable[[Any], str]] = {
    PriceExpr: price_words,
    SizeExpr: size_words,
    Decimal: plain,
    datetime: stamp,
    time: lambda at: f"{at:%H:%M}",
    timedelta: _duration,
    Enum: lambda one: str(one.value),
    ZoneInfo: lambda zone: str(zone.key),
    Mapping: _mapping,
    tuple: _list,
    frozenset: lambda some: _list(tuple(sorted(some))),
}
