"""What is due, looked at ahead of its time: the schedules of a thousand plans take a while to say it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from runner.schedule import Due


class Ahead(Iterator[Due]):
    """Passes on what is due; `of` looks at what comes next."""

    def __init__(self, dues: Iterator[Due]) -> None:
        self._dues = dues
        self._seen: deque[Due] = deque()

    def __next__(self) -> Due:
        """Return the next that is due."""
        return self._seen.popleft() if self._seen else next(self._dues)

    def of(self, instant: datetime) -> list[Due]:
        """Return what comes next as far as it is due at this instant; it is passed on all the same."""
        found = [due for due in self._seen if due.time == instant]
        while len(found) == len(self._seen) and (due := next(self._dues, None)) is not None:
            self._seen.append(due)
            if due.time == instant:
                found.append(due)
        return found
