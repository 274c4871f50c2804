"""A fixed sum of quote currency at each fire; of what is no pair, of the currency it is traded in.

The size is worked out from the quote, or from the order's own price, and rounded down to whole units. IB's cashQty
would leave the size to the broker: an order without a quantity can be held against no limit, and nothing says when it
is full.
"""

from __future__ import annotations

from dataclasses import replace

from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.plan.model import Instruction
from strategies import reading, single
from strategies.base import Denied


def needs(instruction: Instruction) -> Need:
    """Return what the sum needs to become a size."""
    return single.needs(_sized(instruction))


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the order for the sum."""
    return single.expand(_sized(instruction), fire, snapshot, attempt)


def _sized(instruction: Instruction) -> Instruction:
    amount = reading.size(instruction, "amount")
    currency = instruction.contract.currency
    if amount is None or amount.currency != currency:
        expected = f"an amount of {currency}, such as 500 {currency}"
        raise Denied(f"invest.amount means nothing for {instruction.contract.name}: expected {expected}")
    return replace(instruction, size=amount)
