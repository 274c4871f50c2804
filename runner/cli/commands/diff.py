"""`fxrun diff`: what an edit of a plan changes, in fires and in orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import click

from runner.cli import options, output
from runner.cli.plan_words import written
from runner.core.times import stamp
from runner.plan.model import Instruction, Plan
from runner.schedule import fires, words

HORIZON = timedelta(days=365)
_LISTED = 5
_MOST = 100_000  # fires of one order that are compared
Fields = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that differs; `old` or `new` is None where there is none."""

    what: str  # plan, order or fires
    order: str | None
    field: str
    old: str | None
    new: str | None


@click.command(
    epilog="Exit code: 0 whether they differ or not, 2 if one is not sound. Example: fxrun diff old.yaml new.yaml"
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@options.from_option
@options.until_option
@options.set_option
@options.json_option
def command(
    old: str,
    new: str,
    start: datetime | None,
    until: datetime | None,
    *,
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """Say what the plan NEW does otherwise than the plan OLD: fires and orders of the next year, or of a span."""
    from runner.plan import load

    first, end = options.span(start, until)
    end = end if until is not None else first + HORIZON
    given = options.given(assigned)
    before, after = load(old, given), load(new, given)
    changes = [*_of_plan(before, after), *_of_orders(before, after, first, end)]
    for change in changes:
        if as_json:
            output.say_json({"type": "change", "plan": after.name, **_record(change)})
        else:
            output.say(output.clean(_sentence(change)))
    if not changes and not as_json:
        output.say(f"no difference in fires and orders from {stamp(first)} to {stamp(end)}")
    if before.name != after.name:
        output.note(
            f"the plan's name is part of its orders' identity: {after.name} is another plan than {before.name}, and"
            " sends what that has sent already"
        )


def _of_plan(before: Plan, after: Plan) -> Iterator[Change]:
    old, new = _header(before), _header(after)
    for field in old:
        if old[field] != new[field]:
            yield Change(what="plan", order=None, field=field, old=old[field], new=new[field])


def _header(plan: Plan) -> Fields:
    return {
        "name": plan.name,
        "mode": plan.mode.value,
        "account": plan.account or "(of the settings)",
        "limits": written(plan.limits),
        "resend": "proven_absent" if plan.resend else "never",
    }


def _of_orders(before: Plan, after: Plan, start: datetime, end: datetime) -> Iterator[Change]:
    old = {each.order: each for each in before.instructions}
    new = {each.order: each for each in after.instructions}
    for name in sorted(old.keys() | new.keys()):
        was, will_be = old.get(name), new.get(name)
        if was is None or will_be is None:
            texts = [None if each is None else _summary(each) for each in (was, will_be)]
            yield Change(what="order", order=name, field="order", old=texts[0], new=texts[1])
        else:
            yield from _of_terms(name, was, will_be)
        yield from _of_fires(name, was, will_be, start, end)


def _of_terms(name: str, was: Instruction, will_be: Instruction) -> Iterator[Change]:
    old, new = _terms(was), _terms(will_be)
    for field in sorted(old.keys() | new.keys(), key=[*old, *new].index):
        if old.get(field) != new.get(field):
            yield Change(what="order", order=name, field=field, old=old.get(field), new=new.get(field))


def _terms(instruction: Instruction) -> Fields:
    """Return what an order says of itself, by the names that a plan has for it; what is left out is left out."""
    schedule = instruction.schedule
    zone = f" ({schedule.zone.key})" if schedule is not None and schedule.has_rule else ""
    told: dict[str, object] = {
        "contract": instruction.contract.name,
        "side": instruction.side.value.lower(),
        "size": instruction.size,
        "order.type": instruction.order_type.word,
        "order.price": instruction.limit_price,
        "order.stop": instruction.stop_price,
        "order.tif": instruction.time_in_force.value,
        "order": None if instruction.terms == type(instruction.terms)() else instruction.terms,
        "strategy": instruction.strategy,
        **{f"{instruction.strategy}.{name}": value for name, value in instruction.parameters.items()},
        "unfilled": instruction.unfilled,
        "when": instruction.when,
        "schedule": words(schedule) + zone,
        "policy": instruction.policy,
    }
    return {name: written(value) for name, value in told.items() if value is not None}


def _summary(instruction: Instruction) -> str:
    terms = _terms(instruction)
    told = [terms[name] for name in ("side", "size", "contract", "order.type")]
    prices = [f"{name.removeprefix('order.')} {terms[name]}" for name in ("order.price", "order.stop") if name in terms]
    return ", ".join([" ".join([*told, *prices]), terms["schedule"]])


def _of_fires(
    name: str, was: Instruction | None, will_be: Instruction | None, start: datetime, end: datetime
) -> Iterator[Change]:
    old, new = (_fires(each, start, end) for each in (was, will_be))
    for field, some in (("fires no more", sorted(old - new)), ("fires anew", sorted(new - old))):
        if not some:
            continue
        text = ", ".join(stamp(fire) for fire in some[:_LISTED])
        more = f" and {len(some) - _LISTED} more" if len(some) > _LISTED else ""
        counted = f"{len(some)} of {len(old if field == 'fires no more' else new)}: {text}{more}"
        gone = field == "fires no more"
        yield Change(
            what="fires", order=name, field=field, old=counted if gone else None, new=None if gone else counted
        )


def _fires(instruction: Instruction | None, start: datetime, end: datetime) -> frozenset[datetime]:
    if instruction is None:
        return frozenset()
    return frozenset(islice(fires(instruction.schedule, start, end), _MOST))


def _record(change: Change) -> dict[str, object]:
    return {
        "what": change.what,
        "order": change.order,
        "field": change.field,
        "old": change.old,
        "new": change.new,
    }


def _sentence(change: Change) -> str:
    owner = "plan" if change.order is None else change.order
    if change.what == "fires":
        return f"{owner}: {change.field} at {change.old or change.new}"
    if change.old is None:
        return (
            f"{owner}: is new: {change.new}"
            if change.field == "order"
            else f"{owner}: {change.field} is now {change.new}"
        )
    if change.new is None:
        return (
            f"{owner}: is gone: {change.old}"
            if change.field == "order"
            else f"{owner}: {change.field} was {change.old}"
        )
    return f"{owner}: {change.field} {change.old} -> {change.new}"
