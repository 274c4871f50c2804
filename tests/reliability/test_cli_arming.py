"""Armed, edited, expired: what the run makes of it, on a real gateway, with the commands that a user types (B09, B03)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from runner.core.standing import Arming
from runner.journal.control import Ledger
from tests.acceptance.beside import FXRUN, PAPER, TERMINAL, desk, lines_of, run
from tests.reliability.processes import GatewayProcess

PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
order: {type: limit, price: 1.0000, tif: GTC}
schedule: {every: 2s}
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
    return ["weekday.yaml", "--rehearsal", f"127.0.0.1:{gateway.port}", "--until", in_seconds(8), "--json"]


def in_seconds(count: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sent(gateway: GatewayProcess) -> list[dict[str, object]]:
    """Return what the gateway was sent, by its own account."""
    return [line for line in gateway.lines() if "order_ref" in json.dumps(line) or "placeOrder" in json.dumps(line)]


def arm(folder: Path) -> None:
    run(folder, "arm", "weekday.yaml", "--rehearsal", "--yes", PAPER)


@contextmanager
def running(folder: Path, gateway: GatewayProcess, *, seconds: int = 60) -> Iterator[subprocess.Popen[str]]:
    """Have a runner that has sent its first order."""
    command = [*FXRUN, "weekday.yaml", "--rehearsal", f"127.0.0.1:{gateway.port}", "--until", in_seconds(seconds)]
    with subprocess.Popen(
        [*command, "--json"], cwd=folder, env=TERMINAL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["type"] == "order" and event["state"] == "working":
                break
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


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
    done = run(folder, *rehearsal(gateway))
    assert {line["state"] for line in lines_of(done.stdout, "fire")} == {"sent"}
    assert {line["quantity"] for line in lines_of(done.stdout, "order")} == {"26000"}


def test_b09_an_arming_that_has_ended_is_refused(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    now = datetime.now(UTC)
    digest = sha256((folder / "weekday.yaml").read_bytes()).hexdigest()
    with Ledger(folder / "fxrun.db") as ledger:
        old = now - timedelta(days=90)
        ledger.arm(Arming(plan="weekday", digest=digest, account=PAPER, at=old, until=now - timedelta(seconds=1)))
    assert "arm it again" in run(folder, *rehearsal(gateway), code=3).stderr
    assert sent(gateway) == []


def test_b09_an_arming_that_ends_under_way_denies_what_comes_later(folder: Path, gateway: GatewayProcess) -> None:
    run(folder, "arm", "weekday.yaml", "--rehearsal", "--yes", PAPER, "--for", "5s")
    done = run(folder, *rehearsal(gateway)[:-3], "--until", in_seconds(12), "--json", code=None)
    assert done.returncode == 3
    states = [line["state"] for line in lines_of(done.stdout, "fire")]
    assert "denied" in states
    assert states == sorted(states, reverse=True)  # sent, then denied: never the other way round


def test_b03_a_runner_obeys_halt_and_resume_and_answers_cancel(folder: Path, gateway: GatewayProcess) -> None:
    arm(folder)
    with running(folder, gateway):
        (halt,) = lines_of(run(folder, "halt", "--json").stdout, "halt")
        assert halt["runner"] is True
        (cancel,) = lines_of(run(folder, "cancel", "--all", "--json").stdout, "cancel")
        assert cancel["obeyed"] is True
        assert f"{len(cancel['orders'])} cancels sent" in cancel["note"]
        before = len(Ledger(folder / "fxrun.db").orders())
        time.sleep(4)
        after = Ledger(folder / "fxrun.db").orders()
        assert {row.state.value for row in after[:before]} == {"cancelled"}
        assert {row.state.value for row in after[before:]} <= {"denied"}
        (status,) = lines_of(run(folder, "status", "--json", code=None).stdout, "status")
        assert (status["runner"], status["halt"]["reason"]) == (True, "halted by hand")
        run(folder, "resume")
        time.sleep(4)
        assert Ledger(folder / "fxrun.db").orders()[-1].state.value == "working"
