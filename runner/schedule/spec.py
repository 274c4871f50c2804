"""A schedule as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from runner.schedule.phrase import DayRule, SessionRule


class Holiday(Enum):
    """What becomes of a fire on a day that the calendar closes."""

    SKIP = "skip"
    PREVIOUS = "previous"
    NEXT = "next"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blackout:
    """A span in which nothing is sent: [start, end) once, or [opens, closes) of every day in the schedule's zone."""

    text: str  # as the plan has it
    start: datetime | None = None
    end: datetime | None = None
    opens: time | None = None
    closes: time | None = None  # before `opens`: over midnight

    def covers(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Tell whether an instant lies in it."""
        if self.start is not None and self.end is not None:
            return self.start <= instant < self.end
        if self.opens is None or self.closes is None:
            return False
        clock = instant.astimezone(zone).time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSpec:
    """When an instruction is due: one of cron, every, at and on at most; [start, until) bounds it where given.

    Without any of them it is due at a halt alone.
    """

    zone: ZoneInfo
    cron: str | None = None
    every: timedelta | None = None
    at: tuple[datetime, ...] = ()
    on: tuple[DayRule | SessionRule, ...] = ()
    start: datetime | None = None
    until: datetime | None = None  # exclusive; a bare date in the plan includes that day
    calendar: tuple[str, ...] = ()  # names of CALENDARS; a business day is a weekday that none of them closes
    holiday: Holiday = Holiday.SKIP
    blackout: tuple[Blackout, ...] = ()
    jitter: timedelta = timedelta()
    on_halt: bool = False  # due whenever somebody halts all sending, too
    salt: str = ""  # what the jitter is derived from, beside the instant: plan and order

    @property
    def has_rule(self) -> bool:
        """True if it names instants, and not a halt alone."""
        return bool(self.cron or self.every or self.at or self.on)

    @property
    def is_plain(self) -> bool:
        """True if every instant of its rule is a fire at that instant."""
        return not self.calendar and not self.blackout and not self.jitter


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One instant of a schedule; `skipped` is why nothing is due there, None for a fire."""

    time: datetime
    nominal: datetime  # before the jitter: what the identity of the fire is derived from
    skipped: str | None = None
