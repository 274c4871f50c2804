"""A year of an order at a glance: a grid of months, with fires, skipped ones, holidays and clock changes marked."""

from __future__ import annotations

import calendar
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from itertools import islice, zip_longest

import click

from runner.cli import output, terminal
from runner.cli.trading import counted
from runner.core.times import stamp
from runner.plan.model import Instruction
from runner.schedule import Due, described
from runner.schedule.calendars import calendar_of
from runner.schedule.changes import ClockChange, clock_changes

_WEEK = "Mo Tu We Th Fr Sa Su"
_MONTH_WIDTH = 3 * 7
_GAP = "   "
_MOST_MONTHS = 4  # in a row
_MOST_LISTED = 40
_DAY = timedelta(days=1)
_FIRE, _SKIPPED, _CHANGE, _HOLIDAY, _NOTHING = "*", "x", "~", "-", " "
_STYLES: dict[str, Callable[[str], str]] = {
    _FIRE: partial(click.style, fg="green", bold=True),
    _SKIPPED: partial(click.style, fg="red"),
    _CHANGE: partial(click.style, fg="cyan"),
    _HOLIDAY: partial(click.style, dim=True),
}
_KEY = (
    "after a month: its fires",
    f" {_FIRE} fires",
    f" {_SKIPPED} skipped",
    f" {_HOLIDAY} holiday",
    f" {_CHANGE} clock change",
)


Parts = Sequence[str]  # of a line


@dataclass(slots=True)
class Year:
    """What lies in a year of one order, by the days of its zone."""

    number: int
    zone: tzinfo
    fires: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    skipped: list[Due] = field(default_factory=list)
    holidays: dict[date, str] = field(default_factory=dict)
    changes: dict[date, ClockChange] = field(default_factory=dict)

    def day_of(self, instant: datetime) -> date:
        """Return the day of an instant."""
        return instant.astimezone(self.zone).date()

    def mark(self, day: date, skipped: frozenset[date]) -> str:
        """Return the mark of a day: the first that applies."""
        if self.fires.get(day):
            return _FIRE
        if day in skipped:
            return _SKIPPED
        if day in self.changes:
            return _CHANGE
        return _HOLIDAY if day in self.holidays else _NOTHING


def bounds(year: int) -> tuple[datetime, datetime]:
    """Return a span that has the whole of a year in every zone."""
    return datetime(year, 1, 1, tzinfo=UTC) - _DAY, datetime(year + 1, 1, 1, tzinfo=UTC) + _DAY


def is_in(due: Due, year: int, zone: tzinfo) -> bool:
    """Tell whether a fire lies in a year of its zone."""
    return due.time.astimezone(zone).year == year


def of(instruction: Instruction, year: int, dues: Iterable[Due]) -> Year:
    """Gather a year from the fires of an order in it."""
    if instruction.schedule is None:
        raise ValueError("an order without schedule has no year")
    zone = instruction.schedule.zone
    found = Year(year, zone)
    for due in dues:
        if due.skipped is None:
            found.fires[found.day_of(due.time)] += 1
        else:
            found.skipped.append(due)
    start, until = (datetime(n, 1, 1, tzinfo=zone).astimezone(UTC) for n in (year, year + 1))
    found.changes = {found.day_of(change.instant): change for change in clock_changes(zone, start, until)}
    if instruction.schedule.calendar:
        closed = calendar_of(instruction.schedule.calendar).closed
        days = (date(year, 1, 1) + n * _DAY for n in range(365 + calendar.isleap(year)))
        found.holidays = {day: said for day in days if day.weekday() < 5 and (said := closed(day)) is not None}
    return found


def tell(instruction: Instruction, year: Year) -> None:
    """Write the grid of a year and what is to be known of it below."""
    output.say(f"{instruction.plan}/{instruction.order}: {described(instruction.schedule)}")
    total = sum(year.fires.values())
    output.say(f"{year.number}: {counted(total, 'fire')}, {len(year.skipped)} skipped")
    output.say("")
    for line in _grid(year, _months_in_a_row()):
        output.say(line.rstrip())
    for parts in (_KEY, *_changes(year), *_holidays(year), *_skipped(year)):
        for line in terminal.fitted(parts):
            output.say(line)


# --- the grid


def _months_in_a_row() -> int:
    room = shutil.get_terminal_size((80, 24)).columns + len(_GAP)
    return max(1, min(_MOST_MONTHS, room // (_MONTH_WIDTH + len(_GAP))))


def _grid(year: Year, in_a_row: int) -> Iterator[str]:
    skipped = frozenset(year.day_of(due.time) for due in year.skipped)
    months = [_month(year, month, skipped) for month in range(1, 13)]
    for first in range(0, 12, in_a_row):
        for parts in zip_longest(*months[first : first + in_a_row], fillvalue=" " * _MONTH_WIDTH):
            yield _GAP.join(parts)
        yield ""


def _month(year: Year, month: int, skipped: frozenset[date]) -> list[str]:
    """Return the lines of a month, each as wide as a week."""
    fires = sum(count for day, count in year.fires.items() if day.month == month)
    title = f"{calendar.month_name[month]} {year.number}: {fires}"
    weeks = calendar.Calendar().monthdatescalendar(year.number, month)
    rows = ["".join(_cell(day, month, year.mark(day, skipped)) for day in week) for week in weeks]
    return [f"{title:<{_MONTH_WIDTH}}", f"{_WEEK} ", *rows]


def _cell(day: date, month: int, mark: str) -> str:
    if day.month != month:
        return "   "
    text = f"{day.day:>2}{mark}"
    return _STYLES[mark](text) if mark in _STYLES and terminal.is_coloured() else text


# --- what is below it


def _changes(year: Year) -> Iterator[Parts]:
    for change in year.changes.values():
        shift = change.after - change.before
        sign, minutes = ("+" if shift > timedelta() else "-"), abs(shift) // timedelta(minutes=1)
        shown = f"{change.before:%a %Y-%m-%d %H:%M} becomes {change.after:%H:%M}"
        yield f"clocks   {shown} ({sign}{minutes // 60}:{minutes % 60:02} h)", stamp(change.instant)


def _holidays(year: Year) -> Iterator[Parts]:
    """Name the closed days on which nothing is skipped."""
    named = {year.day_of(due.time) for due in year.skipped}
    return ((f"closed   {day:%a %Y-%m-%d}", reason) for day, reason in year.holidays.items() if day not in named)


def _skipped(year: Year) -> Iterator[Parts]:
    for due in islice(year.skipped, _MOST_LISTED):
        local = due.time.astimezone(year.zone)
        yield f"skipped  {local:%a %Y-%m-%d %H:%M:%S %Z}", due.skipped or ""
    if len(year.skipped) > _MOST_LISTED:
        yield (f"... and {len(year.skipped) - _MOST_LISTED} more that are skipped; --json lists all",)
