"""What the dashboard puts first: each thing that needs somebody, the worst before the others, with its command."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("starlette", reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")

from runner.cli.observing import LaneView
from runner.core.events import FireState
from runner.core.outage import Outage
from runner.core.standing import Arming
from runner.dashboard import attention, look
from runner.dashboard.attention import Item, Level
from runner.dashboard.look import Held, Look
from runner.errors import Problem
from runner.journal.remarks import Unlisted
from runner.journal.rows import ControlRow, FireRow, Halt, LinkRow
from runner.plan import load
from runner.plan.model import Plan
from tests.acceptance import broker

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
ARM = "fxrun arm {file} --rehearsal"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    file = tmp_path / "swing.yaml"
    file.write_text("plan: swing\nmode: live\ncontract: EUR.USD\nside: buy\nsize: 1\nschedule: {every: 1h}\n")
    return load(str(file))


@pytest.fixture
def well(plan: Plan) -> Look:
    view = LaneView(name="live", mode="rehearsal", journal=Path("/j.db"), is_ready=True, is_alive=True, plans=(plan,))
    held = Held(
        account="DU1234567", runs=True, link=LinkRow(state="ready", detail="", at=NOW - DAY),
        armings={"swing": arming(plan.digest)},
    )  # fmt: skip
    return Look(at=NOW, view=view, held=held, problem=None)


def arming(digest: str, left: timedelta = 60 * DAY) -> Arming:
    return Arming(plan="swing", digest=digest, account="DU1234567", at=NOW - DAY, until=NOW + left)


def only(one: Look) -> Item:
    (item,) = attention.items([one], [])
    return item


def but(one: Look, **held: Any) -> Look:
    return replace(one, held=replace(one.held, **held))


def test_a_connection_is_told_where_somebody_should_look(well: Look) -> None:
    """Not at each question to the broker, nor in the hour in which IB's servers are away, nor shortly after it."""
    assert attention.items([but(well, link=LinkRow(state="checking", detail="", at=NOW))], []) == []
    down = but(well, link=LinkRow(state="broker_down", detail="1100", at=NOW))
    hour = Outage(at=clock(13, 25), zone=ZoneInfo("UTC"), lasts=HOUR)
    away = replace(down, view=replace(down.view, outages=(hour,), grace=timedelta(minutes=4)))
    assert only(down).title == only(away).title == "No connection"
    assert attention.items([replace(away, at=NOW - timedelta(minutes=3))], []) == []
    assert attention.items([replace(away, at=NOW - timedelta(minutes=30))], []) == []


def test_a_cancel_that_nobody_will_obey_is_told_at_once(well: Look) -> None:
    asked = ControlRow(id=1, kind="cancel", target="--all", detail="", at=NOW, done_at=None, note="")
    assert attention.items([but(well, waiting=(asked,))], []) == []
    assert only(but(well, waiting=(asked,), runs=False)).title == "A cancel waits"


def test_nothing_is_nothing(well: Look) -> None:
    assert attention.items([well], []) == []


@pytest.mark.parametrize(
    ("held", "level", "title", "command"),
    [
        ({"halt": Halt(reason="odd", at=NOW)}, Level.BAD, "Halted", "fxrun resume --journal /j.db"),
        ({"link": LinkRow(state="down", detail="refused", at=NOW)}, Level.BAD, "No connection", None),
        ({"link": LinkRow(state="broker_down", detail="1100", at=NOW)}, Level.BAD, "No connection", None),
        ({"pauses": {"swing": "two losses"}}, Level.WARNING, "swing is paused", "fxrun resume swing --journal /j.db"),
        ({"armings": {}}, Level.BAD, "Not armed: swing", ARM),
        ({"armings": {"swing": arming("0" * 64)}}, Level.BAD, "Not armed any more: swing", ARM),
        (
            {"unlisted": (Unlisted(order_ref="fx1:a:b", exec_id="e1", at=NOW),)},
            Level.BAD,
            "An execution has vanished",
            "fxrun positions",
        ),
    ],
)
def test_each_has_its_words_and_its_command(
    held: dict[str, Any], level: Level, title: str, command: str | None, well: Look, plan: Plan
) -> None:
    item = only(but(well, **held))
    assert (item.level, item.title, item.lane) == (level, title, "Rehearsal")
    assert item.commands == (() if command is None else (command.format(file=plan.file),))


@pytest.mark.parametrize(
    ("left", "level", "title"),
    [(13 * DAY, Level.WARNING, "Arming ends soon: swing"), (-HOUR, Level.BAD, "Arming has ended: swing")],
)
def test_an_arming_that_ends(left: timedelta, level: Level, title: str, well: Look, plan: Plan) -> None:
    item = only(but(well, armings={"swing": arming(plan.digest, left)}))
    assert (item.level, item.title) == (level, title)


