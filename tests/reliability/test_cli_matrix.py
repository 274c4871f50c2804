"""The commands beside a runner under every kind of misuse: a documented exit code, and no traceback (Y10, Y09)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.core.order_state import OrderState as S
from tests.acceptance.beside import FXRUN, LIVE, PAPER, TERMINAL, desk, record, run

pytestmark = pytest.mark.long

COMMANDS = ("arm", "status", "halt", "resume", "cancel", "resolve", "journal")
DOCUMENTED = {0, 2, 3, 6, 7, 75, 130}
ALONE = {"arm": 2, "status": 6, "halt": 0, "resume": 0, "cancel": 2, "resolve": 2, "journal": 2}
WRONG = [
    ["--no-such-option"],
    ["--journal"],
    ["--settings", "missing.yaml", "x"],
    ["--journal", "missing.db", "x"],
    ["--journal", ":memory:", "x"],
    ["--journal", ".", "x"],
    ["--journal", "/dev/null", "x"],
    ["--journal", "weekday.yaml", "x"],
    ["a", "b", "c", "d"],
    ["\x1b[2J"],
    ["x" * 5000],
    ["\udcff\udcfe"],
    ["--yes"],
    ["--as", "filled"],
    ["--for", "1h", "--yes", PAPER],
]
LINES = {
    "arm": ["arm", "weekday.yaml", "--yes", PAPER],
    "status": ["status"],
    "halt": ["halt"],
    "resume": ["resume"],
    "cancel": ["cancel", "weekday"],
    "resolve": ["resolve", "fx1:weekday:", "--as", "lost", "--yes"],
    "check": ["journal", "check"],
    "export": ["journal", "export"],
    "backup": ["journal", "backup"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record(desk(tmp_path), [("weekday", S.WORKING), ("weekday", S.UNKNOWN)])
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_y10_without_arguments(folder: Path, command: str) -> None:
    done = run(folder, command, code=ALONE[command])
    assert done.stdout or done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("args", WRONG, ids=lambda args: " ".join(args)[:24].encode("unicode_escape").decode())
def test_y10_wrong_arguments_are_refused_and_nothing_is_made(folder: Path, command: str, args: list[str]) -> None:
    before = {path.name for path in folder.iterdir()}
    done = run(folder, command, *args, code=None)
    assert done.returncode in DOCUMENTED - {0}, (done.returncode, done.stdout, done.stderr)
    assert done.stderr
    assert not {"\x1b", "\x9b"} & set(done.stdout + done.stderr)
    assert {path.name for path in folder.iterdir()} <= before | {"fxrun.db-wal", "fxrun.db-shm"}


@pytest.mark.parametrize("command", LINES)
def test_y10_without_a_journal(tmp_path: Path, command: str) -> None:
    desk(tmp_path)
    run(tmp_path, *LINES[command], code=0 if command == "arm" else 2)


@pytest.mark.parametrize("command", [*COMMANDS, "journal check", "journal export", "journal backup"])
def test_y10_help_has_an_example_and_fits_forty_columns(folder: Path, command: str) -> None:
    done = run(folder, *command.split(), "--help", env={"COLUMNS": "40"})
    assert "Example:" in done.stdout or "Example:" in " ".join(done.stdout.split())
    assert done.stderr == ""


@pytest.mark.parametrize("extra", [[], ["--json"]])
@pytest.mark.parametrize("command", LINES)
def test_y10_stdout_is_closed(folder: Path, command: str, extra: list[str]) -> None:
    """Nobody reads: 130, whether the pipe broke before or the stream never was."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*FXRUN, *LINES[command], *extra], cwd=folder, env=TERMINAL, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert done.returncode in DOCUMENTED


@pytest.mark.skipif(sys.platform == "win32", reason="closed streams of POSIX")
@pytest.mark.parametrize("command", LINES)
def test_y10_no_streams_at_all(folder: Path, command: str) -> None:
    line = " ".join(f"'{word}'" for word in (*FXRUN, *LINES[command]))
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {line} <&- >&- 2>errors"], cwd=folder, env=TERMINAL, timeout=60, check=False
    )
    assert "Traceback" not in (folder / "errors").read_text()
    assert done.returncode in DOCUMENTED


@pytest.mark.parametrize("command", LINES)
@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1", "tr_TR.UTF-8"])
def test_y10_the_locale_changes_nothing(folder: Path, command: str, locale: str) -> None:
    done = run(folder, *LINES[command], code=None, env={"LANG": locale, "LC_ALL": locale, "PYTHONUTF8": "0"})
    assert done.returncode in DOCUMENTED


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
def test_y09_the_name_of_a_file_is_escaped_in_what_is_printed(tmp_path: Path) -> None:
    desk(tmp_path, LIVE)
    evil = "week\x1b[2J\u202eday\n.yaml"
    (tmp_path / "weekday.yaml").rename(tmp_path / evil)
    done = run(tmp_path, "arm", evil, "--yes", LIVE)
    missing = run(tmp_path, "arm", f"no{evil}", "--yes", LIVE, code=2)
    (tmp_path / evil).chmod(0o666)
    refused = run(tmp_path, "arm", evil, "--yes", LIVE, code=3)
    for text in (done.stdout, done.stderr, missing.stderr, refused.stderr):
        assert not {"\x1b", "\u202e"} & set(text)
    assert "week\\x1b[2J\\u202eday" in done.stdout
