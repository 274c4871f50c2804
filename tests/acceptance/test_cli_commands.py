"""validate, explain, fires and schema, on plans as people write them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest

import schemas

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PLAN = """\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
order:
  type: limit
  price: 1.0850
  tif: DAY
bracket:
  take_profit: 1.0950
  stop_loss: 1.0800
schedule:
  cron: "30 9 * * mon-fri"
  timezone: America/New_York
"""
TWO = """\
plan: night
contract: USD.JPY
size: 10_000
orders:
  - id: in
    side: buy
    schedule: {cron: "30 17 * * *", timezone: America/New_York}
  - id: out
    side: sell
    schedule: {every: 1d, from: 2025-01-01 22:30}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "two.yaml").write_text(TWO)
    (tmp_path / "once.yaml").write_text("plan: once\ncontract: EUR.USD\nside: sell\nsize: 30_000\n")
    return tmp_path


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "runner", *args],
        cwd=folder, env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- validate


def test_validate_says_how_many_orders_and_when_they_fire_next(folder: Path) -> None:
    done = run(folder, "validate", "plan.yaml", "once.yaml")
    first, second = done.stdout.splitlines()
    assert first.startswith("plan.yaml: ok, 1 order, next fires ")
    assert first.count(" 09:30 E") == 3
    assert second == "once.yaml: ok, 1 order, due once, when it is run"
    assert done.stderr == ""


def test_validate_warns_of_closed_markets_and_odd_lots_and_still_ends_well(folder: Path) -> None:
    done = run(folder, "validate", "two.yaml")
    assert done.stdout.startswith("two.yaml: ok, 2 orders, next fires ")
    warnings = done.stderr.splitlines()
    assert len(warnings) == 4
    assert all(": warning: order " in warning for warning in warnings)
    assert "of 365 fires in the next year fall in a closed market" in warnings[0]
    assert warnings[0].startswith("two.yaml:7:22: ")
    assert warnings[1].startswith("two.yaml:3:7: ")
    assert "odd lot" in warnings[1]


def test_validate_names_an_instant_once_however_many_orders_are_due(folder: Path) -> None:
    (folder / "two.yaml").write_text(
        TWO.replace("22:30", "21:30").replace("30 17", "30 21").replace("America/New_York", "UTC")
    )
    (plan, *_) = lines_of(run(folder, "validate", "two.yaml", "--json"))
    assert len(set(plan["next_fires"])) == 3


def test_validate_tells_programs_the_same(folder: Path) -> None:
    done = run(folder, "validate", "two.yaml", "--json")
    plan, *warnings = lines_of(done)
    assert plan["type"] == "plan"
    assert (plan["plan"], plan["file"], plan["orders"], len(plan["next_fires"])) == ("night", "two.yaml", 2, 3)
    assert [warning["type"] for warning in warnings] == ["warning"] * 4
    assert warnings[0].keys() == {"type", "file", "line", "column", "message"}
    assert done.stderr == ""


def test_validate_looks_at_a_schedule_of_seconds_only_as_far_as_it_needs(folder: Path) -> None:
    (folder / "plan.yaml").write_text("plan: fast\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 1s}\n")
    began = time.monotonic()
    run(folder, "validate", "plan.yaml")
    assert time.monotonic() - began < 5


# what other commands, extras and the tests have a use for
NEEDLESS = {
    "_sqlite3", "aiosmtpd", "apprise", "apscheduler", "asyncio", "cattrs", "concurrent", "currency_converter", "google",
    "holidays", "http", "ibapi", "importlib_metadata", "jinja2", "litecharts", "markupsafe", "multiprocessing", "parsy",
    "prometheus_client", "pytest", "requests", "rich", "socket", "sqlite3", "ssl", "starlette", "strategies", "tzlocal",
    "uvicorn", "wsgiref",
}  # fmt: skip


def test_validate_imports_nothing_it_does_not_need(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "runner", "validate", "plan.yaml"],
        cwd=folder, env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert {"yaml", "cronsim", "click"} <= imported
    assert not imported & NEEDLESS


