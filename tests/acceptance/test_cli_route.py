"""From arguments to a command, and what the error boundary makes of whatever happens inside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli.main import COMMANDS, route
from runner.errors import UsageError

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(
    ("args", "routed"),
    [
        ([], []),
        (["--version"], ["--version"]),
        (["--version", "plan.yaml"], ["--version", "plan.yaml"]),
        (["--help"], ["--help"]),
        (["plan.yaml"], ["run", "plan.yaml"]),
        (["plans/eurusd"], ["run", "plans/eurusd"]),
        (["plan.yaml", "--help"], ["run", "plan.yaml", "--help"]),
        (["--simulate", "plan.yaml"], ["run", "--simulate", "plan.yaml"]),
        (["--seed", "3", "plan.yaml"], ["run", "--seed", "3", "plan.yaml"]),
        (["--", "validate"], ["run", "--", "validate"]),
        (["validate", "plan.yaml"], ["validate", "plan.yaml"]),
        (["run", "validate"], ["run", "validate"]),
        (["--json", "validate", "plan.yaml"], ["--json", "validate", "plan.yaml"]),
    ],
)
def test_a_plan_is_run_and_a_command_is_called(args: list[str], routed: list[str]) -> None:
    assert route(args) == routed


def test_a_file_may_be_named_without_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eurusd").touch()
    assert route(["eurusd"]) == ["run", "eurusd"]


@pytest.mark.parametrize(("word", "near"), [("valdate", "validate"), ("fire", "fires"), ("docter", "doctor")])
def test_a_misspelt_command_is_recognised(word: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{near}'"):
        route([word, "plan.yaml"])


@given(st.lists(st.text(max_size=300), max_size=5))
def test_any_arguments_are_routed_or_refused(args: list[str]) -> None:
    try:
        routed = route(args)
    except UsageError:
        return
    assert routed in (args, ["run", *args])
    assert not routed or routed[0].startswith("-") or routed[0] in COMMANDS


def test_a_word_too_long_for_a_file_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such command or plan"):
        route(["a" * 5000])


CALL = "import runner.plan\n{}\nfrom runner.cli.main import main\nraise SystemExit(main())"


def in_process(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CALL.format(code)],
        env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def with_loader(body: str) -> str:
    """Return code that makes `validate plan.yaml` meet what body raises."""
    return (
        f"import sys\nsys.argv[1:] = ['validate', 'plan.yaml']\n"
        f"def load_all(paths, given):\n    {body}\nrunner.plan.load_all = load_all\n"
    )


def test_a_fault_of_our_own_says_so_and_shows_where() -> None:
    done = in_process(with_loader("raise ZeroDivisionError('nothing to divide')"))
    assert done.returncode == 1
    assert done.stderr.startswith("fxrun: a fault of fxrun, please report it: ZeroDivisionError: nothing to divide\n")
    assert "Traceback" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [("FxrunError", 1), ("UsageError", 2), ("Refused", 3), ("ConnectionFailed", 5), ("JournalBusy", 75)],
)
def test_each_branch_of_our_errors_has_its_exit_code(error: str, code: int) -> None:
    done = in_process(with_loader(f"from runner import errors; raise errors.{error}('so it is')"))
    assert (done.returncode, done.stderr, done.stdout) == (code, "fxrun: so it is\n", "")


def test_a_failure_of_the_machine_is_told_without_a_traceback() -> None:
    done = in_process(with_loader("raise PermissionError(13, 'Permission denied', 'plan.yaml')"))
    assert (done.returncode, done.stderr) == (1, "fxrun: [Errno 13] Permission denied: 'plan.yaml'\n")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_is_130_without_a_word() -> None:
    code = with_loader("import time; print('ready', flush=True); time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, "-c", CALL.format(code)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors the POSIX way")
def test_closed_streams_are_no_fault() -> None:
    command = f"'{sys.executable}' -m runner schema >&- 2>&-; echo $?"
    done = subprocess.run(["sh", "-c", command], env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
