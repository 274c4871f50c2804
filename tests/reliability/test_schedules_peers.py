"""S02, S08, S11: where schedulers are known to fire twice, never or for ever; closed markets; what a day is."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from runner.core.fx_hours import is_open, next_open
from runner.core.outage import Outage
from runner.core.times import stamp
from runner.schedule import ScheduleSpec, check_cron, fires
from runner.settings.model import RESETS

DAY = timedelta(days=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(cron: str, zone: str, start: str, until: str) -> list[str]:
    return [stamp(at) for at in fires(ScheduleSpec(zone=ZoneInfo(zone), cron=cron), utc(start), utc(until))]


# --- S02: the failures of others


def test_s02_half_past_one_in_new_york_fires_once_on_the_day_that_has_two() -> None:
    """APScheduler 3.11.0 fires at 05:30Z and 06:30Z and then returns one instant for ever; 3.11.3 fires twice."""
    found = due("30 1 * * *", "America/New_York", "2026-10-31", "2026-11-04")
    assert found == ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"]


def test_s02_apscheduler_does_fire_twice() -> None:
    """What the tests here guard against is real in the installed one."""
    from apscheduler.triggers.cron import CronTrigger

    zone = ZoneInfo("America/New_York")
    trigger = CronTrigger(hour=1, minute=30, timezone=zone)
    first = trigger.get_next_fire_time(None, datetime(2026, 11, 1, tzinfo=zone))
    second = trigger.get_next_fire_time(first, first)
    assert [stamp(at) for at in (first, second)] == ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]


@pytest.mark.parametrize(
    ("zone", "change"),
    [("Europe/Helsinki", "2017-10-29"), ("Europe/Helsinki", "2017-03-26"), ("America/New_York", "2026-11-01")],
)
def test_s02_every_half_hour_goes_on_by_half_hours_through_a_change(zone: str, change: str) -> None:
    """APScheduler's `*/30` goes backwards in UTC where the clock is set back."""
    start = utc(change) - DAY
    found = list(fires(ScheduleSpec(zone=ZoneInfo(zone), cron="*/30 * * * *"), start, start + 3 * DAY))
    assert len(found) == 3 * 48
    assert all(after - before == timedelta(minutes=30) for before, after in pairwise(found))


def test_s02_midnight_in_the_pacific_is_once_a_day_for_years() -> None:
    found = list(
        fires(ScheduleSpec(zone=ZoneInfo("US/Pacific"), cron="0 0 * * *"), utc("2024-01-01"), utc("2031-01-01"))
    )
    days = [at.astimezone(ZoneInfo("US/Pacific")).date() for at in found]
    assert all(after - before == DAY for before, after in pairwise(days))


@pytest.mark.parametrize("start", ["2026-11-01 05:29", "2026-11-01 05:30", "2026-11-01 05:31", "2026-11-01 06:30"])
def test_s02_asking_for_the_next_one_again_and_again_gets_on(start: str) -> None:
    """Each answer taken as the next start, as a loop over `next` does; a thousand steps are a thousand days."""
    at, seen = utc(start), []
    spec = ScheduleSpec(zone=ZoneInfo("America/New_York"), cron="30 1 * * *")
    for _ in range(1000):
        at = next(fires(spec, at, FAR))
        seen.append(at)
        at += timedelta(microseconds=1)
    assert all(before < after for before, after in pairwise(seen))
    assert len({one.astimezone(spec.zone).date() for one in seen}) == 1000


@pytest.mark.parametrize(
    ("cron", "weekday"),
    [("0 0 * * 0", "Sun"), ("0 0 * * 7", "Sun"), ("0 0 * * 1", "Mon"), ("0 0 * * sun", "Sun"), ("0 0 * * 5", "Fri")],
)
def test_s02_weekdays_are_counted_as_in_crontab(cron: str, weekday: str) -> None:
    """APScheduler's from_crontab takes 0 for Monday."""
    found = islice(fires(ScheduleSpec(zone=ZoneInfo("UTC"), cron=cron), utc("2026-01-01"), FAR), 60)
    assert {f"{at:%a}" for at in found} == {weekday}


