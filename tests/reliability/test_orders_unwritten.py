"""A fact whose record fails is handed in again, and then all is as if nothing had failed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from runner.core.facts import CommissionSeen, ExecutionSeen, Fact
from runner.journal.rows import OrderRow
from runner.journal.store import JournalFailed
from tests.reliability.desk_of_orders import (
    REF,
    Noting,
    Sent,
    completed,
    cost,
    execution,
    notice,
    open_order,
    status,
)

LOG = (
    open_order("PreSubmitted"), status("PreSubmitted"), status("Foo"), execution("1.a.01", 10_000), cost("1.a.01"),
    status("Submitted", 10_000), execution("1.a.02", 9_000), cost("1.a.02", "3"), notice(399), status("PendingCancel"),
    notice(202), status("Cancelled", 9_000), execution("1.b.01", 1_000), cost("1.b.01"), open_order(perm_id=10),
    completed("Cancelled", 10_000),
)  # fmt: skip


class Failing(Noting):
    """Fails once, at the n-th write."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.has_failed = False

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                self.has_failed = True
                raise JournalFailed("the disk is full")

    def set_order(self, row: OrderRow) -> None:
        self._count()
        super().set_order(row)

    def put_execution(self, seen: ExecutionSeen, order_ref: str, at: datetime) -> None:
        self._count()
        super().put_execution(seen, order_ref, at)

    def put_commission(self, seen: CommissionSeen, amount: Decimal) -> None:
        self._count()
        super().put_commission(seen, amount)

    def add_remark(self, order_ref: str | None, at: datetime, text: str) -> None:
        self._count()
        super().add_remark(order_ref, at, text)

    def add_perm(self, order_ref: str, perm_id: int) -> None:
        self._count()
        super().add_perm(order_ref, perm_id)


class Unwritten(Sent):
    """An order whose journal fails once; whoever handed a fact in hands it in again."""

    make_journal = Failing

    def take(self, *facts: Fact) -> None:
        for fact in facts:
            try:
                self.tracker.handle(fact)
            except JournalFailed:
                self.tracker.handle(fact)


def stands(sent: Sent) -> object:
    executions = [(row.exec_id, row.quantity, row.price, row.commission) for row in sent.journal.executions_of(REF)]
    return (
        sent.row,
        executions,
        sent.tracker.perm_ids(REF),
        sent.tracker.duplicates(),
        sent.tracker.is_owed(),
        sent.remarks,
    )


@pytest.mark.parametrize("place", range(22))
def test_r10_an_answer_whose_record_failed_is_recorded_when_it_is_handed_in_again(place: int) -> None:
    whole = Sent(*LOG)
    sent = Unwritten()
    assert isinstance(sent.journal, Failing)
    sent.journal.left = place
    sent.take(*LOG)
    assert sent.journal.has_failed == (place < WRITES)
    assert stands(sent) == stands(whole)


WRITES = 20  # of the log
