"""`--log frames`: what one reads there of a session."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.errors import UsageError
from runner.gateway.framelog import FrameLog, Tap
from runner.gateway.settings import GatewaySettings
from runner.wire.frames import frame, wrap
from runner.wire.messages import (
    Bar,
    CancelOrder,
    ErrorMessage,
    HistoricalData,
    OrderCondition,
    RequestAccountUpdates,
    RequestIds,
    StartApi,
)
from runner.wire.session import ClientSession, ServerSession
from tests.integration.gateway_peer import START, Client, Stage, order, prices

CODE = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"
STAMP = "2025-03-05T14:30:00.000Z"


class Wire:
    """Both ends of a connection, and what reads along in the middle."""

    def __init__(self, tap: Tap, version: int) -> None:
        self.tap = tap
        self.client, self.server = ClientSession(max_version=version), ServerSession(226)
        self.tap.came(self.client.greeting())
        list(self.server.receive(self.client.greeting()))
        welcome = self.server.handshake_reply("20250305 14:30:00 UTC")
        self.tap.went(welcome)
        list(self.client.receive(welcome))


@pytest.fixture(params=[178, 203, 226])
def version(request: pytest.FixtureRequest) -> int:
    """Text; protobuf for some messages; for most."""
    return int(request.param)


def lines(path: Path) -> list[str]:
    """Return the lines of a log without their time."""
    told = path.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith(f"{STAMP} ") for line in told)
    return [line.removeprefix(f"{STAMP} ") for line in told]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FrameLog]:
    """A log, in the file `log`."""
    log = FrameLog(lambda: START, tmp_path / "log")
    yield log
    log.close()


def tapped(log: FrameLog, version: int) -> Wire:
    """Return a connection that is logged."""
    return Wire(log.tap(226), version)


def plain(line: str) -> str:
    """Return a line without the raw id."""
    return re.sub(r"^((?:in |out) \S+ \w+)\(\d+\)", r"\1", line)


def test_text_and_protobuf_look_alike(tmp_path: Path, version: int, log: FrameLog) -> None:
    path = tmp_path / "log"
    wire = tapped(log, version)
    placed = order(
        5, "SELL", "LMT", limit="1.0850", account="DU1234567", conditions=(OrderCondition(kind=3, time="x"),)
    )
    wire.tap.came(wire.client.encode(StartApi(client_id=7), placed, RequestIds()))
    wire.tap.went(
        wire.server.encode(ErrorMessage(about=5, code=201, text="Order rejected\n\x1b[31mU7654321\0".strip("\0")))
    )
    told = lines(path)
    assert told[0] == f"in  #1 greeting v100..{version}"
    assert told[1] == f"out #1 greeting version={version} time='20250305 14:30:00 UTC'"
    assert [plain(line) for line in told[2:]] == [
        "in  7 StartApi client_id=7",
        "in  7 PlaceOrder order_id=5 contract.symbol=EUR contract.security_type=CASH contract.exchange=IDEALPRO "
        "contract.currency=USD order.action=SELL order.total_quantity=25000 order.order_type=LMT "
        "order.limit_price=1.085 order.account=DU***567 order.order_ref=ref-5 order.conditions=[{kind=3 time=x}]",
        "in  7 RequestIds",
        r"out 7 ErrorMessage about=5 code=201 text='Order rejected\n\x1b[31mU***321'",
    ]
    raw = [] if version < 201 else ["(203)" if version >= 203 else "(3)"]
    assert re.findall(r"PlaceOrder(\(\d+\))", told[3]) == raw


def test_byte_by_byte_is_the_same(tmp_path: Path, version: int, log: FrameLog) -> None:
    wire = tapped(log, version)
    sent = wire.client.encode(StartApi(client_id=7), order(5), CancelOrder(order_id=5))
    wire.tap.came(sent)
    whole = [line.replace("#1", "#2") for line in lines(tmp_path / "log")]
    tap = log.tap(226)
    for byte in ClientSession(max_version=version).greeting():
        tap.came(bytes([byte]))
    for byte in wire.server.handshake_reply("20250305 14:30:00 UTC"):
        tap.went(bytes([byte]))
    for byte in sent:
        tap.came(bytes([byte]))
    assert lines(tmp_path / "log")[len(whole) :] == whole


def test_what_is_piped_behind_the_greeting(tmp_path: Path, log: FrameLog) -> None:
    tap = log.tap(163)
    tap.came(ClientSession().greeting() + frame(("71", "2", "9", "")) + frame(("8", "1", "1")))
    assert lines(tmp_path / "log")[1:] == ["in  9 StartApi client_id=9", "in  9 RequestIds"]


def test_what_cannot_be_read(tmp_path: Path, log: FrameLog) -> None:
    wire = tapped(log, 178)
    wire.tap.came(frame(("3", "x")) + frame(("22", "1", "7", "\x07")) + wrap(b"\xff" * 40))
    wire.tap.came(b"\xff\xff\xff\xff")
    wire.tap.came(b"anything")
    told = lines(tmp_path / "log")[2:]
    assert told[0].startswith('in  #1 unreadable 33 00 78 00: "message 3: ')
    assert told[1].startswith(r"in  #1 Unsupported message_id=22 fields=[1, 7, '\x07']")
    assert told[2].startswith("in  #1 unreadable " + "ff " * 31 + "ff... (40 bytes): ")
    assert told[3] == "in  #1 unreadable: frame of 4294967295 bytes, at most 16777215 are allowed"
    assert len(told) == 4


def test_who_is_no_client(tmp_path: Path, log: FrameLog) -> None:
    tap = log.tap(226)
    tap.came(b"GET / HTTP/1.1\r\n\r\n")
    tap.came(b"again")
    (told,) = lines(tmp_path / "log")
    assert told == f"in  #1 unreadable {b'GET / HTTP/1.1'.hex(' ')} 0d 0a 0d 0a: 'not the greeting of a client'"


def test_a_long_answer_is_cut(tmp_path: Path, log: FrameLog) -> None:
    wire = tapped(log, 178)
    one = Bar(time="20250305", open=Decimal(1), high=Decimal(2), low=Decimal(1), close=Decimal("1E+20"))
    wire.tap.went(wire.server.encode(HistoricalData(request_id=3, start="a", end="b", bars=(one,) * 1000)))
    wire.tap.came(wire.client.encode(order(1, order_ref="x" * 9000)))
    told = lines(tmp_path / "log")[2:]
    assert "HistoricalData request_id=3" in told[0]
    assert told[0].endswith(", ... 996 more]")
    assert len(told[0]) < 1000
    assert re.search(r"xxx\.\.\. \d+ characters more$", told[1])


def test_it_reads_along_on_every_connection(tmp_path: Path, log: FrameLog) -> None:
    path = tmp_path / "log"
    stage = Stage(prices(tmp_path, (0, "1.0850", "1.0852")), GatewaySettings(), log=log)
    try:
        stage.client(7).ask(order(1), RequestAccountUpdates(subscribe=True, account="DU1234567"))
        stage.client(8)
    finally:
        stage.close()
    told = [plain(line) for line in lines(path)]
    assert "in  7 PlaceOrder order_id=1" in " ".join(told)
    assert [line.split()[2] for line in told if line.startswith("out 7")][1:5] == [
        "NextValidId", "ErrorMessage", "ErrorMessage", "ErrorMessage",
    ]  # fmt: skip
    assert any(line.startswith("out 7 CommissionReport execution_id=") for line in told)
    assert "in  8 StartApi client_id=8" in told
    assert "DU1234567" not in path.read_text()
    assert "DU***567" in path.read_text()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--log frames=.*: cannot be written: Is a directory"):
        FrameLog(lambda: START, tmp_path)


@pytest.mark.parametrize("where", ["stderr", "file"])
def test_the_option(tmp_path: Path, where: str) -> None:
    option = "frames" if where == "stderr" else f"frames={tmp_path / 'log'}"
    arguments = [sys.executable, "-c", CODE, "gateway", "--port", "0", "--log", option]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = Client(int(process.stdout.readline().removeprefix("listening on 127.0.0.1:")), 7)
        client.ask(order(1, "BUY", "LMT", limit="0.5"))
        client.close()
        process.terminate()
        told = process.communicate(timeout=10)[1]
        assert process.returncode == 0
    assert f"messages are logged {'here' if where == 'stderr' else 'in'}" in told
    told = told if where == "stderr" else (tmp_path / "log").read_text()
    assert re.search(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z in  7 PlaceOrder\S* order_id=1 ", told)
    assert "DU***567" in told


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("frame", "'frame': only frames can be logged: --log frames"),
        ("frames=", "no file behind frames="),
        ("frames=no/such/folder/log", "cannot be written: No such file or directory"),
    ],
)
def test_a_log_that_means_nothing(value: str, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "--port", "0", "--log", value]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in " ".join(err.split())
