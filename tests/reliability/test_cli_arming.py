"""Armed, edited, expired: what a run on a real gateway makes of what a user types beside it (B09, B03)."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runner.core.standing import Arming
from runner.journal.control import Ledger
from tests.acceptance.beside import FXRUN, PAPER, TERMINAL, desk, lines_of, run
from tests.reliability.processes import GatewayProcess

pytestmark = pytest.mark.slow

PATIENCE = 60.0
PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
order: {type: limit, price: 1.0000, tif: GTC}
schedule: {every: 2s}
overlap: allow
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    folder = tmp_path / "gateway"
    folder.mkdir(mode=0o700)
    process = GatewayProcess(folder)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "desk"
    place.mkdir(mode=0o700)
    desk(place, plan=PLAN)
    return place


def rehearsal(gateway: GatewayProcess) -> list[str]:
    return ["weekday.yaml", "--rehearsal", f"127.0.0.1:{gateway.port}", "--json"]


def sent(gateway: GatewayProcess) -> list[dict[str, Any]]:
    """Return the orders that the gateway took, by its own account."""
    return [line for line in gateway.lines() if line["event"] == "order"]


def arm(folder: Path) -> None:
    run(folder, "arm", "weekday.yaml", "--rehearsal", "--yes", PAPER)


@contextmanager
def running(folder: Path, gateway: GatewayProcess) -> Iterator[subprocess.Popen[str]]:
    """Have a runner that has an order at the broker."""
    with subprocess.Popen(
        [*FXRUN, *rehearsal(gateway)],
        cwd=folder, env=TERMINAL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            heard(process, "order", "working")
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def heard(process: subprocess.Popen[str], kind: str, state: str) -> dict[str, Any]:
    """Read what a runner says up to an event of a kind and state; returns it."""
    assert process.stdout is not None
    patience = threading.Timer(PATIENCE, process.kill)  # a runner that never says it fails the test, and hangs nobody
    patience.start()
    try:
        for line in process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event["type"] == kind and event["state"] == state:
                return event
    finally:
        patience.cancel()
    raise AssertionError(f"the runner ended without a {kind} that is {state}")


def states_of(folder: Path) -> dict[str, str]:
    """Return the state of each order of the journal, oldest first."""
    with Ledger(folder / "fxrun.db") as ledger:
        return {row.ticket.order_ref: row.state.value for row in ledger.orders()}


def test_b09_a_plan_that_is_not_armed_sends_nothing(folder: Path, gateway: GatewayProcess) -> None:
    done = run(folder, *rehearsal(gateway), code=3)
    assert "fxrun arm weekday.yaml --rehearsal" in done.stderr
    assert sent(gateway) == []


def test_b09_an_edited_plan_is_refused_until_it_is_armed_again(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    (folder / "weekday.yaml").write_text(PLAN.replace("25_000", "26_000"))
    assert "edited" in run(folder, *rehearsal(gateway), code=3).stderr
    assert sent(gateway) == []
    arm(folder)
    with running(folder, gateway):
        assert sent(gateway)
    assert {line["quantity"] for line in lines_of(run(folder, "journal", "export").stdout, "order")} == {"26000"}


def end_arming(folder: Path) -> None:
    """Let the arming have ended a second ago."""
    now = datetime.now(UTC)
    digest = sha256((folder / "weekday.yaml").read_bytes()).hexdigest()
    old, ended = now - timedelta(days=90), now - timedelta(seconds=1)
    with Ledger(folder / "fxrun.db") as ledger:
        ledger.arm(Arming(plan="weekday", digest=digest, account=PAPER, at=old, until=ended))


def test_b09_an_arming_that_has_ended_is_refused(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    end_arming(folder)
    assert "arm it again" in run(folder, *rehearsal(gateway), code=3).stderr
    assert sent(gateway) == []


def test_b09_an_arming_that_ends_under_way_denies_until_it_is_renewed(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    with running(folder, gateway) as runner:
        end_arming(folder)
        assert "arm it again" in heard(runner, "fire", "denied")["reason"]
        arm(folder)
        heard(runner, "fire", "sent")


def test_b03_a_runner_obeys_halt_and_resume_and_answers_cancel(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    with running(folder, gateway) as runner:
        (halt,) = lines_of(run(folder, "halt", "--json").stdout, "halt")
        assert halt["runner"] is True
        (cancel,) = lines_of(run(folder, "cancel", "--all", "--json").stdout, "cancel")
        assert cancel["obeyed"] is True
        assert f"{len(cancel['orders'])} cancels sent" in cancel["note"]
        assert "halted by hand" in heard(runner, "fire", "denied")["reason"]
        while "cancel_pending" in (states := states_of(folder)).values():
            time.sleep(0.1)
        assert {states[ref] for ref in cancel["orders"]} == {"cancelled"}
        assert {states[ref] for ref in states.keys() - set(cancel["orders"])} <= {"denied"}
        (status,) = lines_of(run(folder, "status", "--json", code=None).stdout, "status")
        assert (status["runner"], status["halt"]["reason"]) == (True, "halted by hand")
        run(folder, "resume")
        heard(runner, "fire", "sent")
