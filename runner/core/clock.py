"""Clocks, and how virtual time knows that all is quiet.

Virtual time moves only when nothing is under way, and that is counted, not guessed: the gateway publishes what it has
read and written and when something next happens to it; the client counts what it has sent and handled.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

SIMULATED_MARK = "fxrun simulated"  # in the zone text of the time that a simulated gateway greets with


class Clock(Protocol):
    """Plan time: the wall's, or a virtual one."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...


class VirtualTime:
    """A clock that stands still until it is set; written by the engine thread only."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the instant it was last set to."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to instant; time never goes back."""
        if instant < self._now:
            raise ValueError(f"virtual time would go back from {self._now} to {instant}")
        self._now = instant


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gateway has done so far: bytes over all its connections, wakes answered, the instant of its next event."""

    consumed: int = 0
    produced: int = 0
    wakes: int = 0
    next_event: datetime | None = None


class Meter:
    """Where the gateway's thread publishes its reading, whole, whenever it is about to wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reading = Reading()

    def publish(self, reading: Reading) -> None:
        """Replace the reading and tell whoever waits."""
        with self._changed:
            self._reading = reading
            self._changed.notify_all()

    def wait(self, *, consumed: int, wakes: int, timeout: float) -> Reading | None:
        """Return the reading once it has come that far; None after timeout seconds."""
        with self._changed:
            if self._changed.wait_for(lambda: self.has_reached(consumed, wakes), timeout):
                return self._reading
            return None

    def has_reached(self, consumed: int, wakes: int) -> bool:
        """Tell whether the last published reading has come that far."""
        return self._reading.consumed >= consumed and self._reading.wakes >= wakes

    def reading(self) -> Reading:
        """Return the last published reading."""
        return self._reading


class QuietPeer(Protocol):
    """A simulated gateway as virtual time sees it."""

    @property
    def meter(self) -> Meter:
        """Where it publishes."""
        ...

    @property
    def is_gone(self) -> bool:
        """True once it has ended."""
        ...

    def wake(self) -> int:
        """Make it look at the clock; returns how many wakes it will have answered once it has."""
        ...

    def reached(self, *, consumed: int, wakes: int, timeout: float) -> Reading | None:
        """Return its reading once it has come that far; None if it has not after timeout seconds, or after a turn."""
        ...
