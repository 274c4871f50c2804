"""Orders that nothing was heard of: swallowed, sent by a run that died, or left over from the day before."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.engine.desk import Pending
from runner.engine.watch import Watch
from runner.lifecycle import inquest, submit
from runner.schedule.policy import FirePolicy
from tests.reliability.field import RESTING, Field, Runner, at, every, open_field, soon
from tests.reliability.relay import CuttingRelay


class Died(BaseException):
    """Stands for the end of a process between two steps."""


def _sent_and_silent(runner: Runner) -> bool:
    return bool(runner.desk is not None and runner.desk.tracker.unresolved())


@pytest.mark.parametrize("use_id", [True, False])
def test_o11_a_swallowed_order_becomes_unknown_and_stops_its_plan_alone(tmp_path: Path, use_id: bool) -> None:
    """The session stands, so nothing proves that the TWS does not hold the order back: it is never sent again."""
    with open_field(tmp_path) as field:
        lost = at(soon(4), soon(27), plan="lost")
        other = every(3, plan="other")
        field.gateway.fault("swallow", order="fx1:lost:*", use_id=use_id)
        with field.runner(lost, other) as runner:
            runner.wait(lambda: runner.fires(FireState.DENIED), "the next fire of that plan to be denied")
            (denied,) = runner.fires(FireState.DENIED)
            others = [event for event in runner.fires(FireState.SENT) if event.plan == "other"]
        assert denied.plan == "lost"
        assert denied.reason is not None
        assert "fxrun resolve fx1:lost:" in denied.reason
        assert len(others) >= 4
        assert [row.state for row in field.rows() if row.ticket.key.plan == "lost"] == [OrderState.UNKNOWN]
        assert not any(ref.startswith("fx1:lost:") for ref in field.created())


def _die_at(point: str, field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run end at a crash point as if it had been killed there: nothing is recorded after it."""

    def here(name: str) -> None:
        if name == point:
            raise Died

    monkeypatch.setattr(submit, "crashpoint", here)
    with pytest.raises(AssertionError), field.runner(at(soon(4), instruction=RESTING)) as runner:
        runner.wait(lambda: runner.fires(FireState.SENT), "what never comes")
    monkeypatch.undo()


def test_r03_an_order_that_arrived_before_the_run_died_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        _die_at("after_last_order", field, monkeypatch)
        assert [row.state for row in field.rows()] == [OrderState.PLANNED]
        with field.runner() as runner:
            runner.wait(lambda: field.created(), "the order at the gateway")
            runner.wait_ready()
        (row,) = field.rows()
        assert row.state is OrderState.WORKING
        assert field.created() == {row.ticket.order_ref: 1}
        assert field.state_of_fire(row.ticket.key) is FireState.SENT


def test_r03_an_order_that_never_left_is_proven_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_field(tmp_path) as field:
        _die_at("before_first_order", field, monkeypatch)
        with field.runner() as runner:
            runner.wait(lambda: runner.fires(FireState.MISSED), "the fire to be missed")
        assert field.rows() == []
        assert field.created() == {}


def test_r04_dying_between_the_proof_and_what_follows_from_it_leaves_no_fire_without_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        _die_at("before_first_order", field, monkeypatch)
        (key,) = [row.ticket.key for row in field.rows()]
        monkeypatch.setattr(Watch, "_absent", _die)
        with pytest.raises(AssertionError), field.runner() as runner:
            runner.wait(lambda: runner.fault, "its end")
        monkeypatch.undo()
        assert (field.rows(), field.state_of_fire(key)) == ([], None)
        with field.runner(every(3600)) as runner:
            runner.wait_ready()
        assert field.state_of_fire(key) is FireState.MISSED
        assert [event.fire for event in runner.fires(FireState.MISSED)] == [key.fire]


def _die(watch: Watch, _instructions: object) -> list[Pending]:
    if watch._desk.inquest.absent:
        raise Died
    return []


