"""What `fxrun status --check` ends with: each reason alone, and the first of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.cli.standing import ArmingState, PlanStanding
from runner.cli.verdict import is_quiet, verdict
from runner.core.outage import Outage

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLAN = PlanStanding(
    name="weekday", file=None, arming=ArmingState.ARMED, until=None, left=None, fires=(), next_fire=None, pause=None,
    on_halt=(),
)  # fmt: skip
NOON = Outage(at=time(11, 30), zone=ZoneInfo("UTC"), lasts=timedelta(minutes=29))


@dataclass(frozen=True)
class Asked:
    """A cancel that was asked for some seconds ago."""

    ago: float

    @property
    def at(self) -> datetime:
        return NOW - timedelta(seconds=self.ago)


@dataclass(frozen=True)
class Seen:
    """A look that found nothing wrong."""

    at: datetime = NOW
    runs: bool = True
    link: tuple[str, str, datetime] | None = ("ready", "", NOW)
    halt: tuple[str, datetime] | None = None
    plans: tuple[PlanStanding, ...] = (PLAN,)
    unknown: Sequence[object] = field(default=())
    missed: Sequence[object] = field(default=())
    unlisted: Sequence[object] = field(default=())
    waiting: Sequence[Asked] = field(default=())


def armed(state: ArmingState | None) -> Seen:
    return Seen(plans=(replace(PLAN, arming=state),))


@pytest.mark.parametrize(
    ("seen", "code", "words"),
    [
        (Seen(), 0, "OK: a runner is running, 1 plan"),
        (Seen(link=None), 0, "OK"),
        (Seen(link=("checking", "", NOW)), 0, "OK"),
        (armed(None), 0, "OK"),
        (Seen(runs=False), 5, "no runner is running"),
        (Seen(link=("down", "", NOW)), 5, "the connection is down"),
        (Seen(link=("connecting", "", NOW)), 5, "the connection is connecting"),
        (Seen(link=("broker_down", "1100", NOW)), 5, "the connection is broker_down"),
        (Seen(unknown=(1,)), 6, "1 order of unknown outcome"),
        (Seen(missed=(1, 2)), 7, "2 fires missed within 24 hours"),
        (Seen(halt=("because", NOW)), 3, "halted"),
        (Seen(plans=(replace(PLAN, pause="often enough"),)), 3, "weekday is paused"),
        (armed(ArmingState.NONE), 3, "weekday is not armed"),
        (armed(ArmingState.EDITED), 3, "weekday is not armed"),
        (armed(ArmingState.EXPIRED), 3, "weekday is not armed"),
        (armed(ArmingState.ENDING), 3, "weekday has an arming about to end"),
        (Seen(unlisted=(1,)), 3, "1 execution not listed by the broker any more"),
        (Seen(waiting=(Asked(90),)), 3, "1 cancel waiting for the runner"),
        (Seen(waiting=(Asked(30),)), 0, "OK"),
        (Seen(runs=False, unknown=(1,), missed=(1,), waiting=(Asked(1),)), 5, "no runner is running; 1 order"),
        (Seen(unknown=(1,), missed=(1,)), 6, "1 order of unknown outcome; 1 fire missed"),
        (Seen(missed=(1,), halt=("because", NOW)), 7, "1 fire missed within 24 hours; halted"),
    ],
)
def test_each_reason_has_its_code_and_the_first_one_counts(seen: Seen, code: int, words: str) -> None:
    found = verdict(seen, (), timedelta())
    assert (found.code, words in found.text) == (code, True), found


@pytest.mark.parametrize(
    ("seen", "quiet"),
    [
        (Seen(), True), (Seen(runs=False), True), (Seen(runs=False, waiting=(Asked(1),)), False),
        (Seen(waiting=(Asked(30),)), True), (Seen(link=("down", "", NOW)), False), (Seen(missed=(1,)), False),
        (armed(ArmingState.ENDING), False), (Seen(runs=False, link=("down", "", NOW)), True),
    ],
)  # fmt: skip
def test_it_is_quiet_where_nothing_but_a_runner_is_missing(seen: Seen, quiet: bool) -> None:
    assert is_quiet(seen, (), timedelta()) is quiet


@pytest.mark.parametrize(("grace", "code"), [(timedelta(minutes=2), 0), (timedelta(seconds=1), 5)])
def test_a_link_may_be_down_in_an_outage_and_a_while_after_it(grace: timedelta, code: int) -> None:
    down = Seen(link=("down", "", NOW))
    assert verdict(down, (NOON,), grace).code == code
    assert verdict(Seen(runs=False), (NOON,), grace).code == 5, "a runner is expected in any case"
