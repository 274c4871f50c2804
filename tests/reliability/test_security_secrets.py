"""X03, X05, X07: what a runner leaves behind: no secret, no account outside its journal, no line of a broker's."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path

import pytest

from tests.reliability.processes import ACCOUNT, FXRUN, ROOT
from tests.reliability.workload import DEEP, market
from tests.reliability.world import World, in_seconds, world

FORGED = 'no margin"} {"time": "2026-01-01T00:00:00Z", "kind": "order", "state": "forged"}'
REFUSE = f"faults:\n  - do: reject\n    code: 201\n    text: '{FORGED}'\n    when: {{order: 2}}\n"


def left_behind(made: World) -> dict[str, bytes]:
    """Return what the runner wrote: its log, journal, streams."""
    names = [path for path in made.folder.iterdir() if path.name.startswith(f"{made.name}.") and path.is_file()]
    return {path.name: path.read_bytes() for path in names if path != made.settings}


@pytest.mark.slow
def test_x03_x05_a_killed_runner_leaves_no_secret_no_account_and_no_forged_line() -> None:
    """Canaries in the environment, a kill in the midst of it, a hostile text from the broker, and an end by itself."""
    canaries = {f"MY_{word}": f"canary-{secrets.token_hex(8)}" for word in ("TOKEN", "API_KEY", "SECRET", "PASSWORD")}
    plans = [market("secretive", "EUR.USD", "buy", (2,))]
    with world(plans, *DEEP, faults=REFUSE) as made:
        made.run(in_seconds(600), crash="after_sent_record:3", environ=canaries).wait(120)
        runner = made.run(in_seconds(8), environ=canaries)
        arguments = Path(f"/proc/{runner.pid}/cmdline")
        seen = arguments.read_bytes() if arguments.exists() else b""
        assert runner.wait(120) in (0, 4, 6, 7), made.errors()
        files = left_behind(made)
        assert {"fxrun.db", "fxrun.db.log", "fxrun.err"} <= set(files)
        for canary in canaries.values():
            assert canary.encode() not in seen
            assert [name for name, data in files.items() if canary.encode() in data] == []
        for name in ("fxrun.db.log", "fxrun.err"):
            assert ACCOUNT.encode() not in files[name], name
        lines = [json.loads(line) for line in files["fxrun.db.log"].decode("ascii").splitlines()]
        assert any("no margin" in str(line) for line in lines)
        assert not any(line.get("state") == "forged" for line in lines)
        assert all(each.isprintable() for each in files["fxrun.err"].decode().splitlines())


def test_x07_a_gateway_of_another_account_gets_no_order(tmp_path: Path) -> None:
    """Whoever has taken the port: it is not the pinned account, so the runner leaves with exit 3, and nothing sent."""
    with world([market("careful", "EUR.USD", "buy", (2,))], *DEEP, folder=tmp_path) as made:
        made.gateway.stop()
        command = [*FXRUN, "gateway", "--port", str(made.gateway.port), "--account", "DU7654321", "--no-table"]
        truth = tmp_path / "hostile.jsonl"
        with subprocess.Popen(
            [*command, "--truth", str(truth)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as hostile:
            assert hostile.stdout is not None
            assert "listening" in hostile.stdout.readline()
            code = made.run(in_seconds(30)).wait(120)
            hostile.terminate()
        assert code == 3, made.errors()
        assert "DU***321" in made.errors()
        told = [json.loads(line) for line in truth.read_text().splitlines()] if truth.exists() else []
        assert [line for line in told if line.get("request") == "PlaceOrder"] == []
