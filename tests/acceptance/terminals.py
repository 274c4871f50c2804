"""A real terminal for the tests: a pseudo terminal of a width, and an emulator that knows what stands on its screen."""

from __future__ import annotations

import os
import re
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pyte

FXRUN = [sys.executable, "-m", "runner"]
ROOT = Path(__file__).parents[2]
CONTROL = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|.)")
COLOUR = re.compile(r"\x1b\[(?:\d*;)*(?:3[0-8]|4[0-8]|9\d|10[0-7])(?:;\d*)*m")
COLUMNS = re.compile(r"\S  +\S")  # in a row, and in no prose
PATIENCE = 30.0
HEIGHT = 30


def environment(folder: Path, **environ: str) -> dict[str, str]:
    """Return that of somebody at a terminal."""
    home = {"XDG_CONFIG_HOME": str(folder / "no-config"), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **home, "TERM": "xterm-256color", **environ}


@dataclass(frozen=True)
class Shown:
    """What a command has written to a terminal, and its exit code."""

    raw: str
    code: int | None

    @property
    def pieces(self) -> list[str]:
        """What was written from one line end, or return to the line's beginning, to the next, without its controls."""
        return re.split(r"[\r\n]+", CONTROL.sub("", self.raw))

    @property
    def text(self) -> str:
        return "\n".join(self.pieces)

    def rows_beyond(self, width: int) -> list[str]:
        """Return what has columns and is wider than the terminal, so that it was broken there."""
        return [one for one in self.pieces if len(one.rstrip()) > width and COLUMNS.search(one.strip())]


def shown(folder: Path, *arguments: object, width: int = 80, **environ: str) -> Shown:
    """Run a command of fxrun at a terminal, to its end."""
    child = _spawn(folder, [*FXRUN, *map(str, arguments)], width, HEIGHT, environ)
    child.expect(pexpect.EOF)
    child.close()
    return Shown(child.before.decode(), child.exitstatus)


def _spawn(folder: Path, words: Sequence[str], width: int, height: int, environ: dict[str, str]) -> Any:
    env: Any = environment(folder, **environ)
    return pexpect.spawn(
        words[0], list(words[1:]), cwd=str(folder), env=env, dimensions=(height, width), timeout=PATIENCE, encoding=None
    )


class Watched:
    """A command that goes on at a terminal."""

    def __init__(self, child: Any, width: int, height: int) -> None:
        self.child = child
        self.raw = ""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.settings = termios.tcgetattr(child.child_fd)

    @property
    def display(self) -> str:
        """What stands on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def colour_of(self, text: str) -> str:
        """Return the colour in which a text stands on the screen."""
        for row, line in enumerate(self._screen.display):
            if (column := line.find(text)) >= 0:
                return str(self._screen.buffer[row][column].fg)
        raise AssertionError(f"{text} is not on the screen: {self.display}")

    def take(self, seconds: float = 0.1) -> None:
        """Take in what is written in the next moments."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                heard = self.child.read_nonblocking(1 << 16, 0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return
            self.raw += heard.decode(errors="replace")
            self._stream.feed(heard)

    def wait(self, wanted: Callable[[], object]) -> None:
        """Take in what is written until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < deadline, self.display
            self.take()

    def resize(self, width: int, height: int) -> None:
        """Make the terminal another size."""
        self.child.setwinsize(height, width)
        self._screen.resize(height, width)

    def end(self) -> int | None:
        """Wait for its end, and return the exit code."""
        self.wait(lambda: not self.child.isalive())
        self.take(0.2)
        self.child.close()
        code: int | None = self.child.exitstatus
        return code


@contextmanager
def at_terminal(
    folder: Path, words: Sequence[str], width: int = 80, height: int = HEIGHT, **environ: str
) -> Iterator[Watched]:
    """Run a program at a terminal, and look at its screen while it goes on."""
    child = _spawn(folder, words, width, height, environ)
    try:
        yield Watched(child, width, height)
    finally:
        child.close(force=True)


@contextmanager
def watched(
    folder: Path, *arguments: object, width: int = 80, height: int = HEIGHT, **environ: str
) -> Iterator[Watched]:
    """Run a command of fxrun so."""
    with at_terminal(folder, [*FXRUN, *map(str, arguments)], width, height, **environ) as seen:
        yield seen
