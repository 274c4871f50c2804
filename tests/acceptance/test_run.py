"""`fxrun PLAN --simulate` as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FXRUN = [sys.executable, "-m", "runner"]
WEEKDAY = """
plan: eurusd-weekday
contract: EUR.USD
side: buy
size: 25_000
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
"""
YEAR = ["--from", "2025-01-01", "--until", "2026-01-01"]


def fxrun(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FXRUN, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def events(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


@pytest.fixture
def weekday(tmp_path: Path) -> Path:
    (tmp_path / "weekday.yaml").write_text(WEEKDAY)
    return tmp_path


def test_a_year_of_weekdays(weekday: Path) -> None:
    run = fxrun("weekday.yaml", "--simulate", *YEAR, "--json", cwd=weekday)
    assert run.returncode == 0, run.stderr
    lines = events(run)
    assert lines[0]["type"] == "plan"
    summary = lines[-1]
    assert (summary["type"], summary["fires"], summary["orders"], summary["filled"]) == ("summary", 261, 261, 261)
    assert summary["positions"] == {"EUR.USD": str(261 * 25_000)}
    assert len(of(lines, "fill")) == len(of(lines, "commission")) == 261
    assert Counter(line["state"] for line in of(lines, "fire")) == {"sent": 261}
    assert len({line["order_ref"] for line in of(lines, "fill")}) == 261


def test_the_same_bytes_twice(weekday: Path) -> None:
    first = fxrun("weekday.yaml", "--simulate", *YEAR, "--json", cwd=weekday, PYTHONHASHSEED="1")
    second = fxrun("weekday.yaml", "--simulate", *YEAR, "--json", cwd=weekday, PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert first.stdout == second.stdout
    other = fxrun("weekday.yaml", "--simulate", *YEAR, "--json", "--seed", "2", cwd=weekday)
    assert other.stdout != first.stdout
    text = [fxrun("weekday.yaml", "--simulate", *YEAR, cwd=weekday).stdout for _ in range(2)]
    assert text[0] == text[1]
    assert "synthetic intraday path" in text[0]


def test_the_second_run_on_a_journal_sends_nothing(weekday: Path) -> None:
    span = ["--from", "2025-01-06", "--until", "2025-01-11", "--journal", "j.sqlite", "--json"]
    first = events(fxrun("weekday.yaml", "--simulate", *span, cwd=weekday))
    second_run = fxrun("weekday.yaml", "--simulate", *span, cwd=weekday)
    second = events(second_run)
    assert first[-1]["filled"] == 5
    assert second_run.returncode == 0
    assert Counter(line["state"] for line in of(second, "fire")) == {"skipped": 5}
    assert all("already recorded" in line["reason"] for line in of(second, "fire"))
    assert of(second, "fill") == of(second, "order") == []
    assert (second[-1]["fires"], second[-1]["skipped"], second[-1]["orders"]) == (5, 5, 0)
    longer = [*span[:3], "2025-01-14", *span[4:]]
    assert events(fxrun("weekday.yaml", "--simulate", *longer, cwd=weekday))[-1]["filled"] == 1


def test_once_is_once_unless_again(tmp_path: Path) -> None:
    (tmp_path / "once.yaml").write_text("plan: once\ncontract: EUR.USD\nside: sell\nsize: 30_000\n")
    span = ["--from", "2025-01-06T12:00", "--journal", "j.sqlite", "--json"]
    counts = []
    for extra in ([], [], ["--again"], []):
        lines = events(fxrun("once.yaml", "--simulate", *span, *extra, cwd=tmp_path))
        counts.append((lines[-1]["filled"], lines[-1]["skipped"]))
        assert {line["fire"] for line in of(lines, "fire")} == {"once"}
    assert counts == [(1, 0), (0, 1), (1, 0), (0, 1)]


def test_a_bracket_runs_to_one_of_its_exits(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(
        "plan: b\ncontract: EUR.USD\nside: buy\nsize: 25_000\nbracket: {take_profit: 1.0900, stop_loss: 0.9800}\n"
    )
    run = fxrun("b.yaml", "--simulate", "--from", "2025-01-06T12:00", "--until", "2026-01-01", "--json", cwd=tmp_path)
    summary = events(run)[-1]
    assert (summary["orders"], summary["filled"], summary["cancelled"]) == (3, 2, 1)
    assert summary["positions"] == {}
    assert set(summary["realized_pnl"]) == {"USD"}
    assert float(summary["realized_pnl"]["USD"]) > 0


def test_a_limit_out_of_reach_expires_each_day(tmp_path: Path) -> None:
    (tmp_path / "l.yaml").write_text(
        WEEKDAY.replace("size: 25_000", "size: 25_000\norder: {type: limit, price: 0.5, tif: DAY}")
    )
    run = fxrun("l.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-01-18", "--json", cwd=tmp_path)
    summary = events(run)[-1]
    assert (summary["orders"], summary["expired"], summary["filled"]) == (10, 10, 0)
    assert run.returncode == 0


def test_a_fire_in_a_closed_market_waits_for_the_opening(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(WEEKDAY.replace("mon-fri", "sat"))
    run = fxrun("s.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-01-20", "--json", cwd=tmp_path)
    lines = events(run)
    assert lines[-1]["filled"] == 2
    assert [line["time"] for line in of(lines, "fill")] == ["2025-01-12T22:15:00Z", "2025-01-19T22:15:00Z"]
    assert {(n["code"], n["severity"]) for n in of(lines, "notice")} == {(399, "warning")}
    assert [line["state"] for line in of(lines, "order")][:2] == ["sent", "held"]


def test_a_span_without_time_in_it_is_fine_and_says_that_nothing_was_due(weekday: Path) -> None:
    span = ["--simulate", "--from", "2025-01-06", "--until", "2025-01-06"]
    run = fxrun("weekday.yaml", *span, "--json", cwd=weekday)
    assert run.returncode == 0, run.stderr
    lines = events(run)
    assert [line["type"] for line in lines] == ["plan", "notice", "summary"]
    assert (lines[1]["code"], lines[1]["severity"]) == (0, "info")
    assert "nothing was due" in lines[1]["text"]
    assert "nothing was due" in fxrun("weekday.yaml", *span, cwd=weekday).stdout


def test_an_expired_and_an_unfilled_limit_are_fine_with_a_notice(tmp_path: Path) -> None:
    orders = "plan: limits\ncontract: EUR.USD\nside: buy\nsize: 25_000\norders:\n"
    orders += "".join(
        f"  - {{id: {tif.lower()}, order: {{type: limit, price: 0.5, tif: {tif}}}}}\n" for tif in ("DAY", "GTC")
    )
    (tmp_path / "l.yaml").write_text(orders)
    span = ["--simulate", "--from", "2025-01-06", "--until", "2025-01-08"]
    run = fxrun("l.yaml", *span, "--json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    texts = [(line["plan"], line["text"]) for line in of(events(run), "notice") if line["code"] == 0]
    assert texts == [
        ("limits", "1 order expired before a full fill"),
        ("limits", "1 order still working at the end of the run"),
    ]
    shown = fxrun("l.yaml", *span, cwd=tmp_path).stdout.splitlines()
    assert {text for _, text in texts} <= set(shown)


def test_immediate_means_from_the_opening_on(tmp_path: Path) -> None:
    """IOC in a closed market is held like any other order and gets its one chance at the opening."""
    for price, state in (("", "filled"), (", price: 0.5", "cancelled")):
        kind = "limit" if price else "market"
        order = f"order: {{type: {kind}{price}, tif: IOC}}\nschedule: {{at: 2025-01-11 12:00}}\n"
        (tmp_path / "ioc.yaml").write_text(f"plan: ioc\ncontract: EUR.USD\nside: buy\nsize: 25_000\n{order}")
        lines = events(fxrun("ioc.yaml", "--simulate", "--from", "2025-01-11", "--json", cwd=tmp_path))
        assert [(o["state"], o["time"]) for o in of(lines, "order")][1:] == [
            ("held", "2025-01-11T12:00:00Z"),
            ("working", "2025-01-12T22:15:00Z"),
            (state, "2025-01-12T22:15:00Z"),
        ]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["weekday.yaml", "--until", "2025-01-01", "--from", "2025-02-01"], 2, "--until"),
        (["weekday.yaml", "--simulate", "--from", "yesterday"], 2, "not a time"),
        (["weekday.yaml", "--rehearsal", "nowhere"], 2, "HOST:PORT"),
        (["weekday.yaml", "--rehearsal", "127.0.0.1:1"], 5, "127.0.0.1:1"),
        (["missing.yaml", "--simulate"], 2, "missing.yaml"),
        (["weekday.yaml", "--simulate", "--quotes", "missing.csv"], 2, "missing.csv"),
        (["weekday.yaml", "--simulate", "--journal", "no/such/folder/j"], 2, "folder"),
        (["live.yaml"], 3, "live"),
        (["weekday.yaml", "weekday.yaml", "--simulate"], 2, "eurusd-weekday"),
    ],
)
def test_what_cannot_run_says_why(weekday: Path, arguments: list[str], code: int, word: str) -> None:
    (weekday / "live.yaml").write_text(WEEKDAY.replace("plan: eurusd-weekday", "plan: a-live\nmode: live"))
    run = fxrun(*arguments, cwd=weekday)
    assert run.returncode == code, run.stderr
    assert word in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_a_refused_live_plan_says_where_it_is_live(weekday: Path) -> None:
    (weekday / "live.yaml").write_text(WEEKDAY.replace("plan: eurusd-weekday", "plan: a-live\nmode: live"))
    run = fxrun("live.yaml", "--json", cwd=weekday)
    (problem,) = events(run)
    assert (run.returncode, problem["type"], problem["file"]) == (3, "problem", "live.yaml")
    assert (problem["line"], problem["column"]) == (3, 7)


def test_a_size_the_broker_refuses_is_rejected(weekday: Path) -> None:
    (weekday / "frac.yaml").write_text("plan: frac\ncontract: EUR.USD\nside: buy\nsize: 25000.5\n")
    run = fxrun("frac.yaml", "--simulate", "--from", "2025-01-06T12:00", "--json", cwd=weekday)
    assert run.returncode == 4
    assert (events(run)[-1]["rejected"], events(run)[-1]["unknown"]) == (1, 0)


def test_simulate_turns_live_into_simulate(weekday: Path) -> None:
    (weekday / "live.yaml").write_text(WEEKDAY.replace("plan: eurusd-weekday", "plan: a-live\nmode: live"))
    run = fxrun("live.yaml", "--simulate", "--from", "2025-01-06", "--until", "2025-01-08", "--json", cwd=weekday)
    assert events(run)[-1]["filled"] == 2


def test_twenty_six_years_of_a_monthly_plan(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(WEEKDAY.replace("30 9 * * mon-fri", "0 10 1 * *"))
    run = fxrun("m.yaml", "--simulate", "--from", "2000-01-01", "--until", "2026-01-01", "--json", cwd=tmp_path)
    summary = events(run)[-1]
    assert (summary["fires"], summary["filled"], summary["working"]) == (312, 312, 0)


def test_limits_beside_the_plan_hold_in_a_simulated_run_and_those_of_the_user_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.yaml").write_text(WEEKDAY)
    home = tmp_path / "home"
    (home / "fxrun").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (home / "fxrun" / "fxrun.yaml").write_text("limits: {max_fires_per_day: 1, max_quantity: 1}\n")
    span = ("--from", "2025-01-06", "--until", "2025-01-11", "--json")
    assert events(fxrun("p.yaml", "--simulate", *span, cwd=tmp_path))[-1]["filled"] == 5
    (tmp_path / "fxrun.yaml").write_text("account: DU1234567\nlimits: {max_quantity: 100, max_daily_quantity: 100}\n")
    run = fxrun("p.yaml", "--simulate", *span, cwd=tmp_path)
    assert run.returncode == 3
    lines = events(run)
    assert (lines[-1]["filled"], lines[-1]["denied"]) == (0, 5)
    assert {"limits.max_quantity" in line["reason"] for line in lines if line["type"] == "fire"} == {True}
