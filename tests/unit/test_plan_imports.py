"""Plans are checked with little more than the parser and the schema library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("ibapi", "apscheduler", "rich", "sqlite3", "asyncio", "click", "jinja2", "litecharts")
LATE = ("yaml", "jsonschema", "difflib", *HEAVY)


def imported_by(code: str) -> set[str]:
    command = (sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=ROOT, timeout=20)
    return set(done.stdout.split())


def test_the_room_itself_costs_little() -> None:
    assert imported_by("import runner.plan").isdisjoint(LATE)


def test_a_plan_is_read_without_what_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("plan: demo\ncontract: EUR.USD\nside: buy\nsize: 1\n", encoding="utf-8")
    modules = imported_by(f"from runner.plan import load\nload({str(path)!r})")
    assert {"yaml", "jsonschema"} <= modules
    assert modules.isdisjoint({*HEAVY, "parsy", "importlib.metadata"})


@pytest.mark.parametrize(
    ("more", "wanted"),
    [("order: {type: limit, price: bid - 5 pips}", "parsy"), ("order: {type: market, ib: {hidden: true}}", "ibapi")],
)
def test_what_a_text_wants_is_imported_for_it_alone(more: str, wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"plan: demo\ncontract: EUR.USD\nside: buy\nsize: 1\n{more}\n", encoding="utf-8")
    modules = imported_by(f"from runner.plan import load\nload({str(path)!r})")
    assert {"parsy", "ibapi"} & modules == {wanted}
