"""What a halt lets through and what it leaves alone, where orders are really sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from runner.core.events import FireDone, FireState
from runner.core.ids import halt_of
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import Side
from runner.engine.desk import Rules
from runner.journal.control import Ledger
from runner.plan.model import Instruction
from runner.schedule.policy import FirePolicy
from tests.reliability.field import MARKET, Field, Runner, at, open_field, soon

HELD = Decimal(25_000)
BRACKET = replace(
    MARKET,
    order="in",
    strategy="bracket",
    parameters={"take_profit": fixed(Decimal("1.9")), "stop_loss": fixed(Decimal("0.5"))},
)
CLOSE = replace(
    MARKET, order="out", size=units(Decimal(0)), strategy="flatten", parameters={"open_orders": "cancel", "on": "halt"}
)


def on_halt(instruction: Instruction = CLOSE, due: datetime | None = None) -> Instruction:
    """Return an order that answers halts, due far from now beside them."""
    spec = at(due or soon(86_400), instruction=instruction, order=instruction.order).schedule
    assert spec is not None
    return replace(instruction, schedule=replace(spec, on_halt=True))


def held(runner: Runner, field: Field) -> None:
    """Wait until the bracket guards what it has bought."""
    runner.wait(lambda: open_exits(field) == 2 and position(field) == HELD, "a position with two exits")


def position(field: Field) -> Decimal:
    signs = {"BUY": 1, "BOT": 1, "SELL": -1, "SLD": -1}
    return sum((signs[str(one.side)] * one.quantity for one in field.gateway.executions()), Decimal(0))


def open_exits(field: Field) -> int:
    found = Ledger(field.path).orders()
    working = (OrderState.WORKING, OrderState.HELD)
    return sum(row.ticket.key.role in ("take_profit", "stop_loss") and row.state in working for row in found)


def halt(field: Field, *, cancel: bool = False) -> None:
    with Ledger(field.path) as ledger:
        ledger.halt("enough", datetime.now(UTC), cancel=cancel)


def answers(runner: Runner) -> list[FireDone]:
    return [one for one in list(runner.events) if isinstance(one, FireDone) and halt_of(one.fire) is not None]


def test_a_scheduled_flatten_is_denied_during_a_halt_and_leaves_the_exits_where_they_are(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        close = at(soon(6), instruction=replace(CLOSE, parameters={"open_orders": "cancel"}), order="out")
        with field.runner(BRACKET, close) as runner:
            held(runner, field)
            halt(field)
            runner.wait(lambda: runner.fires(FireState.DENIED), "the order that closes to be denied")
            time.sleep(2)
            assert open_exits(field) == 2  # a position that is not closed is not left without them either
        assert "halted: enough" in (runner.fires(FireState.DENIED)[0].reason or "")
        assert position(field) == HELD


def test_a_paused_plan_that_has_had_its_fires_closes_on_a_halt_all_the_same(tmp_path: Path) -> None:
    limits = Limits(max_fires_per_day=1, max_daily_quantity=HELD, max_orders_per_minute=3)
    with open_field(tmp_path) as field:
        more = at(soon(4), order="more")
        with field.runner(BRACKET, on_halt(), more, rules=Rules(limits={"p": limits})) as runner:
            held(runner, field)
            runner.wait(lambda: Ledger(field.path).pauses(), "the plan to be paused")
            halt(field)
            runner.wait(lambda: position(field) == 0, "the position to be closed")
        assert [one.state for one in answers(runner)] == [FireState.SENT]
        assert open_exits(field) == 0


def test_a_limit_of_size_holds_on_a_halt_before_anything_is_cancelled(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        rules = Rules(limits={"p": Limits(max_quantity=HELD)})
        more = replace(at(soon(2), order="more"), policy=FirePolicy(overlap=True))
        with field.runner(BRACKET, on_halt(), more, rules=rules) as runner:
            runner.wait(lambda: position(field) == 2 * HELD, "twice the size of one order")
            halt(field)
            runner.wait(lambda: answers(runner), "the answer")
            time.sleep(2)
            assert open_exits(field) == 2
        (denied,) = answers(runner)
        assert denied.state is FireState.DENIED
        assert "limits.max_quantity is 25000" in (denied.reason or "")


def test_a_halt_said_again_closes_what_an_answer_before_it_could_not(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(BRACKET, on_halt(), rules=Rules(limits={"p": Limits(max_quantity=HELD - 1)})) as runner:
            time.sleep(2)
        assert position(field) == 0  # the bracket itself is above the limit
        with field.runner(replace(BRACKET, order="in2"), on_halt()) as runner:
            held(runner, field)
        with field.runner(on_halt(), rules=Rules(limits={"p": Limits(max_quantity=HELD - 1)})) as runner:
            runner.wait_ready()
            halt(field)
            runner.wait(lambda: answers(runner), "the first answer")
            assert answers(runner)[0].state is FireState.DENIED
        with field.runner(on_halt()) as runner:
            runner.wait_ready()
            halt(field)
            runner.wait(lambda: position(field) == 0, "the position to be closed")
        assert [one.state for one in answers(runner)] == [FireState.SENT]
        with field.runner(on_halt()) as runner:
            runner.wait_ready()
            time.sleep(2)
        assert answers(runner) == []


def test_an_order_of_unknown_outcome_blocks_the_answer_with_its_words(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        lost = at(soon(4), order="lost")
        with field.runner(BRACKET, on_halt(), lost) as runner:
            held(runner, field)
            field.gateway.fault("swallow", order="fx1:p:*", use_id=True)
            runner.wait(lambda: runner.fires(FireState.SENT)[1:], "the order that nobody answers")
            runner.wait(lambda: states(field) >= {OrderState.UNKNOWN}, "it to be unknown")
            halt(field)
            runner.wait(lambda: answers(runner), "the answer")
        (denied,) = answers(runner)
        assert denied.state is FireState.DENIED
        assert "the outcome of an earlier order of this plan is unknown" in (denied.reason or "")
        assert position(field) == HELD
        assert open_exits(field) == 2


def states(field: Field) -> set[OrderState]:
    return {row.state for row in Ledger(field.path).orders()}


def test_without_a_position_a_halt_ends_what_could_open_one(tmp_path: Path) -> None:
    resting = replace(MARKET, order="in", side=Side.BUY, order_type=MARKET.order_type)
    with open_field(tmp_path) as field:
        entry = replace(resting, strategy="ladder", parameters=_rungs())
        with field.runner(entry, on_halt()) as runner:
            runner.wait(lambda: len(field.gateway.orders()) == 2, "two limits")
            halt(field)
            runner.wait(lambda: answers(runner), "the answer")
        (skipped,) = answers(runner)
        assert (skipped.state, skipped.reason) == (FireState.SKIPPED, "nothing to do: p has no position in EUR.USD")
        assert states(field) == {OrderState.CANCELLED}


def _rungs() -> dict[str, object]:
    return {"count": Decimal(2), "from": fixed(Decimal("0.5")), "to": fixed(Decimal("0.4"))}


def test_a_halt_that_comes_before_the_deadline_and_is_made_up_for_after_it(tmp_path: Path) -> None:
    patient = replace(on_halt(), policy=FirePolicy(deadline=timedelta(seconds=1), catch_up=True))
    with open_field(tmp_path) as field:
        with field.runner(BRACKET, patient) as runner:
            held(runner, field)
        halt(field)
        time.sleep(3)
        with field.runner(patient) as runner:
            runner.wait(lambda: position(field) == 0, "the position to be closed")
        assert (answers(runner)[0].reason or "").startswith("made up for, ")
