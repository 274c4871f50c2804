"""`fxrun what-if`: what the next fire of each order would tie up and cost, as the broker reckons; nothing is placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import click

from runner.cli import asking, examples, files, forecast, looking_up, options, output, tables
from runner.cli.asking import AnswerRefused, Asking
from runner.core.contract import ContractSpec
from runner.core.facts import WhatIfSeen
from runner.core.ids import fire_key
from runner.core.money import plain
from runner.core.ticket import OrderTicket, Role
from runner.core.times import stamp
from runner.errors import PlanInvalid, UsageError
from runner.plan.model import Instruction, Plan
from runner.report.blotter import ABSENT
from runner.schedule import upcoming

_COLUMNS = "order fire_(UTC) side >quantity pair >initial_margin >maintenance_margin >commission currency"
_FIGURES = ("init_margin", "maint_margin", "equity_with_loan")
_STEPS = ("before", "change", "after")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What the broker says of one fire's entry; `answer` is None if it refuses the order."""

    instruction: Instruction
    fire: str
    entry: OrderTicket
    exits: int
    answer: WhatIfSeen | None
    refusal: AnswerRefused | None


@click.command("what-if", epilog="Example: fxrun what-if eurusd-weekday.yaml")
@options.plans_argument
@asking.options
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    settings_file: str | None,
    host: str | None,
    port: int | None,
    *,
    assigned: options.Assigned,
    as_json: bool,
) -> int:
    """Ask the broker for margin and commission of what each order of the plans sends at its next fire.

    The entry is asked about, with the flag whatIf: no order comes of it, and nothing is written to a journal. Exits of
    a bracket undo the entry and need no margin of their own. What counts from the market is asked about as it would be
    at the quote of now. Exit code 4 if the broker refuses an order.
    """
    from runner.plan import load_all

    loaded = load_all(plans, options.given(assigned))
    settings = files.settings_for(plans, settings_file)
    address = asking.address_of(settings, host, port)
    address = replace(address, account=_account(loaded, address.account))
    now = options.now()
    with asking.session(address) as session:
        due = list(_next_fires(_identified(session, loaded, now), now))
        results = [one for instruction, fire in due for one in _ask_all(session, instruction, fire, now)]
        at = stamp(options.now())
        tables.tell(
            [f"account {session.account} ({session.kind}), {at}", *_remarks(results)],
            [tables.table("the next fire of each order", _COLUMNS, [_row(one) for one in results])],
            (_line(one) for one in results),
            as_json=as_json,
        )
    for one in results:
        if one.refusal is not None:
            output.note(f"fxrun: {one.instruction.plan}/{one.instruction.order}: {output.clean(str(one.refusal))}")
    return AnswerRefused.exit_code if any(one.refusal for one in results) else 0


def _account(plans: Sequence[Plan], of_settings: str | None) -> str | None:
    named = {plan.account or of_settings for plan in plans}
    if len(named) > 1:
        raise UsageError("the plans are for different accounts; ask about those of one account at a time")
    return named.pop()


def _identified(session: Asking, plans: Sequence[Plan], now: datetime) -> list[Instruction]:
    """Return all orders with their contracts as the broker knows them; raises PlanInvalid for what it does not know."""
    from runner.engine.contracts import misfits
    from runner.engine.lookup import problem
    from runner.lifecycle.identify import Unidentified

    known: dict[ContractSpec, ContractSpec] = {}
    found, problems = [], []
    for plan, each in [(one, each) for one in plans for each in one.instructions]:
        try:
            if each.contract not in known:
                known[each.contract] = looking_up.contract(session, each.contract, now)
            one = replace(each, contract=known[each.contract])
            faults = [] if one.contract.is_pair else list(misfits(one))
        except Unidentified as fault:
            faults = [("contract", str(fault))]
        problems += [problem(plan, each.marks, key, message) for key, message in faults]
        if not faults:
            found.append(one)
    if problems:
        raise PlanInvalid(problems)
    return found


def _next_fires(instructions: Sequence[Instruction], now: datetime) -> Iterator[tuple[Instruction, datetime]]:
    for each in instructions:
        due = next(upcoming([(each.plan, each.order, each.schedule)], now, options.END_OF_TIME), None)
        if due is not None:
            yield each, due.time
            continue
        answers = each.schedule is not None and each.schedule.on_halt
        why = "it is worked out at a halt" if answers else "its schedule is over"
        output.note(f"{each.plan}/{each.order}: {why}, there is nothing to ask about")


