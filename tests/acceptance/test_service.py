"""`fxrun service`: the unit that systemd reads, and what systemctl is called with; a systemd does not run in tests."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance import broker

RECORDER = """\
#!/bin/sh
echo "$@" >> "{log}"
if [ "$2" = show ]; then
  printf '%s\\n' LoadState=loaded ActiveState={state} SubState=running 'StatusText=3 live' NRestarts=1
fi
exit {code}
"""


class Machine:
    """A home of its own, with a systemctl that writes down what it is asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "asked"
        (home / "bin").mkdir()
        (home / "plans").mkdir(mode=0o700)
        self.has_systemctl()

    def has_systemctl(self, code: int = 0, state: str = "active") -> None:
        file = self.home / "bin" / "systemctl"
        file.write_text(RECORDER.format(log=self.log, code=code, state=state))
        file.chmod(0o755)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        config = str(self.home / "config")
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, "-m", "runner", "service", *words],
            cwd=self.home,
            env={**os.environ, "XDG_CONFIG_HOME": config, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def unit(self) -> Path:
        return self.home / "config" / "systemd" / "user" / "fxrun.service"

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_installed_started_shown_and_taken_away(machine: Machine) -> None:
    done = machine.run("install", "plans")
    assert done.returncode == 0, done.stderr
    assert machine.asked == ["--user daemon-reload", "--user enable fxrun.service", "--user restart fxrun.service"]
    read = configparser.RawConfigParser(strict=False)
    read.read_string(machine.unit.read_text())
    service = read["Service"]
    assert (service["type"], service["restartpreventexitstatus"]) == ("notify", "2 3")
    assert service["execstart"] == f'"{sys.executable}" "-m" "runner" "serve" "{machine.home / "plans"}"'
    shown = machine.run("status")
    assert (shown.returncode, "active (running), started again 1 times" in shown.stdout) == (0, True), shown.stdout
    assert machine.run("install", "plans").returncode == 0, "once more is no fault"
    gone = machine.run("uninstall")
    assert (gone.returncode, machine.unit.exists()) == (0, False)
    assert machine.asked[-2:] == ["--user disable --now fxrun.service", "--user daemon-reload"]


def test_its_dashboard_and_its_metrics_come_along(machine: Machine) -> None:
    done = machine.run("install", "plans", "--dashboard=8500", "--allow-control", "--metrics", "--print")
    assert done.returncode == 0, done.stderr
    assert '"--dashboard=8500" "--allow-control" "--metrics=9497"' in done.stdout


@pytest.mark.parametrize("kind", ["--live", "--rehearsal=127.0.0.1:7497"])
def test_a_unit_that_is_printed_has_no_marks(kind: str, machine: Machine) -> None:
    (machine.home / "plans" / "fxrun.yaml").write_text(
        "account: DU1234567\nlimits: {max_quantity: 50_000, max_daily_quantity: 100_000}\n"
    )
    done = machine.run("install", "plans", kind, "--print")
    assert done.returncode == 0, done.stderr
    assert "[Unit]" in done.stdout.splitlines()


def test_the_unit_is_one_that_systemd_reads(machine: Machine) -> None:
    folder = machine.home / 'a "b" 100% $x'
    folder.mkdir()
    done = machine.run("install", str(folder), "--print")
    assert done.returncode == 0, done.stderr
    assert machine.asked == []
    assert not machine.unit.exists()
    assert '"{}"'.format(str(folder).replace('"', '\\"').replace("%", "%%").replace("$", "$$")) in done.stdout
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    file = machine.home / "fxrun.service"
    file.write_text(done.stdout)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(machine.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in told.stderr.splitlines() if "fxrun.service" in line]
    assert ours == []


def test_a_service_that_does_not_run_is_exit_3(machine: Machine) -> None:
    machine.has_systemctl(state="failed")
    shown = machine.run("status", "--json")
    assert shown.returncode == 3
    assert broker.lines(shown)[0]["runs"] is False


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["install", "nowhere"], 2, "expected a folder of plans"),
        (["install", "plans", "--live"], 3, "no account is pinned"),
        (["install", "plans", "--live", "--rehearsal", "127.0.0.1:7497"], 2, "exclude each other"),
        (["install", "plans", "--allow-control"], 2, "add --dashboard"),
        (["install", "plans", "--name", "../evil"], 2, "expected letters"),
        (["uninstall"], 2, "there is no such unit"),
    ],
)
def test_what_is_refused_changes_nothing(words: list[str], code: int, said: str, machine: Machine) -> None:
    done = machine.run(*words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert machine.asked == []
    assert not machine.unit.exists()


def test_a_unit_of_somebody_else_is_left_alone(machine: Machine) -> None:
    machine.unit.parent.mkdir(parents=True)
    machine.unit.write_text("[Service]\nExecStart=/bin/true\n")
    for words in (["install", "plans"], ["uninstall"]):
        done = machine.run(*words)
        assert (done.returncode, "was not written by fxrun" in done.stderr) == (3, True)
    assert machine.unit.read_text().startswith("[Service]")


def test_a_systemd_that_fails_says_why(machine: Machine) -> None:
    machine.has_systemctl(code=1)
    done = machine.run("install", "plans")
    assert done.returncode == 3
    assert "systemctl --user daemon-reload" in done.stderr
    assert "Traceback" not in done.stderr
