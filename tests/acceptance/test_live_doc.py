"""docs/live.md, done as a stranger does it: its files written, the commands of its rehearsal run in their order."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.cli.main import COMMANDS
from runner.core.fx_hours import is_open

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
FXRUN = [sys.executable, "-m", "runner"]
FILE = re.compile(r"```yaml\n# (\S+)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^    (fxrun [^#\n]*?)\s*(?:# exit (\d+))?$", re.MULTILINE)
PORT = "7499"
PATIENCE = 90.0


def section(title: str) -> str:
    """Return what stands below a heading."""
    return DOC.partition(f"## {title}\n")[2].partition("\n## ")[0]


def commands(text: str) -> list[tuple[list[str], int]]:
    """Return the words behind fxrun of each command, and the exit code it is said to have."""
    return [(shlex.split(line)[1:], int(code or 0)) for line, code in COMMAND.findall(text)]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


class Reader:
    """Somebody who follows the page in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.background: list[subprocess.Popen[str]] = []
        for name, text in FILE.findall(DOC):
            (folder / name).write_text(text.replace(PORT, self.port), encoding="utf-8")
            (folder / name).chmod(0o600)

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        command = [*FXRUN, *(word.replace(PORT, self.port) for word in words)]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
        )

    def expect(self, words: list[str], code: int) -> str:
        """Run a command until it ends as the page says; what has to happen first may take its time."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.run(words)
            said = done.stdout + done.stderr
            assert "Traceback" not in said
            if done.returncode == code:
                return said
            assert time.monotonic() < deadline, (words, done.returncode, said)
            time.sleep(1)

    def start(self, words: list[str]) -> subprocess.Popen[str]:
        """Start what has a terminal of its own."""
        with (self.folder / f"terminal{len(self.background)}").open("w") as out:
            command = [*FXRUN, *(word.replace(PORT, self.port) for word in words)]
            self.background.append(subprocess.Popen(command, cwd=self.folder, stdout=out, stderr=out, text=True))
        return self.background[-1]

    def said(self, number: int) -> str:
        return (self.folder / f"terminal{number}").read_text(encoding="utf-8")

    def wait_for(self, number: int, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.said(number):
            assert time.monotonic() < deadline, self.said(number)
            time.sleep(0.1)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    tmp_path.chmod(0o700)
    found = Reader(tmp_path)
    yield found
    for process in found.background:
        process.kill()
        process.wait(20)


def test_the_files_of_the_page_are_what_they_are_called() -> None:
    assert [name for name, _ in FILE.findall(DOC)] == [
        "fxrun.yaml", "rehearsal.yaml", "eurusd.yaml", "rehearse.yaml", "faults.yaml",
    ]  # fmt: skip


def test_every_command_of_the_page_exists_with_its_options() -> None:
    found = commands(DOC)
    assert len(found) >= 20
    for words, _ in found:
        name = words[0] if words[0] in COMMANDS else "run"
        assert words[0] in COMMANDS or words[0].endswith(".yaml"), words
        nested = [words[1]] if name == "journal" else []
        told = subprocess.run([*FXRUN, name, *nested, "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
        for option in (word for word in words if word.startswith("--")):
            assert option in told.stdout, words


def test_the_settings_of_the_page_are_read_as_it_says(reader: Reader) -> None:
    for words, code in commands(section("3. Settings")):
        reader.expect(words, code)
    told = reader.run(["settings", "eurusd.yaml", "--json"])
    assert told.returncode == 0, told.stderr
    assert "DU1111111" in told.stdout


@pytest.mark.slow
def test_the_rehearsal_of_the_page_goes_as_it_says(reader: Reader) -> None:
    """From the gateway to the backup: a refusal, an arming, halt and resume, UNKNOWN and its end, Ctrl-C."""
    steps = commands(section("4. Rehearse"))
    (gateway, _), *rest = steps
    assert gateway[0] == "gateway"
    weekend = [] if is_open(datetime.now(UTC)) else ["--from", "2026-11-25T14:30Z"]
    reader.start([*gateway, *weekend])
    reader.wait_for(0, "listening on 127.0.0.1:")
    live = ["rehearse.yaml", "--rehearsal", "--settings", "rehearsal.yaml"]
    assert [words for words, _ in rest].count(live) == 2
    is_refused = True
    for words, code in rest:
        if words == live and not is_refused:
            reader.start(words)
            reader.wait_for(1, "link: ready")
        elif words[0] == "journal" and reader.background[1].poll() is None:
            reader.background[1].send_signal(signal.SIGINT)
            assert reader.background[1].wait(30) in (6, 130), reader.said(1)
            reader.expect(words, code)
        else:
            said = reader.expect(words, code)
            is_refused = is_refused and words != live
            if words[0] == "halt":  # a runner looks twice a second, and a reader is slower than that
                reader.wait_for(1, "halted: trying it")
            assert said.startswith("REHEARSAL") or words[0] not in ("arm", "status", "halt", "resume", "resolve"), said
    _check_what_is_left(reader)


def _check_what_is_left(reader: Reader) -> None:
    """The runner's terminal, the journal and its copy after the page has been followed to its end."""
    said = reader.said(1)
    assert all(line.startswith("REHEARSAL") for line in said.splitlines())
    lines = [
        json.loads(line)
        for line in reader.run(["journal", "export", "--settings", "rehearsal.yaml"]).stdout.splitlines()
    ]
    orders = [line for line in lines if line["type"] == "order"]
    assert {line["plan"] for line in orders} == {"rehearse"}
    assert sum(line["state"] == "filled" for line in orders) >= 2
    assert len(list(reader.folder.glob("rehearsal.db.*.bak"))) == 1


