"""The live table: on a terminal only, and of what is there."""

from __future__ import annotations

import io
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from runner.gateway.settings import GatewaySettings
from runner.gateway.snapshot import OrderRow, Snapshot, snapshot
from runner.gateway.table import render
from tests.integration.gateway_peer import START, Client, order, staged

pty = pytest.importorskip("pty")
CODE = "import sys; from runner.cli.main import main; sys.exit(main(sys.argv[1:]))"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(now: Snapshot, **options: object) -> str:
    """Return what a terminal would be sent."""
    console = Console(file=io.StringIO(), width=120, force_terminal=True, **options)  # type: ignore[arg-type]
    console.print(render(now))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_is_there() -> None:
    with staged(settings=GatewaySettings(account="DU7654321", cash={"USD": Decimal(50_000)})) as stage:
        stage.client(9, max_version=157)
        stage.client(7).ask(
            order(1, "BUY", "LMT", limit="0.5", order_ref="[red]\x1b[31m"),
            order(2, "SELL", "STP", stop="0.51"),
            order(3),
        )
        stage.settled()
        now = stage.gateway.call(lambda venue: snapshot(venue, stage.gateway.sessions, int(START.timestamp())))
    assert [(one.client_id, one.version, one.requests) for one in now.clients] == [(7, 178, 6), (9, 157, 2)]
    lines = [line.split() for line in ESCAPE.sub("", shown(now)).splitlines()]
    assert lines[0][:4] == ["14:30:00Z", "DU7654321", "worth", "USD"]
    assert ["7", "178", "14:30:00Z", "6"] in lines
    assert ["7", "1", r"'[red]\x1b[31m'", "EUR.USD", "BUY", "25000", "0", "LMT", "0.5", "Submitted"] in lines
    assert ["7", "2", "ref-2", "EUR.USD", "SELL", "25000", "0", "STP", "0.51", "PreSubmitted"] in lines
    assert len(lines) == 7


def test_many_orders_are_counted() -> None:
    row = OrderRow(
        client_id=1, order_id=1, order_ref="x" * 99, instrument="EUR.USD", side="BUY", quantity=Decimal(1),
        filled=Decimal(0), order_type="MIT", price=None, status="Submitted",
    )  # fmt: skip
    now = Snapshot(at=0, account="DU1", equity=Decimal(0), cash=(), clients=(), orders=(row,) * 20, order_count=1020)
    now = replace(now, notes=("14:30 fault mute\x1b[31m", "x" * 200))
    told = ESCAPE.sub("", shown(now))
    assert "and 1,000 more" in told
    assert "x" * 23 + "…" in told
    assert "fault mute�[31m" in told
    assert "x" * 119 + "…" in told


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Snapshot(at=0, account="DU1", equity=Decimal(0), cash=(), clients=(), orders=(), order_count=0)
    monkeypatch.setenv("NO_COLOR", "1")
    assert re.findall(r"\x1b\[[0-9;]*m", re.sub(r"\x1b\[[0-2]m", "", shown(now))) == []


@contextmanager
def terminal(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the command with a terminal for stderr."""
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-c", CODE, "gateway", "--port", "0", *options]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()
            os.close(ours)


def until(descriptor: int, words: str, seconds: float = 10) -> str:
    """Read a terminal until words are there."""
    told, end = b"", time.monotonic() + seconds
    while words not in ESCAPE.sub("", told.decode(errors="replace")):
        if not select.select([descriptor], [], [], max(0, end - time.monotonic()))[0]:
            break
        try:
            told += os.read(descriptor, 65536)
        except OSError:  # the other side is gone
            break
    return told.decode(errors="replace")


def test_on_a_terminal() -> None:
    with terminal() as (process, screen):
        assert process.stdout is not None
        client = Client(int(process.stdout.readline().removeprefix("listening on 127.0.0.1:")), 7)
        client.ask(order(1, "BUY", "LMT", limit="0.5", order_ref="seen"))
        assert "seen" in until(screen, "seen")
        client.close()
        until(screen, "\x1b[?25h", 0.5)
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout.read() == "", "stdout has its line and no more"
        assert "\x1b[?25h" in until(screen, "never", 1), "the cursor is back"


@pytest.mark.parametrize("options", [("--no-table",), ("--log", "frames")])
def test_not_where_it_is_not_wanted(options: tuple[str, ...]) -> None:
    with terminal(*options) as (process, screen):
        assert process.stdout is not None
        client = Client(int(process.stdout.readline().removeprefix("listening on 127.0.0.1:")), 7)
        client.ask(order(1, "BUY", "LMT", limit="0.5", order_ref="seen"))
        time.sleep(0.5)
        client.close()
        process.terminate()
        assert process.wait(10) == 0
        told = until(screen, "never", 1)
        assert "\x1b" not in told
        assert ("PlaceOrder" in told) == (options[0] == "--log")
