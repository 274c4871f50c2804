"""Plans that change while a run goes on, on a real gateway over a socket: what is sent, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.events import Filled, FireDone, FireState, Noticed
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.size import units
from runner.engine.desk import Rules
from runner.engine.renewal import EDITED, GONE, Change
from runner.engine.run import Run
from runner.journal import decoding
from runner.journal.database import Database
from runner.journal.store import Journal, JournalFailed
from runner.plan.model import Instruction, Mode, Plan, When
from runner.schedule.spec import ScheduleSpec
from tests.integration.test_engine import HOURLY, ONCE, RESTING, START, Rig, rig

HOUR = timedelta(hours=1)
HOURLY_Q = replace(HOURLY, order="hourly")


def plan(name: str, *instructions: Instruction, digest: str = "") -> Plan:
    named = tuple(replace(each, plan=name) for each in instructions)
    return Plan(name=name, mode=Mode.SIMULATE, file=name, digest=digest, instructions=named)


def every(minutes: int, of: Instruction = HOURLY) -> Instruction:
    return replace(of, schedule=ScheduleSpec(zone=UTC, every=timedelta(minutes=minutes)))  # type: ignore[arg-type]


def at(r: Rig, hours: float, *plans: Plan, rules: Rules = Rules()) -> Callable[[], Change | None]:  # noqa: B008
    """Return what gives these plans from an instant of the run on, once."""
    given: list[Change] = [Change(plans=plans, rules=rules)]

    def changes() -> Change | None:
        return given.pop() if given and r.time.now() >= START + timedelta(hours=hours) else None

    return changes


def fires(r: Rig) -> list[tuple[str, str, FireState]]:
    return [(one.plan, one.fire[11:16], one.state) for one in r.events if isinstance(one, FireDone)]


def carried_out(r: Rig, run: Run) -> None:
    run.go()
    run.finish()


def test_an_edited_plan_is_sent_by_its_new_schedule_and_size_from_then_on() -> None:
    with rig() as r:
        bigger = plan("p", every(30, replace(HOURLY, size=units(Decimal(40_000)))), digest="new")
        carried_out(r, r.run(HOURLY, until=3 * HOUR, changes=at(r, 1, bigger)))
        sent = [when for _, when, state in fires(r) if state is FireState.SENT]
        assert sent == ["08:00", "09:00", "09:30", "10:00", "10:30"]
        assert [row.ticket.quantity for row in r.journal.orders()] == [25_000, 25_000, 40_000, 40_000, 40_000]


def test_a_plan_that_comes_and_one_that_goes() -> None:
    with rig() as r:
        carried_out(r, r.run(HOURLY, until=3 * HOUR, changes=at(r, 1, plan("q", every(60)), plan("o", ONCE))))
        assert fires(r)[:2] == [("p", "08:00", FireState.SENT), ("p", "09:00", FireState.SENT)]
        assert [one[:2] for one in fires(r)[2:]] == [("o", ""), ("q", "10:00")]


def test_what_did_not_change_goes_on_without_a_gap_or_a_repeat() -> None:
    once = replace(ONCE, order="once")
    with rig() as r:
        changed = at(r, 2, plan("p", HOURLY, once), plan("q", every(60)))
        carried_out(r, r.run(HOURLY, once, until=4 * HOUR, changes=changed))
        of_p = [one for one in r.events if isinstance(one, FireDone) and one.plan == "p"]
        assert sorted(one.fire[11:16] for one in of_p) == ["", "08:00", "09:00", "10:00", "11:00"]
        assert {one.state for one in of_p} == {FireState.SENT}, "an order without schedule is not looked at again"


def test_other_limits_hold_from_the_change_on() -> None:
    with rig() as r:
        rules = Rules(limits={"p": Limits(max_quantity=Decimal(10_000))})
        carried_out(r, r.run(HOURLY, until=3 * HOUR, changes=at(r, 1, plan("p", HOURLY), rules=rules)))
        assert [state for _, _, state in fires(r)] == [FireState.SENT, FireState.SENT, FireState.DENIED]


@pytest.mark.parametrize(("plans", "reason"), [((plan("p", HOURLY, digest="new"),), EDITED), ((), GONE)])
def test_what_was_held_back_is_missed_and_says_why(plans: tuple[Plan, ...], reason: str) -> None:
    with rig() as r:
        begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        soon = replace(ONCE, schedule=ScheduleSpec(zone=UTC, at=(begin,)))  # type: ignore[arg-type]
        r.gateway.stop()  # no session, so it is held back
        given = [Change(plans=plans, rules=Rules())]
        run = r.run(soon, wall=True, persistent=True, changes=lambda: _once_listed(run, given))
        r.react = lambda event: run.stop() if isinstance(event, FireDone) else None
        run.go()
        (done,) = [one for one in r.events if isinstance(one, FireDone)]
        assert (done.state, done.reason) == (FireState.MISSED, reason)


def test_an_order_without_schedule_that_waits_is_sent_by_its_new_version() -> None:
    with rig() as r:
        never = replace(ONCE, when=When(above=Decimal(9), within=timedelta(hours=2)))
        waits = r.run(never, HOURLY_Q, until=4 * HOUR, changes=at(r, 1, plan("p", ONCE, HOURLY_Q, digest="new")))
        carried_out(r, waits)
        of_it = [one for one in r.events if isinstance(one, FireDone) and one.order == "main"]
        assert [(one.fire, one.state) for one in of_it] == [("once", FireState.SENT)]


def test_what_an_edit_put_into_the_past_is_not_looked_at_again(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "j.db"))
    journal.record_progress([("p", "main")], START + HOUR)
    journal.record_progress([("p", "main"), ("q", "main")], START)
    assert journal.evaluated("p", "main") == START + HOUR
    assert journal.evaluated("q", "main") == START
    journal.close()


def _once_listed(run: Run, given: list[Change]) -> Change | None:
    return given.pop() if given and run.pending else None


def test_an_order_that_works_is_followed_after_its_plan_is_gone() -> None:
    with rig() as r:
        falls = replace(RESTING, order="ticking", schedule=every(60).schedule)
        carried_out(r, r.run(RESTING, falls, until=3 * HOUR, changes=at(r, 1, plan("q", every(60)))))
        assert {row.state for row in r.journal.orders() if row.ticket.key.plan == "p"} == {OrderState.WORKING}
        assert any(isinstance(one, Filled) and one.plan == "q" for one in r.events)


def test_a_journal_that_fails_at_the_change_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [JournalFailed("disk full")]
    real = Database.write

    def write(self: Database, query: str, **values: object) -> object:
        if query == "keep_plans" and failures:
            raise failures.pop()
        return real(self, query, **values)

    monkeypatch.setattr(Database, "write", write)
    with rig() as r:
        given = [Change(plans=(plan("q", every(60)),), rules=Rules())]
        run = r.run(
            HOURLY,
            until=timedelta(seconds=6),
            wall=True,
            persistent=True,
            changes=lambda: given.pop() if given else None,
        )
        run.go()
        told = [one.text for one in r.events if isinstance(one, Noticed)]
        assert [text for text in told if "tried again" in text and "disk full" in text]
        assert {row.plan for row in r.journal._db.read(decoding.plan, "plans")} == {"q"}
