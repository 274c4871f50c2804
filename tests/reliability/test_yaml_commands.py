"""Y10: every command without arguments, with wrong ones, with nobody to read it, without a terminal, in any locale.

A process each would take minutes, so most of it is done in one process per command; what needs a stdout that is closed
or a terminal of forty columns has a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
CODES = {0, 2, 3, 4, 5, 6, 7, 75, 130}  # 1 is a fault of fxrun
PLAN = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 1h}\n"
WRONG = (
    [], ["--help"], ["--nonsense"], ["--json"], [""], ["-"], ["missing.yaml"], ["."], ["plan.yaml", "plan.yaml"],
    ["bad.yaml"], ["plan.yaml", "--settings", "missing.yaml"], ["plan.yaml", "--settings", "bad.yaml"],
    ["--journal", "missing.db"], ["--journal", "."], ["plan.yaml", "--journal", "plan.yaml"], ["--port", "0"],
    ["--port", "x"], ["--host", "a b"], ["--until", "yesterday"], ["x" * 5000], ["\x1b[2J"], ["--", "--live"],
    ["plan.yaml", "--live", "--simulate"], ["plan.yaml", "--rehearsal=nowhere"], ["--as", "maybe", "fx1:x"],
    ["check", "--journal", "plan.yaml"], ["export"], ["backup", "plan.yaml"],
)  # fmt: skip
STAYS = {  # run until they are stopped, if they start: what cannot start them
    "gateway": [["--help"], ["--nonsense"], ["x"], ["--port", "x"], ["--cash", "USD"], ["--account", "U1"]],
    "serve": [["--help"], ["--nonsense"], ["missing"], ["plan.yaml"], ["", ""], [".", "--live"], ["x" * 5000]],
}

_CALL = """
import contextlib, io, json, sys
from runner.cli.main import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    arguments = json.loads(line)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.stdin = io.StringIO()
        code = main(arguments)
    sys.__stdout__.write(json.dumps([arguments, code, out.getvalue(), err.getvalue()]) + "\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "bad.yaml").write_text("plan: [\n")
    tmp_path.chmod(0o700)
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment without settings of its own, whose connections go nowhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FXRUN_")}
    return {**kept, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder), "FXRUN_PORT": "1", **more}


def arguments_of(command: str) -> list[list[str]]:
    """Return what a command is called with."""
    if command in STAYS:
        return STAYS[command]
    return [list(words) for words in WRONG if words or command != "run"]


@pytest.mark.parametrize("command", COMMANDS)
def test_y10_wrong_arguments_end_with_a_documented_code_and_without_a_traceback(command: str, folder: Path) -> None:
    calls = [[command, *words] for words in arguments_of(command)]
    done = subprocess.run(
        [sys.executable, "-c", _CALL], input="".join(json.dumps(call) + "\n" for call in calls),
        capture_output=True, encoding="utf-8", timeout=240, check=False, cwd=folder, env=environment(folder),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told: list[list[Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [arguments for arguments, *_ in told] == calls
    for arguments, code, out, err in told:
        assert code in CODES, (arguments, code, out, err)
        assert "Traceback" not in out + err, (arguments, err)
        assert code == 0 or out or err, arguments
        for text in (out, err):
            assert all(line.replace("\t", " ").isprintable() for line in text.splitlines()), (arguments, text)


def run(folder: Path, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *words], cwd=folder, env=environment(folder, **more.pop("variables", {})),
        encoding="utf-8", timeout=120, check=False, stderr=subprocess.PIPE, **more,
    )  # fmt: skip


READING = (["validate", "plan.yaml"], ["fires", "plan.yaml"], ["explain", "plan.yaml"], ["schema"], ["settings"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_y10_a_stdout_that_cannot_be_written_is_told(words: list[str], folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(folder, *words, stdout=full)
    assert done.returncode in (1, 130)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a descriptor that is closed")
@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_y10_a_stdout_that_is_closed_is_no_fault(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "runner", *words],
        cwd=folder, env=environment(folder), encoding="utf-8", timeout=120, check=False, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode in (0, 130), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "nonsense"])
def test_y10_any_locale_and_forty_columns(locale: str, folder: Path) -> None:
    (folder / "währung.yaml").write_text("plan: [\n", encoding="utf-8")
    variables = {"LC_ALL": locale, "LANG": locale, "COLUMNS": "40", "TERM": "dumb", "PYTHONUTF8": "0"}
    done = run(folder, "fires", "plan.yaml", "-n", "3", stdout=subprocess.PIPE, variables=variables)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4
    done = run(folder, "validate", "währung.yaml", stdout=subprocess.PIPE, variables=variables)
    assert done.returncode == 2
    assert ":2:1: " in done.stderr or ":1:" in done.stderr
    assert "Traceback" not in done.stderr


def test_y10_a_confirmation_without_a_terminal_is_a_no(folder: Path) -> None:
    """`arm` asks for the account; with nobody there it arms nothing."""
    (folder / "fxrun.yaml").write_text(
        "account: DU1234567\nlimits: {max_quantity: 50_000, max_daily_quantity: 100_000}\n"
    )
    (folder / "plan.yaml").write_text(PLAN + "mode: live\n")
    for stdin in (subprocess.DEVNULL, None):
        done = run(folder, "arm", "plan.yaml", stdout=subprocess.PIPE, stdin=stdin or subprocess.DEVNULL)
        assert done.returncode == 3
        assert "not armed" in done.stderr
