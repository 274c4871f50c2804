"""`fxrun PLAN --rehearsal`: the wall clock, a gateway of its own process, and what really passes between them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.wire.messages import PlaceOrder
from runner.wire.session import ServerSession

FXRUN = [sys.executable, "-m", "runner"]
TICKING = """
plan: ticking
contract: EUR.USD
side: buy
size: 25_000
schedule: {every: 2s}
overlap: allow
"""
BRACKET = """
plan: held
contract: EUR.USD
side: sell
size: 30_000
order: {type: limit, price: 1.50005, tif: GTC}
bracket: {take_profit: 1.40, stop_loss: 1.60}
"""


@pytest.fixture
def gateway() -> Iterator[int]:
    with subprocess.Popen([*FXRUN, "gateway", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("listening on 127.0.0.1:"), first
        yield int(first.rpartition(":")[2])
        process.terminate()
        assert process.wait(10) == 0


def in_seconds(count: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines_of(text: str, kind: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, text.splitlines()) if line["type"] == kind]


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_every_two_seconds_on_time_then_ctrl_c(tmp_path: Path, gateway: int) -> None:
    plan = write(tmp_path / "ticking.yaml", TICKING)
    command = [*FXRUN, plan, "--rehearsal", f"127.0.0.1:{gateway}", "--json"]
    lateness = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        seen = []
        for text in run.stdout:
            line = json.loads(text)
            seen.append(line)
            if line["type"] == "fire":
                assert line["state"] == "sent"
                lateness.append(time.time() - datetime.fromisoformat(line["time"]).timestamp())
                if len(lateness) == 3:
                    run.send_signal(signal.SIGINT)
        assert run.wait(20) == 130
    assert seen[-1]["type"] == "summary"
    assert seen[-1]["fires"] == seen[-1]["orders"] == 3
    assert max(lateness) < 1, lateness  # how late on a quiet machine is for a bench to say


def test_what_passes_is_what_the_journal_and_explain_say(tmp_path: Path, gateway: int, relay: Any) -> None:
    plan = write(tmp_path / "held.yaml", BRACKET)
    wire = relay(gateway)
    command = [*FXRUN, plan, "--rehearsal", f"127.0.0.1:{wire.port}", "--json", "--until", in_seconds(12)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    wire.close()
    assert run.returncode == 0, run.stderr
    placed = [m for m in ServerSession().receive(bytes(wire.requests)) if isinstance(m, PlaceOrder)]
    told = {line["order_ref"]: line for line in lines_of(run.stdout, "order")}
    assert [m.order.order_ref for m in placed] == list(told)
    assert [m.order.transmit for m in placed] == [False, False, True]
    assert [m.order.parent_id for m in placed] == [0, placed[0].order_id, placed[0].order_id]
    for message in placed:
        line = told[message.order.order_ref]
        assert (message.order.action, message.order.total_quantity) == (line["side"].upper(), int(line["quantity"]))
    assert [m.order.time_in_force for m in placed] == ["GTC", "GTC", "GTC"]
    explained = subprocess.run([*FXRUN, "explain", plan, "--json"], capture_output=True, text=True, check=True).stdout
    _fields_agree(placed, explained)


def _fields_agree(placed: list[PlaceOrder], explained: str) -> None:
    """Hold each field that explain shows against the frame, by IB's names."""
    names = {
        "symbol": "symbol", "secType": "security_type", "exchange": "exchange", "currency": "currency",
        "action": "action", "totalQuantity": "total_quantity", "orderType": "order_type", "lmtPrice": "limit_price",
        "auxPrice": "aux_price", "tif": "time_in_force", "orderRef": "order_ref", "transmit": "transmit",
    }  # fmt: skip
    fields = lines_of(explained, "field")
    for message in placed:
        shown = {f["name"]: f["value"] for f in fields if f["order_ref"] == message.order.order_ref}
        assert set(shown) - {"orderId", "parentId", "account"} <= set(names), "a field that no frame was held against"
        for name, ours in names.items():
            if name in shown:
                part = message.contract if hasattr(message.contract, ours) else message.order
                assert str(getattr(part, ours)).lower() == shown[name].lower(), name
        assert len(shown) >= 11


def test_with_the_replies_cut_off_no_fill_appears(tmp_path: Path, gateway: int, relay: Any) -> None:
    plan = write(tmp_path / "once.yaml", TICKING.replace("schedule: {every: 2s}", "").replace("ticking", "once"))
    wire = relay(gateway, mute_after=b"fx1:once:")
    command = [*FXRUN, plan, "--rehearsal", f"127.0.0.1:{wire.port}", "--json", "--until", in_seconds(12)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    wire.close()
    assert wire.muted.is_set()
    assert lines_of(run.stdout, "fill") == []
    (summary,) = lines_of(run.stdout, "summary")
    assert (summary["orders"], summary["filled"], summary["unknown"]) == (1, 0, 1)
    assert run.returncode in (5, 6), run.stderr  # 5: the session was given up as dead before the end


def test_a_restart_asks_before_it_believes(tmp_path: Path, gateway: int) -> None:
    """Working orders of an earlier rehearsal are found again by their orderRef, and nothing is sent twice."""
    plan = write(tmp_path / "held.yaml", BRACKET)
    command = [*FXRUN, plan, "--rehearsal", f"127.0.0.1:{gateway}", "--json", "--journal", str(tmp_path / "j.sqlite")]
    first = subprocess.run(
        [*command, "--until", in_seconds(12)], capture_output=True, text=True, timeout=60, check=False
    )
    second = subprocess.run(
        [*command, "--until", in_seconds(12)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert lines_of(first.stdout, "summary")[0]["working"] == 3
    assert [line["state"] for line in lines_of(second.stdout, "fire")] == ["skipped"]
    summary = lines_of(second.stdout, "summary")[0]
    assert (summary["working"], summary["unknown"], summary["orders"]) == (3, 0, 3)


def test_refused_where_nothing_is_simulated(tmp_path: Path) -> None:
    plan = write(tmp_path / "held.yaml", BRACKET)
    run = subprocess.run([*FXRUN, plan, "--rehearsal", "127.0.0.1:1"], capture_output=True, text=True, check=False)
    assert run.returncode == 5
    assert "Traceback" not in run.stderr
