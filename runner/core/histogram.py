"""How often something took how long: counts by bounds, kept while a process lives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# seconds: a claim on a good disk is a millisecond, an order is answered in some tenths, a fire may be a minute late
BOUNDS: Sequence[float] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Histogram:
    """Counts seconds; one thread adds to it."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)  # the last one has what is above all bounds
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """Count a value in the first bound that it does not exceed."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds

    def told(self) -> list[float]:
        """Return how many there were in each bound, then above all of them, then the sum of all in seconds."""
        return [*self._counts, round(self._total, 6)]