@pytest.mark.parametrize("name", ["mon", "MON", "Mon", "mon-fri", "sat,sun"])
def test_s02_names_of_days_are_taken(name: str) -> None:
    assert check_cron(f"0 9 * * {name}") is None


# --- S08: closed markets

INSTANTS = {  # UTC, and whether IDEALPRO is open; None in between: when it opens next
    "2026-03-05 21:59": None, "2026-03-05 22:00": "2026-03-05T22:15:00Z", "2026-03-05 22:14": "2026-03-05T22:15:00Z",
    "2026-03-05 22:15": None, "2026-07-01 20:59": None, "2026-07-01 21:00": "2026-07-01T21:15:00Z",
    "2026-07-01 21:15": None, "2026-03-06 21:59": None, "2026-03-06 22:00": "2026-03-08T21:15:00Z",
    "2026-03-07 12:00": "2026-03-08T21:15:00Z", "2026-03-08 21:14": "2026-03-08T21:15:00Z", "2026-03-08 21:15": None,
    # New York has changed its clocks, London has not: from 8 to 29 March the break is at 21:00 in London, too
    "2026-03-10 21:00": "2026-03-10T21:15:00Z", "2026-03-10 22:00": None, "2026-03-30 21:00": "2026-03-30T21:15:00Z",
    "2026-10-26 21:00": "2026-10-26T21:15:00Z", "2026-10-26 22:00": None, "2026-11-02 22:00": "2026-11-02T22:15:00Z",
    "2026-10-30 21:00": "2026-11-01T22:15:00Z", "2026-11-01 22:15": None,
}  # fmt: skip


def test_s08_twenty_instants_around_breaks_weekends_and_unequal_clock_changes() -> None:
    assert len(INSTANTS) == 20
    for text, opens in INSTANTS.items():
        at = utc(text)
        assert is_open(at) is (opens is None), text
        assert stamp(next_open(at)) == (opens or stamp(at)), text