@pytest.mark.skipif(sys.platform == "win32", reason="counts processor time of child processes")
def test_validate_costs_at_most_twice_its_imports(folder: Path) -> None:
    """Whole process against `python -c` of the imports it needs, seven alternating runs, the median of each.

    Processor time, which other processes do not disturb; both find their bytecode, as an installed package does.
    """
    (folder / "long.yaml").write_text(PLAN + "# a comment\n" * (40 - PLAN.count("\n")))
    environment = {**ENVIRONMENT, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def seconds(*args: str) -> float:
        before = os.times()
        subprocess.run([sys.executable, *args], cwd=folder, env=environment, capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    def validate() -> float:
        return seconds("-m", "runner", "validate", "long.yaml")

    def imports() -> float:
        return seconds("-c", "import yaml, jsonschema, cronsim")

    validate(), imports()  # both write their bytecode
    ours, theirs = zip(*((validate(), imports()) for _ in range(7)), strict=True)
    assert median(ours) <= 2 * median(theirs)


# --- fires


def test_fires_as_json_keep_the_contract(folder: Path) -> None:
    done = run(folder, "fires", "two.yaml", "--json", "--from", "2025-03-07", "--until", "2025-03-11")
    assert done.stdout.splitlines()[0] == (
        '{"type": "fire", "plan": "night", "order": "in", "time": "2025-03-07T22:30:00Z", "skipped": null}'
    )
    assert [(line["time"][8:16], line["order"]) for line in lines_of(done)] == [
        ("07T22:30", "in"), ("07T22:30", "out"), ("08T22:30", "in"), ("08T22:30", "out"),
        ("09T21:30", "in"), ("09T22:30", "out"), ("10T21:30", "in"), ("10T22:30", "out"),
    ]  # fmt: skip


def test_n_counts_the_merged_list_and_its_default_holds_only_without_until(folder: Path) -> None:
    both = ("fires", "plan.yaml", "two.yaml", "--json")
    assert len(lines_of(run(folder, *both))) == 10
    assert len(lines_of(run(folder, *both, "-n", "25"))) == 25
    merged = lines_of(run(folder, *both, "--from", "2025-01-01", "--until", "2025-03-01"))
    assert len(merged) == 43 + 59 + 59
    keys = [(line["time"], line["plan"], line["order"]) for line in merged]
    assert keys == sorted(keys)
    assert lines_of(run(folder, *both, "--from", "2025-01-01", "--until", "2025-03-01", "-n", "7")) == merged[:7]


def test_fires_for_people_show_both_clocks_and_the_cron_in_words(folder: Path) -> None:
    done = run(folder, "fires", "plan.yaml", "--from", "2025-03-07", "-n", "2")
    assert done.stdout.splitlines() == [
        "weekday/main: At 09:30 on Monday through Friday (America/New_York)",
        "2025-03-07T14:30:00Z  Fri 2025-03-07 09:30:00 EST  weekday/main",
        "2025-03-10T13:30:00Z  Mon 2025-03-10 09:30:00 EDT  weekday/main",
    ]


def test_a_span_without_fires_is_fine(folder: Path) -> None:
    done = run(folder, "fires", "plan.yaml", "--from", "2025-03-08", "--until", "2025-03-09")
    assert "no fire" in done.stderr
    assert run(folder, "fires", "plan.yaml", "--json", "--from", "2025-03-08", "--until", "2025-03-09").stdout == ""


def test_an_order_without_schedule_is_due_at_from(folder: Path) -> None:
    (line,) = lines_of(run(folder, "fires", "once.yaml", "--json", "--from", "2025-03-07 10:00"))
    assert line["time"] == "2025-03-07T10:00:00Z"


def test_fires_from_now_on(folder: Path) -> None:
    now = datetime.now(UTC)
    first = datetime.fromisoformat(lines_of(run(folder, "fires", "plan.yaml", "--json", "-n", "1"))[0]["time"])
    assert now <= first < now + timedelta(days=4)
    assert first.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") == "09:30"


# --- explain


def test_explain_names_the_line_of_each_field(folder: Path) -> None:
    done = run(folder, "explain", "plan.yaml", "--json", "--from", "2025-03-07")
    lines = lines_of(done)
    entry = {
        f"{line['object']}.{line['name']}": (line["value"], line["line"])
        for line in lines
        if line["type"] == "field" and line["role"] == "entry"
    }
    ref = next(line["order_ref"] for line in lines if line["type"] == "ticket" and line["role"] == "entry")
    assert entry == {
        "Contract.symbol": ("EUR", 2),
        "Contract.secType": ("CASH", 2),
        "Contract.exchange": ("IDEALPRO", 2),
        "Contract.currency": ("USD", 2),
        "Order.orderId": ("(set when sent)", None),
        "Order.account": ("(set when sent)", None),
        "Order.action": ("BUY", 3),
        "Order.totalQuantity": ("25000", 4),
        "Order.orderType": ("LMT", 6),
        "Order.lmtPrice": ("1.085", 7),
        "Order.tif": ("DAY", 8),
        "Order.orderRef": (ref, 1),
        "Order.transmit": ("false", 10),
    }


def test_explain_shows_the_exits_where_the_plan_asks_for_them(folder: Path) -> None:
    lines = lines_of(run(folder, "explain", "plan.yaml", "--json", "--from", "2025-03-07"))
    assert [line["role"] for line in lines if line["type"] == "ticket"] == ["entry", "take_profit", "stop_loss"]
    exits = {
        (line["role"], line["name"]): (line["value"], line["line"])
        for line in lines
        if line["type"] == "field" and line["role"] != "entry"
    }
    assert exits["take_profit", "action"] == ("SELL", 3)
    assert exits["take_profit", "lmtPrice"] == ("1.095", 10)
    assert exits["take_profit", "parentId"] == ("(set when sent)", None)
    assert exits["stop_loss", "auxPrice"] == ("1.08", 11)
    assert exits["stop_loss", "tif"] == ("GTC", 11)
    assert ("stop_loss", "transmit") not in exits  # true is neutral: it is the last of the group


def test_explain_for_people(folder: Path) -> None:
    done = run(folder, "explain", "plan.yaml", "--from", "2025-03-07")
    head, ticket, *rest = done.stdout.splitlines()
    assert head == "weekday/main, fire 2025-03-07T14:30:00Z (Fri 2025-03-07 09:30 EST)"
    assert ticket == "  entry: BUY 25000 EUR.USD LMT limit 1.085 DAY"
    assert any(line.split() == ["Order.lmtPrice", "1.085", "plan.yaml:7"] for line in rest)
    assert done.stderr == ""


def test_explain_says_what_the_plan_leaves_to_its_default(folder: Path) -> None:
    (folder / "long.yaml").write_text(
        "plan: long\ncontract:\n  symbol: EUR\n  currency: USD\nside: sell\nsize: 30_000\norder:\n  type: market\n"
    )
    done = run(folder, "explain", "long.yaml", "--from", "2025-03-07")
    sources = {parts[0]: parts[-1] for parts in map(str.split, done.stdout.splitlines()[2:])}
    assert sources["Contract.symbol"] == "long.yaml:3"
    assert sources["Contract.currency"] == "long.yaml:4"
    assert sources["Order.orderType"] == "long.yaml:8"
    assert sources["Order.tif"] == "(default)"
    assert done.stdout.splitlines()[0] == "long/main, fire once (looked at as of 2025-03-07T00:00:00Z)"


def test_explain_warns_of_a_closed_market(folder: Path) -> None:
    done = run(folder, "explain", "two.yaml", "--from", "2025-03-08")
    assert (
        "the market is closed at 2025-03-08T22:30:00Z; the order would wait until 2025-03-09T21:15:00Z" in done.stderr
    )


def test_explain_of_a_plan_that_is_over(folder: Path) -> None:
    (folder / "past.yaml").write_text(
        "plan: past\ncontract: EUR.USD\nside: sell\nsize: 30_000\nschedule: {at: 2020-01-02 12:00}\n"
    )
    assert "no fire is left" in run(folder, "explain", "past.yaml").stderr


# --- schema


@pytest.mark.parametrize("name", schemas.NAMES)
def test_schema_prints_what_is_shipped(folder: Path, name: str) -> None:
    printed = run(folder, "schema", name).stdout
    assert printed == schemas.text(name)
    jsonschema.Draft202012Validator.check_schema(json.loads(printed))


def test_schema_means_the_plan_if_none_is_named(folder: Path) -> None:
    assert run(folder, "schema").stdout == schemas.text("plan")


def test_every_property_of_the_settings_is_explained_with_examples_that_hold() -> None:
    schema = json.loads(schemas.text("settings"))
    seen = 0

    def walk(properties: dict[str, dict[str, Any]]) -> None:
        nonlocal seen
        for name, described in properties.items():
            seen += 1
            assert described["title"], name
            assert described["description"], name
            for example in described["examples"]:
                jsonschema.validate(example, {**described, "$defs": schema["$defs"]})
            assert described.get("type") != "object" or described["additionalProperties"] is not True, name
            walk(described.get("properties", {}))

    walk(schema["properties"])
    assert seen == 29
    for example in schema["examples"]:
        jsonschema.validate(example, schema)
