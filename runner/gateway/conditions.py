"""Conditions of an order: a price of any instrument, a time; when all of them hold, and whether they do.

Each is joined to the next by `and` or `or`; as elsewhere, `and` binds closer. All must hold in the same second.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

from runner.core.money import is_multiple
from runner.gateway.deadlines import instant
from runner.gateway.instruments import find
from runner.gateway.market import Market, Touch
from runner.wire.messages import OrderCondition, WireContract, WireOrder

_PRICE, _TIME = 1, 3
TRIGGER_METHODS = frozenset({0, 1, 2, 3, 4, 7, 8})  # of IB; this venue goes by bid and ask whatever is asked
_MOST = 20
_HIGHEST, _FINEST = Decimal(10**6), Decimal("0.00000001")  # of a price
_STEPS = 200  # instants to try ahead; then the order is looked at again
_NAMES = {4: "margin", 5: "execution", 6: "volume", 7: "percent change"}
Refusal: TypeAlias = tuple[int, str]


def refusal(order: WireOrder) -> Refusal | None:
    """Return why the conditions of an order cannot be watched, None if they can."""
    if len(order.conditions) > _MOST:
        return 321, f"Error validating request.-'bR' : cause - An order may have at most {_MOST} conditions"
    return next((found for one in order.conditions if (found := _refusal(one)) is not None), None)


def _refusal(one: OrderCondition) -> Refusal | None:
    if one.kind == _TIME:
        return None if instant(one.time) is not None else (337, "The date, time, or time-zone entered is invalid.")
    if one.kind != _PRICE:
        name = _NAMES.get(one.kind, f"kind {one.kind}")
        return 321, f"Error validating request.-'bR' : cause - A {name} condition is not offered by this gateway"
    if one.trigger_method not in TRIGGER_METHODS:
        return 146, "Invalid trigger method."
    price = one.price
    if price is None or not price.is_finite() or not 0 < price <= _HIGHEST or not is_multiple(price, _FINEST):
        return 361, "Invalid trigger price."
    return None if _key(one) else (147, "The conditional contract info is incomplete.")


def _key(one: OrderCondition) -> str:
    found = find(WireContract(contract_id=one.contract_id))
    return "" if found is None else found.local_symbol


def holds(order: WireOrder, market: Market, at: int) -> bool:
    """Tell whether the conditions hold in that second."""
    return any(_next_of_all(group, order, market, (at, at + 1)) == at for group in _groups(order))


def next_time(order: WireOrder, market: Market, start: int, end: int) -> int | None:
    """Return the first second of [start, end) at which they hold, or one at which to look again."""
    found = [_next_of_all(group, order, market, (start, end)) for group in _groups(order)]
    return min((one for one in found if one is not None), default=None)


def _groups(order: WireOrder) -> list[list[OrderCondition]]:
    """Return the conditions as alternatives, each a list of which all must hold."""
    groups: list[list[OrderCondition]] = [[]]
    for one in order.conditions:
        groups[-1].append(one)
        if one.conjunction == "o":
            groups.append([])
    return [group for group in groups if group]


def _next_of_all(
    group: Sequence[OrderCondition], order: WireOrder, market: Market, span: tuple[int, int]
) -> int | None:
    at, end = span
    for _ in range(_STEPS):
        found = [_next(one, order, market, (at, end)) for one in group]
        latest = max((one for one in found if one is not None), default=at)
        if None in found or latest == at:
            return None if None in found else at
        at = latest
    return at


def _next(one: OrderCondition, order: WireOrder, market: Market, span: tuple[int, int]) -> int | None:
    """Return the first second of a span at which one condition holds."""
    start, end = span
    if one.kind == _TIME:
        due = instant(one.time) or 0
        found = max(start, due) if one.is_more else start
        return found if found < end and (one.is_more or found < due) else None
    # above is where the ask comes first, below where the bid does
    touch = Touch("ask" if one.is_more else "bid", above=one.is_more, level=one.price or Decimal(0))
    return market.first_touch(_key(one), touch, start, end, extended=order.conditions_ignore_rth)
