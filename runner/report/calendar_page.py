"""The calendar of fires on a page: for each plan and year a grid of weeks, a field for each UTC day that had fires."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from runner.report.lines import DayLine, Outcome

LETTERS: Mapping[Outcome, str] = {  # what tells them apart without colour
    Outcome.DONE: "✓",
    Outcome.SKIPPED: "s",
    Outcome.DENIED: "D",
    Outcome.REJECTED: "R",
    Outcome.MISSED: "M",
    Outcome.UNKNOWN: "?",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADS = 2  # grid lines count from 1, and the first row and column are headings


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An outcome with its letter, for the key above the calendars."""

    name: str
    letter: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A day; row and column are grid lines."""

    row: int
    column: int
    outcome: str
    letter: str
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """The name of a month above the week it begins in."""

    name: str
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """A year of a plan."""

    plan: str
    year: int
    words: str
    weeks: int
    months: tuple[Month, ...]
    cells: tuple[Field, ...]


def keys() -> tuple[Key, ...]:
    """Return what each field can be."""
    return tuple(Key(name=outcome.value, letter=LETTERS[outcome]) for outcome in Outcome)


def calendars(days: Iterable[DayLine]) -> tuple[Calendar, ...]:
    """Return a calendar for each plan and year that has fires, by plan and year."""
    found: dict[tuple[str, int], list[DayLine]] = defaultdict(list)
    for line in days:
        found[line.plan, line.day.year].append(line)
    return tuple(_calendar(plan, year, found[plan, year]) for plan, year in sorted(found))


def _calendar(plan: str, year: int, lines: Sequence[DayLine]) -> Calendar:
    totals: Counter[Outcome] = Counter()
    for line in lines:
        totals.update(line.counts)
    first, last = lines[0].day.month, lines[-1].day.month
    before = _week(date(year, first, 1)) - _HEADS  # weeks that are not shown
    end = date(year, last + 1, 1) if last < len(_MONTHS) else date(year, 12, 31)
    return Calendar(
        plan=plan,
        year=year,
        words=counts(totals),
        weeks=_week(end) - _HEADS + 1 - before,
        months=tuple(
            Month(name=_MONTHS[n - 1], column=_week(date(year, n, 1)) - before) for n in range(first, last + 1)
        ),
        cells=tuple(_field(line, before) for line in lines),
    )


def counts(totals: Mapping[Outcome, int]) -> str:
    """Say how many fires had which outcome, the worst first."""
    return ", ".join(f"{totals[outcome]} {outcome.value}" for outcome in reversed(Outcome) if totals.get(outcome))


def _week(day: date) -> int:
    """Return the column of a day: weeks begin on Monday."""
    first = date(day.year, 1, 1)
    return _HEADS + (first.weekday() + (day - first).days) // 7


def _field(line: DayLine, before: int) -> Field:
    return Field(
        row=_HEADS + line.day.weekday(),
        column=_week(line.day) - before,
        outcome=line.outcome.value,
        letter=LETTERS[line.outcome],
        words=f"{line.day.isoformat()}: {counts(line.counts)}",
    )
