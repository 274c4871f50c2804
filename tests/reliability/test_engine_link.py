"""The session under fire: cut, silent, half open, without its line to IB; each story on a real socket."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.engine.desk import Rules
from runner.lifecycle import submit
from runner.lifecycle.link import LinkState
from tests.reliability.field import RESTING, at, every, open_field, soon


def test_c04_a_gateway_that_stops_reading_holds_one_order_at_most(tmp_path: Path) -> None:
    """Orders fall due all the while; those behind the first wait for its answer and are sent once after it."""
    orders = [every(1, order=f"o{number}") for number in range(20)]
    with open_field(tmp_path) as field:
        with field.runner(*orders) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) >= 20, "the first orders")
            before = len(runner.fires(FireState.SENT))
            field.gateway.fault("stop_reading", for_=4)
            time.sleep(3)
            sent = len(runner.fires(FireState.SENT)) - before
            runner.wait(lambda: len(runner.fires(FireState.SENT)) >= before + 21, "orders after the stall")
        assert field.doubled() == []
    assert sent <= 21  # one round may have been under way; in the stall itself one order leaves


def test_c05_a_reset_between_claim_and_send_leaves_a_question_that_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        resets = iter([True])

        def here(name: str) -> None:
            if name == "before_first_order" and next(resets, False):
                field.gateway.fault("reset")
                time.sleep(0.3)  # the client has heard of it

        monkeypatch.setattr(submit, "crashpoint", here)
        with field.runner(at(soon(4))) as runner:
            runner.wait(lambda: runner.fires(FireState.MISSED), "the fire to be missed")
            (missed,) = runner.fires(FireState.MISSED)
        assert missed.reason is not None
        assert "proven not to have arrived" in missed.reason
        assert field.created() == {}


def test_c05_with_resend_the_order_goes_once_more_under_a_name_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_field(tmp_path) as field:
        resets = iter([True])

        def here(name: str) -> None:
            if name == "before_first_order" and next(resets, False):
                field.gateway.fault("reset")
                time.sleep(0.3)

        monkeypatch.setattr(submit, "crashpoint", here)
        with field.runner(at(soon(4)), rules=Rules(resend=frozenset({"p"}))) as runner:
            runner.wait(lambda: field.gateway.executions(), "the second attempt to be filled")
            runner.wait(lambda: runner.desk and not runner.desk.tracker.unresolved(), "its answer")
        (ref,) = field.created()
        assert field.order(ref) is not None
        assert field.created()[ref] == 1
        assert [event.state for event in runner.fires(FireState.MISSED)] == []


def test_c10_fills_during_1100_are_taken_and_nothing_is_sent_until_1102(tmp_path: Path) -> None:
    order = every(2)
    with open_field(tmp_path) as field:
        with field.runner(order) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) >= 1, "a first order")
            field.gateway.fault("connectivity_lost")
            runner.wait(lambda: runner.links[-1][0] is LinkState.BROKER_DOWN, "1100")
            sent = len(runner.fires(FireState.SENT))
            time.sleep(5)
            assert len(runner.fires(FireState.SENT)) == sent
            field.gateway.fault("connectivity_restored")
            runner.wait(lambda: len(runner.fires(FireState.SENT)) > sent, "an order after 1102")
        assert [state for state, _ in runner.links].count(LinkState.CHECKING) == 2
        assert field.doubled() == []
        assert len(field.gateway.executions()) == len(field.created())


def test_c11_data_lost_is_taken_as_1102_is(tmp_path: Path) -> None:
    with open_field(tmp_path) as field, field.runner(every(2)) as runner:
        runner.wait(lambda: runner.fires(FireState.SENT), "a first order")
        field.gateway.fault("connectivity_lost")
        runner.wait(lambda: runner.links[-1][0] is LinkState.BROKER_DOWN, "1100")
        field.gateway.fault("connectivity_restored", data_lost=True)
        sent = len(runner.fires(FireState.SENT))
        runner.wait(lambda: len(runner.fires(FireState.SENT)) > sent, "an order after 1101")
        assert field.doubled() == []


def test_c17_a_session_that_says_nothing_any_more_is_given_up_and_replaced(tmp_path: Path) -> None:
    """Mute from one instant on: neither answer nor end, as a TWS that hangs."""
    with open_field(tmp_path) as field, field.runner(every(1)) as runner:
        runner.wait(lambda: runner.fires(FireState.SENT), "a first order")
        field.gateway.fault("mute")
        began = time.monotonic()
        runner.wait(lambda: runner.links[-1][0] is LinkState.DOWN, "the session to be given up")
        assert time.monotonic() - began <= 16
        field.gateway.fault("calm")
        runner.wait_ready()
        sent = len(runner.fires(FireState.SENT))
        runner.wait(lambda: len(runner.fires(FireState.SENT)) > sent, "an order in the new session")
        assert field.doubled() == []


def test_r07_fills_of_a_time_without_session_are_found_with_their_commissions(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        order = at(soon(4), instruction=RESTING)
        with field.runner(order) as runner:
            runner.wait(lambda: runner.fires(FireState.SENT), "the order")
            runner.wait(lambda: field.gateway.orders(), "the order at the gateway")
            runner.wait(lambda: runner.desk and not runner.desk.tracker.unresolved(), "its answer")
        (ref,) = field.created()
        row = field.order(ref)
        assert row is not None
        assert row.state is OrderState.WORKING
        assert [one.state for one in field.rows()] == [OrderState.WORKING]