def _ask_all(session: Asking, instruction: Instruction, due: datetime, now: datetime) -> Iterator[Result]:
    """Yield the answer about each entry of a fire; its exits go with the first."""
    tickets, unknown = forecast.expected(instruction, due)
    about = f"{instruction.plan}/{instruction.order}"
    if examples.counts_from_market(instruction, due):
        quote = looking_up.quote(session, instruction.contract, now)
        if quote is not None:
            tickets, unknown = forecast.at_quote(instruction, due, quote)
            output.note(f"{about}: as at the quote of now, {plain(quote.bid)} to {plain(quote.ask)}")
    if not tickets:
        output.note(f"{about}: is worked out at its fire, and not asked about: {unknown}")
    exits = sum(ticket.role is not Role.ENTRY for ticket in tickets)
    for ticket in tickets:
        if ticket.role is Role.ENTRY:
            yield _ask(session, instruction, due, ticket, exits)
            exits = 0


def _ask(session: Asking, instruction: Instruction, due: datetime, entry: OrderTicket, exits: int) -> Result:
    from runner.ib.compile import compile_group
    from runner.ib.linked import number

    connection = session.connection

    def ask() -> int:
        order_id = connection.take_order_ids(1)
        (compiled,) = number(compile_group((entry,)), order_id, session.account)
        compiled.order.orderRef = ""  # the identity is that of the order that will be sent, and this is none
        connection.what_if(compiled)
        return order_id

    answer, refusal = None, None
    try:
        told = session.collect(
            f"the margin of {instruction.plan}/{instruction.order}",
            ask,
            lambda fact, order_id: isinstance(fact, WhatIfSeen) and fact.order_id == order_id,
        )
        answer = next(fact for fact in reversed(told) if isinstance(fact, WhatIfSeen))
    except AnswerRefused as refused:
        refusal = refused
    fire = fire_key(None if instruction.schedule is None else due)
    return Result(instruction=instruction, fire=fire, entry=entry, exits=exits, answer=answer, refusal=refusal)


def _remarks(results: Sequence[Result]) -> list[str]:
    remarks = ["margins are changes of the account's, in its base currency"]
    if any(one.exits for one in results):
        remarks.append("exits of a bracket undo their entry: they need no margin of their own and are not asked about")
    if not results:
        remarks = ["there is no order to ask about"]
    remarks += [
        f"{one.instruction.plan}/{one.instruction.order}: {one.answer.warning}"
        for one in results
        if one.answer is not None and one.answer.warning
    ]
    return remarks


def _row(one: Result) -> tuple[str, ...]:
    answer, entry = one.answer, one.entry
    told = (
        (answer.init_margin_change, answer.maint_margin_change, _commission(answer)) if answer else (None, None, None)
    )
    return (
        f"{one.instruction.plan}/{one.instruction.order}",
        one.fire,
        entry.side.value,
        tables.grouped(entry.quantity),
        entry.contract.name,
        *map(tables.grouped, told),
        (answer.commission_currency if answer else "refused") or ABSENT,
    )


def _commission(answer: WhatIfSeen) -> Decimal | None:
    """Return the commission, or the most it may be where the broker names a range."""
    return answer.max_commission if answer.commission is None else answer.commission


def _line(one: Result) -> dict[str, object]:
    answer, refusal, entry = one.answer, one.refusal, one.entry
    line: dict[str, object] = {
        "type": "what_if",
        "plan": one.instruction.plan,
        "order": one.instruction.order,
        "fire": one.fire,
        "contract": entry.contract.name,
        "side": entry.side.value.lower(),
        "quantity": tables.figure(entry.quantity),
        "order_type": entry.order_type.value,
        "exits": one.exits,
        "refused": None if refusal is None else {"code": refusal.code, "text": refusal.text},
    }
    for name in _FIGURES:
        line[name] = {step: tables.figure(getattr(answer, f"{name}_{step}", None)) for step in _STEPS}
    for name in ("commission", "min_commission", "max_commission"):
        line[name] = tables.figure(getattr(answer, name, None))
    line["commission_currency"] = None if answer is None else answer.commission_currency
    line["warning"] = None if answer is None else answer.warning
    return line