def test_r03_an_order_whose_id_was_used_and_that_no_list_names_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        field.gateway.fault("swallow", order="fx1:p:*", use_id=True)
        _die_at("after_last_order", field, monkeypatch)
        with field.runner() as runner:
            runner.wait(lambda: runner.desk and _unknown(runner), "the order to be unknown")
        (row,) = field.rows()
        assert row.state is OrderState.UNKNOWN
        assert field.created() == {}


def _unknown(runner: Runner) -> bool:
    states = [getattr(event, "state", None) for event in list(runner.events)]
    return OrderState.UNKNOWN in states


def test_r04_dying_in_recovery_over_and_over_sends_nothing_and_ends_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        _die_at("after_last_order", field, monkeypatch)
        for _ in range(8):
            with field.runner():
                pass  # ended somewhere on its way to a session
        with field.runner() as runner:
            runner.wait_ready()
        (row,) = field.rows()
        assert row.state is OrderState.WORKING
        assert field.created() == {row.ticket.order_ref: 1}


def test_s05_two_fires_of_an_order_are_two_orders_and_an_unknown_one_lets_no_other_go(tmp_path: Path) -> None:
    """With overlap an order that rests does not keep the next one back; one of unknown outcome does."""
    with open_field(tmp_path) as field:
        order = replace(at(soon(4), soon(6), soon(28), instruction=RESTING), policy=FirePolicy(overlap=True))
        with field.runner(order) as runner:
            runner.wait(lambda: field.created(), "the first order")
            field.gateway.fault("swallow", order="fx1:p:*")
            runner.wait(lambda: runner.fires(FireState.DENIED), "the third fire to be denied")
            assert len(runner.fires(FireState.SENT)) == 2
        assert sum(field.created().values()) == 1


def test_s05_a_fire_is_skipped_while_the_order_of_the_one_before_works(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(at(soon(4), soon(6), instruction=RESTING)) as runner:
            runner.wait(lambda: runner.fires(FireState.SKIPPED), "the second fire to be skipped")
            (sent,) = runner.fires(FireState.SENT)
            (skipped,) = runner.fires(FireState.SKIPPED)
        assert sum(field.created().values()) == 1
        assert skipped.reason is not None
        assert skipped.reason.startswith("overlap: fx1:p:")
        for fire, state in ((sent, FireState.SENT), (skipped, FireState.SKIPPED)):
            key = OrderKey(plan="p", order="main", fire=fire.fire, role="entry")
            assert field.state_of_fire(key) is state


def test_s05_a_plan_waits_for_the_answer_to_its_last_order_and_others_do_not(tmp_path: Path) -> None:
    """One fire a second, and the first order is never answered: no second one leaves on the way to UNKNOWN."""
    with open_field(tmp_path) as field:
        field.gateway.fault("swallow", order="fx1:p:*")
        with field.runner(every(1), every(1, plan="q")) as runner:
            runner.wait(lambda: runner.fires(FireState.DENIED), "a fire after UNKNOWN to be denied")
            sent = [event.plan for event in runner.fires(FireState.SENT)]
        assert sent.count("p") == 1
        assert sent.count("q") >= 8


def test_what_was_held_back_when_the_run_ends_is_missed_and_said(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(at(soon(4)), until=timedelta(seconds=8)) as runner:
            runner.wait_ready()
            field.gateway.fault("connectivity_lost")
            assert runner.thread is not None
            runner.thread.join(20)
        (missed,) = runner.fires(FireState.MISSED)
        assert missed.reason is not None
        assert "no connection to IB" in missed.reason
        assert field.created() == {}


def test_r03_a_list_that_takes_long_is_awaited_as_long_as_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of thousands of orders makes lists that take longer than one silence may last."""
    with open_field(tmp_path) as field:
        with field.runner(*(at(soon(2), plan=f"p{number}") for number in range(6))) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) == 6, "six orders")
            runner.wait(lambda: not _sent_and_silent(runner), "their answers")
        monkeypatch.setattr(inquest, "PASS_TIMEOUT", timedelta(seconds=1))
        relay = CuttingRelay(field.gateway.port, pause=0.4)
        with closing(relay), field.runner(at(soon(30)), port=relay.port) as runner:
            runner.wait_ready()
        assert not any("without an end" in detail for _, detail in runner.links)
