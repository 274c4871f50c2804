"""A strategy of a third party: installed as its users would, found by its key in a plan, run, and missed when gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
WEEK = ("--simulate", "--from", "2026-03-02", "--until", "2026-03-09", "--json")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a folder of its own, built without an index."""
    pytest.importorskip("hatchling", reason="builds the example; pip install -e '.[test]' brings it")
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(folder), str(PLUGIN)], check=True, timeout=120)
    return folder


def fxrun(*words: str, beside: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **({} if beside is None else {"PYTHONPATH": str(beside)})}
    command = [sys.executable, "-m", "runner", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_an_installed_strategy_runs_and_goes_on_with_its_fires(installed: Path) -> None:
    run = fxrun(str(PLUGIN / "halves.yaml"), *WEEK, beside=installed)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    orders = {line["order_ref"]: line for line in lines if line["type"] == "order"}  # the last word of each
    assert [(one["order_type"], one["quantity"], one["state"]) for one in orders.values()] == [
        ("market", "25000", "filled"),
        ("limit", "25000", "cancelled"),
        ("market", "25000", "filled"),
    ]
    assert lines[-1]["positions"] == {"EUR.USD": "50000"}


def test_its_schema_is_held_against_what_the_plan_says(installed: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "p.yaml"
    wrong.write_text((PLUGIN / "halves.yaml").read_text().replace("after: 2h", "later: 2h"), encoding="utf-8")
    checked = fxrun("validate", str(wrong), beside=installed)
    assert checked.returncode == 2
    assert f'{wrong}:6:27: an unknown key in halves: found "later"' in checked.stderr


def test_without_the_package_its_key_is_unknown() -> None:
    checked = fxrun("validate", str(PLUGIN / "halves.yaml"))
    assert checked.returncode == 2
    assert 'an unknown key: found "halves"' in checked.stderr
