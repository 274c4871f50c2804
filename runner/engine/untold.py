"""Rows of fires that are not sent, as long as the journal cannot be written: they are owed, and not lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from runner.engine.desk import Desk


class Untold:
    """Used by the engine's thread alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._owed: deque[tuple[datetime, Callable[[], None]]] = (
            deque()
        )  # when the fire was due, and what writes its row

    def write(self, due: datetime, act: Callable[[], None]) -> None:
        """Write what became of a fire, now or once the journal can be written; raises JournalFailed."""
        self._owed.append((due, act))
        self.go_on()

    def go_on(self) -> None:
        """Write what is owed, as far as the journal can be written; raises JournalFailed, and it is owed on then."""
        while self._owed and self._desk.broken is None:
            self._owed[0][1]()
            self._owed.popleft()

    def dues(self) -> list[datetime]:
        """Return when the fires were due whose row is owed."""
        return [due for due, _ in self._owed]
