"""Who a service tells what happens, beside its output: a room of its own each, and none of them is in trading's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from runner.core.outage import Outage
from runner.errors import Problem
from runner.plan.model import Plan

Record = Mapping[str, object]
LEFT_OUT = "left_out"  # the type of a line that says how many are missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What an observer may look at: the folder, and the journal of each lane by its name (`simulate`, `live`)."""

    folder: Path
    journals: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneView:
    """How a lane stands at a moment."""

    name: str
    mode: str  # simulate, rehearsal or live
    journal: Path
    is_ready: bool  # it has begun to carry out its plans
    is_alive: bool  # it was heard of lately
    plans: Sequence[Plan]
    figures: Record | None = None  # what its process has counted since its start (`cli/figures.py`)
    outages: Sequence[Outage] = ()  # in which its connection may be down
    grace: timedelta = timedelta()  # how much longer


class Serving(Protocol):
    """What an observer may ask of the service, from any thread and at any time."""

    def lanes(self) -> Sequence[LaneView]:
        """Return the lanes, live plans first."""

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with files of the folder as they are now."""


class Observer(Protocol):
    """Called by the service's own thread: none of these may wait or raise."""

    def happened(self, lane: str, record: Record) -> None:
        """Take a line of a lane's `--json`, or `{"type": "alarm", "event", "plan", "reason", "time"}`.

        Lines may be missing if the service could not keep up, and `{"type": "left_out", "count"}` says how many then;
        the journal has all of them.
        """

    def close(self) -> None:
        """End within a second or two."""
