"""docs/live.md, done as a stranger does it: its files written, the commands of its rehearsal run in their order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.cli.main import COMMANDS
from tests.acceptance.doc_blocks import ROOT, blocks
from tests.acceptance.doc_reader import Reader

PAGE = "docs/live.md"
DOC = (ROOT / PAGE).read_text(encoding="utf-8")
REHEARSAL = ("arm", "status", "halt", "resume", "resolve")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Somebody who has written the files of the page, and done nothing else."""
    found = Reader(tmp_path)
    for block in blocks(PAGE):
        if block.name:
            found.write(block)
    yield found
    found.close()


def test_the_files_of_the_page_are_what_they_are_called() -> None:
    assert [block.name for block in blocks(PAGE) if block.name] == [
        "fxrun.yaml", "rehearsal.yaml", "eurusd.yaml", "rehearse.yaml", "faults.yaml",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_page_goes_as_it_says(tmp_path: Path) -> None:
    """From the settings to the backup: a refusal, an arming, halt and resume, UNKNOWN and its end, Ctrl-C."""
    reader = Reader(tmp_path)
    found = blocks(PAGE)
    try:
        for block in found:
            reader.do(block, found)
            commands = [command for command, _ in block.commands()] if block.language == "sh" else []
            if commands and not block.reason and all(command.split()[1] in REHEARSAL for command in commands):
                assert all(line.startswith("REHEARSAL") for line in reader.said.splitlines()), reader.said
        _check_what_is_left(reader)
    finally:
        reader.close()


def _check_what_is_left(reader: Reader) -> None:
    """The runner's terminal, the journal and its copy after the page has been followed to its end."""
    _, (_, runner, told) = reader.background
    assert runner.returncode in (6, 130)
    assert all(line.startswith("REHEARSAL") for line in told.read_text(encoding="utf-8").splitlines())
    told_in_json = fxrun(reader, "journal", "export", "--settings", "rehearsal.yaml").stdout
    orders = [line for line in map(json.loads, told_in_json.splitlines()) if line["type"] == "order"]
    assert {line["plan"] for line in orders} == {"rehearse"}
    assert sum(line["state"] == "filled" for line in orders) >= 2
    assert len(list(reader.folder.glob("rehearsal.db.*.bak"))) == 1
    assert "DU1111111" in fxrun(reader, "settings", "eurusd.yaml", "--json").stdout


def fxrun(reader: Reader, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=reader.folder, env=reader.environ(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


REFUSALS = {  # what is done to the files of the page: file, text, what stands in its place
    "no account is pinned": ("fxrun.yaml", "account: DU1111111", "# none"),
    "no limits.max_quantity and no limits.max_daily_quantity": ("fxrun.yaml", "max_quantity: 50_000", ""),
    "is no live plan": ("eurusd.yaml", "mode: live", "mode: simulate"),
    "is not armed": ("eurusd.yaml", "", ""),
    "is not this machine": ("fxrun.yaml", "{port:", "{host: 192.0.2.1, port:"),
}


@pytest.mark.parametrize("said", REFUSALS)
def test_a_refusal_says_what_the_page_says(reader: Reader, said: str) -> None:
    assert f"`{said}`" in DOC
    name, text, other = REFUSALS[said]
    path = reader.folder / name
    changed = path.read_text("utf-8")
    if said.startswith("no limits"):
        changed = re.sub(r"  max_(daily_)?quantity.*\n", "", changed)
    path.write_text(changed.replace(text, other) if text else changed, encoding="utf-8")
    done = fxrun(reader, "eurusd.yaml", "--live")
    assert done.returncode == 3, done.stdout + done.stderr
    assert said in done.stderr


def test_an_edited_plan_is_disarmed_as_the_page_says(reader: Reader) -> None:
    assert fxrun(reader, "arm", "eurusd.yaml", "--yes", "DU1111111").returncode == 0
    with (reader.folder / "eurusd.yaml").open("a", encoding="utf-8") as plan:
        plan.write("# a word\n")
    done = fxrun(reader, "eurusd.yaml", "--live")
    assert done.returncode == 3
    assert "was edited since it was armed" in done.stderr
    assert "was edited since it was armed" in DOC


def test_a_simulated_gateway_is_refused_in_live_as_the_page_says(reader: Reader) -> None:
    settings = reader.folder / "fxrun.yaml"
    settings.write_text(settings.read_text("utf-8").replace("DU1111111", "DU1234567"), encoding="utf-8")
    reader.start(reader.translated("fxrun gateway --port 7497"), "listening on 127.0.0.1:")
    assert fxrun(reader, "arm", "eurusd.yaml", "--yes", "DU1234567").returncode == 0
    done = fxrun(reader, "eurusd.yaml", "--live")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "is a simulated gateway, and a live run sends to none" in done.stderr
    assert "is a simulated gateway, and a live run sends to none" in DOC


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_a_file_that_others_may_change_is_refused_as_the_page_says(reader: Reader) -> None:
    (reader.folder / "eurusd.yaml").chmod(0o666)
    done = fxrun(reader, "eurusd.yaml", "--live")
    assert done.returncode == 3
    assert "everybody may write it" in done.stderr
    assert "everybody may write it" in DOC


def test_the_checklist_has_30_checks_and_a_command_in_each() -> None:
    text = (ROOT / "docs" / "paper-checklist.md").read_text(encoding="utf-8")
    checks = re.split(r"^(\d+)\. ", text, flags=re.MULTILINE)[1:]
    assert [int(number) for number in checks[::2]] == list(range(1, 31))
    for number, check in zip(checks[::2], checks[1::2], strict=True):
        assert "*Run*" in check or "*run*" in check or "`fxrun " in check or "`grep " in check, number
        assert re.search(r" -\s", check), f"{number}: nothing to look for"
    named = {words.split()[0] for words in re.findall(r"`fxrun ([^`]+)`", text)}
    assert {word for word in named if not word.endswith(".yaml")} <= set(COMMANDS)
