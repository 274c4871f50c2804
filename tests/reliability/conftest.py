"""Counts the tests of the catalogue: their ids are in their names, such as `test_o06_a_fill_after_cancelled`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SIZES = {"c": 22, "o": 21, "r": 19, "s": 12, "b": 10, "y": 10, "x": 8, "l": 6}
CATALOGUE = tuple(f"{room}{number:02d}" for room, size in SIZES.items() for number in range(1, size + 1))
_IDS = re.compile(r"test_((?:[corsbyxl]\d\d_)+)")  # a test may stand for several
_TESTS = Path(__file__).parents[1]
_found: set[str] = set()
_rooms: set[Path] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which ids were collected, and from which folders."""
    for item in items:
        _rooms.add(Path(item.path).parent)
        if (named := _IDS.match(item.name)) is not None:
            _found.update(set(named[1].split("_")) & set(CATALOGUE))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how much of the catalogue was there, if all tests were."""
    if not _rooms >= {_TESTS / name for name in ("unit", "property", "integration", "acceptance", "reliability")}:
        return
    missing = [number.upper() for number in CATALOGUE if number not in _found]
    terminalreporter.write_line(f"catalogue: {len(CATALOGUE) - len(missing)} of {len(CATALOGUE)}")
    if missing:
        terminalreporter.write_line(f"catalogue: not among the tests: {' '.join(missing)}")
