"""Report, journal and the gateway's truth agree to the cent: part fills, corrections and three quote currencies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.report_oracle import by_book, executions, matched

PAIRS = {"eu": "EUR.USD", "uj": "USD.JPY", "eg": "EUR.GBP"}
START = "2025-03-03"
_PLAN = """plan: {plan}
orders:
{orders}"""
_ORDER = """  - id: {name}-{side}
    contract: {pair}
    side: {side}
    size: {size}
    schedule: {{cron: "{minute} * * * *"}}
"""


def _plan(plan: str, minute: int) -> str:
    """A plan that buys and sells each pair once an hour, in sizes that never match."""
    orders = ""
    for name, pair in PAIRS.items():
        for side, size in (("buy", 61_000 + 7 * minute), ("sell", 59_500 + 11 * minute)):
            orders += _ORDER.format(name=name, pair=pair, side=side, size=size, minute=minute)
            minute += 7
    return _PLAN.format(plan=plan, orders=orders)


def _fxrun(*arguments: str, module: str = "runner") -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _compare(folder: Path, until: str) -> int:
    """Run, then hold report, journal and the run's own lines against the truth; returns how many fills there were."""
    plans = [str(folder / f"{name}.yaml") for name in ("one", "two")]
    for minute, plan in enumerate(plans):
        Path(plan).write_text(_plan(Path(plan).stem, 1 + 3 * minute))
    truth_file, journal = str(folder / "truth.jsonl"), str(folder / "j.db")
    span = ("--from", START, "--until", until)
    told = _fxrun(
        truth_file, *plans, "--simulate", *span, "--journal", journal, "--json", module="tests.reliability.report_run"
    )
    truth = executions(Path(truth_file))
    report = json.loads(_fxrun("report", "--journal", journal, "--json"))
    export = [json.loads(line) for line in _fxrun("journal", "--journal", journal, "export").splitlines()]
    _fills_agree(truth, report, export)
    _results_agree(truth, report, export)
    _commissions_agree([json.loads(line) for line in told.splitlines()], report)
    return len(truth)


def _fills_agree(truth: list[Any], report: dict[str, Any], export: list[dict[str, Any]]) -> None:
    def read(rows: list[dict[str, Any]]) -> set[tuple[str, str, Fraction, Fraction]]:
        return {(r["order_ref"], r["exec_id"], Fraction(r["quantity"]), Fraction(r["price"])) for r in rows}

    exported = [line for line in export if line["type"] == "execution"]
    assert len(truth) == len(report["fills"]) == len(exported)
    assert read(report["fills"]) == read(exported) == {row.told for row in truth}
    assert any(row.revisions > 1 for row in truth)
    orders = {row.order_ref for row in truth}
    assert len(truth) > 1.5 * len(orders)  # part fills
    assert {fill["currency"] for fill in report["fills"]} == {"USD", "JPY", "GBP"}


def _results_agree(truth: list[Any], report: dict[str, Any], export: list[dict[str, Any]]) -> None:
    orders = [line for line in export if line["type"] == "order"]
    books = {line["order_ref"]: (line["plan"], PAIRS[line["order"].partition("-")[0]]) for line in orders}
    by_currency: dict[str, Fraction] = defaultdict(Fraction)
    for book, rows in by_book(truth, books).items():
        (line,) = [one for one in report["plans"] if (one["plan"], one["contract"]) == book]
        gained, position = matched(rows)
        assert (Fraction(line["realized"]), Fraction(line["position"])) == (gained, position)
        assert line["fills"] == len(rows)
        by_currency[line["currency"]] += gained
    assert {name: Fraction(amount) for name, amount in report["realized"].items()} == by_currency
    total = Fraction(0)
    for fill in report["fills"]:
        rate = Fraction(1) if fill["currency"] == "USD" else Fraction(fill["rate"]["value"])
        amount = Fraction(fill["realized"]) * rate
        assert abs(amount - Fraction(fill["realized_in_account"])) <= Fraction("0.006")
        total += amount
    assert abs(total - Fraction(report["realized_in_account"])) <= Fraction("0.01")


def _commissions_agree(told: list[dict[str, Any]], report: dict[str, Any]) -> None:
    latest = {line["exec_id"].rpartition(".")[0]: line for line in told if line["type"] == "commission"}
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for line in latest.values():
        sums[line["currency"]] += Fraction(line["amount"])
    assert {name: Fraction(amount) for name, amount in report["commission"].items()} == sums
    assert told[-1]["commission"] == report["commission"]
    assert told[-1]["realized_pnl"] == report["realized"]
    assert report["fills_without_commission"] == 0


def test_two_days_agree_to_the_cent(tmp_path: Path) -> None:
    assert _compare(tmp_path, "2025-03-05") > 500


@pytest.mark.long
def test_ten_thousand_fills_agree_to_the_cent(tmp_path: Path) -> None:
    assert _compare(tmp_path, "2025-03-27") > 10_000
