"""What stands below a strategy's key, by the type that its schema gives it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from runner.core.price import PriceExpr
from runner.core.size import SizeExpr
from runner.plan.model import Instruction
from strategies.base import Denied


def price(instruction: Instruction, name: str) -> PriceExpr | None:
    """Return a price, None if the plan has none there."""
    value = instruction.parameters.get(name)
    return value if isinstance(value, PriceExpr) else None


def size(instruction: Instruction, name: str) -> SizeExpr | None:
    """Return a size, None if the plan has none there."""
    value = instruction.parameters.get(name)
    return value if isinstance(value, SizeExpr) else None


def number(instruction: Instruction, name: str, default: Decimal | int = 0) -> Decimal:
    """Return a number."""
    value = instruction.parameters.get(name)
    return value if isinstance(value, Decimal) else Decimal(default)


def word(instruction: Instruction, name: str, default: str = "") -> str:
    """Return a word."""
    value = instruction.parameters.get(name)
    return value if isinstance(value, str) else default


def duration(instruction: Instruction, name: str) -> timedelta:
    """Return a duration; raises Denied if there is none."""
    value = instruction.parameters.get(name)
    if not isinstance(value, timedelta):
        raise Denied(f"{instruction.strategy}.{name} is missing: expected a duration such as 1h")
    return value


def wanted(value: PriceExpr | None, instruction: Instruction, name: str) -> PriceExpr:
    """Return a price that must be there; raises Denied."""
    if value is None:
        raise Denied(f"{instruction.strategy}.{name} is missing: expected a price")
    return value
