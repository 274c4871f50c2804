"""docs/strategies.md: every strategy is in its table, and every plan that it shows runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from strategies import STRATEGIES
from tests.acceptance.doc_blocks import YAML, blocks

DOC = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")
PLANS = {
    one.text.partition("plan: ")[2].split()[0]: one.text for one in blocks("docs/strategies.md") if one.language == YAML
}
MONTH = ("--simulate", "--from", "2026-03-02", "--until", "2026-04-10", "--json")


def test_every_strategy_is_in_the_table() -> None:
    table = DOC.partition("|---|---|---|\n")[2].partition("\n\n")[0]
    keys = re.findall(r"^\| (?:`(\w+)`|none) \|", table, re.MULTILINE)
    assert {key or "single" for key in keys} == set(STRATEGIES)


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_of_the_page_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLANS[name], encoding="utf-8")
    command = [sys.executable, "-m", "runner", "p.yaml", *MONTH]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr + run.stdout[-2000:]
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    fires = [line for line in lines if line["type"] == "fire"]
    assert fires
    if name != "idle-euros":  # the simulated account has no euros
        assert any(line["state"] == "sent" for line in fires)
