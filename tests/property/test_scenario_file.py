"""Any file is a scenario or a list of problems with their places, never anything else."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from runner.cli.scenario import load_scenario
from runner.errors import PlanInvalid
from runner.gateway.scenario import Scenario

HERE = Path(__file__).parents[2] / "examples" / "scenarios"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(HERE.iterdir())]
words = st.sampled_from(
    ["-3%", "0 pips", "-1e9 pips", "20s", "9d", "999999999d", "2025-03-12", "2025-03-12 13:30Z", "9000-01-01", "none",
     "usual", "EUR.USD", "EURUSD", "AAPL", "made", "", "?", True, 0, 1, -1, Decimal("1.5"), None, [], {}]
)  # fmt: skip
keys = st.sampled_from(["at", "price", "move", "gap", "spread", "liquidity", "restart", "lull"])
points = st.lists(st.dictionaries(keys, words, max_size=4), max_size=4)
heads = st.dictionaries(st.sampled_from(["scenario", "source", "about", "pair", "start", "x"]), words, max_size=6)


def judge(path: Path) -> Scenario | None:
    try:
        return load_scenario(path)
    except PlanInvalid as invalid:
        problems = invalid.problems
    assert problems
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in problems)
    return None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heads, points, st.booleans())
def test_any_values(tmp_path: Path, head: dict[str, object], path: list[dict[str, object]], is_whole: bool) -> None:
    whole = {"scenario": "s", "source": "made", "start": "2025-03-12", "pair": "EUR.USD"} if is_whole else {}
    data = json.loads(json.dumps({**head, **whole, "path": path}, default=str))
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(data))
    found = judge(file)
    if found is not None:  # whatever is taken, an editor takes too
        assert Draft202012Validator(json.loads(schemas.text("scenario"))).is_valid(data)
        assert [point.at for point in found.points] == sorted({point.at for point in found.points})


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.integers(0), st.text(max_size=3), st.integers(0, 5))
def test_any_text(tmp_path: Path, text: str, place: int, put: str, gone: int) -> None:
    place %= len(text)
    file = tmp_path / "scenario.yaml"
    file.write_text(text[:place] + put + text[place + gone :], encoding="utf-8", errors="replace")
    judge(file)