REFUSALS = {  # what is done to the files of the page: file, text, what stands in its place
    "no account is pinned": ("fxrun.yaml", "account: DU1111111", "# none"),
    "no limits.max_quantity and no limits.max_daily_quantity": ("fxrun.yaml", "max_quantity: 50_000", ""),
    "is no live plan": ("eurusd.yaml", "mode: live", "mode: simulate"),
    "is not armed": ("eurusd.yaml", "", ""),
    "is not this machine": ("fxrun.yaml", "{port: 7497,", "{host: 192.0.2.1, port: 7497,"),
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
    done = reader.run(["eurusd.yaml", "--live"])
    assert done.returncode == 3, done.stdout + done.stderr
    assert said in done.stderr


def test_an_edited_plan_is_disarmed_as_the_page_says(reader: Reader) -> None:
    assert reader.run(["arm", "eurusd.yaml", "--yes", "DU1111111"]).returncode == 0
    with (reader.folder / "eurusd.yaml").open("a", encoding="utf-8") as plan:
        plan.write("# a word\n")
    done = reader.run(["eurusd.yaml", "--live"])
    assert done.returncode == 3
    assert "was edited since it was armed" in done.stderr
    assert "was edited since it was armed" in DOC


def test_a_simulated_gateway_is_refused_in_live_as_the_page_says(reader: Reader) -> None:
    settings = reader.folder / "fxrun.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("7497", reader.port).replace("DU1111111", "DU1234567"), encoding="utf-8"
    )
    reader.start(["gateway", "--port", PORT])
    reader.wait_for(0, "listening on 127.0.0.1:")
    assert reader.run(["arm", "eurusd.yaml", "--yes", "DU1234567"]).returncode == 0
    done = reader.run(["eurusd.yaml", "--live"])
    assert done.returncode == 3, done.stdout + done.stderr
    assert "is a simulated gateway, and a live run sends to none" in done.stderr
    assert "is a simulated gateway, and a live run sends to none" in DOC


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_a_file_that_others_may_change_is_refused_as_the_page_says(reader: Reader) -> None:
    (reader.folder / "eurusd.yaml").chmod(0o666)
    done = reader.run(["eurusd.yaml", "--live"])
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
