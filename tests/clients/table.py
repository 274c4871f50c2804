"""What other people's clients showed: client x version x case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.clients.cases import CASES

_WORDS = {True: "ok", False: "FAIL", None: "n/a"}
_WIDTH = 150
_CASE = max(map(len, CASES)) + 1


@dataclass(frozen=True, slots=True)
class Cell:
    """How one case ended: True, False, or None where the client has no way to say it; and why."""

    ok: bool | None
    detail: str = ""


RUNS: dict[tuple[str, int], dict[str, Cell]] = {}


def lines() -> Iterator[str]:
    """Yield the table, as many runs beside each other as fit, and what the cells without an ok mean."""
    runs = sorted(RUNS, key=lambda run: (run[0], run[1]))
    block: list[tuple[str, int]] = []
    for run in [*runs, None]:
        if block and (run is None or _CASE + sum(_width(one) for one in [*block, run]) > _WIDTH):
            yield from _block(block)
            block = []
        if run is not None:
            block.append(run)
    reasons = sorted(
        {(cell.detail, name) for (name, _), cells in RUNS.items() for cell in cells.values() if cell.ok is None}
    )
    yield from (f"n/a, {name}: {detail}" for detail, name in reasons)


def _width(run: tuple[str, int]) -> int:
    return max(len(run[0]), 4) + 2


def _block(runs: list[tuple[str, int]]) -> Iterator[str]:
    yield " " * _CASE + "".join(name.rjust(_width((name, version))) for name, version in runs)
    yield " " * _CASE + "".join(str(version).rjust(_width((name, version))) for name, version in runs)
    for case in CASES:
        cells = [_WORDS[RUNS[run][case].ok] if case in RUNS[run] else "?" for run in runs]
        yield case.ljust(_CASE) + "".join(cell.rjust(_width(run)) for cell, run in zip(cells, runs, strict=True))
    yield ""
