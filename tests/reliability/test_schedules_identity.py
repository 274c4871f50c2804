"""S07, S09, S10: what makes two fires the same fire, when a plan, its name or the time zone data change; one burst."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH, ZoneInfo

import pytest

from runner.core.fx import IDEALPRO_PAIRS
from runner.schedule import Due, ScheduleSpec, merge

ROOT = Path(__file__).parents[2]
PLAN = """\
plan: {name}
contract: EUR.USD
side: buy
size: {size}
schedule: {{cron: "{cron}", timezone: {zone}}}
"""


def write(path: Path, *, name: str = "demo", size: int = 25_000, cron: str = "0 15 * * *", zone: str = "UTC") -> Path:
    path.write_text(PLAN.format(name=name, size=size, cron=cron, zone=zone), encoding="utf-8")
    return path


def simulate(*plans: Path, journal: Path, code: int = 0, **environment: str) -> list[dict[str, Any]]:
    """Run plans over two weekdays of 2026 on one journal and return the lines."""
    command = ["run", *map(str, plans), "--simulate", "--json", "--journal", str(journal)]
    done = subprocess.run(
        [sys.executable, "-m", "runner", *command, "--from", "2026-07-01", "--until", "2026-07-03"],
        capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def fired(lines: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["time"][8:16], line["state"]) for line in lines if line["type"] == "fire"]


def placed(lines: Sequence[dict[str, Any]]) -> set[str]:
    return {line["order_ref"] for line in lines if line["type"] == "fill"}


# --- S07: edited, renamed, loaded twice


def test_s07_an_edited_size_does_not_send_a_fire_again(tmp_path: Path) -> None:
    journal, plan = tmp_path / "j.db", tmp_path / "plan.yaml"
    first = simulate(write(plan), journal=journal)
    assert fired(first) == [("01T15:00", "sent"), ("02T15:00", "sent")]
    again = simulate(write(plan, size=50_000), journal=journal)
    assert fired(again) == [("01T15:00", "skipped"), ("02T15:00", "skipped")]
    assert placed(again) == set()


def test_s07_an_edited_time_is_another_fire_and_the_old_one_stays_done(tmp_path: Path) -> None:
    """The key is the instant: 15:00 moved to 15:01 after the day's order is an order at 15:01."""
    journal, plan = tmp_path / "j.db", tmp_path / "plan.yaml"
    simulate(write(plan), journal=journal)
    moved = simulate(write(plan, cron="1 15 * * *"), journal=journal)
    assert fired(moved) == [("01T15:01", "sent"), ("02T15:01", "sent")]
    back = simulate(write(plan), journal=journal)
    assert {state for _, state in fired(back)} == {"skipped"}


def test_s07_another_zone_for_the_same_instant_is_the_same_fire(tmp_path: Path) -> None:
    journal, plan = tmp_path / "j.db", tmp_path / "plan.yaml"
    simulate(write(plan), journal=journal)
    moved = simulate(write(plan, cron="0 16 * * *", zone="Europe/London"), journal=journal)
    assert fired(moved) == [("01T15:00", "skipped"), ("02T15:00", "skipped")]


def test_s07_a_moved_file_is_the_same_plan_and_a_renamed_plan_another(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    (tmp_path / "elsewhere").mkdir()
    first = simulate(write(tmp_path / "plan.yaml"), journal=journal)
    moved = simulate(write(tmp_path / "elsewhere" / "other.yaml"), journal=journal)
    assert {state for _, state in fired(moved)} == {"skipped"}
    renamed = simulate(write(tmp_path / "plan.yaml", name="demo-2"), journal=journal)
    assert {state for _, state in fired(renamed)} == {"sent"}
    assert placed(first).isdisjoint(placed(renamed))


def test_s07_one_plan_in_two_files_is_refused_before_anything_runs(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    lines = simulate(write(tmp_path / "a.yaml"), write(tmp_path / "b.yaml"), journal=journal, code=2)
    assert [line["type"] for line in lines] == ["problem"]
    assert lines[0]["file"].endswith("b.yaml")
    assert "demo" in lines[0]["message"]
    assert not journal.exists()


def test_s07_one_content_under_two_names_is_two_plans(tmp_path: Path) -> None:
    plans = write(tmp_path / "a.yaml"), write(tmp_path / "b.yaml", name="copy")
    lines = simulate(*plans, journal=tmp_path / "j.db")
    assert len(placed(lines)) == 4


# --- S09: all at one instant


def test_s09_ten_thousand_fires_of_one_second_come_in_the_order_of_plan_and_order() -> None:
    drawn = random.randrange(2**32)
    print("seed", drawn)
    at = datetime(2026, 7, 1, 15, tzinfo=UTC)
    names = [(f"p{n // 2:05}", "ab"[n % 2]) for n in range(10_000)]
    shuffled = random.Random(drawn).sample(names, len(names))
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), cron="0 15 * * *")
    found = list(merge([(*name, spec) for name in shuffled], at, at + timedelta(seconds=1)))
    assert found == [Due(at, *name) for name in names]


