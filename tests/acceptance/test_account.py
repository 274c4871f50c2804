"""`fxrun account` as a process, against the process of a gateway."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance.broker import ACCOUNT, FXRUN, client, gateway, lines, run, text_of, ticket


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with gateway("--cash", "USD=50000.25", "--cash", "EUR=1000") as found:
        yield found


def test_cash_margin_and_profit_as_exact_text(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "account", "--json", settings=f"connection: {{port: {port}}}\naccount: {ACCOUNT}\n")
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = lines(done)
    assert list(line) == ["type", "time", "account", "kind", "values", "cash", "pnl"]
    assert (line["type"], line["account"], line["kind"]) == ("account", ACCOUNT, "simulated")
    assert line["cash"] == {"EUR": "1000.00", "USD": "50000.25"}
    assert set(line["values"]) >= {"NetLiquidation", "InitMarginReq", "MaintMarginReq", "AvailableFunds"}
    assert Decimal(line["values"]["NetLiquidation"]["USD"]) > Decimal("50000.25")
    assert line["pnl"] == {"daily": "0", "unrealized": "0", "realized": "0"}


def test_figures_are_set_to_the_right(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "account", "--port", port)
    assert (done.returncode, done.stderr) == (0, "")
    rows = text_of(done).splitlines()
    assert rows[0].startswith(f"account {ACCOUNT} (simulated), 20")
    start = rows.index("cash")
    head, _, euro, dollar = rows[start + 1 : start + 5]
    assert (euro.split()[:2], dollar.split()[:2]) == (["EUR", "1,000.00"], ["USD", "50,000.25"])
    end = head.index("amount") + len("amount")
    assert {row[:end].split()[-1] for row in (euro, dollar)} == {"1,000.00", "50,000.25"}


def test_a_position_shows_in_margin_and_profit(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            place(ticket())
        (line,) = lines(run(tmp_path, "account", "--port", port, "--json"))
    assert Decimal(line["values"]["InitMarginReq"]["USD"]) > 0
    assert set(line["cash"]) == {"EUR", "USD"}
    assert line["cash"]["EUR"] == "25000.00"
    assert Decimal(line["pnl"]["daily"]) < 0  # the commission, and half a spread


def test_x07_another_account_than_the_settings_name_is_not_asked(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "account", settings=f"connection: {{port: {port}}}\naccount: U7654321\n")
    assert (done.returncode, done.stdout) == (3, "")
    assert "name account U7***321, and 127.0.0.1:" in done.stderr
    assert "is logged in to DU***567" in done.stderr
    assert ACCOUNT not in done.stderr


def test_x06_another_machine_is_not_asked_unless_allowed(tmp_path: Path) -> None:
    done = run(tmp_path, "account", "--host", "192.0.2.1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "is not this machine: found 192.0.2.1" in done.stderr
    allowed = "connection: {host: 192.0.2.1, allow_remote: true, timeout: 1s}\n"
    assert run(tmp_path, "account", settings=allowed).returncode == 5


def test_nothing_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run(tmp_path, "account", "--port", port)
    assert (done.returncode, done.stdout) == (5, "")
    assert f"nothing listens at 127.0.0.1:{port}" in done.stderr


def test_the_environment_names_the_port(tmp_path: Path, port: int) -> None:
    assert run(tmp_path, "account", "--json", FXRUN_PORT=str(port)).returncode == 0


def test_beside_a_runner_each_has_its_client_id(tmp_path: Path, port: int) -> None:
    with client(port, 1):
        assert run(tmp_path, "account", "--port", port).returncode == 0
    with client(port, 99):
        done = run(tmp_path, "account", "--port", port)
        assert done.returncode == 5
        assert "client id 99 is already in use" in done.stderr
        settings = f"connection: {{port: {port}, query_client_id: 98}}\n"
        assert run(tmp_path, "account", settings=settings).returncode == 0


def test_watch_tells_again_until_ctrl_c(tmp_path: Path, port: int) -> None:
    command = [*FXRUN, "account", "--watch", "--json", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = watching.stdout.readline()
        began = time.monotonic()
        second = watching.stdout.readline()
        assert time.monotonic() - began > 3
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    assert first.startswith('{"type": "account"')
    assert second.startswith('{"type": "account"')
