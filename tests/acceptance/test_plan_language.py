"""The plan's language as it is typed: what explain, arm and a run make of orders in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.cli.main import main

TOP = "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 20_000\n"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "plan.yaml"


def test_explain_shows_where_each_field_stands(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(
        TOP + "order:\n  type: trailing_stop\n  trail: 0.3%\n  tif: GTD\n  until: 2027-03-01 17:00\n"
        "  good_after: 2027-02-01\n  outside_rth: true\n  min_quantity: 20_000\n  ib:\n    triggerMethod: 2\n"
    )
    assert main(["explain", str(plan), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    lines = {field["name"]: field["line"] for field in told if field["type"] == "field"}
    assert lines.items() >= {
        "orderType": 6, "trailingPercent": 7, "tif": 8, "goodTillDate": 9, "goodAfterTime": 10, "outsideRth": 11,
        "minQty": 12, "triggerMethod": 14,
    }.items()  # fmt: skip


def test_an_order_is_said_with_its_distance_and_its_life(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(
        TOP
        + "order: {type: trailing_stop, trail: 15 pips, tif: GTD, until: 2027-03-01, good_after: 2027-02-01 08:00}\n"
    )
    assert main(["explain", str(plan)]) == 0
    shown = capsys.readouterr().out
    assert "BUY 20000 EUR.USD TRAIL trail 0.0015 GTD until 2027-03-02T00:00:00Z after 2027-02-01T08:00:00Z" in shown
    plan.write_text(TOP + "order: {type: trailing_stop, trail: 0.3%, tif: GTC}\n")
    assert main([str(plan), "--simulate", "--from", "2025-03-03", "--until", "2025-03-04"]) == 0
    assert "trailing_stop trail 0.3%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("order: {type: limit, price: bid - 5 pips}\n", "buy 20000 EUR.USD limit bid - 5 pips LMT DAY"),
        ("bracket: {take_profit: 2R, stop_loss: 25 pips}\n", "bracket take_profit 2R, stop_loss 25 pips"),
        ("target: {position: 50_000}\n", "target position 50000"),
    ],
)
def test_what_is_worked_out_at_the_fire_is_said_in_words(
    plan: Path, more: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(TOP + more)
    assert main(["explain", str(plan)]) == 0
    shown = capsys.readouterr().out
    assert "worked out at the fire: buy 20000 EUR.USD" in shown
    assert words in shown
    assert main(["explain", str(plan), "--json"]) == 0
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines() if '"unknown"' in one]
    assert words in line["written"]


def test_arming_says_what_is_worked_out_later(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(TOP + "order: {type: limit, price: bid - 5 pips}\nschedule: {every: 1d}\n")
    Path("fxrun.yaml").write_text("account: DU1234567\nlimits: {max_quantity: 50_000, max_daily_quantity: 500_000}\n")
    assert main(["arm", str(plan), "--rehearsal", "127.0.0.1:7497", "--yes", "DU1234567"]) == 0
    shown = capsys.readouterr().out
    assert "worked out at each fire: buy 20000 EUR.USD limit bid - 5 pips LMT DAY" in shown
    assert "demo/main: worked out then" in shown


def test_orders_in_words_are_sent_as_they_work_out(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A year of months: sizes by lots, money and risk, prices from the market, exits in R, an end after two hours."""
    plan.write_text(
        "plan: demo\ncontract: EUR.USD\nside: buy\nsize: 0.25 lots\nschedule: {cron: '0 9 1 * *'}\norders:\n"
        "  - {id: limit, order: {type: limit, price: bid - 40 pips, tif: GTD, until: 2h}}\n"
        "  - {id: trail, order: {type: trailing_stop, trail: 15 pips}}\n"
        "  - {id: money, size: 30_000 USD}\n"
        "  - {id: touched, order: {type: market_if_touched, stop: ask - 10 pips}}\n"
        "  - {id: exits, size: risk 0.01%, bracket: {take_profit: 2R, stop_loss: 25 pips}}\n"
    )
    assert main([str(plan), "--simulate", "--from", "2025-04-01", "--until", "2025-04-03", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["state"] for event in events if event["type"] == "fire"} == {"sent"}
    kinds = {event["order"]: event["order_type"] for event in events if event["type"] == "order"}
    assert {kinds[name] for name in ("limit", "trail", "money", "touched")} == {
        "limit", "trailing_stop", "market", "market_if_touched",
    }  # fmt: skip
    (summary,) = [event for event in events if event["type"] == "summary"]
    assert summary["orders"] == 7
    assert summary["rejected"] == summary["denied"] == summary["unknown"] == 0


def test_a_problem_points_to_the_character(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(TOP + "order: {type: limit, price: bid - 5 pipz}\n")
    assert main(["validate", str(plan)]) == 2
    assert capsys.readouterr().err.startswith(f"{plan}:5:37: order.price cannot be used: ")