def test_s09_a_burst_leaves_one_explicit_row_for_every_fire(tmp_path: Path) -> None:
    """Sixty plans of five orders each at one instant: sent in the order of plan and order, each fire with its row."""
    orders = "orders:\n" + "".join(f"  - id: o{n}\n" for n in range(5))
    plans = []
    for n in range(60):
        plans.append(write(tmp_path / f"p{n:02}.yaml", name=f"p{n:02}", cron="0 15 1 7 *"))
        pair = IDEALPRO_PAIRS[n % 30]  # a TWS takes fifteen working orders of a pair and side
        plans[-1].write_text(plans[-1].read_text("utf-8").replace("EUR.USD", pair) + orders, encoding="utf-8")
    lines = simulate(*reversed(plans), journal=tmp_path / "j.db")
    keys = [(line["plan"], line["order"]) for line in lines if line["type"] == "fire"]
    assert keys == sorted(keys)
    assert len(set(keys)) == 300
    summary = lines[-1]
    assert (summary["fires"], summary["orders"], summary["filled"]) == (300, 300, 300)


# --- S10: time zone data that are missing or change


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """A folder of time zone data that a test may change; the package tzdata is not asked where a file is found."""
    folder = tmp_path / "zones"
    (folder / "America").mkdir(parents=True)
    (folder / "UTC").write_bytes(_data("UTC"))
    (folder / "America" / "New_York").write_bytes(_data("America/New_York"))
    return folder


def _data(zone: str) -> bytes:
    for folder in TZPATH:
        if (path := Path(folder) / zone).is_file():
            return path.read_bytes()
    return (resources.files("tzdata") / "zoneinfo" / zone).read_bytes()


def test_s10_new_rules_move_future_fires_and_no_claimed_one(tmp_path: Path, zones: Path) -> None:
    """New York gives up summer time: fires of the new rules are others; those done keep their instant and stay done."""
    journal, plan = tmp_path / "j.db", write(tmp_path / "plan.yaml", cron="0 11 * * *", zone="America/New_York")
    before = simulate(plan, journal=journal, PYTHONTZPATH=str(zones))
    assert fired(before) == [("01T15:00", "sent"), ("02T15:00", "sent")]
    shutil.copy(zones / "America" / "New_York", tmp_path / "kept")
    (zones / "America" / "New_York").write_bytes(_data("America/Panama"))
    after = simulate(plan, journal=journal, PYTHONTZPATH=str(zones))
    assert fired(after) == [("01T16:00", "sent"), ("02T16:00", "sent")]
    assert placed(before).isdisjoint(placed(after))
    shutil.copy(tmp_path / "kept", zones / "America" / "New_York")
    back = simulate(plan, journal=journal, PYTHONTZPATH=str(zones))
    assert fired(back) == [("01T15:00", "skipped"), ("02T15:00", "skipped")]


def test_s10_damaged_zone_data_are_refused_and_not_guessed(tmp_path: Path, zones: Path) -> None:
    journal, plan = tmp_path / "j.db", write(tmp_path / "plan.yaml", cron="0 11 * * *", zone="America/New_York")
    (zones / "America" / "New_York").write_bytes(b"not a zone")
    lines = simulate(plan, journal=journal, code=2, PYTHONTZPATH=str(zones))
    assert [(line["type"], line["line"]) for line in lines] == [("problem", 5)]
    assert "time zone" in lines[0]["message"]
    assert not journal.exists()


def test_s10_an_unknown_zone_is_refused_and_never_taken_for_utc(tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.yaml", zone="America/Atlantis")
    lines = simulate(plan, journal=tmp_path / "j.db", code=2)
    assert "America/Atlantis" in lines[0]["message"]
