"""The line of a problem with a caret below it, for people at a terminal."""

from __future__ import annotations

import unicodedata

from runner.errors import Problem
from runner.plan.text import Unreadable, decode, printable, read_bytes

_BEFORE, _WIDTH = 60, 100


def excerpt(problem: Problem) -> str | None:
    """Return the source line of a problem and a caret line; None where there is no such line to show."""
    try:
        lines = decode(read_bytes(problem.file)).split("\n")
    except Unreadable:
        return None
    if not 1 <= problem.line <= len(lines):
        return None
    line, place = lines[problem.line - 1].rstrip("\r"), problem.column - 1
    if not line.strip():
        return None
    start = max(0, place - _BEFORE)
    before, after = line[start:place], line[place : start + _WIDTH]
    shown_before, shown_after = _shown(before), _shown(after)
    cut = "..." if start else ""
    end = "..." if len(line) > start + _WIDTH else ""
    caret = " " * (len(cut) + _columns(shown_before)) + "^"
    return f"{cut}{shown_before}{shown_after}{end}\n{caret}"


def _shown(text: str) -> str:
    return printable(text.replace("\t", " "))


def _columns(text: str) -> int:
    """Return how many columns of a terminal text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)
