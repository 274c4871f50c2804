"""Variables as they are typed: --set in each command, and what of it is armed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.cli.main import main

TEXT = """\
plan: demo
vars: {pips: 5, hours: 1h}
contract: EUR.USD
side: buy
size: 20_000
order: {type: limit, price: "bid - ${pips} pips"}
schedule: {every: "${hours}"}
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "plan.yaml"
    path.write_text(TEXT)
    return path


def test_set_changes_the_fires(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fires", str(plan), "--from", "2025-01-06", "-n", "2", "--json", "--set", "hours=6h"]) == 0
    times = [json.loads(line)["time"] for line in capsys.readouterr().out.splitlines()]
    assert times == ["2025-01-06T00:00:00Z", "2025-01-06T06:00:00Z"]


def test_set_changes_the_orders_of_a_run(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = []
    for pips in ("5", "45"):
        arguments = [str(plan), "--simulate", "--from", "2025-01-06 10:00", "--until", "2025-01-06 10:30"]
        assert main([*arguments, "--set", f"pips={pips}", "--json"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        limits.append([event["price"] for event in events if event["type"] == "fill"])
    assert len(limits) == 2
    assert limits[1] == []  # nobody sells so far below


def test_a_bad_value_points_into_the_plan(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(plan), "--set", "pips=five"]) == 2
    assert f'{plan}:2:14: vars.pips is no number: found "five" (of --set)' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "pip=5"], 'did you mean "pips"?'),
        (["--set", "pips"], "expected NAME=VALUE"),
        (["--set", "pips=5", "--set", "pips=6"], "--set pips: given twice"),
    ],
)
def test_a_bad_set_is_a_mistake_of_the_command(
    plan: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(plan), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_what_is_armed_is_what_was_shown(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another value is another digest, as an edit would be."""
    Path("fxrun.yaml").write_text("account: DU1234567\nlimits: {max_quantity: 50_000, max_daily_quantity: 1_000_000}\n")
    offers = []
    for pips in ("5", "6", "6"):
        assert (
            main(
                [
                    "arm",
                    str(plan),
                    "--rehearsal",
                    "127.0.0.1:7497",
                    "--yes",
                    "DU1234567",
                    "--json",
                    "--set",
                    f"pips={pips}",
                ]
            )
            == 0
        )
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        offers += [line["digest"] for line in lines if line["type"] == "offer"]
    assert len(offers) == 3
    assert offers[0] != offers[1] == offers[2]


def test_the_environment_is_read_where_the_plan_allows_it(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(
        TEXT.replace("vars:", "env: [DESK_ZONE]\nvars:").replace('"${hours}"', '1h, timezone: "${env:DESK_ZONE}"')
    )
    monkeypatch.delenv("DESK_ZONE", raising=False)
    assert main(["validate", str(plan)]) == 2
    assert ":8:34: a variable of the environment without a value" in capsys.readouterr().err
    monkeypatch.setenv("DESK_ZONE", "Europe/Berlin")
    assert main(["validate", str(plan)]) == 0
