"""The command line from outside: what is understood, where things are said, which exit code ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
"""
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def fxrun(folder: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *args],
        cwd=folder,
        env={**ENVIRONMENT, **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def test_version_names_fxrun_python_and_ibapi(folder: Path) -> None:
    done = fxrun(folder, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("fxrun ")
    assert f"Python {sys.version.split()[0]}" in done.stdout
    assert "ibapi" in done.stdout


@pytest.mark.parametrize(
    "command", [[], ["run"], ["validate"], ["explain"], ["fires"], ["doctor"], ["gateway"], ["schema"]]
)
def test_every_help_has_an_example(folder: Path, command: list[str]) -> None:
    done = fxrun(folder, *command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert "fxrun" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["valdate", "plan.yaml"], "did you mean 'validate'"),
        (["frobnicate"], "no such command or plan"),
        (["validate"], "missing argument"),
        (["--simulate"], "missing argument"),
        (["validate", "--jsn", "plan.yaml"], "no such option"),
        (["fires", "plan.yaml", "--from", "yesterday"], "not a time"),
        (["fires", "plan.yaml", "--from", "2025-02-30"], "--from"),
        (["fires", "plan.yaml", "--from", "2025-02-03", "--until", "2025-02-02"], "lies before"),
        (["fires", "plan.yaml", "-n", "0"], "-n"),
        (["schema", "plans"], "'plan', 'settings', 'events'"),
        (["missing.yaml"], "missing.yaml:1:1:"),
        (["validate", "missing.yaml"], "missing.yaml:1:1:"),
        (["validate", "."], ".:1:1:"),
        (["\ud800"], "no such command or plan"),
    ],
)
def test_what_has_no_meaning_is_exit_2_and_says_so(folder: Path, args: list[str], said: str) -> None:
    if "\ud800" in args:
        args = [os.fsdecode(b"\xff")]
    done = fxrun(folder, *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_plan_alone_is_run(folder: Path) -> None:
    """`fxrun PLAN` is `fxrun run PLAN`, options first or last."""
    (folder / "live.yaml").write_text(PLAN + "mode: live\n")
    for args in (["live.yaml"], ["run", "live.yaml"], ["--json", "live.yaml"], ["--seed", "2", "live.yaml"]):
        done = fxrun(folder, *args)
        assert done.returncode == 3, done.stderr
        assert "live" in done.stdout + done.stderr


def test_dry_run_is_explain(folder: Path) -> None:
    dry = fxrun(folder, "plan.yaml", "--simulate", "--dry-run", "--from", "2025-03-07")
    explained = fxrun(folder, "explain", "plan.yaml", "--from", "2025-03-07")
    assert dry.returncode == explained.returncode == 0
    assert dry.stdout == explained.stdout != ""


def test_problems_go_to_stderr_with_their_place(folder: Path) -> None:
    (folder / "bad.yaml").write_text(PLAN.replace("buy", "bye"))
    done = fxrun(folder, "validate", "bad.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("bad.yaml:3:7: ")
    assert "^" not in done.stderr  # the source line is for terminals
    assert done.stdout == ""


def test_problems_are_lines_of_json_on_stdout_if_asked(folder: Path) -> None:
    (folder / "bad.yaml").write_text(PLAN.replace("buy", "bye"))
    for command in (["validate"], ["explain"], ["fires"], []):
        done = fxrun(folder, *command, "bad.yaml", "--json")
        assert done.returncode == 2
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line.pop("message") != "" for line in lines] == [True]
        assert lines == [{"type": "problem", "file": "bad.yaml", "line": 3, "column": 7}]
        assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_the_line_and_a_caret(folder: Path) -> None:
    import pty

    (folder / "bad.yaml").write_text(PLAN.replace("buy", "bye"))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "runner", "validate", "bad.yaml"]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:  # Linux says so when the other end is closed
            pass
        finally:
            os.close(ours)
        assert process.wait(30) == 2
    lines = seen.decode().splitlines()
    assert lines[0].startswith("bad.yaml:3:7: ")
    assert lines[1:] == ["    side: bye", "          ^"]


def test_stdout_is_utf_8_whatever_the_locale(folder: Path) -> None:
    (folder / "währung.yaml").write_text(PLAN, encoding="utf-8")
    done = fxrun(folder, "validate", "währung.yaml", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(("währung.yaml: ok", "w\\udcc3"))


def test_a_reader_that_leaves_is_no_fault(folder: Path) -> None:
    command = [sys.executable, "-m", "runner", "fires", "plan.yaml", "--until", "2090-01-01"]
    with subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_without_a_traceback(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "runner", "schema"],
            cwd=folder, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_word_that_would_turn_a_terminal_around_is_escaped_in_what_is_said_of_it() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "runner", "fires", "x.yaml", "--until", "\u202e2025\x1b[2J"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert "\\u202e2025\\x1b[2J" in run.stderr
    assert not {"\u202e", "\x1b"} & set(run.stderr)
