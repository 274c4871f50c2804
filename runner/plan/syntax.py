"""What a YAML parser has against a text, in words that help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.plan.model import Mark
from runner.plan.text import position, printable, quote

if TYPE_CHECKING:
    import yaml

_HINTS = {
    "scanning an alias": "quotes around a cron, since a * alone begins an alias",
    "mapping values are not allowed": 'quotes around text with ": " in it, and each key on a line of its own',
    "cannot start any token": "quotes around text that begins with such a character",
    "scanning a quoted scalar": "a closing quote",
    "parsing a flow": "a closing bracket, and a comma between items",
    "escape": "\\\\ for a backslash in double quotes",
}

_FOLD = r"[ \t]*\r?\n[ \t]*"
_PIECES = {  # what stands for one character of a value, by what the value begins with
    "'": re.compile(rf"''|{_FOLD}|."),
    '"': re.compile(rf"\\(?:x..|u.{{4}}|U.{{8}}|.)|{_FOLD}|."),
}
_PLAIN = re.compile(rf"{_FOLD}|.")
_BLOCK = re.compile(r"[|>][^\n]*\n *")


def within(text: str, start: Mark, index: int) -> Mark:
    """Return where character `index` of the value that begins at start stands in text; its start if that is unclear."""
    lines = text.split("\n")
    at = sum(map(len, lines[: start.line - 1])) + start.line - 1 + start.column - 1
    opening = text[at : at + 1]
    pieces, begin = _PIECES.get(opening, _PLAIN), at + (opening in _PIECES)
    if (block := _BLOCK.match(text, at)) is not None:
        begin = block.end()
    for _ in range(index):
        if (piece := pieces.match(text, begin)) is None:
            return start
        begin = piece.end()
    return Mark(*position(text, begin))


def error_mark(error: yaml.MarkedYAMLError, text: str) -> Mark:
    """Return where the error shows; if that is the end of the file, where the unfinished part begins."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Mark(1, 1)
    if error.context_mark is not None and mark.index >= len(text.rstrip()):
        mark = error.context_mark
    return Mark(mark.line + 1, mark.column + 1)


def too_deep(text: str, limit: int) -> Mark:
    """Return the bracket that opens a level too many, roughly: brackets inside quotes count too."""
    depth = 0
    for match in re.finditer(r"[\[{\]}]", text):
        depth += 1 if match[0] in "[{" else -1
        if depth > limit:
            return Mark(*position(text, match.start()))
    return Mark(1, 1)


def wording(error: yaml.MarkedYAMLError, text: str, mark: Mark) -> str:
    """Return the message for a syntax error at mark."""
    at = _at(text, mark)
    problem = printable(error.problem or "it cannot be read")
    context = f" {printable(error.context)}" if error.context else ""
    found = f"found {quote(at)}" if at else "found the end of the line"
    if at == "\t":
        return "not YAML: a tab where a line begins; found a tab; expected spaces for indentation"
    if at == "{" and _at(text, Mark(mark.line, mark.column - 1)) == "$":
        return f"not YAML: {problem}{context}; {found}; expected quotes around ${{...}} between brackets"
    fitting = [hint for words, hint in _HINTS.items() if words in problem + context]
    return f"not YAML: {problem}{context}; {found}; expected {(fitting or ['a plan in YAML or JSON'])[0]}"


def _at(text: str, mark: Mark) -> str:
    """Return the character at mark; empty past the end."""
    line = text.split("\n")[mark.line - 1 : mark.line] or [""]
    return line[0][mark.column - 1 : mark.column]
