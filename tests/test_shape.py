"""The shape of what ships: short functions, short files."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for top in ("runner", "strategies", "schemas") for path in (ROOT / top).rglob("*.py"))


def _functions() -> list[tuple[int, str]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                found.append((node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    return found


def test_functions_are_short() -> None:
    functions = _functions()
    sizes = [size for size, _ in functions]
    assert [name for size, name in functions if size > 60] == []
    assert median(sizes) <= 8
    assert quantiles(sizes, n=10)[-1] <= 30


def test_files_are_short() -> None:
    assert [str(p.relative_to(ROOT)) for p in SOURCES if p.read_text(encoding="utf-8").count("\n") > 350] == []


def test_every_public_name_says_what_it_is() -> None:
    silent = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        for node in tree.body:
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if is_public and ast.get_docstring(node) is None:
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert silent == []
