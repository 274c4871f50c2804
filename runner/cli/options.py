"""Arguments and options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from runner.core.times import parse_time
from runner.errors import UsageError

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


plans_argument = click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
from_option = click.option(
    "--from", "start", type=TimeType(), metavar="TIME", help="Look from this time on; UTC without an offset. [now]"
)
until_option = click.option("--until", type=TimeType(), metavar="TIME", help="Stop before this time.")


def now() -> datetime:
    """Read the wall clock: the one place where a command that needs no session does."""
    return datetime.now(UTC)


def span(start: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Return the bounds asked for, from now and without end where they are not given."""
    first = now() if start is None else start
    if until is not None and until < first:
        raise UsageError(f"--until {until:%Y-%m-%dT%H:%M:%SZ} lies before --from {first:%Y-%m-%dT%H:%M:%SZ}")
    return first, until or END_OF_TIME
