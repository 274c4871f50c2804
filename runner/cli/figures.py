"""What a lane of `fxrun serve` counts while it trades: some numbers in memory, told once a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sized
from datetime import datetime

from runner.core.events import Event, FireDone, FireState, OrderChanged
from runner.core.histogram import Histogram
from runner.core.order_state import OrderState

FIGURES = "figures"  # the type of the line that tells them


class Figures:
    """Counts from the events of the engine's thread; all of it is since the start of the process."""

    def __init__(self, now: Callable[[], datetime], commits: Histogram, waiting: Sized) -> None:
        """`waiting` has the fires that are due and not sent yet."""
        self._now = now
        self._commits = commits
        self._waiting = waiting
        self._lateness, self._round_trip = Histogram(), Histogram()
        self._left: dict[str, float] = {}  # order_ref -> when it left, until something is heard of it

    def take(self, event: Event) -> None:
        """Count what an event tells."""
        match event:
            case FireDone(state=FireState.SENT):
                self._lateness.add(max(0.0, (self._now() - event.time).total_seconds()))
            case OrderChanged(state=OrderState.SENT):
                self._left.setdefault(event.order_ref, time.monotonic())
            case OrderChanged():
                left = self._left.pop(event.order_ref, None)
                if left is not None and event.state is not OrderState.UNKNOWN:
                    self._round_trip.add(time.monotonic() - left)

    def told(self) -> Mapping[str, object]:
        """Return them as a line of a lane has them."""
        return {
            "type": FIGURES,
            "waiting": len(self._waiting),
            "lateness": self._lateness.told(),
            "round_trip": self._round_trip.told(),
            "commit": self._commits.told(),
        }
