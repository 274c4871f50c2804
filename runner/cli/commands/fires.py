"""`fxrun fires`: when plans are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import islice

import click

from runner.cli import options, output, terminal
from runner.core.times import stamp
from runner.errors import UsageError
from runner.plan.model import Instruction
from runner.schedule import Due, described, merge

_DEFAULT_COUNT = 10


@click.command(epilog="Example: fxrun fires eurusd-weekday.yaml --from 2025-03-07 --until 2025-03-12")
@options.plans_argument
@click.option("-n", "count", type=click.IntRange(min=1), metavar="N", help="At most so many. [10 without --until]")
@options.from_option
@options.until_option
@click.option("--year", type=click.IntRange(1972, 8999), metavar="YEAR", help="A whole year, as a grid of its months.")
@options.set_option
@options.json_option
def command(
    plans: tuple[str, ...],
    count: int | None,
    start: datetime | None,
    until: datetime | None,
    year: int | None,
    *,
    assigned: options.Assigned,
    as_json: bool,
) -> None:
    """List the next fire times of plans, in UTC and in each plan's zone.

    What the calendar or a blackout leaves out is listed with its reason. --year shows a year of each order in its
    zone, with clock changes and holidays.
    """
    from runner.plan import load_all

    if year is not None and (count, start, until) != (None, None, None):
        raise UsageError("--year is a whole year: leave out -n, --from and --until")
    first, end = options.span(start, until)
    loaded = load_all(plans, options.given(assigned))
    instructions = [instruction for plan in loaded for instruction in plan.instructions]
    if year is not None:
        _show_year(instructions, year, as_json=as_json)
        return
    found = merge(((each.plan, each.order, each.schedule) for each in instructions), first, end)
    limit = _DEFAULT_COUNT if count is None and until is None else count
    (_list_json if as_json else _list)(instructions, islice(found, limit))


def _show_year(instructions: Sequence[Instruction], year: int, *, as_json: bool) -> None:
    from runner.cli import year as years

    scheduled = [each for each in instructions if each.schedule is not None]
    zones = {(each.plan, each.order): _zone(each) for each in scheduled}
    named = [(each.plan, each.order, each.schedule) for each in scheduled]
    dues = (due for due in merge(named, *years.bounds(year)) if years.is_in(due, year, zones[due.plan, due.order]))
    if as_json:
        _list_json(scheduled, dues)
        return
    by_order = defaultdict(list)
    for due in dues:
        by_order[due.plan, due.order].append(due)
    for each in instructions:
        if each.schedule is None:
            output.say(f"{each.plan}/{each.order}: {described(each.schedule)}")
        else:
            years.tell(each, years.of(each, year, by_order[each.plan, each.order]))
        output.say("")


def _list_json(_: Sequence[Instruction], found: Iterable[Due]) -> None:
    for due in found:
        fields = {"plan": due.plan, "order": due.order, "time": stamp(due.time), "skipped": due.skipped}
        output.say_json({"type": "fire", **fields})


def _list(instructions: Sequence[Instruction], found: Iterable[Due]) -> None:
    for instruction in instructions:
        output.say(f"{instruction.plan}/{instruction.order}: {described(instruction.schedule)}")
    zones = {(each.plan, each.order): _zone(each) for each in instructions}
    none = True
    for due in found:
        local = due.time.astimezone(zones[due.plan, due.order])
        reason = [] if due.skipped is None else [f"skipped: {due.skipped}"]
        parts = [stamp(due.time), f"{local:%a %Y-%m-%d %H:%M:%S %Z}", f"{due.plan}/{due.order}", *reason]
        for line in terminal.fitted(parts):
            output.say(line)
        none = False
    if none:
        output.note("no fire lies in this span")


def _zone(instruction: Instruction) -> tzinfo:
    return UTC if instruction.schedule is None else instruction.schedule.zone