def test_s08_an_order_due_in_a_closed_market_is_sent_and_waits_until_the_opening(tmp_path: Path) -> None:
    """The declared policy: sent at its UTC instant, held by the broker with 399, and filled after the opening."""
    plan = tmp_path / "plan.yaml"
    times = ", ".join(stamp(utc(text)) for text in INSTANTS)
    terms = "contract: EUR.USD\nside: buy\nsize: 25_000\noverlap: allow\n"
    plan.write_text(f"plan: closed\n{terms}schedule: {{at: [{times}]}}\n")
    command = ["run", str(plan), "--simulate", "--json", "--from", "2026-03-01", "--until", "2026-12-01"]
    done = subprocess.run(
        [sys.executable, "-m", "runner", *command],
        capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    fires_ = {line["time"]: line["state"] for line in lines if line["type"] == "fire"}
    assert fires_ == {stamp(utc(text)): "sent" for text in INSTANTS}
    refs = {line["order_ref"]: line["fire"] for line in lines if line["type"] == "order"}
    filled = {refs[line["order_ref"]]: line["time"] for line in lines if line["type"] == "fill"}
    held = {refs[line["order_ref"]] for line in lines if line["type"] == "notice" and line["code"] == 399}
    for text, opens in INSTANTS.items():
        due_ = stamp(utc(text))
        assert is_open(utc(filled[due_].removesuffix("Z")))
        assert filled[due_] >= (opens or due_)
        assert (due_ in held) is (opens is not None), text


# --- S11: elapsed days and days of the calendar


@pytest.mark.parametrize(
    ("zone", "change", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Europe/London", "2026-10-25", 25),
    ],
)
def test_s11_every_24h_is_elapsed_time_and_a_cron_is_the_wall(zone: str, change: str, hours: int) -> None:
    info = ZoneInfo(zone)
    start = datetime.fromisoformat(f"{change} 00:00").replace(tzinfo=info).astimezone(UTC) - 2 * DAY
    anchor = datetime.fromisoformat(f"{change} 17:30").replace(tzinfo=info).astimezone(UTC) - 2 * DAY
    for word in (timedelta(hours=24), DAY):  # 24h and 1d are one thing
        elapsed = list(fires(ScheduleSpec(zone=info, every=word, start=anchor), start, start + 5 * DAY))
        assert {after - before for before, after in pairwise(elapsed)} == {timedelta(hours=24)}
        assert len({at.astimezone(info).time() for at in elapsed}) == 2  # the wall moves on by an hour
    wall = list(fires(ScheduleSpec(zone=info, cron="30 17 * * *"), start, start + 5 * DAY))
    assert {f"{at.astimezone(info):%H:%M}" for at in wall} == {"17:30"}
    assert {after - before for before, after in pairwise(wall)} == {timedelta(hours=24), timedelta(hours=hours)}


@pytest.mark.parametrize(("text", "hours"), [("24h", 24), ("1d", 24), ("1440m", 24), ("7d", 168)])
def test_s11_the_words_of_a_plan_mean_elapsed_time(text: str, hours: int, tmp_path: Path) -> None:
    from runner.plan import load

    path = tmp_path / "plan.yaml"
    path.write_text(
        f"plan: daily\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
        f"schedule: {{every: {text}, from: 2026-10-30 17:30, timezone: America/New_York}}\n"
    )
    schedule = load(str(path)).instructions[0].schedule
    found = list(islice(fires(schedule, utc("2026-10-30"), FAR), 4))
    assert stamp(found[0]) == "2026-10-30T21:30:00Z"
    assert {after - before for before, after in pairwise(found)} == {timedelta(hours=hours)}


def test_s11_the_manual_says_which() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
    assert "elapsed time, a day is 24 hours" in " ".join(manual.split())
    assert "whatever clocks on the wall do" in " ".join(manual.split())


# --- S08: resets of IB and the restart of a TWS

AWAY = {  # UTC, and the end of the stretch it lies in
    "2026-01-05 05:14:59": None, "2026-01-05 05:15": "2026-01-05T06:45:00Z",
    "2026-01-05 06:44:59": "2026-01-05T06:45:00Z", "2026-01-05 06:45": None,
    "2026-07-06 04:15": "2026-07-06T05:45:00Z", "2026-07-06 05:15": "2026-07-06T05:45:00Z",
    "2026-07-06 05:45": None, "2026-01-10 04:00": "2026-01-10T08:00:00Z", "2026-01-10 07:59": "2026-01-10T08:00:00Z",
    "2026-01-10 08:00": None, "2026-01-11 04:00": None, "2026-07-11 03:00": "2026-07-11T07:00:00Z",
    "2026-07-11 02:59:59": None,
    # New York's clock goes forward at 07:00Z and back at 06:00Z, after the reset; London's changes do not matter
    "2026-03-08 05:15": "2026-03-08T06:45:00Z", "2026-03-09 04:15": "2026-03-09T05:45:00Z", "2026-03-09 05:45": None,
    "2026-03-20 04:15": "2026-03-20T05:45:00Z", "2026-11-01 04:15": "2026-11-01T05:45:00Z",
    "2026-11-02 05:15": "2026-11-02T06:45:00Z", "2026-11-02 04:15": None,
}  # fmt: skip


def test_s08_ib_resets_by_new_york_time_in_summer_and_in_winter() -> None:
    assert len(AWAY) == 20
    for text, end in AWAY.items():
        ends = [found for outage in RESETS if (found := outage.end_of(utc(text))) is not None]
        assert [stamp(found) for found in ends][-1:] == ([] if end is None else [end]), text
        assert any(outage.covers(utc(text)) for outage in RESETS) is (end is not None)


def test_s08_the_restart_of_a_tws_is_in_the_zone_of_its_machine() -> None:
    restart = Outage(at=time(23, 45), zone=ZoneInfo("Europe/Berlin"), lasts=timedelta(minutes=30))
    assert [restart.covers(utc(f"2026-01-05 22:{minute}")) for minute in (44, 45)] == [False, True]
    assert [restart.covers(utc(f"2026-01-05 23:{minute}")) for minute in (14, 15)] == [True, False]  # over midnight
    assert [restart.covers(utc(f"2026-07-05 21:{minute}")) for minute in (44, 45)] == [False, True]
