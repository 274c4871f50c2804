"""The fires to come: when each order is due next, and the next day or week as rows of ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.cli import options
from runner.dashboard.look import Look
from runner.plan.model import Instruction, Plan
from runner.schedule import described, fires
from runner.schedule.spec import ScheduleSpec

WIDTH = 1440  # units of a row
STEP = 6  # units within which fires are one tick
MOST_ROWS = 12
MOST_NEXT = 8
SPANS = {"day": timedelta(days=1), "week": timedelta(days=7)}
_Key = tuple[str, str, str]  # digest of the plan, its name, the order


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """The next fire of one order."""

    look: Look
    plan: Plan
    instruction: Instruction
    at: datetime

    @property
    def local(self) -> str:
        """The time in the zone of the plan."""
        schedule = self.instruction.schedule
        return "" if schedule is None else f"{self.at.astimezone(schedule.zone):%a %H:%M %Z}"

    @property
    def words(self) -> str:
        """The schedule in words."""
        return described(self.instruction.schedule)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One order; `ticks` are (start, width) in units of the row."""

    next: Next
    ticks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Some time to come; `marks` name its parts, each with its place in units."""

    span: str
    rows: tuple[Row, ...]
    hidden: int  # orders that have fires to come and no row
    next: tuple[Next, ...]
    marks: tuple[tuple[int, str], ...]


class Agenda:
    """Knows when each order is due next; asks its schedule again only once that is past."""

    def __init__(self) -> None:
        self._known: dict[_Key, datetime | None] = {}

    def next(self, looks: Sequence[Look], now: datetime) -> list[Next]:
        """Return the next fire of each order that has one, the soonest first."""
        known: dict[_Key, datetime | None] = {}
        found = []
        for look in looks:
            for plan in look.plans:
                for instruction in plan.instructions:
                    key = (plan.digest, plan.name, instruction.order)
                    at = known[key] = self._at(key, instruction.schedule, now)
                    if at is not None:
                        found.append(Next(look=look, plan=plan, instruction=instruction, at=at))
        self._known = known
        return sorted(found, key=lambda one: (one.at, one.plan.name, one.instruction.order))

    def _at(self, key: _Key, spec: ScheduleSpec | None, now: datetime) -> datetime | None:
        if spec is None:  # due once, when it was begun
            return None
        if key in self._known and ((at := self._known[key]) is None or at >= now):
            return at
        return next(fires(spec, now, options.END_OF_TIME), None)


def timeline(found: Sequence[Next], now: datetime, span: str) -> Timeline:
    """Lay the fires of a span out; of many orders those that are due first."""
    until = now + SPANS[span]
    within = [one for one in found if one.at < until]
    rows = tuple(Row(next=one, ticks=_ticks(one, now, until)) for one in within[:MOST_ROWS])
    return Timeline(
        span=span,
        rows=rows,
        hidden=len(within) - len(rows),
        next=tuple(found[:MOST_NEXT]),
        marks=_marks(now, until, span),
    )


def _ticks(one: Next, now: datetime, until: datetime) -> tuple[tuple[int, int], ...]:
    """Return the fires of a span; what is closer than a tick is wide becomes a bar."""
    assert one.instruction.schedule is not None
    unit = (until - now) / WIDTH
    step = STEP * unit
    bars: list[tuple[int, int]] = []
    at: datetime | None = one.at
    while at is not None:
        start = (at - now) // step * STEP
        if bars and sum(bars[-1]) >= start:
            bars[-1] = (bars[-1][0], start + STEP - bars[-1][0])
        else:
            bars.append((start, STEP))
        at = next(fires(one.instruction.schedule, max(at, now + (start // STEP + 1) * step), until), None)
    return tuple(bars)


def _marks(now: datetime, until: datetime, span: str) -> tuple[tuple[int, str], ...]:
    """Name full hours, or days, in UTC."""
    every = timedelta(hours=4) if span == "day" else timedelta(days=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + ((now - midnight) // every + 1) * every
    marks = []
    while at < until:
        marks.append(((at - now) * WIDTH // (until - now), f"{at:%H:%M}" if span == "day" else f"{at:%a %d}"))
        at += every
    return tuple(marks)