def test_a_simulated_plan_wants_no_arming(well: Look) -> None:
    simulated = replace(well, view=replace(well.view, name="simulate", mode="simulate"))
    assert attention.items([but(simulated, armings={}, link=None)], []) == []


def test_missed_fires_are_told_by_order(well: Look) -> None:
    def missed(order: str, hours: int) -> FireRow:
        due = NOW - hours * HOUR
        return FireRow(plan="swing", order=order, fire=str(due), due=due, state=FireState.MISSED, reason="asleep")

    found = attention.items([but(well, missed=(missed("a", 1), missed("b", 2), missed("a", 3)))], [])
    titles = [item.title for item in found]
    assert titles == ["2 missed fires of swing/a in 24 hours", "1 missed fire of swing/b in 24 hours"]
    assert "2026-11-25T13:30:00Z: asleep" in found[0].text


def test_what_was_denied_is_told_unless_its_cause_is(well: Look, plan: Plan) -> None:
    fire = FireRow(plan="swing", order="main", fire="f", due=NOW - HOUR, state=FireState.DENIED, reason="max_quantity")
    denied = but(well, denied=(fire,))
    assert only(denied).title == "1 denied fire of swing/main in 24 hours"
    assert only(denied).text.endswith("max_quantity.")
    assert only(but(denied, armings={})).title == "Not armed: swing"
    assert only(but(denied, halt=Halt(reason="odd", at=NOW))).title == "Halted"


def test_what_the_broker_rejected_is_told_with_its_reason(well: Look, tmp_path: Path) -> None:
    journal = broker.journal_of(tmp_path, [(broker.ticket(), "rejected", 0), (broker.ticket("two"), "filled", 25_000)])
    found = look.at_lane(replace(well.view, journal=journal), datetime.now(UTC))
    (item,) = [item for item in attention.items([found], []) if "rejected" in item.title]
    assert item.title == "1 order of held rejected by the broker in 24 hours"
    assert "BUY 25000 EUR.USD MKT DAY" in item.text
    later = look.at_lane(replace(well.view, journal=journal), datetime.now(UTC) + 2 * DAY)
    assert not [item for item in attention.items([later], []) if "rejected" in item.title]


def test_a_lane_that_is_down_or_beginning(well: Look) -> None:
    down = replace(well, view=replace(well.view, is_alive=False, is_ready=False))
    assert (only(down).level, only(down).title) == (Level.BAD, "The lane is down")
    beginning = replace(well, view=replace(well.view, is_ready=False))
    assert (only(beginning).level, only(beginning).title) == (Level.WARNING, "The lane is starting")


def test_a_cancel_that_waits_for_a_minute_is_told(well: Look) -> None:
    def waiting(since: timedelta) -> ControlRow:
        return ControlRow(id=1, kind="cancel", target="--all", detail="", at=NOW - since, done_at=None, note="")

    assert attention.items([but(well, waiting=(waiting(timedelta(seconds=30)),))], []) == []
    assert only(but(well, waiting=(waiting(timedelta(seconds=90)),))).title == "A cancel waits"


def test_the_worst_comes_first_whatever_lane_it_is_of(well: Look) -> None:
    paused = but(well, pauses={"swing": "two losses"})
    halted = but(well, halt=Halt(reason="odd", at=NOW))
    levels = [item.level for item in attention.items([paused, halted], [Problem("b.yaml", 3, 1, "unknown")])]
    assert levels == [Level.BAD, Level.BAD, Level.WARNING]


def test_a_file_with_many_problems_is_one_thing(well: Look) -> None:
    problems = [Problem("plans/b c.yaml", 3, 1, "an unknown key"), Problem("plans/b c.yaml", 4, 1, "another")]
    (item,) = attention.items([well], problems)
    assert item.text == "3:1: an unknown key (and 1 problem more)"
    assert item.commands == (f"fxrun validate '{Path('plans/b c.yaml').absolute()}'",)


def test_a_journal_that_cannot_be_read_is_told(well: Look, tmp_path: Path) -> None:
    (tmp_path / "j.db").write_text("no journal")
    found = look.at_lane(replace(well.view, journal=tmp_path / "j.db"), NOW)
    titles = [item.title for item in attention.items([found], [])]
    assert "The journal cannot be read" in titles


def test_a_paper_account_is_called_so(well: Look) -> None:
    live = replace(well, view=replace(well.view, mode="live"))
    assert (live.label, live.is_paper) == ("Paper", True)
    assert but(live, account="U1234567").label == "Live"
    assert well.label == "Rehearsal"
