"""Commands that ask a broker, while it is lost, leaves answers out or is cut off in the middle of one."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.broker import FXRUN, client, gateway, journal_of, lines, run, ticket

LAST = {  # the last answer that each waits for
    "account": "AccountSummaryEnd",
    "positions": "PositionEnd",
    "orders": "ExecutionDetailsEnd",
    "reconcile": "ExecutionDetailsEnd",
}


def faulty(folder: Path, text: str) -> str:
    (folder / "faults.yaml").write_text(f"faults:\n{text}")
    return str(folder / "faults.yaml")


def test_watch_goes_on_over_a_restart_of_the_gateway(tmp_path: Path) -> None:
    with gateway() as port:
        command = [*FXRUN, "account", "--watch", "--json", "--port", str(port)]
        watching = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert json.loads(watching.stdout.readline())["type"] == "account"
    try:
        assert "127.0.0.1" in watching.stderr.readline()  # it has noticed
        with gateway("--port", str(port)):
            for _ in range(2):  # what came before the loss may be one of them
                assert json.loads(watching.stdout.readline())["type"] == "account"
    finally:
        watching.kill()
        watching.communicate()


@pytest.mark.parametrize("command", sorted(LAST))
def test_r05_an_answer_without_its_end_holds_nobody_and_is_no_answer(tmp_path: Path, command: str) -> None:
    faults = faulty(tmp_path, f"  - do: drop\n    when: {{client: 99, message: {LAST[command]}}}\n")
    journal_of(tmp_path, [(ticket(), "sent", 0)])
    with gateway("--faults", faults) as port:
        began = time.monotonic()
        done = run(tmp_path, command, settings=f"connection: {{port: {port}, timeout: 2s}}\n")
        took = time.monotonic() - began
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    assert "2 s" in done.stderr
    assert took < 20


@pytest.mark.parametrize("command", sorted(LAST))
def test_c07_an_answer_that_is_cut_is_no_answer(tmp_path: Path, command: str) -> None:
    """The last of the frames that the command waits for ends in its third byte."""
    faults = faulty(tmp_path, f"  - do: cut\n    byte: 3\n    when: {{client: 99, message: {LAST[command]}}}\n")
    with gateway("--faults", faults) as port:
        with client(port) as place:
            known = place(ticket())
        journal_of(tmp_path, [(known, "sent", 0)])
        done = run(tmp_path, command, "--json", settings=f"connection: {{port: {port}, timeout: 5s}}\n")
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    assert "the connection was lost while asking for " in done.stderr


def test_c16_notices_of_the_farms_and_of_others_are_no_answer(tmp_path: Path) -> None:
    """1100 and 1102 come in the middle; the lists that follow are whole."""
    when = "when: {message: RequestAllOpenOrders, direction: in}"
    faults = faulty(tmp_path, f"  - do: connectivity_lost\n    for: 1\n    {when}\n")
    with gateway("--faults", faults) as port:
        with client(port) as place:
            known = place(ticket())
        done = run(tmp_path, "orders", "--json", "--port", port)
    assert done.returncode == 0, done.stderr
    assert [line["order_ref"] for line in lines(done)] == [known.order_ref]
