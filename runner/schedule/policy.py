"""What is done about a fire that cannot be carried out as it was meant, and when a plan is to stop by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

START_DEADLINE = timedelta(seconds=60)  # a market order a minute late is another trade


@dataclass(frozen=True, kw_only=True, slots=True)
class FirePolicy:
    """`misfire`, `overlap`, `pause_on` and `max_fires` of an order."""

    deadline: timedelta = START_DEADLINE  # how late a fire may still be sent
    catch_up: bool = False  # the last fire that was missed is sent when that is possible again
    overlap: bool = False  # a fire is sent although an entry order of the one before still works
    pause_on_reject: bool = False
    pause_on_unknown: bool = False
    pause_on_missed: int | None = None  # so many in a row
    max_fires: int | None = None  # so many are sent, in all runs on the journal

    @property
    def pauses(self) -> bool:
        """True if something pauses the plan."""
        return self.pause_on_reject or self.pause_on_unknown or self.pause_on_missed is not None


DEFAULT_POLICY = FirePolicy()
