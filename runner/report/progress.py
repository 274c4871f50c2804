"""A progress bar on stderr while virtual time runs; nothing at all when stderr is not a terminal."""

from __future__ import annotations

import sys
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich import progress


class Progress:
    """Context manager; `advance` moves the bar to an instant of the span."""

    def __init__(self, start: datetime, until: datetime) -> None:
        self._start = start
        self._seconds = max((until - start).total_seconds(), 1.0)
        self._bar: progress.Progress | None = None
        self._shown = -1

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._open()
        return self

    def _open(self) -> None:
        from rich import progress
        from rich.console import Console

        columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.TaskProgressColumn())
        self._bar = progress.Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(f"{self._start:%Y-%m-%d}", total=1000)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def advance(self, to: datetime) -> None:
        """Show that plan time has come to `to`."""
        if self._bar is None:
            return
        permille = min(int(1000 * (to - self._start).total_seconds() / self._seconds), 1000)
        if permille != self._shown:  # the bar costs more than a fire does
            self._shown = permille
            self._bar.update(self._task, completed=permille, description=f"{to:%Y-%m-%d}")
