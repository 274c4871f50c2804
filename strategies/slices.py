"""A size worked over a duration in n children, one after the other; each has its share of the time.

A child that has not filled when its time is over is cancelled. What it leaves is carried into the next one, crossed by
a market order beside the next one, or dropped; what the last one leaves is crossed or dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random

from runner.core.money import EXACT, plain
from runner.core.order_state import OrderState
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, OrderType, TimeInForce
from runner.plan.model import Instruction
from strategies import pricing, reading, single
from strategies.base import Action, Cancel, Denied, Fact, Finish, Leg, Place, State, Wait
from strategies.ladder import shares

_MINUTE = timedelta(minutes=1)


def needs(instruction: Instruction) -> Need:
    """Return what size and price of the first child need."""
    return single.needs(instruction)


def watches(instruction: Instruction) -> Need:
    """Return what the prices of the further children need."""
    return pricing.needs_of_prices(instruction.limit_price, instruction.stop_price)


def expand(instruction: Instruction, fire: str, snapshot: Snapshot, attempt: int) -> tuple[OrderTicket, ...]:
    """Return the first child."""
    first = single.entry(instruction, fire, snapshot, attempt)
    sizes = split(instruction, fire, first.quantity)
    return (replace(first, key=replace(first.key, role="slice-1"), quantity=sizes[0]),)


def split(instruction: Instruction, fire: str, total: Decimal) -> tuple[Decimal, ...]:
    """Return the sizes of all children, in whole steps; drawn ones depend on plan, order, fire and seed alone."""
    count = int(reading.number(instruction, "count", 2))
    vary, step = reading.number(instruction, "vary"), instruction.contract.size_step
    if not vary:
        return shares(total, [Decimal(1)] * count, step)
    seed = reading.number(instruction, "seed", 1)
    random = Random(f"{instruction.plan}|{instruction.order}|{fire}|{plain(seed)}")
    whole = EXACT.divide(total, step).to_integral_value(ROUND_FLOOR)
    even, part = EXACT.divide(whole, Decimal(count)), EXACT.divide(vary, pricing.HUNDRED)
    least = int(EXACT.multiply(even, 1 - part).to_integral_value(ROUND_CEILING))
    most = int(EXACT.multiply(even, 1 + part).to_integral_value(ROUND_FLOOR))
    if least < 1 or not least * count <= whole <= most * count:
        raise Denied(f"a size of {plain(whole * step)} cannot be cut into {count} parts that vary by {plain(vary)}%")
    return tuple(size * step for size in _drawn(random, int(whole), count, least, most))


def _drawn(random: Random, left: int, count: int, least: int, most: int) -> tuple[Decimal, ...]:
    """Draw sizes from [least, most] that add up to what is left."""
    found = []
    for others in range(count - 1, -1, -1):
        low, high = max(least, left - others * most), min(most, left - others * least)
        found.append(random.randint(low, high))
        left -= found[-1]
    return tuple(map(Decimal, found))


# --- going on


@dataclass(frozen=True, slots=True)
class _Course:
    """How a fire stands: the sizes of all children, and which one has its time now, counted from 1."""

    state: State
    sizes: tuple[Decimal, ...]
    each: timedelta
    number: int

    @property
    def is_over(self) -> bool:
        return self.number > len(self.sizes)

    @property
    def ends(self) -> datetime:
        return self.state.started.now + self.each * self.number

    @property
    def left(self) -> Decimal:
        """What the children that were sent have left open, less what was crossed since."""
        sent = sum((leg.ticket.quantity - leg.filled for leg in self.state.legs if _is_slice(leg)), Decimal(0))
        return sent - sum((leg.filled for leg in self.state.legs if not _is_slice(leg)), Decimal(0))

    @property
    def filled(self) -> Decimal:
        return sum((leg.filled for leg in self.state.legs), Decimal(0))


def on_fact(state: State, fact: Fact) -> tuple[Action, ...]:
    """Return what is to be done now."""
    course = _course(state, fact.now)
    name = f"slice-{course.number}"
    open_legs = [leg for leg in state.legs if not leg.state.is_done]
    if any(leg.state is OrderState.UNKNOWN for leg in state.legs):
        return ()
    late = [leg for leg in open_legs if leg.ticket.key.role != name and (_is_slice(leg) or course.is_over)]
    if late:
        return tuple(Cancel(leg.ticket.order_ref) for leg in late)
    if course.is_over:
        return _end(course, fact)
    if state.leg(name) is None and not open_legs:
        return _next(course, fact, name)
    if course.number == len(course.sizes) and not open_legs and course.left <= 0:
        return _end(course, fact)
    return (Wait(course.ends),)


def _course(state: State, now: datetime) -> _Course:
    instruction = state.instruction
    first = single.entry(instruction, state.fire, state.started, 1)
    sizes = split(instruction, state.fire, first.quantity)
    each = reading.duration(instruction, "over") / len(sizes)
    return _Course(state, sizes, each, (now - state.started.now) // each + 1)


def _next(course: _Course, fact: Fact, name: str) -> tuple[Action, ...]:
    """Return the child whose time has come; without a quote that it needs it is tried again, as long as that is."""
    rest = _rest(course.state.instruction)
    if fact.is_halted:
        return (Wait(min(fact.now + _MINUTE, course.ends)),)
    try:
        model = single.entry(course.state.instruction, course.state.fire, _now(course.state, fact), _attempt(course))
    except Denied:
        return (Wait(min(fact.now + _MINUTE, course.ends)),)
    due = sum(course.sizes[: course.number], Decimal(0))
    size = due - course.filled if rest == "carry" else course.sizes[course.number - 1]
    tickets = [replace(model, key=replace(model.key, role=name), quantity=size)] if size > 0 else []
    if rest == "cross" and course.left > 0:
        tickets.append(_crossing(model, course))
    return (Place(tuple(tickets)), Wait(course.ends))


def _now(state: State, fact: Fact) -> Snapshot:
    """Return what prices are worked out with: what was known at the fire, at the quote of now."""
    return state.started if fact.quote is None else replace(state.started, quote=fact.quote)


def _end(course: _Course, fact: Fact) -> tuple[Action, ...]:
    """Return what follows the last child's time."""
    crosses = _rest(course.state.instruction) == "cross"
    if crosses and course.left > 0 and course.state.leg(f"cross-{len(course.sizes) + 1}") is None:
        model = course.state.legs[0].ticket
        over = replace(course, number=len(course.sizes) + 1)
        return (Place((_crossing(model, over),)), Wait(fact.now + _MINUTE))
    open_part = sum(course.sizes, Decimal(0)) - course.filled
    symbol = course.state.instruction.contract.unit
    return (Finish(f"{plain(open_part)} {symbol} not filled" if open_part > 0 else ""),)


def _crossing(model: OrderTicket, course: _Course) -> OrderTicket:
    return replace(
        model, key=replace(model.key, role=f"cross-{course.number}"), quantity=course.left,
        order_type=OrderType.MARKET, limit_price=None, stop_price=None, trail=None, time_in_force=TimeInForce.DAY,
        terms=replace(model.terms, good_till=None),
    )  # fmt: skip


def _is_slice(leg: Leg) -> bool:
    return leg.ticket.key.role.startswith("slice-")


def _attempt(course: _Course) -> int:
    return course.state.legs[-1].ticket.key.attempt


def _rest(instruction: Instruction) -> str:
    return reading.word(instruction, "rest", "carry")
