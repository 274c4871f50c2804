"""Every message with which fxrun refuses something, read out of the source: what it says, and what to do about it.

A message says both itself, in two halves. Where the first half is all there is, `cures.py` has the second one: a
KeyError names a message that is missing there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from cures import CODES, CURES, DISPOSITIONS

from runner.errors import EXITS
from runner.ib import notices
from runner.ib.notices import Disposition

ROOT = Path(__file__).parents[1]
VALUE = "…"
RAISED = {  # what is raised, or handed on to be raised, and the exit code that comes of it
    "FxrunError": 1, "UsageError": 2, "Refused": 3, "ConnectionFailed": 5, "NoSession": 5, "Final": 5, "NoAnswer": 5,
    "JournalBusy": 75,
}  # fmt: skip
NOTED = ("at_value", "at_key", "at_character")  # what findings are told of a plan, settings, faults or a scenario
RETURNED = {  # functions that return or yield a message for somebody else to raise
    "runner/cli/live.py": (3, ("_unarmed",)),
    "runner/settings/remote.py": (3, ("remote_reason",)),
}
DENIED = "runner/risk/checks.py"  # here every text that is returned is the reason of a denial
HALVES = re.compile(
    r"; |: (?=(?:expected|choose|each has|leave out|reset the|name |look at)\b)"
    r"|\. (?=Let |Say )|, (?=give one|leave it)"
)
WORDS = re.compile(r"[a-z]{2,} [a-z]|cannot|names")  # without any of them, a text is put together of others
TITLES = {
    "denied": "Denied fires and orders",
    "noted": "Problems of plans, settings and other files: exit code 2; warnings: none",
}
Found = tuple[object, str]


def tables() -> str:
    """Return a section for each exit code, and one for denied fires."""
    found = sorted(all_messages(), key=lambda one: (str(one[0]), one[1]))
    means = {one.code: one.means for one in EXITS}
    lines: list[str] = []
    for code, group in groupby(found, key=lambda one: one[0]):
        title = f"Exit code {code}: {means[code]}" if isinstance(code, int) else TITLES[str(code)]
        rows = sorted({_row(message) for _, message in group})
        lines += [f"## {title}", "", "| it says | what to do |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(message: str) -> str:
    first, cure = _halves(message)
    return f"| {_cell(first)} | {_cell(cure)} |"


def _halves(message: str) -> tuple[str, str]:
    """Split a message where what to do begins; what cannot be understood alone is left whole."""
    first, *rest = HALVES.split(message, maxsplit=1)
    is_clear = rest and WORDS.search(first) and re.search("[a-z]{2}", rest[0])
    return (first, rest[0]) if is_clear else (message, CURES[message])


def _cell(text: str) -> str:
    return re.sub(r"([|*_<>\[\]$`])", r"\\\1", text)


def all_messages() -> set[Found]:
    """Return every message with the exit code that comes of it."""
    found = {(code, " ".join(text.split())) for code, text in (*_raised(), *_returned())}
    return {(code, text) for code, text in found if WORDS.search(text)}


def _sources() -> Iterator[tuple[str, ast.AST]]:
    for top in ("runner", "strategies"):
        for path in sorted((ROOT / top).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, tree in _sources():
        yield from ((name, node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _raised() -> Iterator[Found]:
    for _, function in _functions():
        known = _texts(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and node.args and (kind := _kind(node.func)):
                parts = [text for one in node.args if (text := _text(one, known))]
                if kind == "Denied" and parts:
                    yield "denied", parts[0]
                elif kind in NOTED and parts:
                    yield "noted", parts[-1]
                elif kind in RAISED and parts:
                    yield RAISED[kind], ": ".join(parts) if len(parts) == 1 else "; ".join(parts)


def _kind(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _returned() -> Iterator[Found]:
    for name, function in _functions():
        code, wanted = RETURNED.get(name, (0, ()))
        is_denial = name == DENIED and not function.name.startswith("_part")
        if not is_denial and function.name not in wanted:
            continue
        known = _texts(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield) and (text := _text(node.value, known)) and " " in text:
                yield ("denied" if is_denial else code), text


def _texts(function: ast.FunctionDef) -> Mapping[str, str]:
    """Return what a function's variables hold where that is one text."""
    found: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, found)
            found[node.targets[0].id] = text if text and node.targets[0].id not in found else VALUE
    return found


def _text(node: ast.expr | None, known: Mapping[str, str]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return known.get(name, "") if known.get(name) != VALUE else ""
        case ast.JoinedStr(values=values):
            parts = (
                _text(one.value, known) or VALUE if isinstance(one, ast.FormattedValue) else _text(one, known)
                for one in values
            )
            return re.sub(f"{VALUE}+", VALUE, "".join(parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = _text(left, known), _text(right, known)
            return "".join(end or VALUE for end in ends) if any(ends) else ""
    return ""


def codes() -> str:
    """Return what fxrun takes each code of IB for, and what to do about those that are met."""
    taken: dict[Disposition, list[int]] = {}
    for code in range(20_000):
        if (as_what := notices.classify(code, about_order=True)) is not Disposition.UNKNOWN_ORDER_CODE:
            taken.setdefault(as_what, []).append(code)
    lines = ["## Those that are met", "", "| code | what it is | fxrun takes it as | what to do |", "|---|---|---|---|"]
    for code, (says, advice) in CODES.items():
        as_what = notices.classify(code, about_order=True)
        lines.append(f"| {code} | {says} | {DISPOSITIONS[as_what][0]} | {advice} |")
    lines += ["", "## All that are known", "", "| taken as | what comes of it | codes |", "|---|---|---|"]
    for as_what in Disposition:
        name, comes = DISPOSITIONS[as_what]
        if name:
            lines.append(f"| {name} | {comes} | {_spans(taken.get(as_what, [])) or 'every other one'} |")
    return "\n".join([*lines, ""])


def _spans(numbers: list[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{one[0]}" if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in spans)
