"""What is done about an entry that has not filled after a while: `unfilled: {after: 10m, then: reprice}`.

An entry is looked at each time that so long has passed since the fire. Its replacement is for what is left, and comes
only once the end of the one before it is confirmed; it is named after how often `after` had passed then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.money import plain
from runner.core.order_state import OrderState
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket, OrderType, Role, TimeInForce
from runner.core.times import duration_text
from runner.plan.model import Instruction, Remedy, Unfilled
from strategies import pricing, single
from strategies.base import Action, Cancel, Denied, Fact, Finish, Leg, Place, State, Wait

_MINUTE = timedelta(minutes=1)


def watches(instruction: Instruction) -> Need:
    """Return what of a fact is needed: a new price is worked out from a new quote."""
    is_new = instruction.unfilled is not None and instruction.unfilled.then is Remedy.REPRICE
    return pricing.needs_of_prices(instruction.limit_price, instruction.stop_price) if is_new else Need.NOTHING


def on_fact(state: State, fact: Fact) -> tuple[Action, ...]:
    """Return what is to be done about the entry now."""
    written, entries = state.instruction.unfilled, [leg for leg in state.legs if leg.ticket.role is Role.ENTRY]
    if written is None or not entries:
        return (Finish(),)
    last = entries[-1]
    left = entries[0].ticket.quantity - sum((leg.filled for leg in entries), Decimal(0))
    if left <= 0 or last.state is OrderState.FILLED:
        return (Finish(),)
    if last.state is OrderState.UNKNOWN:
        return ()
    if last.state.is_done:
        return _ended(state, fact, last, left)
    return _waiting(state, fact, last, written)


def _waiting(state: State, fact: Fact, last: Leg, written: Unfilled) -> tuple[Action, ...]:
    deadline = _deadline(state, last, written)
    if fact.now < deadline:
        return (Wait(deadline),)
    if written.then is Remedy.LEAVE:
        return (Finish(f"not filled {duration_text(written.after)} after the fire; left as it is"),)
    if any(leg.ticket.parent is not None for leg in state.legs) and last.filled:
        return (Finish("filled in part; left with its exits"),)
    if fact.is_halted and written.then is not Remedy.CANCEL:
        return (Wait(fact.now + _MINUTE),)  # its replacement would be denied
    if written.then is not Remedy.REPRICE:
        return (Cancel(last.ticket.order_ref),)
    replacement = _replacement(state, fact, last, last.ticket.quantity)
    if isinstance(replacement, str):
        return (Wait(fact.now + _MINUTE),)  # without a quote it is better left where it is
    if _prices(replacement) == _prices(last.ticket):
        return (Wait(_next(state, fact.now, written)),)
    return (Cancel(last.ticket.order_ref),)


def _ended(state: State, fact: Fact, last: Leg, left: Decimal) -> tuple[Action, ...]:
    """Return what follows the end of an order that is not filled; one that ended before its time ends the fire."""
    written = state.instruction.unfilled
    assert written is not None
    told = f"{plain(left)} {last.ticket.contract.unit} not filled: the order is {last.state.value}"
    is_ours = last.state is OrderState.CANCELLED and fact.now >= _deadline(state, last, written)
    has_exits = any(leg.ticket.parent is not None for leg in state.legs)  # they ended with it
    if not is_ours or has_exits or written.then in (Remedy.LEAVE, Remedy.CANCEL) or _is_crossed(last):
        return (Finish(told),)
    replacement = _replacement(state, fact, last, left)
    if isinstance(replacement, str) or fact.is_halted:
        return (Wait(fact.now + _MINUTE),)
    return (Place((replacement,)), Wait(_next(state, fact.now, written)))


def _replacement(state: State, fact: Fact, last: Leg, left: Decimal) -> OrderTicket | str:
    """Return the order for what is left, or why it cannot be priced now."""
    instruction = state.instruction
    written = instruction.unfilled
    assert written is not None
    count = (fact.now - state.started.now) // written.after
    key = replace(last.ticket.key, role=f"entry-{count}")
    if written.then is Remedy.CROSS:
        return replace(
            last.ticket, key=key, quantity=left, order_type=OrderType.MARKET, limit_price=None, stop_price=None,
            trail=None, time_in_force=TimeInForce.DAY, terms=replace(last.ticket.terms, good_till=None),
        )  # fmt: skip
    try:
        market = single.market_of(instruction, Snapshot(now=fact.now, quote=fact.quote))
        limit, stop = (
            None if each is None else pricing.price(each, market)
            for each in (instruction.limit_price, instruction.stop_price)
        )
    except Denied as denied:
        return str(denied)
    return replace(last.ticket, key=key, quantity=left, limit_price=limit, stop_price=stop)


def _deadline(state: State, leg: Leg, written: Unfilled) -> datetime:
    """Return when an entry has had its time: the next multiple of `after` behind its start."""
    _, _, count = leg.ticket.key.role.partition("-")
    return state.started.now + written.after * (int(count or 0) + 1)


def _next(state: State, now: datetime, written: Unfilled) -> datetime:
    return state.started.now + written.after * ((now - state.started.now) // written.after + 1)


def _is_crossed(leg: Leg) -> bool:
    return leg.ticket.order_type is OrderType.MARKET


def _prices(ticket: OrderTicket) -> tuple[Decimal | None, Decimal | None]:
    return ticket.limit_price, ticket.stop_price
