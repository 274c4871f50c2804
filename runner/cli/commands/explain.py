"""`fxrun explain`: what one fire would send, field by field, and which line of the plan each field comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from runner.cli import advice, forecast, options, output, trading
from runner.cli.plan_words import order_words
from runner.core.ids import halt_key, halt_of
from runner.core.money import plain
from runner.core.ticket import OrderTicket, Role
from runner.core.times import stamp
from runner.plan.model import Instruction, Plan
from runner.schedule import Due, upcoming

if TYPE_CHECKING:
    from runner.ib.compile import CompiledOrder

_WHEN_SENT = "(set when sent)"
_CONTRACT_KEYS = {"symbol": "symbol", "secType": "sec_type", "exchange": "exchange", "currency": "currency"}
_ENTRY_KEYS = {
    "action": "side",
    "totalQuantity": "size",
    "orderType": "order.type",
    "lmtPrice": "order.price",
    "auxPrice": "order.stop",
    "tif": "order.tif",
    "trailingPercent": "order.trail",
    "lmtPriceOffset": "order.limit_offset",
    "goodTillDate": "order.until",
    "goodAfterTime": "order.good_after",
    "outsideRth": "order.outside_rth",
    "allOrNone": "order.all_or_none",
    "minQty": "order.min_quantity",
    "cashQty": "size",
    "orderRef": "plan",
    "transmit": "bracket",
}
_EXIT_KEYS = {"action": "side", "totalQuantity": "size", "orderRef": "plan"}  # all else is the exit itself
_ENTRY_SENT = ("orderId", "account")
_EXIT_SENT = ("orderId", "parentId", "account")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of IB's objects; `line` is where the plan says it, None if it follows from nothing written there."""

    owner: str
    name: str
    value: str
    line: int | None


@click.command(epilog="Example: fxrun explain eurusd-weekday.yaml --from 2025-03-07")
@options.plans_argument
@options.from_option
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    start: datetime | None,
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """Show what each order of a plan would send at its next fire, without sending it.

    These are the tickets, the fields of IB's Contract and Order that say something, with the line of the plan that
    each comes from, and the warnings.
    """
    from runner.plan import load_all

    first = options.now() if start is None else start
    for plan in load_all(plans, options.given(assigned)):
        for instruction in plan.instructions:
            _explain(plan, instruction, first, as_json=as_json)


def _explain(plan: Plan, instruction: Instruction, start: datetime, *, as_json: bool) -> None:
    named = (instruction.plan, instruction.order, instruction.schedule)
    due = next(upcoming([named], start, options.END_OF_TIME), None)
    if due is None and instruction.schedule is not None and instruction.schedule.on_halt:
        due = Due(start, instruction.plan, instruction.order, halt_key(start))
    if due is None:
        output.note(f"{instruction.plan}/{instruction.order}: no fire is left after {stamp(start)}")
        return
    from runner.ib.compile import compile_group

    if not as_json:
        output.say(f"{instruction.plan}/{instruction.order}, fire {_fire_words(instruction, due)}")
    tickets, unknown = forecast.expected(instruction, due.time)
    if unknown is not None:
        _say_unknown(instruction, due, unknown, as_json=as_json)
        tickets, told = forecast.as_simulated(instruction, due.time, due.fire)
        output.note(told)
    for compiled in compile_group(tickets):
        fields = list(_fields(instruction, compiled))
        (_say_json if as_json else _say)(plan, compiled.ticket, fields)
    output.tell_warnings(advice.of_fire(plan, instruction, due.time), as_json=as_json)


def _say_unknown(instruction: Instruction, due: Due, reason: str, *, as_json: bool) -> None:
    """Say what the plan says of orders that are worked out at the fire."""
    words = order_words(instruction)
    if as_json:
        named = {"plan": instruction.plan, "order": instruction.order, "fire": due.fire}
        output.say_json({"type": "unknown", **named, "written": words, "reason": reason})
    else:
        output.say(output.clean(f"  worked out at the fire: {words}"))


def _fire_words(instruction: Instruction, due: Due) -> str:
    if instruction.schedule is None:
        return f"once (looked at as of {stamp(due.time)})"
    if halt_of(due.fire) is not None:
        return f"on a halt (looked at as of {stamp(due.time)})"
    return f"{stamp(due.time)} ({due.time.astimezone(instruction.schedule.zone):%a %Y-%m-%d %H:%M %Z})"


def _fields(instruction: Instruction, compiled: CompiledOrder) -> Iterator[Field]:
    """Yield the fields in the order of the table of neutral values, those set at sending where they belong."""
    from runner.ib.neutral import changed

    role = compiled.ticket.role
    at_sending = _ENTRY_SENT if role is Role.ENTRY else _EXIT_SENT
    said = [field for field in changed(compiled) if field.name not in at_sending]
    for field in said:
        if field.owner == "Contract":
            yield Field(field.owner, field.name, field.value, _line(instruction, *_contract_keys(field.name)))
    for name in at_sending:
        yield Field("Order", name, _WHEN_SENT, None)
    for field in said:
        if field.owner == "Order":
            yield Field(field.owner, field.name, field.value, _line(instruction, _key(compiled.ticket, field.name)))


def _contract_keys(name: str) -> tuple[str, str]:
    return f"contract.{_CONTRACT_KEYS.get(name, name)}", "contract"


def _key(ticket: OrderTicket, name: str) -> str:
    """Name the plan key that decides a field of an order in its role."""
    if ticket.role is not Role.ENTRY:
        return _EXIT_KEYS.get(name, f"bracket.{ticket.role.value}")
    if name == "auxPrice" and ticket.trail is not None:
        return "order.trail"
    return _ENTRY_KEYS.get(name, f"order.ib.{name}")


def _line(instruction: Instruction, *keys: str) -> int | None:
    mark = advice.mark_of(instruction, *keys)
    return None if mark is None else mark.line


def _say(plan: Plan, ticket: OrderTicket, fields: list[Field]) -> None:
    output.say(f"  {ticket.key.role}: {trading.ticket_words(ticket)}")
    for field in fields:
        output.say(f"    {f'{field.owner}.{field.name}':<22} {field.value:<34} {_source(plan, field)}".rstrip())


def _source(plan: Plan, field: Field) -> str:
    if field.line is not None:
        return f"{output.clean(plan.file)}:{field.line}"
    return "" if field.value == _WHEN_SENT else "(default)"


def _say_json(plan: Plan, ticket: OrderTicket, fields: list[Field]) -> None:
    key = ticket.key
    named = {"plan": key.plan, "order": key.order, "fire": key.fire, "role": key.role, "order_ref": ticket.order_ref}
    prices = {"limit_price": ticket.limit_price, "stop_price": ticket.stop_price}
    output.say_json(
        {
            "type": "ticket",
            **named,
            "contract": ticket.contract.name,
            "side": ticket.side.value,
            "quantity": plain(ticket.quantity),
            "order_type": ticket.order_type.value,
            **{name: None if price is None else plain(price) for name, price in prices.items()},
            "time_in_force": ticket.time_in_force.value,
        }
    )
    for field in fields:
        source = {"file": plan.file, "line": field.line}
        about = {"object": field.owner, "name": field.name, "value": field.value}
        output.say_json({"type": "field", **named, **about, **source})
