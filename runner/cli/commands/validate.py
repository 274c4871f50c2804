"""`fxrun validate`: is a plan sound, and when does it fire next."""

from __future__ import annotations

from datetime import datetime, tzinfo
from itertools import groupby, islice

import click

from runner.cli import advice, options, output
from runner.core.times import stamp
from runner.plan.model import Plan
from runner.schedule import upcoming

_SHOWN = 3


@click.command(
    epilog="Exit code: 0 if all are sound, warnings or not, else 2. Example: fxrun validate eurusd-weekday.yaml"
)
@options.plans_argument
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """Check plans: say what is wrong and where, or when they fire next, and warn of closed markets and odd lots."""
    from runner.plan import load_all

    now = options.now()
    for plan in load_all(plans, options.given(assigned)):
        (_say_json if as_json else _say)(plan, now)
        output.tell_warnings(advice.of_year(plan, now), as_json=as_json)


def _say(plan: Plan, now: datetime) -> None:
    count = len(plan.instructions)
    output.say(f"{output.clean(plan.file)}: ok, {count} {'order' if count == 1 else 'orders'}, {_when(plan, now)}")


def _when(plan: Plan, now: datetime) -> str:
    if all(instruction.schedule is None for instruction in plan.instructions):
        return "due once, when it is run"
    times = [f"{local} ({stamp(at)})" for at, local in _next_fires(plan, now)]
    if any(each.schedule is not None and each.schedule.on_halt for each in plan.instructions):
        times.append("on a halt")
    return f"next fires {', '.join(times)}" if times else "no fire is left"


def _next_fires(plan: Plan, now: datetime) -> list[tuple[datetime, str]]:
    """Return the next instants at which a scheduled order is due, each with its time in that order's zone."""
    specs = {each.order: each.schedule for each in plan.instructions if each.schedule is not None}
    found = upcoming(((plan.name, order, spec) for order, spec in specs.items()), now, options.END_OF_TIME)
    instants = groupby(found, key=lambda due: due.time)
    return [(at, _local(at, specs[next(dues).order].zone)) for at, dues in islice(instants, _SHOWN)]


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _say_json(plan: Plan, now: datetime) -> None:
    output.say_json(
        {
            "type": "plan",
            "plan": plan.name,
            "file": plan.file,
            "mode": plan.mode.value,
            "orders": len(plan.instructions),
            "next_fires": [stamp(at) for at, _ in _next_fires(plan, now)],
        }
    )
