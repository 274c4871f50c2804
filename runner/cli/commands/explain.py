"""`fxrun explain`: what one fire would send, field by field, and which line of the plan each field comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from runner.cli import foretold, options, output, terminal, trading
from runner.cli.foretold import Field, Foretold
from runner.cli.plan_words import order_words
from runner.core.money import plain
from runner.core.ticket import OrderTicket
from runner.core.times import stamp
from runner.plan.model import Instruction, Plan


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
    found = foretold.of(plan, instruction, start)
    if found is None:
        output.note(f"{instruction.plan}/{instruction.order}: no fire is left after {stamp(start)}")
        return
    if not as_json:
        output.say(f"{instruction.plan}/{instruction.order}, fire {found.when}")
    if found.unknown is not None:
        _say_unknown(found, found.unknown, as_json=as_json)
    if found.told is not None:
        output.note(found.told)
    for ticket, fields in found.orders:
        (_say_json if as_json else _say)(plan, ticket, fields)
    output.tell_warnings(found.warnings, as_json=as_json)


def _say_unknown(found: Foretold, reason: str, *, as_json: bool) -> None:
    """Say what the plan says of orders that are worked out at the fire."""
    words = order_words(found.instruction)
    if as_json:
        named = {"plan": found.due.plan, "order": found.due.order, "fire": found.due.fire}
        output.say_json({"type": "unknown", **named, "written": words, "reason": reason})
    else:
        output.say(output.clean(f"  worked out at the fire: {words}"))


def _say(plan: Plan, ticket: OrderTicket, fields: Sequence[Field]) -> None:
    output.say(f"  {ticket.key.role}: {trading.ticket_words(ticket)}")
    for field in fields:
        name, source = f"{field.owner}.{field.name}", _source(plan, field)
        for line in terminal.fitted([f"    {name:<22} {field.value:<33}", source]):
            output.say(line)


def _source(plan: Plan, field: Field) -> str:
    if field.line is not None:
        return f"{output.clean(plan.file)}:{field.line}"
    return "" if field.value == foretold.WHEN_SENT else "(default)"


def _say_json(plan: Plan, ticket: OrderTicket, fields: Sequence[Field]) -> None:
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
