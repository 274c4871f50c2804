"""What the pages say of keys, commands, exit codes, events, messages and metrics is what the source says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import schemas
from runner import errors
from runner.report.summary import Summary, exit_code
from schemas.reference import reference

ROOT = Path(__file__).parents[2]


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT / "docs", capture_output=True, text=True, timeout=60, check=False
    )


def test_the_pages_are_fresh() -> None:
    done = ran("generate.py", "--check")
    assert done.stdout == "", "renew them with: python docs/generate.py"
    assert done.returncode == 0, done.stderr


def test_each_cure_is_for_a_message_that_there_is() -> None:
    """And no message is without one, or the pages could not be generated."""
    program = "import messages; print(set(messages.CURES) - {text for _, text in messages.all_messages()})"
    assert ran("-c", program).stdout == "set()\n"


def test_a_page_without_such_a_part_is_left_alone() -> None:
    done = ran("-c", "import generate; generate.renewed('# A page', '')")
    assert "no part to renew" in done.stderr


@pytest.mark.parametrize("name", ["plan", "settings"])
def test_every_key_is_there(name: str) -> None:
    text = reference(name)
    for key, schema in json.loads(schemas.text(name))["properties"].items():
        assert f"| `{key}` |" in text
        assert schema.get("title", key) in text


def test_every_kind_of_event_is_there() -> None:
    kinds = [one["$ref"].rpartition("/")[2] for one in json.loads(schemas.text("events"))["oneOf"]]
    assert [f"### `{kind}`" in reference("events") for kind in kinds] == [True] * len(kinds)


def test_every_exit_code_has_its_meaning() -> None:
    raised = {one.exit_code for one in vars(errors).values() if hasattr(one, "exit_code")}
    assert {one.code for one in errors.EXITS} == raised | {0, 4, 6, 7, 130}


def test_exit_codes_win_in_the_order_of_their_table() -> None:
    order = [one.code for one in errors.EXITS]
    counts = dict.fromkeys(("unknown", "missed", "rejected", "denied"), 1)
    found = []
    for key in (None, *counts):
        if key:
            counts[key] = 0
        found.append(exit_code(_summary(**counts), interrupted=key is None))
    assert found == sorted(found, key=order.index)


def _summary(**counts: int) -> Summary:
    fields = dict.fromkeys(Summary.__dataclass_fields__, 0) | {"denied_fires": 0} | counts
    return Summary(**fields)  # type: ignore[arg-type]
