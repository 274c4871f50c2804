"""What explain, arm and a run say of plans whose orders are worked out at the fire."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PLAN = """\
plan: month
contract: EUR.USD
schedule: {at: "2026-03-02T10:00Z"}
side: buy
size: 60_000
orders:
  - {id: rungs, ladder: {count: 2, from: bid - 5 pips, to: bid - 25 pips}}
  - {id: idle, convert: {from: EUR, keep: 1000}}
  - {id: close, flatten: {open_orders: cancel}}
"""


def fxrun(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "month.yaml").write_text(PLAN, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "runner", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_explain_prices_at_the_simulated_market_and_says_what_only_a_session_tells(tmp_path: Path) -> None:
    shown = fxrun(tmp_path, "explain", "month.yaml", "--from", "2026-03-01")
    assert shown.returncode == 0, shown.stderr
    assert "rung-1: BUY 30000 EUR.USD LMT" in shown.stdout
    assert "month/rungs: priced as of the simulated market: EUR.USD 1." in shown.stderr
    assert "month/idle: its orders cannot be told without a session: the account's cash is not known" in shown.stderr
    assert "month/close: nothing to do: month has no position in EUR.USD, as far as" in shown.stderr


def test_a_run_tells_what_it_denies_and_what_there_was_nothing_to_do_about(tmp_path: Path) -> None:
    run = fxrun(tmp_path, "month.yaml", "--simulate", "--from", "2026-03-02", "--until", "2026-03-03", "--json")
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    fires = {line["order"]: (line["state"], line["reason"]) for line in lines if line["type"] == "fire"}
    assert fires["rungs"] == ("sent", None)
    assert fires["idle"][0] == "skipped"
    assert "nothing to convert: the account has 0 EUR" in fires["idle"][1]
    assert lines[-1]["skipped"] == sum(state == "skipped" for state, _ in fires.values())


def test_a_fire_that_is_denied_before_it_has_orders_ends_the_run_with_3(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        'plan: p\ncontract: EUR.USD\nside: sell\nsize: 50% of cash\nschedule: {at: "2026-03-02T10:00Z"}\n', "utf-8"
    )
    run = fxrun(tmp_path, "p.yaml", "--simulate", "--from", "2026-03-02", "--until", "2026-03-03", "--json")
    assert run.returncode == 3
    assert '"state": "denied", "reason": "the account has no EUR to pay with: its cash is 0"' in run.stdout
