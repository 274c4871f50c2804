"""What the tracker makes of facts in any order: quantities, revisions, duplicates, and answers that are not ours."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from runner.core.clock import VirtualTime
from runner.core.contract import ContractSpec
from runner.core.events import Commissioned, Event, Filled, OrderChanged
from runner.core.facts import CommissionSeen, ExecutionSeen, Fact, NoticeSeen, OpenOrderSeen, OrderStatusSeen
from runner.core.ids import OrderKey, fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from runner.lifecycle.tracker import Tracker

NOW = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
TICKET = OrderTicket(
    key=OrderKey(plan="p", order="main", fire=fire_key(NOW), role=Role.ENTRY.value),
    role=Role.ENTRY,
    contract=ContractSpec(symbol="EUR", currency="USD"),
    side=Side.BUY,
    quantity=Decimal(25_000),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("1.1"),
)
FIRE = FireRow(plan="p", order="main", fire=fire_key(NOW), due=NOW, state=None, reason=None)
STATUS = OrderStatusSeen(
    order_id=1, client_id=1, perm_id=9, status="Submitted", filled=Decimal(0), remaining=Decimal(25_000),
    average_price=None, why_held="",
)  # fmt: skip
OPEN = OpenOrderSeen(
    order_id=1, client_id=1, perm_id=9, order_ref=TICKET.order_ref, account="DU1", status="Submitted", warning=""
)
FILLED = replace(STATUS, status="Filled", filled=Decimal(25_000), remaining=Decimal(0))
COST = CommissionSeen(exec_id="1.a.01", amount=Decimal(2), currency="USD")


def execution(exec_id: str = "1.a.01", quantity: int = 25_000) -> ExecutionSeen:
    return ExecutionSeen(
        order_id=1, client_id=1, perm_id=9, order_ref=TICKET.order_ref, exec_id=exec_id, account="DU1",
        contract="EUR.USD", side=Side.BUY, price=Decimal("1.1"), quantity=Decimal(quantity), at=NOW,
    )  # fmt: skip


class Sent:
    """An order that was sent a moment ago, and what became of it."""

    def __init__(self, *facts: Fact) -> None:
        self.events: list[Event] = []
        self.journal = Journal(":memory:")
        self.journal.open_run(NOW)
        self.journal.claim(FIRE, [TICKET])
        self.tracker = Tracker(self.journal, VirtualTime(NOW), self.events.append, client_id=1)
        self.tracker.follow(self.row)
        self.journal.record_sent([(TICKET, 1)], client_id=1)
        self.tracker.sent([TICKET], {1: TICKET.order_ref})
        for fact in facts:
            self.tracker.handle(fact)

    @property
    def row(self) -> OrderRow:
        return self.journal.orders()[0]

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_a_correction_takes_back_what_it_takes_back() -> None:
    sent = Sent(STATUS, execution(), FILLED, execution("1.a.02", 24_000))
    assert (sent.row.state, sent.row.filled) == (OrderState.FILLED, Decimal(24_000))
    assert [row.quantity for row in sent.journal.executions()] == [Decimal(24_000)]


def test_the_revision_before_it_changes_nothing_any_more() -> None:
    sent = Sent(STATUS, execution("1.a.02", 24_000), execution("1.a.01", 25_000))
    assert (sent.row.state, sent.row.filled) == (OrderState.WORKING, Decimal(24_000))


def test_a_correction_of_the_price_reaches_the_journal() -> None:
    sent = Sent(STATUS, execution(), replace(execution("1.a.02"), price=Decimal("1.2")))
    assert sent.row.average_price == Decimal("1.2")


@pytest.mark.parametrize("facts", list(itertools.permutations([OPEN, STATUS, execution(), FILLED, COST])))
def test_any_order_of_the_messages_ends_the_same(facts: tuple[Fact, ...]) -> None:
    sent = Sent(*facts, *facts)
    assert (sent.row.state, sent.row.filled, sent.row.perm_id) == (OrderState.FILLED, Decimal(25_000), 9)
    assert len(sent.told(Filled)) == len(sent.told(Commissioned)) == 1
    assert sent.journal.executions()[0].commission == Decimal(2)
    assert not sent.tracker.is_owed()
    assert sent.tracker.is_settled()


def test_a_fill_is_owed_its_execution_and_the_execution_its_commission() -> None:
    sent = Sent(FILLED)
    assert sent.tracker.is_settled()
    assert sent.tracker.is_owed()
    sent.tracker.handle(execution())
    assert sent.tracker.is_owed()
    sent.tracker.handle(COST)
    assert not sent.tracker.is_owed()


def test_an_openorder_alone_is_an_answer() -> None:
    sent = Sent(OPEN)
    assert sent.row.state is OrderState.WORKING
    assert sent.tracker.unresolved() == ()


def test_a_confirmed_cancel_without_a_status_ends_the_order() -> None:
    sent = Sent(STATUS, NoticeSeen(about=1, code=202, text="Order Canceled"))
    assert sent.row.state is OrderState.CANCELLED


@pytest.mark.parametrize(
    "fact", [replace(FILLED, client_id=7, perm_id=10), replace(execution(), client_id=7, perm_id=10, order_ref="")]
)
def test_the_orders_of_other_clients_are_not_ours(fact: Fact) -> None:
    sent = Sent(STATUS, fact)
    assert (sent.row.state, sent.row.filled) == (OrderState.WORKING, Decimal(0))


def test_an_execution_that_was_recorded_before_a_crash_counts_after_it() -> None:
    sent = Sent(STATUS)
    sent.journal.put_execution(execution(), TICKET.order_ref, NOW)  # and the runner died before the order's row
    again = Tracker(sent.journal, VirtualTime(NOW), sent.events.append, client_id=1)
    again.adopt(sent.journal.open_orders())
    again.handle(execution())
    assert (sent.row.state, sent.row.filled) == (OrderState.FILLED, Decimal(25_000))


def test_what_is_told_is_what_the_journal_has() -> None:
    sent = Sent(OPEN, STATUS, execution("1.a.01", 10_000), execution("1.b.01", 15_000), FILLED)
    last = sent.told(OrderChanged)[-1]
    assert isinstance(last, OrderChanged)
    assert (last.state, last.filled, last.remaining) == (sent.row.state, sent.row.filled, Decimal(0))


def test_orders_that_ended_long_ago_are_let_go_and_taken_up_again_by_a_late_fact() -> None:
    """A run of years holds what is open and what ended lately; a correction of an older one still counts."""
    sent = Sent(OPEN, execution(), FILLED, COST)
    assert sent.tracker.forget(NOW) == ()
    assert sent.tracker.forget(NOW + timedelta(seconds=1)) == (TICKET.order_ref,)
    with pytest.raises(KeyError):
        sent.tracker.row(TICKET.order_ref)
    sent.tracker.handle(FILLED)  # a status that comes again is of an order id that nobody has any more
    sent.tracker.handle(replace(execution("1.a.02"), price=Decimal("1.2")))
    assert [row.price for row in sent.journal.executions()] == [Decimal("1.2")]
    assert sent.row.state is OrderState.FILLED


@pytest.mark.parametrize("facts", [(), (OPEN,), (FILLED,), (OPEN, execution())])
def test_what_is_open_or_owed_an_answer_is_never_let_go(facts: tuple[Fact, ...]) -> None:
    sent = Sent(*facts)
    assert sent.tracker.forget(NOW + timedelta(days=9)) == ()
    assert sent.tracker.row(TICKET.order_ref).ticket == TICKET


def test_an_order_of_unknown_outcome_is_never_let_go() -> None:
    sent = Sent()
    sent.tracker.give_up(TICKET.order_ref, "silence")
    assert sent.tracker.forget(NOW + timedelta(days=9)) == ()
