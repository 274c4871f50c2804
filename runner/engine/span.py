"""The time that a run covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The time of a run: [start, until); without `until` it goes on until the schedule and its orders have ended."""

    start: datetime
    until: datetime | None

    @property
    def last(self) -> datetime | None:
        """The last instant that is part of the run."""
        return None if self.until is None else self.until - timedelta.resolution
