"""`fxrun PLAN --live` as it is typed, at a peer that does not say that it is simulated.

The peer is `fxrun gateway` behind a relay that takes the mark of a simulation out of its greeting: the nearest thing to
a TWS with a paper account that there is here.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

FXRUN = [sys.executable, "-m", "runner"]
MARK = b"(fxrun simulated)"
PLAN = """
plan: pay
mode: live
contract: EUR.USD
side: buy
size: 25_000
schedule: {every: 2s}
overlap: allow
"""
SETTINGS = """
account: DU1234567
connection: {{port: {port}, allow_old_api: true}}
limits: {{max_quantity: 50_000, max_daily_quantity: 10_000_000}}
"""


class Disguise:
    """Passes connections on, without the mark in what the gateway says."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source:
            while data := source.recv(65536):
                sink.sendall(data.replace(MARK, b" " * len(MARK)))
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def tws(tmp_path: Path) -> Iterator[Disguise]:
    command = [*FXRUN, "gateway", "--port", "0", "--truth", str(tmp_path / "truth.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        disguise = Disguise(int(process.stdout.readline().rpartition(":")[2]))
        yield disguise
        disguise.close()
        process.terminate()
        process.wait(10)


def fxrun(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FXRUN, *arguments], cwd=cwd, capture_output=True, text=True, timeout=90, check=False)


def in_seconds(count: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder: Path, port: int, settings: str = SETTINGS, plan: str = PLAN) -> None:
    (folder / "pay.yaml").write_text(plan)
    (folder / "fxrun.yaml").write_text(settings.format(port=port))


def created(folder: Path) -> list[str]:
    lines = (folder / "truth.jsonl").read_text().splitlines()
    return [event["order_ref"] for event in map(json.loads, lines) if event["event"] == "order"]


def test_an_armed_plan_trades_on_paper_and_every_line_says_so(tmp_path: Path, tws: Disguise) -> None:
    write(tmp_path, tws.port)
    armed = fxrun("arm", "pay.yaml", "--yes", "DU1234567", cwd=tmp_path)
    assert armed.returncode == 0, armed.stderr
    run = fxrun("pay.yaml", "--live", "--until", in_seconds(12), cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert all(
        line.startswith("PAPER ") for text in (run.stdout, run.stderr, armed.stdout) for line in text.splitlines()
    )
    assert "allow_old_api" not in run.stderr
    assert "market data" in run.stderr  # what an old ibapi costs is said
    refs = created(tmp_path)
    assert len(refs) == len(set(refs)) >= 2
    exported = fxrun("journal", "export", cwd=tmp_path).stdout.splitlines()
    orders = [line for line in map(json.loads, exported) if line["type"] == "order"]
    assert {line["order_ref"] for line in orders if line["state"] == "filled"} == set(refs)
    assert (tmp_path / "fxrun.db").stat().st_mode & 0o777 == 0o600


def test_sigterm_ends_it_with_exit_0_and_the_next_run_goes_on(tmp_path: Path, tws: Disguise) -> None:
    write(tmp_path, tws.port)
    assert fxrun("arm", "pay.yaml", "--yes", "DU1234567", cwd=tmp_path).returncode == 0
    command = [*FXRUN, "pay.yaml", "--live", "--json"]
    for _ in range(2):
        before = len(created(tmp_path))
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            limit = time.monotonic() + 60
            while len(created(tmp_path)) <= before and time.monotonic() < limit:
                time.sleep(0.1)
            run.send_signal(signal.SIGTERM)
            said, told = run.communicate(timeout=30)
        assert run.returncode in (0, 7), told  # 7: fires in the time between the two
        assert json.loads(said.splitlines()[-1])["type"] == "summary"
    refs = created(tmp_path)
    assert len(refs) == len(set(refs)) >= 2


@pytest.mark.parametrize(
    ("settings", "plan", "arguments", "word"),
    [
        (SETTINGS, PLAN, ("--live",), "is not armed"),
        (SETTINGS.replace("account: DU1234567", ""), PLAN, ("--live",), "account"),
        (SETTINGS.replace(", max_daily_quantity: 10_000_000", ""), PLAN, ("--live",), "limits.max_daily_quantity"),
        (SETTINGS.replace("limits: {{max_quantity: 50_000, ", "limits: {{"), PLAN, ("--live",), "limits.max_quantity"),
        (SETTINGS, PLAN.replace("mode: live", "mode: simulate"), ("--live",), "mode: live"),
        (SETTINGS, PLAN + "account: DU7654321\n", ("--live",), "different accounts"),
        (SETTINGS.replace("port:", "host: 192.0.2.7, port:"), PLAN, ("--live",), "allow_remote"),
        (SETTINGS, PLAN, ("--live", "--journal", ":memory:"), "journal"),
        (SETTINGS, PLAN, (), "--live"),
    ],
)
def test_b08_what_does_not_fit_together_is_refused_before_anything_connects(
    tmp_path: Path, settings: str, plan: str, arguments: tuple[str, ...], word: str
) -> None:
    write(tmp_path, 1, settings, plan)
    run = fxrun("pay.yaml", *arguments, cwd=tmp_path)
    assert run.returncode == 3, run.stderr
    assert word in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (SETTINGS, ""),
        (SETTINGS.replace("DU1234567", "DU7654321"), "is logged in to DU***567"),
        (SETTINGS.replace(", allow_old_api: true", ""), "allow_old_api: true"),
    ],
)
def test_b08_a_login_that_is_not_the_one_meant_is_refused_before_an_order(
    tmp_path: Path, tws: Disguise, settings: str, word: str
) -> None:
    write(tmp_path, tws.port, settings)
    account = "DU7654321" if "DU7654321" in settings else "DU1234567"
    assert fxrun("arm", "pay.yaml", "--yes", account, cwd=tmp_path).returncode == 0
    run = fxrun("pay.yaml", "--live", "--until", in_seconds(9), cwd=tmp_path)
    assert run.returncode == (3 if word else 0), run.stderr
    assert word in run.stderr
    assert bool(created(tmp_path)) is not bool(word)


def test_an_edit_disarms_a_plan_that_is_running(tmp_path: Path, tws: Disguise) -> None:
    write(tmp_path, tws.port)
    assert fxrun("arm", "pay.yaml", "--yes", "DU1234567", cwd=tmp_path).returncode == 0
    with subprocess.Popen(
        [*FXRUN, "pay.yaml", "--live", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        states = []
        for text in run.stdout:
            line = json.loads(text)
            if line["type"] == "fire":
                states.append((line["state"], line["reason"]))
                if len(states) == 1:
                    (tmp_path / "pay.yaml").write_text(PLAN.replace("25_000", "50_000"))
                if line["state"] == "denied":
                    run.send_signal(signal.SIGTERM)
        assert run.wait(30) == 3
    assert states[0][0] == "sent"
    assert "was edited since this run began" in states[-1][1]
    with (tmp_path / "truth.jsonl").open() as truth:
        sizes = {event.get("quantity") for event in map(json.loads, truth) if event["event"] == "order"}
    assert sizes == {"25000"}
    again = fxrun("pay.yaml", "--live", cwd=tmp_path)
    assert again.returncode == 3
    assert "edited since it was armed" in again.stderr
