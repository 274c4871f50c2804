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
from runner.core.price import PriceExpr
from runner.core.size import SizeExpr
from runner.core.times import duration_text, stamp
from runner.plan.model import Instruction


def written(value: object) -> str:
    """Write a value, or the fields of one that say something."""
    for kind, write in _KINDS.items():
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        return ", ".join(f"{name} {written(each)}" for name, each in said.items() if each not in (None, (), False))
    return str(value)


def order_words(instruction: Instruction) -> str:
    """Say an order as far as its plan does: buy 50% of cash EUR.USD limit bid - 5 pips GTD."""
    prices = [
        f"{word} {price.text}"
        for word, price in (("limit", instruction.limit_price), ("stop", instruction.stop_price))
        if price is not None
    ]
    is_sized = bool(instruction.size.amount)  # else the strategy decides how much, and of what side
    order = [instruction.side.value.lower(), instruction.size.text] if is_sized else []
    kind = f"{instruction.order_type.value} {instruction.time_in_force.value}"
    below = f"; {instruction.strategy} {written(instruction.parameters)}" if instruction.parameters else ""
    return " ".join([*order, instruction.contract.name, *prices, kind]) + below


def _mapping(values: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name} {written(each)}" for name, each in values.items())


def _list(values: tuple[Any, ...]) -> str:
    return ", ".join(map(written, values))


_KINDS: Mapping[type, Callable[[Any], str]] = {
    PriceExpr: lambda price: str(price.text),
    SizeExpr: lambda size: str(size.text),
    Decimal: plain,
    datetime: stamp,
    time: lambda at: f"{at:%H:%M}",
    timedelta: duration_text,
    Enum: lambda one: str(one.value),
    ZoneInfo: lambda zone: str(zone.key),
    Mapping: _mapping,
    tuple: _list,
    frozenset: lambda some: _list(tuple(sorted(some))),
}
