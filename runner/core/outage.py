"""Stretches of the day in which a TWS, or IB behind it, is expected to be away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runner.core.times import to_utc

_DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """Begins at a time of day of a zone, on some weekdays (0 is Monday), and lasts so long: at most a day."""

    at: time
    zone: ZoneInfo
    lasts: timedelta
    days: frozenset[int] = EVERY_DAY

    def covers(self, at: datetime) -> bool:
        """Tell whether an instant lies in it: the beginning does, the end does not."""
        return self.end_of(at) is not None

    def end_of(self, at: datetime) -> datetime | None:
        """Return when the stretch around an instant ends, in UTC; None if the instant lies in none."""
        today = at.astimezone(self.zone).date()
        for day in (today, today - _DAY):
            begin = to_utc(datetime.combine(day, self.at), self.zone)
            if day.weekday() in self.days and begin <= at < begin + self.lasts:
                return (begin + self.lasts).astimezone(UTC)
        return None
