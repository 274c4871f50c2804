"""How things are said: lines of text or JSON on stdout, problems and warnings with their place on stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, cast

from runner.errors import Problem


def prepare_streams() -> None:
    """Make stdout and stderr UTF-8 with plain newlines, whatever the locale says."""
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
    """Write a line to stderr."""
    print(text, file=sys.stderr)  # noqa: T201


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


def _tell(problem: Problem, kind: str) -> None:
    note(f"{clean(problem.file)}:{problem.line}:{problem.column}: {kind}{clean(problem.message)}")
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


class _Marked(io.TextIOBase):
    """A stream whose every line begins with a mark."""

    def __init__(self, stream: TextIO, mark: str) -> None:
        self._stream = stream
        self._mark = mark
        self._is_fresh = True

    def write(self, text: str) -> int:
        """Write text, with the mark at the beginning of each line."""
        for line in text.splitlines(keepends=True):
            self._stream.write(self._mark + line if self._is_fresh else line)
            self._is_fresh = line.endswith("\n")
        return len(text)

    def flush(self) -> None:
        """Pass on what is buffered."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Tell whether somebody reads along."""
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self._stream.encoding


@contextmanager
def marked(mark: str, *, as_json: bool) -> Iterator[None]:
    """Let every line on stderr, and on stdout unless it is JSON, begin with a mark."""
    if not mark:
        yield
        return
    out, err = sys.stdout, sys.stderr
    sys.stderr = cast(TextIO, _Marked(err, mark))
    if not as_json:
        sys.stdout = cast(TextIO, _Marked(out, mark))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
