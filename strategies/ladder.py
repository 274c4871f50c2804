"""Limits at even steps between two prices; the sizes are equal, or grow from the first to the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from runner.core.money import EXACT, plain
from runner.core.price import PriceExpr
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, OrderType, Role, TimeInForce
from runner.plan.model import Instruction
from strategies import pricing, reading, single
from strategies.base import Denied
from strategies.terms import terms


def needs(instruction: Instruction) -> Need:
    """Return what the two prices and the size need: the rungs are the prices that the size is counted at."""
    ends = (reading.price(instruction, "from"), reading.price(instruction, "to"))
    priced = replace(instruction, limit_price=ends[0], stop_price=None)
    return pricing.needs_of_prices(*ends) | pricing.needs_of_size(priced)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return one limit a rung, the first at `from`, the last at `to`."""
    prices = rungs(instruction, snapshot)
    market = single.market_of(instruction, snapshot)
    total = pricing.quantity(instruction.size, market, max(prices))  # at the dearest, so that no rung costs more
    sizes = shares(total, weights(instruction, len(prices)), instruction.contract.size_step)
    tif = reading.word(instruction, "tif")
    return tuple(
        OrderTicket(
            key=single.key(instruction, fire, f"rung-{number}", attempt),
            role=Role.ENTRY,
            contract=instruction.contract,
            side=instruction.side,
            quantity=quantity,
            order_type=OrderType.LIMIT,
            limit_price=price,
            time_in_force=TimeInForce(tif) if tif else instruction.time_in_force,
            terms=terms(instruction.terms, fire, snapshot),
        )
        for number, (price, quantity) in enumerate(zip(prices, sizes, strict=True), 1)
    )


def rungs(instruction: Instruction, snapshot: Snapshot) -> tuple[Decimal, ...]:
    """Return the prices, each on the tick; raises Denied where two of them are one."""
    market = single.market_of(instruction, snapshot)
    count = int(reading.number(instruction, "count", 2))
    first, last = (pricing.price(_end(instruction, name), market) for name in ("from", "to"))
    step = EXACT.divide(EXACT.subtract(last, first), Decimal(max(count - 1, 1)))
    prices = tuple(pricing.on_tick(EXACT.add(first, EXACT.multiply(step, Decimal(n))), market) for n in range(count))
    if len(set(prices)) < count:
        raise Denied(f"{count} rungs do not fit between {first} and {last}: two of them have one price")
    return prices


def _end(instruction: Instruction, name: str) -> PriceExpr:
    return reading.wanted(reading.price(instruction, name), instruction, name)


def weights(instruction: Instruction, count: int) -> Sequence[Decimal]:
    """Return how much of the size each rung has, beside the others."""
    match reading.word(instruction, "sizes", "equal"):
        case "linear":
            return [Decimal(number) for number in range(1, count + 1)]
        case "geometric":
            ratio = reading.number(instruction, "ratio", 2)
            return [EXACT.power(ratio, Decimal(number)) for number in range(count)]
        case _:
            return [Decimal(1)] * count


def shares(total: Decimal, parts: Sequence[Decimal], step: Decimal = Decimal(1)) -> tuple[Decimal, ...]:
    """Split a size into multiples of a step that add up to it, less a broken step; raises Denied if a part has none."""
    whole, sum_of_parts = EXACT.divide(total, step).to_integral_value(ROUND_FLOOR), sum(parts, Decimal(0))
    marks, reached = [Decimal(0)], Decimal(0)
    for part in parts:
        reached = EXACT.add(reached, part)
        share = EXACT.divide(EXACT.multiply(whole, reached), sum_of_parts)
        marks.append(share.to_integral_value(ROUND_FLOOR))
    found = tuple(after - before for before, after in pairwise(marks))
    if min(found) <= 0:
        raise Denied(f"a size of {plain(total)} does not go round: one of {len(parts)} orders would have nothing")
    return tuple(EXACT.multiply(share, step) for share in found)
