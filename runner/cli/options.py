"""Arguments and options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.core.times import parse_time
from runner.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from runner.plan.variables import Given

Assigned = tuple[tuple[str, str], ...]  # what --set was given: names and values
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class TimeType(click.ParamType[datetime]):
    """A time on the command line: UTC unless it carries an offset."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time; a usage error says what is wrong with it."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(value, UTC)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


def complete_plans(_: click.Context, __: click.Parameter | None, incomplete: str) -> list[CompletionItem]:
    """Complete files that may be plans, and folders on the way to them."""
    from click.shell_completion import CompletionItem

    folder, _slash, start = incomplete.rpartition("/")
    found = sorted(Path(f"{folder}{_slash}" or ".").glob("*"))
    return [
        CompletionItem(f"{folder}{_slash}{path.name}{'/' * path.is_dir()}")
        for path in found
        if path.name.startswith(start)
        and not path.name.startswith(".")
        and (path.is_dir() or path.suffix in (".yaml", ".yml", ".json"))
        and path.name != "fxrun.yaml"
    ]


plans_argument = click.argument("plans", nargs=-1, required=True, metavar="PLAN...", shell_complete=complete_plans)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
from_option = click.option(
    "--from", "start", type=TimeType(), metavar="TIME", help="Look from this time on; UTC without an offset. [now]"
)
until_option = click.option("--until", type=TimeType(), metavar="TIME", help="Stop before this time.")


class AssignmentType(click.ParamType[tuple[str, str]]):
    """`name=value`, for a variable of a plan."""

    name = "assignment"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split it; a usage error says what is wrong with it."""
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals or not name:
            self.fail(f"{value!r}: expected NAME=VALUE, such as pips=5", param, ctx)
        return name, text


set_option = click.option(
    "--set",
    "assigned",
    type=AssignmentType(),
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a variable of the plans.",
)


def given(assigned: Sequence[tuple[str, str]]) -> Given:
    """Return what plans are given; raises UsageError for a name that is given twice."""
    from runner.plan.variables import Given

    values = dict(assigned)
    if len(values) < len(assigned):
        twice = next(name for name, _ in assigned if [one for one, _ in assigned].count(name) > 1)
        raise UsageError(f"--set {twice}: given twice; give each variable once")
    return Given(values=values, environment=os.environ)


def now() -> datetime:
    """Read the wall clock: the one place where a command that needs no session does."""
    return datetime.now(UTC)


def span(start: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Return the bounds asked for, from now and without end where they are not given."""
    first = now() if start is None else start
    if until is not None and until < first:
        raise UsageError(
            f"--until {until:%Y-%m-%dT%H:%M:%SZ} lies before --from {first:%Y-%m-%dT%H:%M:%SZ}; name a later one"
        )
    return first, until or END_OF_TIME
