"""Whose fact it is: orderRef, then permId, then the order id of this session, and never the order id alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from runner.core.facts import Fact
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.lifecycle.attribution import Attribution
from tests.reliability.desk_of_orders import (
    PERM,
    REF,
    Sent,
    completed,
    cost,
    execution,
    notice,
    open_order,
    status,
    ticket_of,
)

OTHER = ticket_of("other")


@pytest.mark.parametrize("order_id", [0, 1, 77])
def test_o02_an_execution_belongs_to_its_orderref_whatever_its_order_id(order_id: int) -> None:
    sent = Sent()
    sent.send(OTHER, 77)
    sent.take(execution(order_id=order_id))
    assert sent.stands == ("filled", 25_000)
    assert sent.row_of(OTHER.order_ref).filled == 0


def test_o02_an_execution_without_orderref_belongs_to_its_permid() -> None:
    sent = Sent(open_order())
    sent.send(OTHER, 2)
    sent.take(execution(order_ref="", order_id=2))
    assert sent.stands == ("filled", 25_000)
    assert sent.row_of(OTHER.order_ref).filled == 0


def test_o02_an_execution_of_a_permid_that_becomes_known_later_is_kept_until_then() -> None:
    sent = Sent()
    sent.restart()
    sent.take(execution(order_ref="", order_id=0), status("Filled", 25_000, order_id=0))
    assert sent.stands == ("sent", 0)
    sent.take(open_order())
    assert sent.stands == ("filled", 25_000)


def test_o02_an_execution_of_an_order_that_is_followed_later_is_kept_until_then() -> None:
    sent = Sent()
    sent.take(execution(order_ref=OTHER.order_ref, perm_id=10), cost())
    assert sent.journal.executions_of(OTHER.order_ref) == ()
    sent.send(OTHER, 2)
    row = sent.row_of(OTHER.order_ref)
    assert (row.state, row.filled) == (OrderState.FILLED, Decimal(25_000))
    assert sent.journal.executions_of(OTHER.order_ref)[0].commission == Decimal(2)


def test_o02_an_execution_of_an_order_that_an_earlier_run_saw_filled_is_recorded() -> None:
    sent = Sent(status("Filled", 25_000))
    sent.restart()
    assert sent.tracker.open_refs() == ()
    sent.take(execution(), cost())
    assert sent.journal.executions_of(REF)[0].commission == Decimal(2)
    assert sent.stands == ("filled", 25_000)
    assert sent.tracker.is_settled()


def test_c20_an_order_id_that_was_given_out_again_is_no_identity() -> None:
    """The TWS rolled back and gave order id 1 to a second order; callbacks of the first go on coming."""
    sent = Sent(open_order(), status())
    sent.tracker.new_session()
    sent.send(OTHER, 1)
    sent.take(
        open_order(order_ref=OTHER.order_ref, perm_id=10),
        status("Filled", 25_000),
        status("Submitted", 0, perm_id=10),
        execution(perm_id=PERM),
    )
    assert sent.stands == ("filled", 25_000)
    assert sent.row_of(OTHER.order_ref).state is OrderState.WORKING


def test_c20_a_status_under_an_order_id_with_a_foreign_permid_is_kept_and_asked_about() -> None:
    sent = Sent(open_order(), status("Filled", 25_000, perm_id=11))
    assert sent.stands == ("working", 0)
    assert sent.tracker.doubtful() == (REF,)


def test_c20_an_order_id_that_two_orders_have_stands_for_neither() -> None:
    sent = Sent()
    sent.send(OTHER, 2)
    sent.take(open_order(order_id=2), status("Filled", 25_000, order_id=2, perm_id=None), notice(201, about=2))
    assert sent.stands == ("working", 0)
    assert sent.row_of(OTHER.order_ref).state is OrderState.SENT


def test_a_permid_that_only_an_order_id_told_gives_way_to_one_that_comes_with_the_orderref() -> None:
    sent = Sent(status(perm_id=8))
    assert sent.row.perm_id == 8
    assert sent.tracker.perm_ids(REF) == ()
    sent.take(open_order(perm_id=PERM))
    assert sent.row.perm_id == PERM
    assert sent.tracker.perm_ids(REF) == (PERM,)
    assert sent.tracker.duplicates() == ()


@pytest.mark.parametrize(
    "second", [open_order(order_id=2, perm_id=10), execution(perm_id=10), completed("Cancelled", perm_id=10)]
)
def test_o16_two_permids_under_one_orderref_are_told(second: Fact) -> None:
    sent = Sent(open_order())
    assert sent.tracker.duplicates() == ()
    sent.take(second, second)
    assert sent.tracker.duplicates() == (REF,)
    assert sent.tracker.perm_ids(REF) == (PERM, 10)
    assert [text for text in sent.remarks if "9, 10" in text] == [
        "attention: the broker has this order under the permIds 9, 10"
    ]


def test_o16_a_cancel_can_reach_both() -> None:
    sent = Sent(open_order(), open_order(order_id=2, perm_id=10))
    assert sent.tracker.routes_of(REF) == (1, 2)


def test_o16_both_permids_are_remembered_over_a_restart() -> None:
    sent = Sent(open_order(), open_order(order_id=2, perm_id=10))
    sent.restart()
    assert sent.tracker.duplicates() == (REF,)
    assert set(sent.tracker.perm_ids(REF)) == {PERM, 10}


def test_o18_orders_of_others_are_never_taken_up() -> None:
    sent = Sent(status())
    stood = sent.stands
    sent.take(
        open_order(order_id=0, client_id=0, perm_id=50, order_ref=""),
        open_order(order_id=1, client_id=7, perm_id=51, order_ref="by hand"),
        open_order(order_id=-3, client_id=0, perm_id=52, order_ref="", status="Filled"),
        status("Cancelled", client_id=7, perm_id=51),
        status("Filled", 25_000, client_id=0, perm_id=52),
        execution(order_ref="by hand", perm_id=51),
        execution("9.z.01", order_ref="", perm_id=52, client_id=7),
        completed("Cancelled", order_ref="by hand", perm_id=51),
        completed("Filled", order_ref="", perm_id=None),
    )
    assert sent.stands == stood
    assert sent.tracker.open_refs() == (REF,)
    assert sent.tracker.routes_of(REF) == (1,)
    assert sent.journal.executions_of(REF) == ()


def test_o18_a_route_counts_for_our_client_id_only() -> None:
    sent = Sent()
    sent.tracker.new_session()
    sent.take(open_order(client_id=2, order_id=5))
    assert sent.tracker.routes_of(REF) == ()
    sent.take(open_order(order_id=5))
    assert sent.tracker.routes_of(REF) == (5,)
    sent.tracker.new_session()
    assert sent.tracker.routes_of(REF) == ()


def test_o20_the_longest_orderref_comes_back_as_it_was_sent() -> None:
    key = OrderKey(plan="a-plan-with-a-long-name-of-63-characters", order="o" * 63, fire="once", role="take_profit")
    ticket = replace(OTHER, key=key)
    assert len(ticket.order_ref) == 33
    assert ticket.order_ref.isascii()
    sent = Sent()
    sent.send(ticket, 2)
    named = {"order_ref": ticket.order_ref, "perm_id": 10}
    sent.take(open_order(**named), execution(quantity=5_000, **named), completed("Cancelled", 5_000, **named))
    row = sent.row_of(ticket.order_ref)
    assert (row.state, row.filled, row.perm_id) == (OrderState.CANCELLED, Decimal(5_000), 10)


def test_what_its_owner_said_of_an_order_is_taken_over() -> None:
    sent = Sent()
    sent.tracker.give_up(REF, "silence")
    sent.journal.set_order(replace(sent.row, state=OrderState.FILLED, note="by its owner"))
    sent.tracker.resolved(REF)
    assert sent.tracker.row(REF).state is OrderState.FILLED
    sent.take(execution("1.a.01", 10_000))
    assert sent.stands == ("filled", 10_000)
    sent.tracker.resolved("fx1:q:abcdefghijklmnop")


def test_kept_facts_are_bounded() -> None:
    who = Attribution(1)
    for number in range(3_000):
        who.keep(number, status(perm_id=number))
        who.keep("fx1:q:a", open_order(order_id=number))
    assert who.take(0) == []
    assert len(who.take(2_999)) == 1
    assert 0 < len(who.take("fx1:q:a")) <= 200


def test_r18_the_same_log_twice_ends_in_the_same_state() -> None:
    log = (
        open_order("PreSubmitted"), status("PreSubmitted"), status(), execution("1.a.01", 10_000), cost("1.a.01"),
        status("Submitted", 10_000), execution("1.a.02", 9_000), cost("1.a.02", "3"), status("PendingCancel", 9_000),
        notice(202), status("Cancelled", 9_000), execution("1.b.01", 1_000), cost("1.b.01"),
        completed("Cancelled", 10_000),
    )  # fmt: skip
    sent = Sent(*log)
    once = (sent.row, sent.journal.executions_of(REF), len(sent.events))
    sent.take(*log)
    assert (sent.row, sent.journal.executions_of(REF), len(sent.events)) == once
    sent.restart(adopts=False)
    sent.clock.set(sent.clock.now() + timedelta(seconds=1))
    sent.take(*log)
    assert (sent.row, sent.journal.executions_of(REF)) == once[:2]


def test_an_execution_that_was_recorded_just_before_a_crash_is_an_answer() -> None:
    sent = Sent()
    sent.journal.put_execution(execution("1.a.01", 5_000), REF, sent.clock.now())
    sent.restart()
    assert sent.stands == ("working", 5_000)
    assert sent.tracker.unresolved() == ()


def test_an_execution_that_is_told_again_does_not_revive_an_order_of_unknown_fate() -> None:
    sent = Sent(execution("1.a.01", 5_000))
    sent.tracker.give_up(REF, "gone")
    sent.take(execution("1.a.01", 5_000))
    assert sent.stands == ("unknown", 5_000)
    sent.take(execution("1.b.01", 5_000))
    assert sent.stands == ("working", 10_000)


def test_an_order_whose_end_is_sure_is_no_longer_asked_about() -> None:
    for end, is_asked in ((notice(201), False), (status("Cancelled"), False), (status("Filled", 25_000), True)):
        sent = Sent(status("Inactive"), end)
        assert sent.tracker.doubtful() == ((REF,) if is_asked else ())
    sent.take(execution(), cost())
    sent.take(status("Filled", 25_000))
    assert sent.tracker.doubtful() == ()
    sent = Sent(status("Inactive"))
    sent.tracker.give_up(REF, "silence")
    assert sent.tracker.doubtful() == ()
