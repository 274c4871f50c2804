"""A page that is shown anew on a screen of its own until somebody types q: the terminal is as it was afterwards."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

QUIT = frozenset("qQ")
_LOOKS = 0.1  # seconds between two looks at the size of the terminal
_REST = 4.0  # times as long as a look took it is not repeated: with thousands of plans it takes a while
_ENDING = 1.0


class Level(Enum):
    """How much a line matters, as a style of rich."""

    HEAD = "bold"
    GOOD = "bold green"
    BAD = "bold red"
    WARNING = "yellow"
    NOTE = ""
    ASIDE = "dim"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, as long as it is."""

    text: str
    level: Level = Level.NOTE


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What is shown, the most urgent first; every line begins with the mark."""

    lines: Sequence[Line]
    foot: str
    mark: str = ""


def watch(look: Callable[[], Page], console: Console, every: float) -> None:
    """Show what `look` finds, anew every so many seconds and when the size of the terminal changes, until q.

    Raises KeyboardInterrupt at Ctrl-C and SIGTERM, and what `look` raises; it is called on a thread of its own.
    """
    drawing = _Drawing(look, console, every)
    with ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, _interrupt)
        stack.callback(signal.signal, signal.SIGTERM, before)
        stack.enter_context(console.screen())
        stack.callback(drawing.end)
        drawing.start()
        try:
            _wait_for_q(drawing)
        except KeyboardInterrupt:
            if drawing.failure is None:
                raise
    if drawing.failure is not None:
        raise drawing.failure


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait_for_q(drawing: _Drawing) -> None:
    try:
        while drawing.is_alive() and click.getchar() not in QUIT:
            pass
    except EOFError:  # Ctrl-D
        return
    except OSError:  # there is nobody who could type
        drawing.join()


class _Drawing(threading.Thread):
    """Draws while the main thread waits for a key, since that is the one that signals interrupt."""

    def __init__(self, look: Callable[[], Page], console: Console, every: float) -> None:
        super().__init__(name="screen", daemon=True)
        self.failure: Exception | None = None
        self._look, self._console, self._every = look, console, every
        self._over = threading.Event()

    def run(self) -> None:
        """Draw until it is over, or until the page cannot be made: then the main thread is told."""
        try:
            while not self._over.is_set():
                began = time.monotonic()
                page = self._look()
                self._show(page, max(self._every, _REST * (time.monotonic() - began)))
        except Exception as error:
            self.failure = error
            kill = getattr(signal, "pthread_kill", None)
            with suppress(ProcessLookupError):
                if kill is not None and not self._over.is_set():
                    kill(threading.main_thread().ident, signal.SIGINT)

    def _show(self, page: Page, seconds: float) -> None:
        until, size = time.monotonic() + seconds, None
        while time.monotonic() < until and not self._over.is_set():
            if size != (size := self._console.size):
                _draw(page, self._console)
            self._over.wait(_LOOKS)

    def end(self) -> None:
        """Draw no more."""
        self._over.set()
        self.join(_ENDING)


def _draw(page: Page, console: Console) -> None:
    from rich.control import Control
    from rich.screen import Screen
    from rich.text import Text

    rows = _rows(page, console)
    room = max(console.height - 1, 1)
    if len(rows) > room:
        left = len(rows) - room + 1
        rows[room - 1 :] = [Text(f"{page.mark}... {left} more lines; a higher window shows them", Level.ASIDE.value)]
    rows += [Text("")] * (room - len(rows))
    foot = Text(f"{page.mark}{page.foot}", Level.ASIDE.value, no_wrap=True, overflow="crop")
    console.control(Control.home())
    console.print(Screen(*rows, foot, application_mode=True), end="")  # a raw terminal returns no carriage itself


def _rows(page: Page, console: Console) -> list[Text]:
    """Break lines at words, and where they are broken indent what follows."""
    from rich.text import Text

    rows = []
    for line in page.lines:
        indent = len(line.text) - len(line.text.lstrip())
        room = max(console.width - len(page.mark) - indent - 2, 1)
        pieces = Text(line.text.strip()).wrap(console, room, overflow="fold")
        for number, piece in enumerate(pieces):
            text = f"{page.mark}{' ' * (indent + 2 * (number > 0))}{piece.plain.rstrip()}"
            rows.append(Text(text, line.level.value, no_wrap=True, overflow="crop"))
    return rows
