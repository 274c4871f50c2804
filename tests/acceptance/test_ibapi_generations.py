"""The same run, byte for byte, on three generations of ibapi and on two Pythons, each in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import environment

GENERATIONS = ["ibapi-stable==10.37.2", "ibapi-latest==10.51.1"]
PLAN = """
plan: generations
contract: EUR.USD
side: buy
size: 30_000
orders:
  - id: market
    schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
  - id: limit
    side: sell
    order: {type: limit, price: 1.05005, tif: GTC}
    schedule: {at: 2025-01-07 10:00}
  - id: stop
    order: {type: stop, stop: 1.0400}
    schedule: {at: 2025-01-08 10:00}
  - id: exits
    size: 5_000
    bracket: {take_profit: 1.0600, stop_loss: 1.0000}
    schedule: {at: 2025-01-13 10:00}
"""
COMMANDS = (
    ["explain", "plan.yaml", "--from", "2025-01-06"],
    ["run", "plan.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-03-01"],
    ["run", "plan.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-03-01", "--json"],
)
pytestmark = pytest.mark.slow


def outputs(python: Path, folder: Path) -> list[str]:
    """Return what explain, a run for people and a run for programs print."""
    (folder / "plan.yaml").write_text(PLAN)
    return [_output([str(python), "-m", "runner", *command], folder) for command in COMMANDS]


def _output(command: list[str], folder: Path) -> str:
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("generation", GENERATIONS)
def test_another_generation_of_ibapi(generation: str, tmp_path: Path) -> None:
    assert outputs(environment(generation, with_fxrun=True), tmp_path) == outputs(Path(sys.executable), tmp_path)


def other_pythons() -> list[str]:
    """Return interpreters of other supported versions that can be found on this machine."""
    names = [f"python3.{minor}" for minor in (11, 12, 13) if minor != sys.version_info.minor]
    return [found for name in names if (found := _working(name)) is not None]


def _working(name: str) -> str | None:
    versions = Path("~/.pyenv/versions").expanduser().glob(f"{name[6:]}.*/bin/python")
    for candidate in (shutil.which(name), *sorted(map(str, versions))):
        if (
            candidate is not None
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return candidate
    return None


def test_another_python(tmp_path: Path) -> None:
    found = other_pythons()
    if not found:
        pytest.skip("no other Python of 3.11 to 3.13 on this machine")
    assert outputs(environment(python=found[-1], with_fxrun=True), tmp_path) == outputs(Path(sys.executable), tmp_path)
