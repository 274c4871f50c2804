"""Files beside a plan, read as plans are: held against their schema, then against what no schema can say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from runner.errors import PlanInvalid
from runner.plan.findings import Findings, TooMany
from runner.plan.shape import check_shape
from runner.plan.source import read

T = TypeVar("T")
_UNPLACED = "the file does not fit its schema, and fxrun cannot say where; please report this"


def load(path: Path, schema: str, make: Callable[[dict[str, object], Findings], T | None]) -> T:
    """Return what `make` makes of a file that fits the schema; raises PlanInvalid with everything that is wrong."""
    source = read(str(path))
    if source.data is None and source.problems:
        raise PlanInvalid(sorted(source.problems))
    findings = Findings(source)
    made: T | None = None
    with suppress(TooMany):
        is_sound = check_shape(source.data, findings, schema)
        if not len(findings) and isinstance(source.data, dict):
            made = make(source.data, findings)
        if not len(findings) and not is_sound:
            findings.at_value((), _UNPLACED)
    if made is None or len(findings):
        raise PlanInvalid(findings.sorted())
    return made
