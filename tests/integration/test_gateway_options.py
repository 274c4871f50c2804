"""The options of `fxrun gateway`: the account, its cash, the version, the truth, and the speed of time."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.cli.commands.gateway import EXAMPLES
from runner.cli.main import main
from runner.errors import UsageError
from runner.gateway.anomalies import Anomalies
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.standalone import FastTime
from runner.gateway.truth import TruthFile
from runner.wire.frames import frame
from runner.wire.messages import (
    AccountSummary,
    CancelOrder,
    CurrentTime,
    ExecutionDetails,
    ManagedAccounts,
    RequestAccountSummary,
    RequestCurrentTime,
)
from tests.integration.gateway_peer import START, Client, errors, only, order, prices, staged, statuses

ROOT = Path(__file__).parents[2]
CODE = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def running(*options: str) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """Run the command, and a client of it."""
    arguments = [sys.executable, "-c", CODE, "gateway", "--port", "0", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = None
        try:
            client = Client(int(process.stdout.readline().removeprefix("listening on 127.0.0.1:")))
            yield client, process
        finally:
            process.kill()
            if client is not None:
                client.close()


def facts(path: Path, *events: str) -> list[dict[str, object]]:
    """Return the lines of some events."""
    return [line for line in map(json.loads, path.read_text().splitlines()) if line["event"] in events]


def test_an_account_with_cash_and_an_old_version() -> None:
    options = ("--account", "DU7654321", "--cash", "USD=50000", "--cash", "EUR=2500.50", "--max-version", "157")
    with running(*options) as (client, process):
        assert client.wire.version == 157
        assert only(ManagedAccounts, client.welcome)[0].accounts == "DU7654321,"
        told = client.ask(RequestAccountSummary(request_id=1, group="All", tags="$LEDGER"))
        cash = {one.currency: one.value for one in only(AccountSummary, told) if one.tag == "TotalCashBalance"}
        assert (cash["USD"], cash["EUR"]) == ("50000.00", "2500.50")
        process.kill()
        assert process.stderr is not None
        assert "account DU7654321, USD 50,000, EUR 2,500.50;" in process.stderr.read()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--account", "U1234567", "expected DU and 5 to 9 digits"),
        ("--account", "", "expected DU and 5 to 9 digits"),
        ("--cash", "1000000", "expected CURRENCY=AMOUNT, such as USD=1000000"),
        ("--cash", "USD=-5", "USD: '-5' is no amount; expected one such as 1000000"),
        ("--cash", "USD=1e9", "USD: '1e9' is no amount"),
        ("--cash", "XYZ=1", "XYZ: no such currency here; known are AUD, CAD"),
        ("--cash=USD=1", "--cash=USD=2", "USD is given twice"),
        ("--max-version", "99", "99 is not in the range 100<=x<=226"),
        ("--max-version", "227", "227 is not in the range 100<=x<=226"),
        ("--fill", "latency", "'latency': expected NAME=VALUE, such as latency=2"),
        ("--fill", "latenzy=2", "no setting of fills 'latenzy'; did you mean latency?"),
        ("--fill", "partial=101", "partial takes whole percent from 0 to 100, not '101'"),
        ("--fill=slippage=1", "--fill=slippage=2", "slippage is given twice"),
        ("--from", "soon", "'soon': not a time; expected YYYY-MM-DD"),
        ("--speed", "0", "0 is not in the range 1<=x<=3600"),
        ("--speed", "1.5", "is not a whole number"),
        ("--truth", "no/such/folder/file", "cannot be written: No such file or directory"),
        ("--truth", ".", "is a directory"),
    ],
)
def test_an_option_that_means_nothing(option: str, value: str, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "--port", "0", option, value]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert option.partition("=")[0] in err
    assert message in " ".join(err.split())


def test_the_truth_of_orders(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    quotes = prices(tmp_path, (0, "1.0850", "1.0852"))
    with staged(quotes, truth=TruthFile(path)) as stage:
        client = stage.client(7)
        client.ask(order(1), order(2, "SELL", "LMT", limit="1.2000"))
        client.ask(order(2, "SELL", "LMT", limit="1.3000"), order(3, "BUY", "STP", stop="1.5"), order(4, "HOLD"))
        assert statuses(client.ask(CancelOrder(order_id=2)))[-1] == (2, "Cancelled")
        (done,) = facts(path, "execution")
        (told,) = only(ExecutionDetails, client.ask(order(5)))
        stage.pass_until(START + timedelta(days=1))
    common = {"time": "2025-03-05T14:30:00Z", "client_id": 7, "order_id": 1, "order_ref": "ref-1", "side": "BUY"}
    assert done.items() >= {**common, "quantity": "25000", "price": "1.0852"}.items()
    (first,) = [line for line in facts(path, "order") if line["order_id"] == 1]
    assert first.items() >= {**common, "perm_id": done["perm_id"], "quantity": "25000"}.items()
    assert "price" not in first
    assert [(one["order_id"], one.get("price")) for one in facts(path, "order")] == [
        (1, None), (2, "1.2"), (2, "1.3"), (3, "1.5"), (5, None),
    ]  # fmt: skip
    assert facts(path, "execution")[1]["exec_id"] == told.execution.execution_id
    ends = [(one["order_id"], one["time"], one["quantity"]) for one in facts(path, "cancel")]
    assert ends == [(2, "2025-03-05T14:30:00Z", "25000"), (3, "2025-03-05T22:00:00Z", "25000")], "a DAY order expires"


def test_the_truth_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with staged(truth=TruthFile(path)) as stage:
        client = stage.client(7)
        client.send(frame(("3", "x")))
        client.ask(order(1, "HOLD"), CancelOrder(order_id=9))
    assert {line["client_id"] for line in facts(path, "frame")} == {7}
    told = [(line["request"], line.get("order_id")) for line in facts(path, "frame")]
    assert told == [
        ("StartApi", None), ("RequestCurrentTime", None), ("unreadable", None), ("PlaceOrder", 1),
        ("CancelOrder", 9), ("RequestCurrentTime", None),
    ]  # fmt: skip


def test_the_truth_knows_what_nobody_was_told(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    quotes = prices(tmp_path, (0, "1.0850", "1.0852"))
    with staged(quotes, truth=TruthFile(path), anomalies=Anomalies(unanswered=100)) as stage:
        assert only(ExecutionDetails, stage.client().ask(order(1))) == []
    assert [line["order_id"] for line in facts(path, "order", "execution")] == [1, 1]


def test_the_truth_is_on_the_disk_before_the_answer_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "truth.jsonl"
    release, synced = threading.Event(), threading.Event()
    with staged(truth=TruthFile(path)) as stage:
        client = stage.client()

        def fsync(descriptor: int) -> None:
            synced.set()
            assert release.wait(5)

        monkeypatch.setattr(os, "fsync", fsync)
        client.send(client.wire.encode(order(1, "BUY", "LMT", limit="0.5")))
        assert synced.wait(5)
        assert len(facts(path, "order")) == 1
        client.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.read()
        release.set()
        client.sock.settimeout(5)
        assert statuses(client.read()) == [(1, "Submitted")]


def test_the_truth_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text('{"event": "order"}\n{"event": "torn')
    with staged(truth=TruthFile(path)) as stage:
        stage.client()
    lines = path.read_text().splitlines()
    assert lines[:2] == ['{"event": "order"}', '{"event": "torn']
    assert json.loads(lines[2])["request"] == "StartApi"


def test_a_truth_that_survives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with running("--truth", str(path)) as (client, process):
        client.ask(order(1, "BUY", "LMT", limit="0.5", time_in_force="GTC"))
        process.kill()
    assert [line["order_ref"] for line in facts(path, "order")] == ["ref-1"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full")
def test_without_its_truth_a_gateway_does_not_go_on() -> None:
    arguments = [sys.executable, "-c", CODE, "gateway", "--port", "0", "--truth", "/dev/full"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline().removeprefix("listening on 127.0.0.1:"))
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            Client(port)
        assert process.wait(10) == 1
        assert "--truth /dev/full: cannot be written: No space left on device" in process.stderr.read()


def test_a_file_that_cannot_be_the_truth(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        TruthFile(tmp_path / "none" / "truth.jsonl")


def test_fast_time_in_a_process() -> None:
    with running("--speed", "3600") as (client, _):
        client.send(client.wire.encode(RequestCurrentTime()))
        (before,) = only(CurrentTime, client.read())
        time.sleep(0.1)
        client.send(client.wire.encode(RequestCurrentTime()))
        (after,) = only(CurrentTime, client.read())
        assert 360 <= after.time - before.time < 36_000


def test_fills_that_are_worse_than_quoted(tmp_path: Path) -> None:
    quotes = tmp_path / "quotes.csv"
    quotes.write_text("time,bid,ask\n2025-03-05T14:30:00Z,1.0850,1.0852\n")
    options = ("--fill", "slippage=3", "--fill", "depth=50", "--quotes", str(quotes), "--from", "2025-03-05T14:30:00Z")
    with running(*options) as (client, process):
        (done,) = only(ExecutionDetails, client.ask(order(1)))
        assert done.execution.price == Decimal("1.08535")
        process.kill()
        assert process.stderr is not None
        assert "fills: slippage 3, depth 50" in process.stderr.read()


def test_faults_over_a_port_of_their_own() -> None:
    with running("--control", "0") as (client, process):
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(3)]
        assert lines[2].startswith("control on 127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(lines[2].rpartition(":")[2])), 5) as control:
            control.sendall(b'{"do": "reject", "code": 201}\n')
            assert json.loads(control.makefile("rb").readline())["ok"] is True
        assert (1, 201) in errors(client.ask(order(1)))
        assert "fault reject" in process.stderr.readline()


def test_faults_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n  - do: reject\n    code: 201\n    when:\n      order: 1\n")
    with running("--faults", str(path)) as (client, process):
        told = client.ask(order(1), order(2, "BUY", "LMT", limit="0.5"))
        assert (1, 201) in errors(told)
        assert (2, 201) not in errors(told)
        process.kill()
        assert process.stderr is not None
        shown = process.stderr.read()
    assert f"faults of {path}" in shown
    assert "fault reject, client 1: order 1" in shown


def test_a_file_of_faults_with_a_problem(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n  - do: rejekt\n")
    assert main(["gateway", "--port", "0", "--faults", str(path)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"{path}:2:9: ")
    assert 'did you mean "reject"?' in err


def _documented() -> list[str]:
    texts = [(ROOT / "docs" / "gateway.md").read_text(encoding="utf-8"), EXAMPLES]
    lines = re.findall(r"(?m)^ *fxrun gateway (.+)$", "\n".join(texts))
    assert len(lines) >= 6
    return sorted(set(lines))


@pytest.mark.parametrize("line", _documented())
def test_a_command_of_the_documents(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faults.yaml").write_text("faults: []\n")
    options = re.sub(r"--port \d+", "", re.sub(r"--control \d+", "--control 0", line)).split()
    with running(*options) as (client, process):
        assert only(ManagedAccounts, client.welcome)
        process.terminate()
        assert process.wait(10) == 0


def test_a_time_of_its_own() -> None:
    with running("--from", "2025-03-05 14:30") as (client, process):
        assert client.wire.server_time.startswith("20250305 14:30:")
        assert statuses(client.ask(order(1))) != []
        process.kill()
        assert process.stderr is not None
        assert "USD 1,000,000, from 2025-03-05T14:30:0" in process.stderr.read()


def test_fast_time_starts_now() -> None:
    clock = FastTime(60)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 30


class _Fast:
    """Sixty times the wall's pace, on an open day."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=60 * (time.monotonic() - self._began))


def test_at_speed_a_fill_does_not_wait_for_the_wall(tmp_path: Path) -> None:
    quotes = prices(tmp_path, (0, "1.0850", "1.0852"), (60, "1.0838", "1.0840"))
    gateway = Gateway(quotes, _Fast(), GatewaySettings(speed=60))
    client = Client(gateway.start())
    began = time.monotonic()
    try:
        told = client.ask(order(1, "BUY", "LMT", limit="1.0840"))
        assert errors(told) == []
        while not only(ExecutionDetails, told):
            told += client.read()
        assert only(ExecutionDetails, told)[0].execution.price == Decimal("1.0840")
        assert 0.5 < time.monotonic() - began < 4
    finally:
        client.close()
        gateway.stop()
