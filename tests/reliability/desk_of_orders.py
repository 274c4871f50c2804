"""One order that was sent a moment ago, and shorthand for what a TWS may say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from runner.core.clock import VirtualTime
from runner.core.contract import ContractSpec
from runner.core.events import Event, Noticed, OrderChanged
from runner.core.facts import (
    CommissionSeen,
    CompletedOrderSeen,
    ExecutionSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
)
from runner.core.ids import OrderKey, fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.journal.rows import FireRow, OpenRow, OrderRow
from runner.journal.store import Journal
from runner.lifecycle.reconcile import Evidence
from runner.lifecycle.tracker import Tracker

NOW = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
SIZE = Decimal(25_000)
PERM = 9


def ticket_of(order: str = "main") -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="p", order=order, fire=fire_key(NOW), role=Role.ENTRY.value),
        role=Role.ENTRY,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=SIZE,
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.1"),
    )


TICKET = ticket_of()
REF = TICKET.order_ref


def status(word: str = "Submitted", filled: int | Decimal | None = 0, **other: object) -> OrderStatusSeen:
    told = None if filled is None else Decimal(filled)
    seen = OrderStatusSeen(
        order_id=1, client_id=1, perm_id=PERM, status=word, filled=told,
        remaining=None if told is None else SIZE - told, average_price=None, why_held="",
    )  # fmt: skip
    return replace(seen, **other)


def open_order(word: str = "Submitted", **other: object) -> OpenOrderSeen:
    seen = OpenOrderSeen(
        order_id=1, client_id=1, perm_id=PERM, order_ref=REF, account="DU1", status=word, warning=""
    )  # fmt: skip
    return replace(seen, **other)


def execution(
    exec_id: str = "1.a.01", quantity: int | Decimal = SIZE, price: str = "1.1", **other: object
) -> ExecutionSeen:
    seen = ExecutionSeen(
        order_id=1, client_id=1, perm_id=PERM, order_ref=REF, exec_id=exec_id, account="DU1", contract="EUR.USD",
        side=Side.BUY, price=Decimal(price), quantity=Decimal(quantity), at=NOW,
    )  # fmt: skip
    return replace(seen, **other)


def completed(word: str, filled: int | None = None, **other: object) -> CompletedOrderSeen:
    seen = CompletedOrderSeen(
        perm_id=PERM, order_ref=REF, account="DU1", status=word, completed_status=f"{word} it is",
        filled=None if filled is None else Decimal(filled), at=NOW,
    )  # fmt: skip
    return replace(seen, **other)


def cost(exec_id: str = "1.a.01", amount: str = "2") -> CommissionSeen:
    return CommissionSeen(exec_id=exec_id, amount=Decimal(amount), currency="USD")


def notice(code: int, text: str = "words", about: int = 1) -> NoticeSeen:
    return NoticeSeen(about=about, code=code, text=text)


def told(**other: object) -> Evidence:
    """A complete pass a while after everything, that names nothing."""
    at = NOW + timedelta(hours=1)
    nothing: frozenset[str] = frozenset()
    evidence = Evidence(
        open=nothing, executed=nothing, completed=nothing, complete=True, client_id=1, next_order_id=2, asked_at=at,
        at=at, session=1,
    )  # fmt: skip
    return replace(evidence, **other)


class Noting(Journal):
    """A journal that tells its remarks."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.remarks: list[tuple[str | None, str]] = []

    def add_remark(self, order_ref: str | None, at: datetime, text: str) -> None:
        super().add_remark(order_ref, at, text)
        self.remarks.append((order_ref, text))


class Sent:
    """An order that was sent, and what became of it."""

    make_journal: type[Noting] = Noting

    def __init__(self, *facts: Fact) -> None:
        self.events: list[Event] = []
        self.journal = self.make_journal()
        self.journal.open_run(NOW)
        self.clock = VirtualTime(NOW)
        self.tracker = self._tracker()
        self.send(TICKET, 1)
        self.take(*facts)

    def _tracker(self) -> Tracker:
        return Tracker(self.journal, self.clock, self.events.append, client_id=1)

    def send(self, ticket: OrderTicket, order_id: int) -> None:
        key = ticket.key
        fire = FireRow(plan=key.plan, order=key.order, fire=key.fire, due=NOW, state=None, reason=None)
        self.journal.claim(fire, [ticket])
        self.tracker.follow(self.row_of(ticket.order_ref))
        self.journal.record_sent([(ticket, order_id)], client_id=1)
        self.tracker.sent([ticket], {order_id: ticket.order_ref})

    def take(self, *facts: Fact) -> None:
        for fact in facts:
            self.tracker.handle(fact)

    def restart(self, *, adopts: bool = True) -> None:
        """Go on in another process with the same journal."""
        self.tracker = self._tracker()
        if adopts:
            self.tracker.adopt(self.journal.open_orders())

    def row_of(self, order_ref: str) -> OrderRow:
        row = self.journal.order(order_ref)
        assert isinstance(row, OpenRow)
        return OrderRow(
            ticket=row.ticket, state=row.state, filled=row.filled, average_price=row.average_price,
            perm_id=row.perm_id, closed_with_run=row.closed_with_run, note=row.note,
        )  # fmt: skip

    @property
    def row(self) -> OrderRow:
        return self.row_of(REF)

    @property
    def stands(self) -> tuple[str, int]:
        """State and filled quantity, as the journal has them."""
        return self.row.state.value, int(self.row.filled)

    @property
    def state(self) -> OrderState:
        return self.row.state

    @property
    def changes(self) -> list[str]:
        return [event.state.value for event in self.events if isinstance(event, OrderChanged)]

    @property
    def notices(self) -> list[int]:
        return [event.code for event in self.events if isinstance(event, Noticed)]

    @property
    def remarks(self) -> list[str]:
        return [text for ref, text in self.journal.remarks if ref == REF]
