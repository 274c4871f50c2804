"""Whose positions are whose: a simulated run's world ends with it.

Its gateway began with nothing and kept nothing. Of an ended run only what it came to stays: what it realized, and what
was open at the last price known by its last fire or fill. Positions and exposure are those of the last run. At a real
gateway positions outlive a run, and all runs of a journal are one world.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.journal.rows import PastRun

SIMULATE = "simulate"  # the mode of a journal
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Worlds:
    """The worlds of a journal, by number; `present` is the one that is still there."""

    is_simulated: bool = False
    present: int = 0

    def of(self, run: int) -> int:
        """Return the world of a run."""
        return run if self.is_simulated else 0

    def is_over(self, world: int) -> bool:
        """Tell whether a world has ended, and all that was held in it is gone."""
        return world != self.present


ONE = Worlds()


def worlds_of(mode: str | None, runs: Sequence[PastRun], until: datetime | None = None) -> Worlds:
    """Return the worlds of a journal of a mode; with `until`, as they were just before that instant."""
    if mode != SIMULATE:
        return ONE
    begun = [run.id for run in runs if until is None or run.started < until]
    return Worlds(is_simulated=True, present=max(begun, default=0))


def ends_of(worlds: Worlds, seen: Iterable[tuple[int, datetime]]) -> dict[int, datetime]:
    """Return when each world that is over ended: a second after the last that was seen of its run, fires and fills."""
    found: dict[int, datetime] = {}
    for run, at in seen:
        if worlds.is_over(worlds.of(run)):
            found[run] = max(at, found.get(run, at))
    return {run: at + _MOMENT for run, at in found.items()}
