"""Every example plan as a user runs it: validated, then simulated over four weeks of 2025."""

from __future__ import annotations

import html
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import schemas

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").iterdir() if path.is_file())
SPAN = ("--from", "2025-01-06", "--until", "2025-02-03")
WEEKDAYS = 20
ORDERS = {  # what each plan comes to in the span: orders written down, the exits of a bracket counted
    "examples/before-the-close.yaml": WEEKDAYS,
    "examples/bracket-daily.yaml": 3 * 8,
    "examples/breakout-stop.yaml": 1,
    "examples/convert-idle-euros.yaml": 0,
    "examples/day-trade.yaml": 70,
    "examples/eurusd-weekday.yaml": WEEKDAYS,
    "examples/event-days.yaml": WEEKDAYS - 2,
    "examples/every-4h.yaml": 27,
    "examples/flatten-evening.yaml": 4 * 3 + 2,
    "examples/friday-convert.yaml": 4,
    "examples/future-hedge.yaml": 1,
    "examples/gbpusd-weekly.json": 4,
    "examples/gold-bracket.yaml": 3 * 4,
    "examples/index-cfd.yaml": 35,
    "examples/invest-monthly.yaml": 1,
    "examples/ladder-dips.yaml": 4 * 3,
    "examples/limit-gtc-once.yaml": 1,
    "examples/month-end-hedge.yaml": 1,
    "examples/monthly-saver.yaml": 2,
    "examples/oca-breakout.yaml": 4 * 2,
    "examples/narrow-spread.yaml": 20,
    "examples/payroll-francs.yaml": 1,
    "examples/quarter-dividend.yaml": 0,
    "examples/quiet-hours.yaml": 8,
    "examples/spy-monthly.yaml": 1,
    "examples/several-orders.yaml": 2 * 8 + 4,
    "examples/slices-hour.yaml": 4 * 6 + 4,
    "examples/sunday-open.yaml": 4,
    "examples/target-hedge.yaml": 1,
    "examples/two-times.yaml": 2,
    "examples/unfilled-reprice.yaml": 4 + 5,
}


def fxrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run fxrun as a process."""
    command = [sys.executable, "-m", "runner", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_every_example_is_in_the_table() -> None:
    assert sorted(ORDERS) == EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_validates(example: str) -> None:
    done = fxrun("validate", example)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_editor_finds_the_schema(example: str) -> None:
    path = ROOT / example
    if path.suffix == ".json":
        return
    first = path.read_text(encoding="utf-8").splitlines()[0]
    relative = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / relative).resolve() == ROOT / "schemas" / "plan.schema.json"


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str) -> None:
    done = fxrun("run", example, "--simulate", *SPAN, "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    records: list[dict[str, Any]] = [json.loads(text) for text in done.stdout.splitlines()]
    validator = Draft202012Validator(schemas.load("events"))
    assert [error.message for record in records for error in validator.iter_errors(record)] == []
    summary = records[-1]
    assert summary["type"] == "summary"
    assert summary["orders"] == ORDERS[example]
    assert summary["rejected"] == summary["unknown"] == summary["denied"] == 0
    kinds = [record["type"] for record in records]
    assert kinds.count("plan") == 1
    assert kinds.count("fire") == summary["fires"]
    filled = {record["order_ref"] for record in records if record["type"] == "fill"}
    assert len(filled) == summary["filled"] + _part_filled(records)


def _part_filled(records: list[dict[str, Any]]) -> int:
    """Return how many orders ended, or still work, with a part of their quantity filled."""
    last = {record["order_ref"]: record for record in records if record["type"] == "order"}
    return sum(record["filled"] != "0" and record["state"] != "filled" for record in last.values())


def test_the_readme_shows_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- demo output -->\n```text\n")[2].partition("```\n<!-- end of demo output -->")[0]
    demo = ("examples/eurusd-weekday.yaml", "--simulate", "--from", "2025-01-01", "--until", "2026-01-01")
    assert _lasting(shown) == _lasting(fxrun(*demo).stdout)


def test_the_picture_of_the_readme_shows_what_fxrun_prints() -> None:
    script = ROOT / "docs" / "pictures" / "terminal.py"
    drawn = runpy.run_path(str(script))["draw"]()
    shown = script.with_suffix(".svg").read_text(encoding="utf-8")
    assert _letters(shown) == _letters(drawn), "python docs/pictures/terminal.py draws it anew"
    assert "filled" in " ".join(_letters(drawn))


def _letters(picture: str) -> list[str]:
    """Return the words of a picture in their order, whatever their colours."""
    found = (html.unescape(text) for text in re.findall("<text[^>]*>([^<]*)</text>", picture))
    words = (re.sub(r"\s+", " ", text).strip() for text in found)
    return [text for text in words if not text.startswith("prices: ")]


def _lasting(text: str) -> list[str]:
    """Return the lines that do not change with the day to which the rates package has rates."""
    return [line for line in text.splitlines() if not line.startswith("prices: ")]
