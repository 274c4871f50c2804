"""Contracts other than pairs as a user trades them: asked of the broker first, refused where they are none or many."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.wire.messages import PlaceOrder, RequestContractDetails, RequestMarketRule
from runner.wire.session import ServerSession
from tests.acceptance.broker import FXRUN, gateway

SPAN = ("--from", "2026-11-02", "--until", "2026-11-07")
DAILY = 'schedule: {cron: "0 10 * * mon-fri", timezone: America/New_York}\n'
APPLE = f"""\
plan: apple
contract: {{sec_type: STK, symbol: AAPL, currency: USD}}
side: buy
size: 3_000 USD
order: {{type: limit, price: ask + 0.05}}
bracket: {{take_profit: 2R, stop_loss: 1%}}
{DAILY}"""
FUTURE = f"""\
plan: euro-future
contract: {{sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: 2026-12}}
side: buy
size: 2
orders:
  - id: open
    {DAILY}  - id: close
    flatten: {{open_orders: cancel}}
    schedule: {{cron: "0 15 * * mon-fri", timezone: America/New_York}}
"""


def fxrun(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    return subprocess.run([*FXRUN, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def simulated(folder: Path, text: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
    run = fxrun(folder, text, "p.yaml", "--simulate", *SPAN, "--json", *words)
    assert "Traceback" not in run.stderr
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def test_a_stock_is_asked_for_and_bought_in_whole_shares_at_cents(tmp_path: Path) -> None:
    code, lines = simulated(tmp_path, APPLE)
    assert code == 0
    first = of(lines, "notice")[0]
    assert first["text"].startswith("AAPL.STK.USD is APPLE INC: con_id 265598, prices in 0.01 USD (as of 2026-11-02T")
    assert lines.index(first) < lines.index(of(lines, "fire")[0])
    orders, fills = of(lines, "order"), of(lines, "fill")
    assert {line["contract"] for line in (*orders, *fills)} == {"AAPL.STK.USD"}
    assert all(float(line["quantity"]).is_integer() for line in orders)
    assert all(len(line["price"].partition(".")[2]) <= 2 for line in fills)
    assert lines[-1]["fires"] == 5
    assert set(lines[-1]["positions"]) <= {"AAPL.STK.USD"}


def test_a_future_counts_with_its_multiplier(tmp_path: Path) -> None:
    code, lines = simulated(tmp_path, FUTURE)
    assert code == 0
    fills = of(lines, "fill")
    assert [line["contract"] for line in fills] == ["6EZ6.FUT.USD"] * 10
    gained = sum((1 if line["side"] == "sell" else -1) * int(line["quantity"]) * float(line["price"]) for line in fills)
    assert float(lines[-1]["realized_pnl"]["USD"]) == pytest.approx(gained * 125_000, abs=0.01)
    assert lines[-1]["positions"] == {}


def test_limits_count_what_a_future_stands_for(tmp_path: Path) -> None:
    code, lines = simulated(tmp_path, "limits: {max_notional: 200_000 USD}\n" + FUTURE)
    assert code == 3
    denied = [line for line in of(lines, "fire") if line["state"] == "denied"]
    assert len(denied) == 5
    assert "the order is worth too much: 2" in denied[0]["reason"]
    assert ", limits.max_notional is 200000 USD" in denied[0]["reason"]
    code, lines = simulated(tmp_path, "limits: {max_daily_quantity: 1}\n" + FUTURE)
    assert "too much 6EZ6.FUT.USD in one UTC day: 0 so far and 2 with this one" in of(lines, "fire")[0]["reason"]
    code, lines = simulated(tmp_path, "limits: {pairs: [EUR.USD]}\n" + FUTURE)
    assert of(lines, "fire")[0]["reason"].startswith("6EZ6.FUT.USD is not among what may be traded")
    code, lines = simulated(tmp_path, "limits: {pairs: [6EZ6.FUT.USD]}\n" + FUTURE)
    assert (code, lines[-1]["filled"]) == (0, 10)


def test_by_its_number_alone(tmp_path: Path) -> None:
    text = APPLE.replace("{sec_type: STK, symbol: AAPL, currency: USD}", "{con_id: 265598, exchange: SMART}")
    code, lines = simulated(tmp_path, text)
    assert (code, {line["contract"] for line in of(lines, "order")}) == (0, {"AAPL.STK.USD"})


@pytest.mark.parametrize(
    ("contract", "column", "words"),
    [
        (
            "{sec_type: FUT, symbol: EUR, currency: USD}",
            11,
            [
                "20 contracts fit {sec_type: FUT, symbol: EUR, currency: USD}; expected one of them, or its con_id:",
                "  {sec_type: FUT, symbol: EUR, currency: USD, last_trade_date: 2026-12-14}  # con_id: 942150112, 6E",
            ],
        ),
        (
            "{sec_type: STK, symbol: AAPLE, currency: USD}",
            11,
            ["the broker knows no such contract: asked for {sec_type: STK, symbol: AAPLE, currency: USD, exchange:"],
        ),
        ("{con_id: 2147483647}", 11, ["the broker knows no such contract: asked for {con_id: 2147483647}"]),
    ],
)
def test_one_that_is_none_or_many_is_refused_before_anything_is_sent(
    contract: str, column: int, words: list[str], tmp_path: Path
) -> None:
    pair = f"  - {{id: pair, contract: EUR.USD, {DAILY.strip()}}}\n"
    text = f"plan: p\nside: buy\nsize: 1\norders:\n{pair}  - id: main\n    contract: {contract}\n    {DAILY}"
    run = fxrun(tmp_path, text, "p.yaml", "--simulate", *SPAN)
    assert run.returncode == 2
    assert run.stderr.startswith(f"p.yaml:7:{column + 4}: ")
    assert all(one in run.stderr for one in words), run.stderr
    code, lines = simulated(tmp_path, text)
    assert (code, of(lines, "order"), of(lines, "fire"), of(lines, "summary")) == (2, [], [], [])
    assert [line["line"] for line in of(lines, "problem")] == [7]


def test_what_does_not_fit_the_contract_is_refused_where_it_stands(tmp_path: Path) -> None:
    text = APPLE.replace("3_000 USD", "3_000 EUR").replace("ask + 0.05", "200.005")
    text = text.replace("{sec_type: STK, symbol: AAPL, currency: USD}", "{con_id: 265598}")
    code, lines = simulated(tmp_path, text)
    assert code == 2
    assert [(one["line"], one["column"], one["message"]) for one in of(lines, "problem")] == [
        (4, 7, "size is in another currency: found 3000 EUR; AAPL.STK.USD is traded in USD"),
        (
            5,
            29,
            "order.price is off the grid: found 200.005; AAPL.STK.USD moves in steps of 0.01 there, expected 200 or"
            " 200.01",
        ),
    ]


def in_seconds(count: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_rehearsal_asks_once_sends_the_number_and_keeps_the_answer(tmp_path: Path, relay: Any) -> None:
    text = APPLE.replace(DAILY, "").replace("ask + 0.05", "ask + 0.50")
    with gateway() as port:
        passed = [_rehearsed(tmp_path, text, relay(port)) for _ in range(2)]
    (first, orders), (second, _) = passed
    assert (first[RequestContractDetails], first[RequestMarketRule], first[PlaceOrder]) == (1, 1, 3)
    assert second[RequestContractDetails] == second[RequestMarketRule] == 0
    assert second[PlaceOrder] == 3
    assert {(one.contract.contract_id, one.contract.exchange) for one in orders} == {(265598, "SMART")}
    with sqlite3.connect(tmp_path / "j.db") as journal:
        ((asked, answer),) = journal.execute("SELECT asked, answer FROM contract").fetchall()
    assert json.loads(asked) == {"currency": "USD", "exchange": "SMART", "sec_type": "STK", "symbol": "AAPL"}
    assert json.loads(answer)["con_id"] == 265598


def _rehearsed(folder: Path, text: str, wire: Any) -> tuple[Counter[type], list[PlaceOrder]]:
    words = ("p.yaml", "--rehearsal", f"127.0.0.1:{wire.port}", "--journal", "j.db", "--again", "--json")
    run = fxrun(folder, text, *words, "--until", in_seconds(8))
    wire.close()
    assert run.returncode == 0, run.stderr
    assert '"type": "fill"' in run.stdout
    messages = list(ServerSession().receive(bytes(wire.requests)))
    return Counter(map(type, messages)), [one for one in messages if isinstance(one, PlaceOrder)]


def test_a_number_that_has_changed_is_refused(tmp_path: Path) -> None:
    assert simulated(tmp_path, APPLE, "--journal", "j.db")[0] == 0
    with sqlite3.connect(tmp_path / "j.db") as journal:
        journal.create_function("fxrun_seal", -1, lambda *_: 0)
        journal.execute("UPDATE contract SET answer = replace(answer, '265598', '265597')")
    later = ("--from", "2026-11-09", "--until", "2026-11-10")
    run = fxrun(tmp_path, APPLE, "p.yaml", "--simulate", *later, "--journal", "j.db")
    assert run.returncode == 2
    assert "was con_id 265597 on 2026-11-02T00:00:00Z and is con_id 265598 now" in run.stderr


def test_a_rehearsal_refuses_before_it_sends(tmp_path: Path, relay: Any) -> None:
    text = (
        "plan: p\nside: buy\nsize: 1\norders:\n  - {id: a, contract: EUR.USD}\n  - id: b\n    contract: {con_id: 7}\n"
    )
    with gateway() as port:
        wire = relay(port)
        run = fxrun(tmp_path, text, "p.yaml", "--rehearsal", f"127.0.0.1:{wire.port}", "--until", in_seconds(20))
        wire.close()
    assert run.returncode == 2
    assert "p.yaml:7:15: REHEARSAL the broker knows no such contract: asked for {con_id: 7}" in run.stderr
    assert not any(isinstance(one, PlaceOrder) for one in ServerSession().receive(bytes(wire.requests)))


@pytest.mark.parametrize("command", ["validate", "explain", "fires", "lint"])
def test_commands_without_a_session_do_with_what_the_plan_says(command: str, tmp_path: Path) -> None:
    for text in (APPLE, FUTURE):
        run = fxrun(tmp_path, text, command, "p.yaml")
        assert run.returncode == 0, run.stderr
        assert "Traceback" not in run.stderr
        assert "odd lot" not in run.stderr


def test_what_only_the_broker_can_tell_is_not_made_up_where_somebody_approves_it(tmp_path: Path) -> None:
    """A future's multiplier is not one, and an option does not cost what its stock does."""
    future = "{sec_type: FUT, symbol: EUR, currency: USD, exchange: CME, last_trade_date: '2026-12'}"
    option = "{sec_type: OPT, symbol: AAPL, currency: USD, last_trade_date: '2026-12', strike: 230, right: call}"
    for contract, rest in ((future, "size: 600_000 USD\n"), (option, "size: 1\norder: {type: limit, price: bid}\n")):
        text = f"plan: p\ncontract: {contract}\nside: buy\n{rest}"
        shown = fxrun(tmp_path, text, "explain", "p.yaml", "--from", "2026-11-25T15:00Z")
        assert "worked out at the fire" in shown.stdout
        assert "asked of the broker when a run starts" in shown.stderr
