"""The pytest plug-in, as somebody else's project has it: found by its entry point, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from runner.errors import FxrunError
from runner.gateway.market import SyntheticMarket
from runner.gateway.plugin_gateway import open_instant, running

ROOT = Path(__file__).parents[2]
Project = Callable[..., str]
CLIENT = """
import threading

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

EURUSD = Contract()
EURUSD.symbol, EURUSD.secType, EURUSD.currency, EURUSD.exchange = "EUR", "CASH", "USD", "IDEALPRO"


class App(EWrapper, EClient):
    def __init__(self, gateway):
        EClient.__init__(self, self)
        self.next_id, self.filled = None, threading.Event()
        self.ready = threading.Event()
        self.connect(gateway.host, gateway.port, 7)
        threading.Thread(target=self.run, daemon=True).start()
        assert self.ready.wait(10)

    def nextValidId(self, orderId):
        self.next_id = orderId
        self.ready.set()

    def orderStatus(self, orderId, status, *rest):
        if status == "Filled":
            self.filled.set()

    def buy(self, quantity):
        order = Order()
        order.action, order.orderType, order.totalQuantity = "BUY", "MKT", quantity
        for flag in ("eTradeOnly", "firmQuoteOnly"):
            setattr(order, flag, False)
        self.placeOrder(self.next_id, EURUSD, order)
        assert self.filled.wait(10)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stranger's project in an environment that has fxrun; returns what its pytest prints."""
    site, home = tmp_path / "site", tmp_path / "project"
    metadata = site / "fxrun-0.dist-info"
    metadata.mkdir(parents=True)
    home.mkdir()
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
    lines = [f"{name} = {module}" for name, module in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: fxrun\nVersion: 0\n")
    (home / "client.py").write_text(CLIENT)
    (home / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")

    def run(text: str, *options: str) -> str:
        (home / "test_strange.py").write_text(text)
        arguments = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
        done = subprocess.run(
            arguments, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    return run


def test_a_gateway_for_each_test(project: Project, tmp_path: Path) -> None:
    (tmp_path / "project" / "quotes.csv").write_text("time,bid,ask\n2025-03-05T14:00:00Z,1.0850,1.0852\n")
    (tmp_path / "project" / "faults.yaml").write_text("faults:\n  - do: reject\n    code: 201\n")
    told = project(
        """
import socket
from decimal import Decimal

import pytest
from client import App

PORTS = []

def test_a_fill(tws_gateway):
    PORTS.append(tws_gateway.port)
    app = App(tws_gateway)
    app.buy(25000)
    (order,) = tws_gateway.orders()
    (done,) = tws_gateway.executions()
    assert (order.client_id, order.order_id, order.side, order.status) == (7, 1, "BUY", "Filled")
    assert (order.instrument, order.filled, order.remaining) == ("EUR.USD", 25000, 0)
    assert (done.perm_id, done.quantity, done.commission, done.currency) == (order.perm_id, 25000, 2, "USD")
    assert tws_gateway.account == "DU1234567"
    app.disconnect()

def test_another(tws_gateway):
    assert (tws_gateway.orders(), tws_gateway.executions()) == ([], [])
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", PORTS[0]), 1)
        raise AssertionError("the first one still listens")

@pytest.mark.tws_gateway(cash={"EUR": "50000", "USD": 100}, account="DU7654321", speed=60)
class TestSettings:
    @pytest.mark.tws_gateway(max_version=120, start="2025-03-05T14:30:00Z", speed=3600)
    def test_the_closest_marker_counts(self, tws_gateway):
        app = App(tws_gateway)
        assert app.serverVersion() == 120
        assert app.twsConnectionTime().startswith(b"20250305 14:3")
        assert (tws_gateway.account, tws_gateway.speed) == ("DU7654321", 3600)
        app.buy(20000)
        assert tws_gateway.executions()[0].time.isoformat().startswith("2025-03-05T1")
        app.disconnect()

@pytest.mark.tws_gateway(quotes="quotes.csv", start="2025-03-05T14:30:00Z")
def test_prices_of_a_file(tws_gateway):
    app = App(tws_gateway)
    app.buy(25000)
    assert tws_gateway.executions()[0].price == Decimal("1.0852")
    app.disconnect()

class Refused(App):
    def error(self, reqId, code, text, *rest):
        if code == 201:
            self.filled.set()

def test_what_goes_wrong_on_demand(tws_gateway):
    app = Refused(tws_gateway)
    tws_gateway.fault("reject", code=201)
    app.buy(25000)
    assert tws_gateway.executions() == []
    tws_gateway.fault("mute", client=7, for_=0.5)
    app.disconnect()

@pytest.mark.tws_gateway(faults="faults.yaml")
def test_what_goes_wrong_by_a_file(tws_gateway):
    app = Refused(tws_gateway)
    app.buy(25000)
    assert tws_gateway.executions() == []
    with pytest.raises(ValueError, match="did you mean"):
        tws_gateway.fault("rejekt", code=201)
    app.disconnect()
"""
    )
    assert "6 passed" in told, told


def test_the_example_of_the_documents(project: Project, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8").split("<!-- pytest -->\n```python\n")[1]
    (tmp_path / "project" / "my_strategy.py").write_text(
        """
from types import SimpleNamespace

from client import App

def main(host, port):
    app = App(SimpleNamespace(host=host, port=port))
    app.buy(25000)
    app.disconnect()
"""
    )
    told = project(text.partition("```\n")[0])
    assert "1 passed" in told, told


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("sed=3", "no setting 'sed'; did you mean seed?"),
        ("colour=3", "no setting 'colour'; there are account, cash, "),
        ("'DU1234567'", "takes its settings by name, such as seed=3"),
        ("account='U1234567'", "'U1234567': expected DU and 5 to 9 digits"),
        ("cash={'USD': 0.1}", "USD: 0.1: write the amount as text"),
        ("cash={'XYZ': 1}", "XYZ: no such currency here; known are AUD"),
        ("cash={'USD': '-1'}", "USD: '-1' is no amount"),
        ("cash=3", "expected currencies and amounts"),
        ("fill={'latenzy': 1}", "no setting of fills 'latenzy'; did you mean latency?"),
        ("fill='latency'", "fill: expected names and values"),
        ("seed='x'", "seed: 'x': expected a whole number"),
        ("max_version=99", "max_version: 99: expected a whole number from 100 to 226"),
        ("start='2025-03-05'", "start: '2025-03-05': expected a time with its offset"),
        ("start='soon'", "Invalid isoformat string: 'soon'"),
        ("quotes='no.csv'", "no.csv"),
        ("faults=3", "faults: 3: expected a path"),
        ("quotes=3", "quotes: 3: expected a path"),
    ],
)
def test_a_setting_that_means_nothing(request: pytest.FixtureRequest, settings: str, message: str) -> None:

    if settings.startswith("'"):
        project: Project = request.getfixturevalue("project")
        told = project(f"import pytest\n\n@pytest.mark.tws_gateway({settings})\ndef test_it(tws_gateway): pass\n")
        assert "1 error" in told
        assert message in told
        assert "Traceback" not in told
        return
    with pytest.raises(FxrunError, match=re.escape(message)):
        running(eval(f"dict({settings})"))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2025-03-09T12:34:56Z", "2025-03-07T21:34:56Z"),  # a Sunday: the last hour of the week
        ("2025-03-05T22:05:00Z", "2025-03-05T21:05:00Z"),  # the pause of each day
        ("2025-03-05T21:50:00Z", "2025-03-05T20:50:00Z"),  # ten minutes before it
        ("2025-03-05T14:30:00Z", "2025-03-05T14:30:00Z"),
    ],
)
def test_the_market_is_open_at_the_start(now: str, then: str) -> None:
    start = open_instant(SyntheticMarket(1), datetime.fromisoformat(now))
    assert start == datetime.fromisoformat(then)


def test_what_is_not_used_costs_nothing(project: Project) -> None:
    told = project(
        """
import sys

def test_nothing():
    loaded = {name for name in sys.modules if name.partition(".")[0] in ("runner", "ibapi", "google", "rich")}
    assert loaded <= {"runner", "runner.gateway", "runner.gateway.plugin"}, loaded
"""
    )
    assert "1 passed" in told, told


def test_it_can_be_found(project: Project) -> None:
    assert re.search(r"(?m)^tws_gateway -- .*\n    Serve a simulated TWS", project("", "--fixtures"))
    assert "@pytest.mark.tws_gateway(account=, cash=, " in project("", "--markers")
