"""How things are said: lines of text or JSON on stdout, problems and warnings with their place on stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from runner.errors import Problem


def prepare_streams(*, as_json: bool = False) -> None:
    """Make stdout and stderr UTF-8 with plain newlines, whatever the locale says, and their lines unmarked.

    `as_json`: stdout is for programs, and stays unmarked whatever `mark` says.
    """
    _MARKED[:] = ("stderr",) if as_json else ("stderr", "stdout")
    mark("")
    if sys.stdout is None:  # closed by the caller
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def abandon_stdout() -> None:
    """Let what is still buffered for a reader that has gone go nowhere, without a complaint at exit."""
    with suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)


def say(text: str) -> None:
    """Write a line to stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a line to stderr, in one piece: threads write there, too."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_json(fields: Mapping[str, object]) -> None:
    """Write one JSON object as a line to stdout."""
    say(json.dumps(fields, ensure_ascii=False))


def tell_problems(problems: Iterable[Problem], *, as_json: bool) -> None:
    """Write problems: lines of JSON to stdout, or text to stderr, with the source line for a reader at a terminal."""
    for problem in problems:
        if as_json:
            say_json({"type": "problem", **place(problem)})
        else:
            _tell(problem, "")


def warning_words(warning: Problem) -> str:
    """Return a warning as a line of text, its place first."""
    return f"{_place_words(warning)}: warning: {clean(warning.message)}"


def tell_warnings(warnings: Iterable[Problem], *, as_json: bool) -> None:
    """Write warnings the way problems are written; they are no reason to stop."""
    for warning in warnings:
        if as_json:
            say_json({"type": "warning", **place(warning)})
        else:
            _tell(warning, "warning: ")


def place(problem: Problem) -> dict[str, object]:
    """Return a problem as the fields of its JSON line."""
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}


def _place_words(problem: Problem) -> str:
    return f"{clean(problem.file)}:{problem.line}:{problem.column}"


def _tell(problem: Problem, kind: str) -> None:
    _begin(sys.stderr, f"{_place_words(problem)}: ")  # an editor looks for it there
    note(f"{kind}{clean(problem.message)}")
    if is_terminal(sys.stderr):
        from runner.plan import excerpt

        for line in (excerpt(problem) or "").splitlines():
            note(f"    {line}")


def is_terminal(stream: TextIO) -> bool:
    """Tell whether somebody reads along."""
    with suppress(ValueError):
        return stream.isatty()
    return False


def clean(text: str) -> str:
    """Write characters that would move a terminal's cursor, or turn its text around, as escapes."""
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


# --- marks


class _Marked(io.TextIOBase):
    """A stream whose every line begins with a mark."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.mark = ""
        self._is_fresh = True

    def write(self, text: str) -> int:
        """Write text, with the mark at the beginning of each line."""
        if not isinstance(text, str):
            raise TypeError(f"text is written here, not {type(text).__name__}")
        parts = []
        for line in text.splitlines(keepends=True):
            parts.append(self.mark + line if self._is_fresh else line)
            self._is_fresh = line.endswith("\n")
        self.stream.write("".join(parts))
        return len(text)

    def begin(self, text: str) -> None:
        """Write what comes before the mark of a line, and let the mark follow."""
        self.stream.write(text)
        self._is_fresh = True

    def flush(self) -> None:
        """Pass on what is buffered."""
        self.stream.flush()

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Tell whether somebody reads along."""
        return self.stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self.stream.encoding


_MARKED: list[str] = []  # the streams of this process that `mark` concerns


def mark(text: str) -> None:
    """Let every line from here on begin with a mark: on stderr, and on stdout unless it is JSON; "" takes it away."""
    for name in ("stderr", "stdout"):
        stream = getattr(sys, name)
        if text and name in _MARKED:
            marked = stream if isinstance(stream, _Marked) else _Marked(stream)
            marked.mark = text
            setattr(sys, name, marked)
        elif isinstance(stream, _Marked):
            setattr(sys, name, stream.stream)


def speak_to_programs() -> None:
    """Leave stdout unmarked: what this command writes there is read by a program, whether it was asked for or not."""
    _MARKED[:] = ("stderr",)


def _begin(stream: TextIO, text: str) -> None:
    """Write the beginning of a line that a mark may only follow."""
    if isinstance(stream, _Marked):
        stream.begin(text)
    else:
        stream.write(text)


def clear_screen() -> None:
    """Empty a terminal's screen before something is shown anew."""
    _begin(sys.stdout, "\x1b[H\x1b[2J")


def mark_of_stdout() -> str:
    """Return what every line of stdout begins with now."""
    return sys.stdout.mark if isinstance(sys.stdout, _Marked) else ""


def below_marks() -> TextIO:
    """Return stdout as it is without a mark, for what is no sequence of lines."""
    return sys.stdout.stream if isinstance(sys.stdout, _Marked) else sys.stdout


def ask(question: str) -> None:
    """Write a question to stderr; whoever answers ends its line."""
    sys.stdout.flush()
    sys.stderr.write(question)
    _begin(sys.stderr, "")
    sys.stderr.flush()
