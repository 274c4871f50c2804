"""Ctrl-C and SIGTERM while a run is under way: a request to end it between two steps, never in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """Context manager: takes the signals; `asked` tells whether one came."""

    def __init__(self) -> None:
        self.asked = False
        self.number: int | None = None  # of the first signal
        self._stop: Callable[[], None] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with SIGINT ignored
                self._stack.callback(signal.signal, number, signal.signal(number, self._take))
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def pass_on(self, stop: Callable[[], None] | None) -> None:
        """Call `stop` at the first request; a second one then raises KeyboardInterrupt. None: only note requests."""
        self._stop = stop
        if stop is not None and self.asked:
            stop()

    def _take(self, number: int, _frame: FrameType | None) -> None:
        insists, self.asked = self.asked, True
        self.number = self.number or number
        if self._stop is None:
            return
        if insists:
            raise KeyboardInterrupt
        self._stop()
