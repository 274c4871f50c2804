"""Quantities: fills without statuses, after the end, corrected, told twice, or not numbers at all."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from runner.core.events import Commissioned, Filled
from runner.core.facts import CommissionSeen, Fact
from runner.core.order_state import OrderState
from tests.reliability.desk_of_orders import (
    REF,
    SIZE,
    Sent,
    completed,
    cost,
    execution,
    notice,
    open_order,
    status,
    told,
)

PARTS = (execution("1.a.01", 5_000), execution("1.b.01", 7_000), execution("1.c.01", 13_000))


def test_o01_a_market_order_is_filled_by_its_executions_alone() -> None:
    sent = Sent(execution("1.a.01", 10_000, "1.1"), cost("1.a.01"), execution("1.b.01", 15_000, "1.2"))
    assert sent.stands == ("filled", 25_000)
    assert sent.row.average_price == Decimal("1.16")
    assert sent.tracker.is_settled()
    assert sent.tracker.is_owed()
    sent.take(cost("1.b.01"))
    assert not sent.tracker.is_owed()


def test_o01_a_part_fill_alone_is_an_answer() -> None:
    sent = Sent(execution("1.a.01", 10_000))
    assert sent.stands == ("working", 10_000)
    assert sent.tracker.unresolved() == ()


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
def test_o02_executions_may_come_before_everything_and_in_any_order(places: tuple[int, ...]) -> None:
    sent = Sent(*(PARTS[place] for place in places), open_order(), status(), status("Filled", 25_000))
    assert sent.stands == ("filled", 25_000)


def test_o04_a_hundred_times_filled_is_one_change() -> None:
    sent = Sent(*[status("Filled", 25_000)] * 100)
    assert sent.changes == ["sent", "filled"]
    assert sent.remarks == []


def test_o04_a_hundred_words_that_do_not_fit_are_one_remark() -> None:
    sent = Sent(status("Cancelled"), *[status("Submitted")] * 100)
    assert sent.stands == ("cancelled", 0)
    assert sent.remarks == ["acknowledged while cancelled: does not fit, kept"]


def test_o05_part_fills_and_then_a_cancel() -> None:
    sent = Sent(status(), *PARTS[:2], status("Cancelled", 12_000))
    assert sent.stands == ("cancelled", 12_000)
    assert sent.tracker.is_settled()


@pytest.mark.parametrize("end", [status("Cancelled"), notice(202), notice(201)])
def test_o06_a_fill_after_the_end_counts_and_is_flagged(end: Fact) -> None:
    sent = Sent(status(), end)
    before = sent.row.state
    sent.take(PARTS[0])
    assert (sent.row.state, sent.row.filled) == (before, Decimal(5_000))
    assert sent.remarks[-1] == f"late_fill: 1.a.01 while {before.value}"
    sent.take(*PARTS[1:])
    assert sent.stands == ("filled", 25_000)


def test_o06_an_execution_that_is_told_again_is_no_late_fill() -> None:
    sent = Sent(status(), PARTS[0], status("Cancelled", 5_000), PARTS[0], execution("1.a.02", 4_000))
    assert sent.stands == ("cancelled", 4_000)
    assert not [remark for remark in sent.remarks if remark.startswith("late_fill")]


def test_o07_a_correction_replaces_quantity_and_price() -> None:
    sent = Sent(status(), execution("1.a.01", 10_000, "1.1"), execution("1.a.02", 9_000, "1.2"))
    assert sent.stands == ("working", 9_000)
    assert sent.row.average_price == Decimal("1.2")
    assert [row.exec_id for row in sent.journal.executions_of(REF)] == ["1.a.02"]


def test_o07_the_original_after_its_correction_changes_nothing() -> None:
    sent = Sent(execution("1.a.02", 9_000), execution("1.a.01", 10_000))
    assert sent.stands == ("working", 9_000)
    assert len([event for event in sent.events if isinstance(event, Filled)]) == 1


def test_o07_a_correction_twice_counts_once() -> None:
    sent = Sent(execution("1.a.01", 10_000), *[execution("1.a.02", 9_000)] * 2)
    assert sent.stands == ("working", 9_000)
    assert len([event for event in sent.events if isinstance(event, Filled)]) == 2


def test_o07_revisions_are_numbers_and_not_text() -> None:
    sent = Sent(execution("1.a.9", 10_000), execution("1.a.10", 9_000), execution("1.a.9", 10_000))
    assert sent.stands == ("working", 9_000)


def test_o07_a_status_told_before_the_correction_does_not_bring_back_what_it_took() -> None:
    sent = Sent(status("Submitted", 10_000), execution("1.a.01", 10_000), execution("1.a.02", 4_000))
    sent.take(status("Submitted", 10_000))
    assert sent.stands == ("working", 4_000)


def test_o07_a_correction_after_the_last_fill_lowers_the_quantity_and_leaves_the_word() -> None:
    sent = Sent(*PARTS, status("Filled", 25_000), execution("1.c.02", 12_000))
    assert sent.stands == ("filled", 24_000)


def test_o07_nobody_said_filled_so_a_correction_puts_the_order_back_to_work() -> None:
    sent = Sent(status(), *PARTS, execution("1.c.02", 12_000))
    assert sent.stands == ("working", 24_000)
    assert not sent.tracker.is_settled()


def test_o07_a_correction_of_a_fill_after_the_cancel_gives_the_cancel_back() -> None:
    sent = Sent(status(), status("Cancelled"), *PARTS, execution("1.c.02", 12_000))
    assert sent.stands == ("cancelled", 24_000)


def test_o07_the_same_holds_after_a_restart() -> None:
    sent = Sent(status(), status("Cancelled"), *PARTS)
    assert sent.stands == ("filled", 25_000)
    sent.restart()
    sent.take(execution("1.c.02", 12_000), completed("Cancelled", 24_000))
    sent.tracker.reconciled(told(completed=frozenset({REF}), executed=frozenset({REF})))
    assert sent.stands == ("cancelled", 24_000)


def test_o07_a_busted_execution_counts_nothing() -> None:
    sent = Sent(status(), execution("1.a.01", 10_000), execution("1.a.02", 0))
    assert sent.stands == ("working", 0)
    assert sent.row.average_price is None


def test_o07_the_commission_of_the_latest_revision_stands() -> None:
    late = Sent(execution("1.a.01"), cost("1.a.01", "2"), execution("1.a.02"), cost("1.a.02", "3"), cost("1.a.01", "2"))
    early = Sent(cost("1.a.02", "3"), cost("1.a.01", "2"), execution("1.a.01"), execution("1.a.02"))
    for sent in (late, early):
        assert sent.journal.executions_of(REF)[0].commission == Decimal(3)


def test_o08_a_pending_cancel_may_end_as_a_fill() -> None:
    sent = Sent(status(), status("PendingCancel"))
    assert sent.stands == ("cancel_pending", 0)
    sent.take(*PARTS)
    assert sent.stands == ("filled", 25_000)


def test_o08_a_pending_cancel_stays_pending_for_ever() -> None:
    sent = Sent(status())
    sent.tracker.cancel_asked(REF)
    sent.take(status("PendingCancel"), status("Submitted"), status("PreSubmitted"))
    assert sent.stands == ("cancel_pending", 0)
    assert not sent.tracker.is_settled()
    assert not sent.tracker.is_owed()


@pytest.mark.parametrize("filled", [None, Decimal("NaN"), Decimal("Infinity"), Decimal("1E308"), Decimal(-1), SIZE + 1])
def test_o17_a_filled_quantity_that_cannot_be_one_is_unknown(filled: Decimal | None) -> None:
    sent = Sent(status(), status("Submitted", 1_000), status("Submitted", filled))
    assert sent.stands == ("working", 1_000)
    sent.take(replace(completed("Cancelled"), filled=filled))
    assert sent.stands == ("cancelled", 1_000)


@pytest.mark.parametrize("amount", [None, Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_o17_a_commission_that_is_not_known_yet_is_owed(amount: Decimal | None) -> None:
    unknown = CommissionSeen(exec_id="1.a.01", amount=amount, currency="USD")
    for sent in (Sent(execution(), unknown), Sent(unknown, execution())):
        assert sent.tracker.is_owed()
        assert not [event for event in sent.events if isinstance(event, Commissioned)]
        sent.take(cost())
        assert not sent.tracker.is_owed()


@pytest.mark.parametrize(
    "odd",
    [
        execution(price="NaN"),
        execution(price="Infinity"),
        execution(quantity=Decimal("NaN")),
        execution(quantity=Decimal("Infinity")),
        execution(quantity=Decimal(-1)),
    ],
)
def test_o17_an_execution_without_numbers_is_asked_about_and_never_summed(odd: Fact) -> None:
    sent = Sent(status(), odd)
    assert sent.stands == ("working", 0)
    assert sent.tracker.doubtful() == (REF,)
    assert sent.journal.executions_of(REF) == ()


def test_o17_the_filled_quantity_never_falls_without_a_correction() -> None:
    sent = Sent(status("Submitted", 9_000), status("Submitted", 3_000), execution("1.a.01", 3_000))
    assert sent.stands == ("working", 9_000)


def test_a_cancel_that_was_asked_for_is_remembered_over_a_restart() -> None:
    sent = Sent(status())
    sent.tracker.cancel_asked(REF)
    sent.restart()
    sent.clock.set(sent.clock.now() + timedelta(days=1))
    sent.take(open_order("PendingCancel"), status("Cancelled"))
    assert sent.state is OrderState.CANCELLED


def test_a_day_order_that_nobody_cancelled_expired_also_after_a_restart() -> None:
    sent = Sent(status())
    sent.restart()
    sent.clock.set(sent.clock.now() + timedelta(days=1))
    sent.take(open_order(), status("Cancelled"))
    assert sent.state is OrderState.EXPIRED
