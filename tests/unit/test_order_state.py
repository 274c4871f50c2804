"""The table of order states: what must hold whatever a broker says."""

from __future__ import annotations

import itertools

import pytest

from runner.core.order_state import DONE, TRANSITIONS, Change, OrderState, advance


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(OrderState)


@pytest.mark.parametrize(("state", "change"), list(itertools.product(OrderState, Change)))
def test_advance_is_total_and_flags_what_does_not_fit(state: OrderState, change: Change) -> None:
    after, fits = advance(state, change)
    assert fits == (change in TRANSITIONS[state])
    assert fits or after is state


@pytest.mark.parametrize(
    "state", [s for s in OrderState if s not in (OrderState.PLANNED, OrderState.DENIED, OrderState.NOT_RECEIVED)]
)
def test_a_full_fill_always_counts(state: OrderState) -> None:
    assert advance(state, Change.FULLY_FILLED) == (OrderState.FILLED, True)


@pytest.mark.parametrize("change", [c for c in Change if c is not Change.FULLY_FILLED])
def test_nothing_undoes_a_fill(change: Change) -> None:
    assert advance(OrderState.FILLED, change)[0] is OrderState.FILLED


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED])
@pytest.mark.parametrize("change", [Change.ACKNOWLEDGED, Change.HELD, Change.SENT, Change.CANCEL_REQUESTED])
def test_an_ended_order_does_not_work_again(state: OrderState, change: Change) -> None:
    assert advance(state, change)[0] is state


def test_silence_is_unknown_and_never_rejected() -> None:
    reached = {after for row in TRANSITIONS.values() for change, after in row.items() if change is Change.SILENCE}
    assert reached == {OrderState.UNKNOWN}


def test_done_states_are_those_that_no_answer_is_owed_for() -> None:
    assert {s for s in OrderState if s.is_done} == DONE
    assert OrderState.CANCEL_PENDING not in DONE
