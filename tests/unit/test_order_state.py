"""The table of order states: written out once more, by state, and what must hold whatever a broker says."""

from __future__ import annotations

import itertools

import pytest

from runner.core.order_state import DONE, TRANSITIONS, Change, OrderState, advance

# the change in short, the state it leads to; what is not named does not fit and changes nothing
ALIVE = {
    "acknowledged": "working",
    "held": "held",
    "cancel_requested": "cancel_pending",
    "cancelled": "cancelled",
    "expired": "expired",
    "fully_filled": "filled",
    "rejected": "rejected",
    "silence": "unknown",
}
ENDED = {"fully_filled": "filled", "rejected": "rejected", "reopened": "working"}
TABLE = {
    "planned": {**ALIVE, "denied": "denied", "sent": "sent", "proven_absent": "not_received"},
    "sent": {**ALIVE, "proven_absent": "not_received"},
    "working": {**ALIVE, "cancel_refused": "working", "reopened": "working"},
    "held": {**ALIVE, "cancel_refused": "held", "reopened": "held"},
    "cancel_pending": {
        **ALIVE, "acknowledged": "cancel_pending", "held": "cancel_pending", "cancel_refused": "working",
        "reopened": "cancel_pending",
    },
    "filled": {
        "fully_filled": "filled", "acknowledged": "filled", "held": "filled", "cancel_requested": "filled",
        "reopened": "working",
    },
    "cancelled": {**ENDED, "cancelled": "cancelled", "expired": "cancelled"},
    "expired": {**ENDED, "cancelled": "expired", "expired": "expired"},
    "rejected": {**ENDED, "cancelled": "rejected", "expired": "rejected"},
    "unknown": {**ALIVE, "proven_absent": "not_received", "reopened": "working"},
    "not_received": {
        **{change: state for change, state in ALIVE.items() if change != "silence"},
        "proven_absent": "not_received", "reopened": "working",
    },
    "denied": {},
}  # fmt: skip
CLOSED = {"denied", "filled", "cancelled", "rejected", "expired", "unknown", "not_received"}
EVERY = [(state, change) for state, change in itertools.product(OrderState, Change)]


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert set(TABLE) == {state.value for state in OrderState}


@pytest.mark.parametrize(("state", "change"), EVERY, ids=lambda member: member.value)
def test_advance_is_the_table(state: OrderState, change: Change) -> None:
    wanted = TABLE[state.value].get(change.value)
    assert advance(state, change) == (state if wanted is None else OrderState(wanted), wanted is not None)


@pytest.mark.parametrize("state", list(OrderState), ids=lambda member: member.value)
def test_which_states_are_done(state: OrderState) -> None:
    assert state.is_done == (state.value in CLOSED)
    assert (state in DONE) == (state.value in CLOSED)


def test_the_words_that_the_journal_and_scripts_know() -> None:
    assert {state.name.lower() for state in OrderState} == {state.value for state in OrderState}
    assert {change.name.lower() for change in Change} == {change.value for change in Change}
    assert len(Change) == 13


@pytest.mark.parametrize("state", [s for s in OrderState if s is not OrderState.DENIED])
def test_a_full_fill_always_counts(state: OrderState) -> None:
    assert advance(state, Change.FULLY_FILLED) == (OrderState.FILLED, True)


@pytest.mark.parametrize("change", [c for c in Change if c is not Change.REOPENED])
def test_no_single_message_undoes_a_fill(change: Change) -> None:
    assert advance(OrderState.FILLED, change)[0] is OrderState.FILLED


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED])
@pytest.mark.parametrize("change", [Change.ACKNOWLEDGED, Change.HELD, Change.SENT, Change.CANCEL_REQUESTED])
def test_an_ended_order_does_not_work_again(state: OrderState, change: Change) -> None:
    assert advance(state, change) == (state, False)


def test_silence_is_unknown_and_never_rejected() -> None:
    reached = {after for row in TRANSITIONS.values() for change, after in row.items() if change is Change.SILENCE}
    assert reached == {OrderState.UNKNOWN}


def test_only_what_nothing_was_heard_of_can_be_proven_absent() -> None:
    provable = {state for state, row in TRANSITIONS.items() if Change.PROVEN_ABSENT in row}
    unheard = {OrderState.PLANNED, OrderState.SENT, OrderState.UNKNOWN, OrderState.NOT_RECEIVED}
    assert provable == unheard
