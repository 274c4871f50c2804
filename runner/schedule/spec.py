"""A schedule as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSpec:
    """When an instruction is due: exactly one of cron, every and at; [start, until) bounds it where given."""

    zone: ZoneInfo
    cron: str | None = None
    every: timedelta | None = None
    at: tuple[datetime, ...] = ()
    start: datetime | None = None
    until: datetime | None = None  # exclusive; a bare date in the plan includes that day
