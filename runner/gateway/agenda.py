"""What is due when: one next instant for each order, and what was planned before is passed over."""

from __future__ import annotations

import heapq
from itertools import count

from runner.gateway.book import Entry

_MOST = 512  # plans, before those that are stale are sorted out


class Agenda:
    """The next thing that happens to each order by itself."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Entry, int]] = []  # due, order of planning, what, its version then
        self._planned = count()
        self._most = _MOST

    def plan(self, entry: Entry, due: int) -> None:
        """Note when something next happens to an order, in place of what was noted before."""
        entry.version += 1
        heapq.heappush(self._heap, (due, next(self._planned), entry, entry.version))
        if len(self._heap) > self._most:
            self._tidy()

    def _tidy(self) -> None:
        """Let go of orders that have ended long before they were due."""
        self._heap = [one for one in self._heap if one[3] == one[2].version]
        heapq.heapify(self._heap)
        self._most = max(_MOST, 2 * len(self._heap))

    @property
    def due(self) -> int | None:
        """When something next happens, None if never."""
        while self._heap and self._heap[0][3] != self._heap[0][2].version:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, at: int) -> tuple[Entry, int] | None:
        """Return what is due by then and since when, None if nothing is."""
        due = self.due
        if due is None or due > at:
            return None
        return heapq.heappop(self._heap)[2], due
