"""What orders say about fires that are late, left out, failed or enough, where orders are really sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.core.events import FireDone, FireState
from runner.core.order_state import OrderState
from runner.journal.control import Ledger
from runner.plan.model import Instruction
from runner.schedule import Blackout, fires
from runner.schedule.policy import FirePolicy
from tests.reliability.field import RESTING, Field, Runner, at, every, open_field, soon

SECOND = timedelta(seconds=1)


def told(runner: Runner, *states: FireState) -> list[FireDone]:
    return [event for state in states for event in runner.fires(state)]


def reasons(runner: Runner, state: FireState) -> set[str | None]:
    return {event.reason for event in runner.fires(state)}


def ended_before(field: Field, *instructions: Instruction) -> None:
    """Run for long enough to send once, and end: from then on fires are missed."""
    with field.runner(*instructions) as runner:
        runner.wait(lambda: runner.fires(FireState.SENT), "the first order")


def test_a_longer_deadline_lets_a_late_fire_go_and_a_shorter_one_misses_it(tmp_path: Path) -> None:
    """The broker's line is down for four seconds; one plan waits a minute, the other one second."""
    with open_field(tmp_path) as field:
        due = soon(5)
        patient = at(due, plan="patient")
        hasty = replace(at(due, plan="hasty"), policy=FirePolicy(deadline=SECOND))
        with field.runner(patient, hasty) as runner:
            runner.wait_ready()
            field.gateway.fault("connectivity_lost")
            runner.wait(lambda: runner.fires(FireState.MISSED), "the hasty one to be missed")
            field.gateway.fault("connectivity_restored")
            runner.wait(lambda: runner.fires(FireState.SENT), "the patient one to be sent")
        (missed,), (sent,) = runner.fires(FireState.MISSED), runner.fires(FireState.SENT)
        assert (missed.plan, sent.plan) == ("hasty", "patient")
        assert (missed.reason or "").endswith("the start deadline is 1 s")
        assert sent.reason is None


def test_the_last_fire_that_was_missed_is_made_up_for_and_no_other(tmp_path: Path) -> None:
    policy = FirePolicy(deadline=SECOND, catch_up=True)
    with open_field(tmp_path) as field:
        first = soon(4)
        times = [first, *(first + n * SECOND for n in (4, 6, 8)), first + timedelta(hours=1)]
        order = replace(at(*times), policy=policy)
        ended_before(field, order)
        time.sleep(11)
        with field.runner(order) as runner:
            runner.wait(lambda: runner.fires(FireState.SENT), "the last one to be made up for")
        (sent,) = runner.fires(FireState.SENT)
        assert sent.time == times[3]
        assert (sent.reason or "").startswith("made up for, ")
        assert [event.time for event in runner.fires(FireState.MISSED)] == times[1:3]
        assert sum(field.created().values()) == 2
        with field.runner(order) as again:
            again.wait_ready()
            time.sleep(1)
        assert told(again, *FireState) == []
        assert sum(field.created().values()) == 2


def test_a_fire_held_back_is_made_up_for_when_the_broker_is_back(tmp_path: Path) -> None:
    policy = FirePolicy(deadline=SECOND, catch_up=True)
    with open_field(tmp_path) as field, field.runner(replace(at(soon(5)), policy=policy)) as runner:
        runner.wait_ready()
        field.gateway.fault("connectivity_lost")
        time.sleep(9)
        assert told(runner, *FireState) == []
        field.gateway.fault("connectivity_restored")
        runner.wait(lambda: runner.fires(FireState.SENT), "the late order")
        assert (runner.fires(FireState.SENT)[0].reason or "").startswith("made up for, ")


def test_so_many_missed_fires_in_a_row_pause_the_plan_over_a_restart(tmp_path: Path) -> None:
    """One is missed in the first absence, one in the second: two in a row."""
    policy = FirePolicy(deadline=SECOND, pause_on_missed=2)
    with open_field(tmp_path) as field:
        first = soon(4)
        times = [first, first + 4 * SECOND, first + 14 * SECOND, first + 30 * SECOND]
        order = replace(at(*times), policy=policy)
        ended_before(field, order)
        time.sleep(6)
        with field.runner(order) as runner:
            runner.wait(lambda: runner.fires(FireState.MISSED), "the first missed one to be told")
            time.sleep(1)
        assert "halt" not in runner.alarms
        while soon(0) < times[2] + 3 * SECOND:
            time.sleep(0.2)
        with field.runner(order) as runner:
            runner.wait(lambda: "halt" in runner.alarms, "the pause")
            runner.wait(lambda: runner.fires(FireState.DENIED), "the next fire to be denied")
        (reason,) = reasons(runner, FireState.DENIED)
        assert "pause_on missed 2" in (reason or "")
        assert sum(field.created().values()) == 1


