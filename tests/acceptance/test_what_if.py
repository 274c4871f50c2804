"""`fxrun what-if` as a process: margin and commission, the flag in the bytes, and no order at the gateway."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.wire.messages import PlaceOrder
from runner.wire.session import ServerSession
from tests.acceptance.broker import ACCOUNT, gateway, lines, run, text_of
from tests.environments import environment

BRACKET = """
plan: held
contract: EUR.USD
side: sell
size: 30_000
order: {type: limit, price: 1.50005, tif: GTC}
bracket: {take_profit: 1.40, stop_loss: 1.60}
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
"""
GENERATIONS = [
    (157, None),
    pytest.param(178, "ibapi-latest==10.51.1", marks=pytest.mark.slow),
    pytest.param(226, "ibapi-latest==10.51.1", marks=pytest.mark.slow),
]
MARKET = "plan: now\ncontract: USD.JPY\nside: buy\nsize: 25_000\n"


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def placed(relay: Any, version: int) -> list[PlaceOrder]:
    session = ServerSession(max_version=version)
    return [message for message in session.receive(bytes(relay.requests)) if isinstance(message, PlaceOrder)]


@pytest.mark.parametrize(("version", "generation"), GENERATIONS)
def test_o19_the_flag_is_in_the_bytes_and_no_order_comes_of_it(
    tmp_path: Path, relay: Callable[..., Any], version: int, generation: str | None
) -> None:
    """Text and protobuf; what passes is read by the gateway's own reader."""
    python = sys.executable if generation is None else str(environment(generation, with_fxrun=True))
    truth = tmp_path / "truth.jsonl"
    files = [write(tmp_path, "held.yaml", BRACKET), write(tmp_path, "now.yaml", MARKET)]
    with gateway("--truth", str(truth), "--max-version", str(version)) as port:
        wire = relay(port)
        done = run(tmp_path, "what-if", *files, "--port", wire.port, "--json", python=python)
        wire.close()
        orders = run(tmp_path, "orders", "--port", port, "--json")
        positions = run(tmp_path, "positions", "--port", port, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    sent = placed(wire, version)
    assert [(one.order.what_if, one.order.transmit, one.order.parent_id) for one in sent] == [(True, True, 0)] * 2
    assert [(one.order.action, one.order.total_quantity) for one in sent] == [("SELL", 30_000), ("BUY", 25_000)]
    assert {one.order.account for one in sent} == {ACCOUNT}
    assert (orders.stdout, positions.stdout) == ("", "")
    events = [json.loads(line) for line in truth.read_text().splitlines()]
    assert not [event for event in events if "fill" in event.get("type", "") or "exec" in event.get("type", "")]
    assert not list(tmp_path.glob("*.db*"))
    held, now = lines(done)
    assert (held["plan"], held["order"], held["exits"], held["side"]) == ("held", "main", 2, "sell")
    assert held["fire"].endswith(("T13:30:00Z", "T14:30:00Z"))
    assert (now["fire"], now["exits"], now["refused"]) == ("once", 0, None)
    for line in (held, now):
        assert Decimal(line["init_margin"]["change"]) > 0
        assert Decimal(line["commission"]) == 2
        assert line["commission_currency"] == "USD"


def test_exits_are_said_to_need_no_margin_of_their_own(tmp_path: Path) -> None:
    file = write(tmp_path, "held.yaml", BRACKET)
    with gateway() as port:
        done = run(tmp_path, "what-if", file, settings=f"connection: {{port: {port}}}\naccount: {ACCOUNT}\n")
    assert done.returncode == 0
    assert "exits of a bracket undo their entry: they need no margin of their own" in done.stdout
    *_, row = text_of(done).splitlines()
    assert row.split()[0] == "held/main"
    assert row.split()[2:5] == ["SELL", "30,000", "EUR.USD"]


def test_orders_that_the_broker_refuses(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n  - do: read_only\n    when: {at: 0}\n")
    files = [write(tmp_path, "held.yaml", BRACKET), write(tmp_path, "now.yaml", MARKET)]
    with gateway("--faults", str(faults)) as port:
        done = run(tmp_path, "what-if", *files, "--port", port, "--json")
    assert done.returncode == 4
    for line in lines(done):
        assert line["refused"]["code"] == 321
        assert line["init_margin"] == {"before": None, "change": None, "after": None}
    assert len(lines(done)) == 2
    assert "fxrun: held/main: the broker does not tell the margin of held/main: 321" in done.stderr
    assert "untick Read-Only API" in done.stderr


def test_x07_the_account_of_a_plan_is_the_one_that_is_asked(tmp_path: Path) -> None:
    other = write(tmp_path, "other.yaml", f"account: U7654321\n{MARKET}")
    mine = write(tmp_path, "mine.yaml", f"account: {ACCOUNT}\n{MARKET}".replace("now", "mine"))
    with gateway() as port:
        assert run(tmp_path, "what-if", mine, "--port", port).returncode == 0
        refused = run(tmp_path, "what-if", other, "--port", port)
        both = run(tmp_path, "what-if", mine, other, "--port", port)
    assert (refused.returncode, both.returncode) == (3, 2)
    assert "U7***321" in refused.stderr
    assert "different accounts" in both.stderr


def test_a_schedule_that_is_over_and_a_plan_that_is_none(tmp_path: Path) -> None:
    over = write(tmp_path, "over.yaml", f'{MARKET}schedule: {{at: ["2025-03-07T10:00:00Z"]}}\n')
    wrong = write(tmp_path, "wrong.yaml", "plan: wrong\n")
    with gateway() as port:
        done = run(tmp_path, "what-if", over, "--port", port)
        assert run(tmp_path, "what-if", wrong, "--port", port).returncode == 2
    assert done.returncode == 0
    assert "its schedule is over" in done.stderr


FUTURE = """
plan: future
contract: {sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: '2026-12'}
side: buy
size: 600_000 USD
"""


def test_what_counts_from_the_market_is_asked_about_at_the_quote_and_by_the_contract_of_now(tmp_path: Path) -> None:
    """Four contracts of 125,000 euros each, not half a million of them."""
    pips = BRACKET.replace("price: 1.50005", "price: ask + 20 pips").replace("take_profit: 1.40", "take_profit: 1R")
    files = [write(tmp_path, "future.yaml", FUTURE), write(tmp_path, "held.yaml", pips)]
    with gateway("--from", "2026-12-01T15:00Z") as port:
        done = run(tmp_path, "what-if", *files, "--port", port, "--json")
    assert done.returncode == 0
    future, held = lines(done)
    assert (future["contract"], future["quantity"], future["init_margin"]["change"]) == ("6EZ6.FUT.USD", "4", "11000")
    assert (held["order_type"], held["quantity"], held["exits"]) == ("LMT", "30000", 2)
    assert "held/main: as at the quote of now, 1." in done.stderr


def test_a_contract_that_the_broker_does_not_know_is_refused_where_it_stands(tmp_path: Path) -> None:
    files = [write(tmp_path, "future.yaml", FUTURE.replace("symbol: EUR", "symbol: EURO"))]
    with gateway("--from", "2026-12-01T15:00Z") as port:
        done = run(tmp_path, "what-if", *files, "--port", port)
    assert done.returncode == 2
    assert "future.yaml:3:11: REHEARSAL the broker knows no such contract" in done.stderr
