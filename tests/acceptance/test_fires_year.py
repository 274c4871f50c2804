"""Schedules as they are typed: a year at a glance, what is left out and why, in lists and in runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = "plan: {name}\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
EASTER = HEAD.format(name="easter") + (
    "schedule:\n  on: weekdays at 09:30\n  timezone: Europe/Berlin\n  calendar: TARGET\n"
    '  blackout: ["2027-03-18", "2027-03-24 09:00..10:00"]\n'
)


def run(folder: Path, *words: str, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=folder, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code != 2 else done.stderr


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "easter.yaml").write_text(EASTER, encoding="utf-8")
    return tmp_path


# --- lists


def test_what_is_left_out_is_listed_with_its_reason(folder: Path) -> None:
    span = ("--from", "2027-03-17", "--until", "2027-03-31")
    assert run(folder, "fires", "easter.yaml", *span).splitlines() == [
        "easter/main: weekdays at 09:30, holidays of TARGET skipped, not on 2027-03-18, 2027-03-24 09:00..10:00"
        " (Europe/Berlin)",
        "2027-03-17T08:30:00Z  Wed 2027-03-17 09:30:00 CET  easter/main",
        "2027-03-18T08:30:00Z  Thu 2027-03-18 09:30:00 CET  easter/main  skipped: blackout: 2027-03-18",
        "2027-03-19T08:30:00Z  Fri 2027-03-19 09:30:00 CET  easter/main",
        "2027-03-22T08:30:00Z  Mon 2027-03-22 09:30:00 CET  easter/main",
        "2027-03-23T08:30:00Z  Tue 2027-03-23 09:30:00 CET  easter/main",
        "2027-03-24T08:30:00Z  Wed 2027-03-24 09:30:00 CET  easter/main  skipped: blackout: 2027-03-24 09:00..10:00",
        "2027-03-25T08:30:00Z  Thu 2027-03-25 09:30:00 CET  easter/main",
        "2027-03-26T08:30:00Z  Fri 2027-03-26 09:30:00 CET  easter/main  skipped: holiday: Good Friday (TARGET)",
        "2027-03-29T07:30:00Z  Mon 2027-03-29 09:30:00 CEST  easter/main  skipped: holiday: Easter Monday (TARGET)",
        "2027-03-30T07:30:00Z  Tue 2027-03-30 09:30:00 CEST  easter/main",
    ]
    found = lines(run(folder, "fires", "easter.yaml", *span, "--json"))
    assert found[7] == {
        "type": "fire", "plan": "easter", "order": "main", "time": "2027-03-26T08:30:00Z",
        "skipped": "holiday: Good Friday (TARGET)",
    }  # fmt: skip
    assert [line["skipped"] is None for line in found].count(False) == 4


def test_a_moved_fire_is_listed_where_it_goes(folder: Path) -> None:
    text = HEAD.format(name="moved") + (
        "schedule: {on: fridays at 09:30, timezone: Europe/Berlin, calendar: TARGET, holiday: Next}\n"
    )
    (folder / "moved.yaml").write_text(text, encoding="utf-8")
    found = lines(run(folder, "fires", "moved.yaml", "--from", "2027-03-20", "--until", "2027-04-10", "--json"))
    assert [(line["time"], line["skipped"]) for line in found] == [
        ("2027-03-30T07:30:00Z", None),
        ("2027-04-02T07:30:00Z", None),
        ("2027-04-09T07:30:00Z", None),
    ]


# --- a year


def test_a_year_at_a_glance(folder: Path) -> None:
    said = run(folder, "fires", "easter.yaml", "--year", "2027", COLUMNS="80").splitlines()
    assert said[1] == "2027: 256 fires, 5 skipped"
    march = next(n for n, line in enumerate(said) if line.startswith("January 2027: 20"))
    assert said[march] == "January 2027: 20        February 2027: 20       March 2027: 19"
    assert said[march + 1] == "Mo Tu We Th Fr Sa Su    Mo Tu We Th Fr Sa Su    Mo Tu We Th Fr Sa Su"
    assert said[march + 5] == "18*19*20*21*22*23 24    22*23*24*25*26*27 28    22*23*24x25*26x27 28~"
    assert said[march + 6] == "25*26*27*28*29*30 31                            29x30*31*"
    assert "clocks   Sun 2027-03-28 02:00 becomes 03:00 (+1:00 h)  2027-03-28T01:00:00Z" in said
    assert "clocks   Sun 2027-10-31 03:00 becomes 02:00 (-1:00 h)  2027-10-31T01:00:00Z" in said
    assert "skipped  Fri 2027-03-26 09:30:00 CET  holiday: Good Friday (TARGET)" in said
    assert "skipped  Thu 2027-03-18 09:30:00 CET  blackout: 2027-03-18" in said
    assert all(len(line) <= 100 for line in said[2:])


def test_the_grid_counts_what_the_lines_of_json_say(folder: Path) -> None:
    text = HEAD.format(name="two").replace("side: buy\n", "") + (
        "schedule: {on: first friday at 23:30, timezone: America/New_York, calendar: NYSE}\n"
        "orders: [{id: in, side: buy}, {id: out, side: sell, schedule: {every: 6h}}]\n"
    )
    (folder / "two.yaml").write_text(text, encoding="utf-8")
    found = lines(run(folder, "fires", "two.yaml", "easter.yaml", "--year", "2027", "--json"))
    assert [line["time"] for line in found] == sorted(line["time"] for line in found)
    count = {
        order: [line["order"] == order and line["plan"] == "two" for line in found].count(True)
        for order in ("in", "out")
    }
    assert count == {"in": 12, "out": 365 * 4}
    last = next(line for line in reversed(found) if line["order"] == "out")
    assert last["time"] == "2027-12-31T18:00:00Z"
    new_year = next(line for line in found if line["order"] == "in")
    assert (new_year["time"], new_year["skipped"]) == ("2027-01-02T04:30:00Z", "holiday: New Year's Day (NYSE)")
    said = run(folder, "fires", "two.yaml", "easter.yaml", "--year", "2027")
    assert "2027: 11 fires, 1 skipped" in said
    assert "2027: 1460 fires, 0 skipped" in said
    assert "closed   Thu 2027-11-25  holiday: Thanksgiving Day (NYSE)" in said


def test_a_year_is_whole(folder: Path) -> None:
    for more in (("-n", "3"), ("--from", "2027-01-01"), ("--until", "2027-02-01")):
        said = run(folder, "fires", "easter.yaml", "--year", "2027", *more, code=2)
        assert "--year is a whole year: leave out -n, --from and --until" in said
    assert "1972" in run(folder, "fires", "easter.yaml", "--year", "12", code=2)


# --- runs


def test_a_simulated_run_says_and_records_each_fire_that_is_left_out(folder: Path) -> None:
    text = EASTER.replace("2027-03-18", "2025-04-16").replace("2027-03-24", "2025-04-15")
    (folder / "easter.yaml").write_text(text, encoding="utf-8")
    span = ("--from", "2025-04-14", "--until", "2025-04-24", "--journal", "j.db")
    said = lines(run(folder, "easter.yaml", "--simulate", "--json", *span))
    fires = [(line["time"][:10], line["state"], line["reason"]) for line in said if line["type"] == "fire"]
    assert fires == [
        ("2025-04-14", "sent", None),
        ("2025-04-15", "skipped", "blackout: 2025-04-15 09:00..10:00"),
        ("2025-04-16", "skipped", "blackout: 2025-04-16"),
        ("2025-04-17", "sent", None),
        ("2025-04-18", "skipped", "holiday: Good Friday (TARGET)"),
        ("2025-04-21", "skipped", "holiday: Easter Monday (TARGET)"),
        ("2025-04-22", "sent", None),
        ("2025-04-23", "sent", None),
    ]
    summary = said[-1]
    assert (summary["fires"], summary["skipped"], summary["filled"]) == (8, 4, 4)
    again = lines(run(folder, "easter.yaml", "--simulate", "--json", *span))
    assert {line["reason"] for line in again if line["type"] == "fire"} == {
        "already recorded in this journal; nothing sent"
    }
    assert again[-1]["skipped"] == again[-1]["fires"] == 8
    told = run(folder, "easter.yaml", "--simulate", "--from", "2025-04-14", "--until", "2025-04-24")
    assert "2 fires skipped, holiday; first: 2025-04-18T07:30:00Z Good Friday (TARGET)" in told


def test_a_fire_is_left_out_while_an_entry_of_the_one_before_works_unless_it_may_overlap(folder: Path) -> None:
    text = HEAD.format(name="rest") + (
        "order: {type: limit, price: 0.5, tif: GTC}\n"
        "schedule: {every: 1h, from: 2025-01-06, until: 2025-01-06T04:00Z}\n"
    )
    (folder / "rest.yaml").write_text(text, encoding="utf-8")
    (folder / "overlap.yaml").write_text(text.replace("plan: rest", "plan: overlap\noverlap: Allow"), encoding="utf-8")
    span = ("--simulate", "--json", "--from", "2025-01-06", "--until", "2025-01-07")
    said = lines(run(folder, "rest.yaml", "overlap.yaml", *span))
    states = [(line["plan"], line["state"]) for line in said if line["type"] == "fire"]
    assert states.count(("overlap", "sent")) == 4
    assert states.count(("rest", "sent")) == 1
    assert states.count(("rest", "skipped")) == 3
    reasons = {line["reason"] for line in said if line["type"] == "fire" and line["state"] == "skipped"}
    (first,) = {line["order_ref"] for line in said if line["type"] == "order" and line["plan"] == "rest"}
    assert reasons == {f"overlap: {first} of an earlier fire still works"}


def test_an_exit_that_works_does_not_hold_the_next_entry_back(folder: Path) -> None:
    text = HEAD.format(name="exits") + (
        "bracket: {take_profit: 1.5, stop_loss: 0.8}\nschedule: {on: weekdays at 12:00}\n"
    )
    (folder / "exits.yaml").write_text(text, encoding="utf-8")
    span = ("--simulate", "--json", "--from", "2025-01-06", "--until", "2025-01-11")
    said = lines(run(folder, "exits.yaml", *span))
    assert [line["state"] for line in said if line["type"] == "fire"] == ["sent"] * 5


def test_jitter_is_the_same_with_another_seed(folder: Path) -> None:
    text = HEAD.format(name="spread-out") + "schedule: {on: weekdays at 12:00, jitter: 10m}\n"
    (folder / "j.yaml").write_text(text, encoding="utf-8")
    listed = [
        line["time"] for line in lines(run(folder, "fires", "j.yaml", "--json", "--from", "2025-01-06", "-n", "5"))
    ]
    assert any(time[11:16] != "12:00" for time in listed)
    for seed in ("1", "2"):
        span = ("--simulate", "--json", "--from", "2025-01-06", "--until", "2025-01-11", "--seed", seed)
        said = lines(run(folder, "j.yaml", *span))
        assert [line["time"] for line in said if line["type"] == "fire"] == listed


# --- what is refused


@pytest.mark.parametrize(
    ("schedule", "place", "said"),
    [
        ("{on: last busness day of month at 15:55}", "5:21", 'expected a weekday, day, weekday or business day'),
        ("{on: [fridays at 10:00, 'fridays at 9:00']}", "5:47", 'schedule.on.1 cannot be used: found "fridays'),
        ("{on: fridays at 10:00, cron: 0 9 * * *}", "5:12", 'found "on" beside "cron"'),
        ("{on: fridays at 10:00, calendar: TARGT}", "5:44", 'did you mean "TARGET"?'),
        ("{on: fridays at 10:00, holiday: next}", "5:34", "a rule for holidays without a calendar"),
        ("{on: fridays at 10:00, calendar: LSE, holiday: nxt}", "5:58", 'did you mean "next"?'),
        ("{every: 1h, calendar: LSE, holiday: next}", "5:47", "found next with every, which has no time of day"),
        ("{cron: '*/5 * * * *', calendar: LSE, holiday: next}", "5:57", "a cron with * in minute or hour"),
        ("{on: market open, calendar: LSE, holiday: next}", "5:53", 'with "market open", which has no time of day'),
        ("{on: market open, calendar: LSE+NYSE}", "5:39", "found LSE and NYSE, whose sessions differ"),
        ("{on: sundays at 10:00, calendar: TARGET}", "5:44", "found that the calendar closes each of its days"),
        ("{at: 2027-03-26 10:00, calendar: TARGET}", "5:44", "a schedule that never fires"),
        ("{at: 2027-03-26 10:00, blackout: 2027-03-26}", "5:44", "found that a blackout closes each of its days"),
        ("{on: fridays at 10:00, blackout: 2027-03-40}", "5:44", "schedule.blackout cannot be used"),
        ("{on: fridays at 10:00, blackout: ['2027-03-19 09:00..08:00']}", "5:45", "it ends before it begins"),
        ("{on: fridays at 10:00, blackout: '12:00'}", "5:44", "expected a date, or a range such as"),
        ("{on: fridays at 10:00, jitter: 1 day}", "5:42", "a duration such as 90s"),
        ("{on: fridays at 10:00, jitter: 2d}", "5:42", "expected at most 12h"),
        ("{every: 1h, jitter: 1h}", "5:31", "expected less than schedule.every"),
        ("{on: fridays at 10:00}\nmisfire: {deadline: 40d}", "6:21", "expected at most 31d"),
        ("{on: fridays at 10:00}\nmisfire: {catch_up: lst}", "6:21", 'did you mean "last"?'),
        ("{on: fridays at 10:00}\noverlap: yes", "6:10", "expected skip or allow"),
        ("{on: fridays at 10:00}\npause_on: [reject, missed]", "6:20", "missed with a number such as missed 3"),
        ("{on: fridays at 10:00}\nmax_fires: 0", "6:12", "expected at least 1"),
        ("{on: fridays at 10:00}\nmisfires: {deadline: 1m}", "6:1", 'did you mean "misfire"?'),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_meant_so_is_refused_with_its_place(
    folder: Path, schedule: str, place: str, said: str
) -> None:
    (folder / "bad.yaml").write_text(HEAD.format(name="bad") + f"schedule: {schedule}\n", encoding="utf-8")
    told = run(folder, "validate", "bad.yaml", code=2)
    assert told.startswith(f"bad.yaml:{place}: ")
    assert said in told
    assert len(told.splitlines()) == 1
