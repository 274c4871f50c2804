"""new, lint and diff: what helps to write a plan, as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
FIVE = ("--name", "weekday", "--contract", "EUR.USD", "--side", "buy", "--size", "25_000", "--when", "30 9 * * mon-fri")
LIMIT = "order: {type: limit, price: 1.0850}\n"
PLAN = f"""\
plan: weekday
contract: EUR.USD
side: buy
size: 25_000
{LIMIT}schedule: {{cron: "30 9 * * mon-fri", timezone: America/New_York}}
"""
SPAN = ("--from", "2025-01-01", "--until", "2025-02-01")


def fxrun(folder: Path, *args: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *args],
        cwd=folder,
        input=answers,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


# --- new


def test_new_writes_a_plan_that_runs(tmp_path: Path) -> None:
    made = fxrun(tmp_path, "new", *FIVE, "--timezone", "America/New_York")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("weekday.yaml: written")
    text = (tmp_path / "weekday.yaml").read_text()
    assert text.count("#") >= 3
    ran = fxrun(tmp_path, "weekday.yaml", "--simulate", "--json", "--from", "2025-01-06", "--until", "2025-01-11")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1])["filled"] == 5


def test_new_asks_again_until_the_answer_makes_a_sound_plan(tmp_path: Path) -> None:
    answers = "Bad Name\nmonthly\nEURUSSD\ngbpusd\nsel\nsell\nmany\n20_000\n61 0 1 * *\n0 10 1 * *\n"
    made = fxrun(tmp_path, "new", "--timezone", "Europe/London", answers=answers)
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("Error: ") == 5
    assert 'did you mean "EUR.USD"?' in made.stderr
    shown = fxrun(tmp_path, "validate", "monthly.yaml", "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout.splitlines()[0])["plan"] == "monthly"


@pytest.mark.parametrize(
    ("when", "line"),
    [
        ("once", "# no schedule"),
        ("4h", 'every: "4h"'),
        ("fridays at 16:00", 'on: "fridays at 16:00"'),
        ("2027-03-01 09:30", 'at: "2027-03-01 09:30"'),
    ],
)
def test_new_takes_what_a_schedule_takes(tmp_path: Path, when: str, line: str) -> None:
    made = fxrun(tmp_path, "new", *FIVE[:-1], when, "--timezone", "UTC")
    assert made.returncode == 0, made.stderr
    assert line in (tmp_path / "weekday.yaml").read_text()
    assert fxrun(tmp_path, "validate", "weekday.yaml").returncode == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*FIVE[:-1], "61 9 * * *"), "schedule.cron cannot be used"),
        ((*FIVE[:3], "EUR.XXX", *FIVE[4:]), "an unknown pair"),
        ((*FIVE[:1], "a\nmode: live", *FIVE[2:]), "one plain value"),
        ((*FIVE, "--timezone", "Mars"), "an unknown time zone"),
        (FIVE[:-2], "nobody answers"),
        (("missing/plan.yaml", *FIVE), "cannot be written"),
    ],
)
def test_new_refuses_what_makes_no_plan_and_writes_nothing(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    made = fxrun(tmp_path, "new", *args)
    assert made.returncode == 2
    assert said in made.stderr
    assert "Traceback" not in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_new_writes_over_nothing(tmp_path: Path) -> None:
    write(tmp_path, "weekday.yaml", "mine")
    made = fxrun(tmp_path, "new", *FIVE)
    assert made.returncode == 2
    assert "nothing is written over" in made.stderr
    assert (tmp_path / "weekday.yaml").read_text() == "mine"


# --- lint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'{LIMIT}schedule: {{cron: "30 9', 'schedule: {cron: "50 16', "5:18|day ends at 17:00"),
        ("25_000", "15_000", "4:7|odd lot"),
        ("price: 1.0850}", "price: 1.0850, tif: GTC}", "5:42|later fires are skipped"),
        ("price: 1.0850}", "price: 1.0850, tif: GTC}\noverlap: allow", "5:42|pile up"),
        ("price: 1.0850}", "price: 1.0850}\nbracket: {stop_loss: 1.08495}", ""),
        ("price: 1.0850}", "price: 1.0850}\nbracket: {stop_loss: 1.0840}", ""),
        ("America/New_York", "Europe/London", "6:48|clocks change on different days"),
        ("30 9 * * mon-fri", "0 12 * * sat", "6:18|closed market"),
    ],
)  # fmt: skip
def test_lint_says_where_and_what(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PLAN
    done = fxrun(tmp_path, "lint", write(tmp_path, "plan.yaml", PLAN.replace(old, new)))
    assert done.returncode == 0, done.stderr
    if not said:
        assert done.stdout == "nothing to warn of in 1 plan\n"
        return
    place, words = said.split("|")
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"plan.yaml:{place}: warning: ")
    assert words in line


def test_lint_finds_a_stop_that_the_spread_would_hit(tmp_path: Path) -> None:
    text = PLAN.replace("EUR.USD", "EUR.NZD").replace("1.0850}", "1.8000}\nbracket: {stop_loss: 1.7999}")
    done = fxrun(tmp_path, "lint", write(tmp_path, "plan.yaml", text))
    assert (
        "plan.yaml:6:22: warning: a stop-loss 1 pips from the entry: the spread of EUR.NZD is about 1.2" in done.stdout
    )


def test_lint_looks_between_plans(tmp_path: Path) -> None:
    write(tmp_path, "plan.yaml", PLAN)
    write(tmp_path, "other.yaml", PLAN.replace("plan: weekday", "plan: other").replace("side: buy", "side: sell"))
    done = fxrun(tmp_path, "lint", "plan.yaml", "other.yaml", "--json")
    (warning,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (warning["type"], warning["file"], warning["line"]) == ("warning", "other.yaml", 3)
    assert "weekday/main buys and other/main sells EUR.USD" in warning["message"]


def test_lint_reads_no_side_into_an_order_that_has_none(tmp_path: Path) -> None:
    """A conversion decides its side at the fire, so nothing is known to undo it."""
    convert = PLAN.replace("plan: weekday", "plan: idle").replace(
        "side: buy\nsize: 25_000\n" + LIMIT, "convert: {from: EUR}\n"
    )
    write(tmp_path, "idle.yaml", convert)
    write(tmp_path, "sells.yaml", PLAN.replace("side: buy", "side: sell"))
    done = fxrun(tmp_path, "lint", "idle.yaml", "sells.yaml")
    assert (done.returncode, done.stdout) == (0, "nothing to warn of in 2 plans\n"), done.stderr


def test_lint_says_nothing_of_a_zone_where_the_market_tells_the_time(tmp_path: Path) -> None:
    text = PLAN.replace('cron: "30 9 * * mon-fri", timezone: America/New_York', "on: session close - 1h")
    done = fxrun(tmp_path, "lint", write(tmp_path, "plan.yaml", text))
    assert done.stdout == "nothing to warn of in 1 plan\n", done.stderr


def test_lint_of_a_plan_that_is_not_sound(tmp_path: Path) -> None:
    done = fxrun(tmp_path, "lint", write(tmp_path, "plan.yaml", PLAN.replace("buy", "by")))
    assert done.returncode == 2
    assert "plan.yaml:3:7: " in done.stderr


# --- diff


def changes(folder: Path, old: str, new: str, *span: str) -> list[dict[str, str]]:
    write(folder, "old.yaml", old)
    write(folder, "new.yaml", new)
    done = fxrun(folder, "diff", "old.yaml", "new.yaml", "--json", *(span or SPAN))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_diff_of_the_same_says_so(tmp_path: Path) -> None:
    assert changes(tmp_path, PLAN, PLAN.replace("25_000", "25000 # the same")) == []
    assert fxrun(tmp_path, "diff", "old.yaml", "new.yaml", *SPAN).stdout.startswith("no difference in fires and orders")


def test_diff_says_what_changes_in_orders(tmp_path: Path) -> None:
    new = PLAN.replace("25_000", "30_000").replace("1.0850}", "1.0850}\nbracket: {stop_loss: 1.0800}")
    found = {(each["field"], each["old"], each["new"]) for each in changes(tmp_path, PLAN, new)}
    assert found == {
        ("size", "25000", "30000"),
        ("strategy", "single", "bracket"),
        ("bracket.stop_loss", None, "1.08"),
    }


def test_diff_says_what_changes_in_fires(tmp_path: Path) -> None:
    found = changes(tmp_path, PLAN, PLAN.replace("mon-fri", "mon-thu"))
    assert [each["field"] for each in found] == ["schedule", "fires no more"]
    days = ", ".join(f"2025-01-{day:02}T14:30:00Z" for day in (3, 10, 17, 24, 31))
    assert found[1]["old"] == f"5 of 23: {days}"


def test_diff_says_what_changes_in_policies(tmp_path: Path) -> None:
    new = PLAN + "overlap: allow\nmax_fires: 12\nmisfire: {deadline: 5m}\n"
    found = {(each["field"], each["old"], each["new"]) for each in changes(tmp_path, PLAN, new)}
    assert found == {("policy", "deadline 1m", "deadline 5m, overlap True, max_fires 12")}


def test_diff_of_orders_that_come_and_go(tmp_path: Path) -> None:
    both = PLAN + "orders: [{id: a}, {id: b}]\n"
    found = changes(tmp_path, both, PLAN + "orders: [{id: b}, {id: c, side: sell}]\n")
    told = [(each["order"], each["field"], each["old"] is None) for each in found]
    assert told == [
        ("a", "order", False),
        ("a", "fires no more", False),
        ("c", "order", True),
        ("c", "fires anew", True),
    ]


def test_diff_warns_that_another_name_is_another_plan(tmp_path: Path) -> None:
    write(tmp_path, "old.yaml", PLAN)
    write(tmp_path, "new.yaml", PLAN.replace("plan: weekday", "plan: other"))
    done = fxrun(tmp_path, "diff", "old.yaml", "new.yaml", *SPAN)
    assert "plan: name weekday -> other" in done.stdout
    assert "other is another plan than weekday" in done.stderr
