"""`fxrun settings` as somebody types it: what holds, where it came from, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = """\
connection: {port: 4002}
account: DU1234567
limits:
  max_quantity: 50_000
  max_daily_quantity: 100_000
hooks:
  halt: [notify-send, "fxrun halted"]
"""
PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
limits: {max_quantity: 30_000}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fxrun.yaml").write_text(SETTINGS)
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def fxrun(*args: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from runner.cli.main import main; sys.exit(main())"
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FXRUN_")}
    own = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(cwd / "config"), "HOME": str(cwd / "home")}
    return subprocess.run(
        [sys.executable, "-c", code, "settings", *args],
        cwd=cwd,
        env=kept | own | environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def row(result: subprocess.CompletedProcess[str], name: str) -> list[str]:
    (line,) = [line for line in result.stdout.splitlines() if line.startswith(name + " ")]
    return line.split(maxsplit=1)[1].rsplit(maxsplit=1)


def test_every_value_is_shown_with_its_origin(folder: Path) -> None:
    result = fxrun(cwd=folder, FXRUN_GRACE="5m")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "settings: fxrun.yaml"
    assert [part.strip() for part in row(result, "connection.port")] == ["4002", "fxrun.yaml:1"]
    assert [part.strip() for part in row(result, "account")] == ["DU1234567", "fxrun.yaml:2"]
    assert [part.strip() for part in row(result, "limits.max_quantity")] == ["50000", "fxrun.yaml:4"]
    assert [part.strip() for part in row(result, "limits.max_open_orders")] == ["15", "default"]
    assert [part.strip() for part in row(result, "hooks.halt")] == ["notify-send 'fxrun halted'", "fxrun.yaml:7"]
    assert [part.strip() for part in row(result, "grace")] == ["5m", "FXRUN_GRACE"]
    origins = [line.rsplit(maxsplit=1)[1] for line in result.stdout.splitlines()[1:]]
    places = [line.rindex(origin) for line, origin in zip(result.stdout.splitlines()[1:], origins, strict=True)]
    assert len(set(places)) == 1  # one column


def test_a_plan_brings_its_own_limits(folder: Path) -> None:
    result = fxrun(str(folder / "plan.yaml"), cwd=folder.parent)
    assert result.returncode == 0, result.stderr
    shown = [part.strip() for part in row(result, "limits.max_quantity")]
    assert shown == ["30000", f"{folder / 'plan.yaml'}:5"]


def test_json_is_one_object_a_setting(folder: Path) -> None:
    result = fxrun("plan.yaml", "--json", cwd=folder)
    found = {one["name"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert all(one.keys() == {"type", "name", "value", "origin"} for one in found.values())
    assert {one["type"] for one in found.values()} == {"setting"}
    assert found["limits.max_quantity"]["value"] == "30000"
    assert found["limits.max_open_orders"]["value"] == 15
    assert found["limits.max_notional"]["value"] == []
    assert found["connection.allow_remote"]["value"] is False
    assert found["restart"]["value"] is None
    assert found["hooks.halt"]["value"] == ["notify-send", "fxrun halted"]


def test_settings_that_do_not_validate_are_told_like_a_plan(folder: Path) -> None:
    (folder / "fxrun.yaml").write_text("limits: {max_quantty: 1}\n")
    result = fxrun(cwd=folder)
    assert result.returncode == 2
    assert result.stderr.startswith("fxrun.yaml:1:10: an unknown key in limits")
    told = fxrun("--json", cwd=folder)
    assert json.loads(told.stdout) == {
        "type": "problem",
        "file": "fxrun.yaml",
        "line": 1,
        "column": 10,
        "message": result.stderr.strip().partition(": ")[2],
    }


def test_the_user_s_own_settings_hold_where_there_are_none_beside(folder: Path) -> None:
    own = folder / "config" / "fxrun"
    own.mkdir(parents=True)
    (folder / "fxrun.yaml").rename(own / "fxrun.yaml")
    if sys.platform == "linux":
        result = fxrun(cwd=folder)
        assert [part.strip() for part in row(result, "account")] == ["DU1234567", f"{own / 'fxrun.yaml'}:2"]
    (own / "fxrun.yaml").rename(folder / "mine.yaml")
    assert "none found" in fxrun(cwd=folder).stdout.splitlines()[0]
    assert fxrun("--settings", "mine.yaml", cwd=folder).stdout.startswith("settings: mine.yaml\n")
    assert fxrun("--settings", "gone.yaml", cwd=folder).returncode == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("FXRUN_ACCOUNT", "U7654321", "not taken from the environment"),
        ("FXRUN_ALLOW_REMOTE", "true", "not taken from the environment"),
        ("FXRUN_MAX_QUANTITY", "50_001", "looser than limits.max_quantity (fxrun.yaml:4)"),
        ("FXRUN_PORT", "7497 ", "expected a whole number"),
    ],
)
def test_the_environment_can_neither_loosen_a_limit_nor_name_an_account(
    folder: Path, name: str, text: str, words: str
) -> None:
    result = fxrun(cwd=folder, **{name: text})
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("fxrun: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_misspelt_variable_is_warned_of_once(folder: Path) -> None:
    result = fxrun(cwd=folder, FXRUN_MAX_QUANTTY="1")
    assert result.returncode == 0
    assert result.stderr.count("did you mean FXRUN_MAX_QUANTITY?") == 1


def test_two_accounts_are_warned_of(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN + "account: DU7654321\n")
    result = fxrun("plan.yaml", cwd=folder)
    assert [part.strip() for part in row(result, "account")] == ["DU7654321", "plan.yaml:6"]
    assert result.stderr.startswith("warning: two accounts")


def test_a_value_cannot_move_the_cursor(folder: Path) -> None:
    (folder / "fxrun.yaml").write_text('hooks: {halt: ["\\e[2J"]}\n')
    result = fxrun(cwd=folder)
    assert "\x1b" not in result.stdout + result.stderr
