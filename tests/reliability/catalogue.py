"""Counts the tests of the catalogue: their ids are in their names, such as `test_o06_a_fill_after_cancelled`.

python -m tests.reliability.catalogue
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

SIZES = {"c": 22, "o": 21, "r": 19, "s": 12, "b": 10, "y": 10, "x": 8, "l": 6}
CATALOGUE = tuple(f"{room}{number:02d}" for room, size in SIZES.items() for number in range(1, size + 1))
_IDS = re.compile(r"test_((?:[corsbyxl]\d\d_)+)")  # a test may stand for several
_TESTS = Path(__file__).parents[1]


def found() -> frozenset[str]:
    """Return the ids that the names of tests carry."""
    names = set()
    for path in _TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (named := _IDS.match(node.name)) is not None:
                names |= set(named[1].split("_"))
    return frozenset(names & set(CATALOGUE))


def main() -> None:
    """Print the count, and what is missing."""
    missing = [number.upper() for number in CATALOGUE if number not in found()]
    print(f"catalogue: {len(CATALOGUE) - len(missing)} of {len(CATALOGUE)}")
    if missing:
        print(f"catalogue: not among the tests: {' '.join(missing)}")


if __name__ == "__main__":
    main()