def test_a_rejected_order_pauses_the_plan_that_says_so_and_no_other(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        careful = replace(every(2, plan="careful"), policy=FirePolicy(pause_on_reject=True))
        field.gateway.fault("reject", order="fx1:*", code=201, times=1000)
        with field.runner(careful, every(2, plan="brave")) as runner:
            runner.wait(lambda: runner.fires(FireState.DENIED), "the next fire of the careful plan to be denied")
            runner.wait(lambda: len(runner.fires(FireState.SENT)) >= 4, "the brave one to go on")
        assert {event.plan for event in runner.fires(FireState.DENIED)} == {"careful"}
        assert [event.plan for event in runner.fires(FireState.SENT)].count("careful") == 1
        assert all("pause_on reject: fx1:careful:" in (said or "") for said in reasons(runner, FireState.DENIED))


def test_an_order_has_so_many_fires_in_all_runs(tmp_path: Path) -> None:
    order = replace(every(1), policy=FirePolicy(max_fires=2))
    with open_field(tmp_path) as field:
        for wanted in (2, 0):
            with field.runner(order) as runner:
                runner.wait(lambda: runner.fires(FireState.SKIPPED), "a fire that is one too many")
            assert len(runner.fires(FireState.SENT)) == wanted
            assert reasons(runner, FireState.SKIPPED) == {"max_fires: 2 fires of this order were sent"}
        assert sum(field.created().values()) == 2


def test_a_blackout_is_told_of_each_fire_whether_somebody_is_there_or_not(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        first = soon(4)
        blackout = Blackout(text="now", start=first + SECOND, end=first + timedelta(hours=1))
        order = at(first, first + 3 * SECOND, first + 12 * SECOND, instruction=RESTING)
        assert order.schedule is not None
        order = replace(
            order, schedule=replace(order.schedule, blackout=(blackout,)), policy=FirePolicy(deadline=SECOND)
        )
        ended_before(field, order)
        time.sleep(5)
        with field.runner(order) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SKIPPED)) == 2, "both fires of the blackout")
        assert reasons(runner, FireState.SKIPPED) == {"blackout: now"}
        assert told(runner, FireState.MISSED, FireState.SENT) == []


def test_pause_on_unknown_keeps_the_plan_paused_once_its_order_is_resolved(tmp_path: Path) -> None:
    policy = FirePolicy(pause_on_unknown=True, overlap=True)
    with open_field(tmp_path) as field:
        field.gateway.fault("swallow", order="fx1:p:*", use_id=True, times=1)
        order = replace(at(soon(4), soon(40), soon(3600)), policy=policy)
        with field.runner(order, every(3, plan="q")) as runner:
            runner.wait(lambda: Ledger(field.path).pauses(), "the plan to be paused")
            ((plan, reason),) = Ledger(field.path).pauses().items()
            (unknown,) = [
                row.ticket.order_ref for row in Ledger(field.path).orders() if row.state is OrderState.UNKNOWN
            ]
            assert (plan, reason) == ("p", f"pause_on unknown: {unknown} has an unknown outcome")
            assert "halt" in runner.alarms
            with Ledger(field.path) as ledger:
                ledger.resolve(unknown, "lost", datetime.now(UTC), "somebody")
            runner.wait(lambda: runner.fires(FireState.DENIED), "the next fire to be denied")
        (denied,) = runner.fires(FireState.DENIED)
        assert (denied.plan, (denied.reason or "").startswith("the plan is paused: pause_on unknown")) == ("p", True)
        assert len([one for one in runner.fires(FireState.SENT) if one.plan == "q"]) > 5  # no other plan is


def test_a_fire_whose_jitter_is_made_shorter_while_it_waits_has_a_row(tmp_path: Path) -> None:
    """By the edited plan it should have been sent before anybody looked: it is missed, and not forgotten."""
    with open_field(tmp_path) as field:
        nominal = soon(3)
        order = replace(at(nominal), policy=FirePolicy(deadline=SECOND))
        assert order.schedule is not None
        late = [replace(order.schedule, jitter=timedelta(seconds=60), salt=str(n)) for n in range(20)]
        spec = max(late, key=lambda one: next(fires(one, nominal, nominal + timedelta(hours=1))))
        waits = replace(order, schedule=spec)
        for _ in range(2):
            with field.runner(waits) as runner:
                runner.wait_ready()
                time.sleep(4)
            assert told(runner, *FireState) == []
        with field.runner(order) as runner:
            runner.wait(lambda: runner.fires(FireState.MISSED), "the fire to be missed")
        assert [event.time for event in runner.fires(FireState.MISSED)] == [nominal]
        with field.runner(order) as runner:
            runner.wait_ready()
        assert told(runner, *FireState) == []
