"""Follows every order to its end: facts in, journal rows and events out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import singledispatchmethod

from runner.core.clock import Clock
from runner.core.events import Commissioned, Event, Filled, Noticed, OrderChanged
from runner.core.facts import CommissionSeen, ExecutionSeen, Fact, NoticeSeen, OpenOrderSeen, OrderStatusSeen
from runner.core.order_state import Change, OrderState, advance
from runner.core.ticket import OrderTicket
from runner.ib.notices import Disposition, classify, severity
from runner.journal.rows import OrderRow
from runner.journal.store import Journal, root_of
from runner.lifecycle.reading import change_of

ZERO = Decimal(0)
UNACKNOWLEDGED = (OrderState.PLANNED, OrderState.SENT)


@dataclass(slots=True)
class _Followed:
    """One order while it is followed. `executions`: root of exec_id -> (exec_id, price, quantity)."""

    row: OrderRow
    executions: dict[str, tuple[str, Decimal, Decimal]] = field(default_factory=dict)
    reported: Decimal = ZERO  # the filled quantity of the last orderStatus
    cancel_asked: bool = False
    notes: set[tuple[int, str]] = field(default_factory=set)


class Tracker:
    """Keeps the orders of one run; used by the engine thread alone."""

    def __init__(self, journal: Journal, clock: Clock, emit: Callable[[Event], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._emit = emit
        self._orders: dict[str, _Followed] = {}
        self._open: dict[str, None] = {}  # order_refs that have not ended, oldest first
        self._routes: dict[int, str] = {}
        self._roots: dict[str, str] = {}
        self._early: dict[str, CommissionSeen] = {}  # commissions that overtook their execution
        self._plan = ""

    # --- what we do ourselves

    def follow(self, row: OrderRow) -> None:
        """Take up an order: planned a moment ago, or found open in the journal."""
        followed = _Followed(row)
        for seen in self._journal.executions_of(row.ticket.order_ref):
            followed.executions[root_of(seen.exec_id)] = (seen.exec_id, seen.price, seen.quantity)
            self._roots[root_of(seen.exec_id)] = row.ticket.order_ref
        self._orders[row.ticket.order_ref] = followed
        self._open[row.ticket.order_ref] = None
        self._plan = self._plan or row.ticket.key.plan

    def sent(self, tickets: Iterable[OrderTicket], routes: dict[int, str]) -> None:
        """Note that the bytes of these orders left under these order ids."""
        self._routes.update(routes)
        for ticket in tickets:
            self._apply(self._orders[ticket.order_ref], Change.SENT)

    def unresolved(self) -> tuple[str, ...]:
        """Return the orders that no answer has come for: order_ref each."""
        return tuple(ref for ref in self._open if self._orders[ref].row.state in UNACKNOWLEDGED)

    def give_up(self, order_ref: str, reason: str) -> None:
        """Record that the evidence does not tell what became of an order."""
        self._apply(self._orders[order_ref], Change.SILENCE, note=reason)

    def state_of(self, order_ref: str) -> OrderState:
        """Return where an order stands."""
        return self._orders[order_ref].row.state

    def is_settled(self) -> bool:
        """Tell whether every order has ended."""
        return not self._open

    # --- what the broker says

    @singledispatchmethod
    def handle(self, fact: Fact) -> None:
        """Take in a fact; those that are about no order are not for here."""

    @handle.register
    def _(self, seen: OpenOrderSeen) -> None:
        followed = self._orders.get(seen.order_ref)
        if followed is None:
            return
        self._routes[seen.order_id] = seen.order_ref
        self._note_perm_id(followed, seen.perm_id)

    @handle.register
    def _(self, seen: OrderStatusSeen) -> None:
        followed = self._by_route(seen.order_id)
        if followed is None:
            return
        self._note_perm_id(followed, seen.perm_id)
        if seen.filled is not None and seen.filled > followed.reported:
            followed.reported = seen.filled
        change = change_of(seen, followed.row.ticket, self._clock.now(), cancel_asked=followed.cancel_asked)
        if change is None:
            self._apply_quantities(followed)
        else:
            self._apply(followed, change)

    @handle.register
    def _(self, seen: ExecutionSeen) -> None:
        followed = self._orders.get(seen.order_ref) or self._by_route(seen.order_id)
        if followed is None:
            return
        root = root_of(seen.exec_id)
        known = followed.executions.get(root)
        if known is not None and known[0] >= seen.exec_id:  # a duplicate, or a revision older than the one we have
            return
        at = seen.at or self._clock.now()
        followed.executions[root] = (seen.exec_id, seen.price, seen.quantity)
        self._roots[root] = followed.row.ticket.order_ref
        self._note_perm_id(followed, seen.perm_id)
        self._journal.put_execution(seen, followed.row.ticket.order_ref, at)
        self._emit_fill(followed, seen, at)
        self._apply_quantities(followed)
        if (commission := self._early.pop(root, None)) is not None:
            self.handle(commission)

    @handle.register
    def _(self, seen: CommissionSeen) -> None:
        root = root_of(seen.exec_id)
        order_ref = self._roots.get(root)
        if seen.amount is None:
            return
        if order_ref is None:
            self._early[root] = seen
            return
        self._journal.put_commission(seen, seen.amount)
        key = self._orders[order_ref].row.ticket.key
        self._emit(
            Commissioned(
                plan=key.plan,
                order=key.order,
                fire=key.fire,
                order_ref=order_ref,
                exec_id=seen.exec_id,
                amount=seen.amount,
                currency=seen.currency,
            )
        )

    @handle.register
    def _(self, seen: NoticeSeen) -> None:
        followed = self._by_route(seen.about)
        acknowledged = followed is not None and followed.row.state not in UNACKNOWLEDGED
        disposition = classify(seen.code, about_order=followed is not None, acknowledged=acknowledged)
        if followed is None:
            if disposition is not Disposition.INFO:
                self._emit_notice(seen, None)
            return
        if (seen.code, seen.text) not in followed.notes:
            followed.notes.add((seen.code, seen.text))
            self._emit_notice(seen, followed)
        if disposition in (Disposition.REJECT_ORDER, Disposition.DUPLICATE_ID):
            self._apply(followed, Change.REJECTED, note=f"{seen.code} {seen.text}")

    # --- one order

    def _by_route(self, order_id: int) -> _Followed | None:
        order_ref = self._routes.get(order_id)
        return None if order_ref is None else self._orders[order_ref]

    def _note_perm_id(self, followed: _Followed, perm_id: int | None) -> None:
        if perm_id is None or followed.row.perm_id == perm_id:
            return
        if followed.row.perm_id is not None:
            self._remark(followed, f"two permIds under one orderRef: {followed.row.perm_id} and {perm_id}")
            return
        followed.row = replace(followed.row, perm_id=perm_id)
        self._journal.set_order(followed.row)

    def _apply_quantities(self, followed: _Followed) -> None:
        """Let quantities decide where no status did."""
        if self._filled(followed) >= followed.row.ticket.quantity:
            self._apply(followed, Change.FULLY_FILLED)
        else:
            self._store(followed, followed.row.state)

    def _apply(self, followed: _Followed, change: Change, note: str = "") -> None:
        if change is not Change.FULLY_FILLED and self._filled(followed) >= followed.row.ticket.quantity:
            change = Change.FULLY_FILLED  # whatever a late status says, all of it was bought or sold
        state, fits = advance(followed.row.state, change)
        if not fits:
            self._remark(followed, f"{change.value} while {followed.row.state.value}: does not fit, kept")
        if note:
            followed.row = replace(followed.row, note=note)
        self._store(followed, state)

    def _store(self, followed: _Followed, state: OrderState) -> None:
        before = followed.row
        after = replace(before, state=state, filled=self._filled(followed), average_price=_average(followed))
        followed.row = after
        if after == before:
            return
        if state.is_done:
            self._open.pop(after.ticket.order_ref, None)
        else:
            self._open[after.ticket.order_ref] = None
        if state is not OrderState.SENT:  # `submit` recorded that with the route
            self._journal.set_order(after)
        if (after.state, after.filled) != (before.state, before.filled):
            self._emit_change(followed)

    def _filled(self, followed: _Followed) -> Decimal:
        executed = sum((quantity for _, _, quantity in followed.executions.values()), ZERO)
        return max(executed, followed.reported)

    def _remark(self, followed: _Followed, text: str) -> None:
        self._journal.add_remark(followed.row.ticket.order_ref, self._clock.now(), text)

    # --- what is said of it

    def _emit_change(self, followed: _Followed) -> None:
        row, ticket = followed.row, followed.row.ticket
        self._emit(
            OrderChanged(
                plan=ticket.key.plan,
                order=ticket.key.order,
                fire=ticket.key.fire,
                order_ref=ticket.order_ref,
                role=ticket.role,
                time=self._clock.now(),
                state=row.state,
                contract=ticket.contract.name,
                side=ticket.side,
                quantity=ticket.quantity,
                order_type=ticket.order_type,
                filled=row.filled,
                remaining=ticket.quantity - row.filled,
            )
        )

    def _emit_fill(self, followed: _Followed, seen: ExecutionSeen, at: datetime) -> None:
        key = followed.row.ticket.key
        self._emit(
            Filled(
                plan=key.plan,
                order=key.order,
                fire=key.fire,
                order_ref=followed.row.ticket.order_ref,
                exec_id=seen.exec_id,
                contract=seen.contract,
                side=seen.side,
                price=seen.price,
                quantity=seen.quantity,
                time=at,
            )
        )

    def _emit_notice(self, seen: NoticeSeen, followed: _Followed | None) -> None:
        key = None if followed is None else followed.row.ticket.key
        order_ref = None if followed is None else followed.row.ticket.order_ref
        self._journal.add_remark(order_ref, self._clock.now(), f"{seen.code} {seen.text}")
        self._emit(
            Noticed(
                plan=self._plan if key is None else key.plan,
                code=seen.code,
                severity=severity(seen.code),
                text=seen.text,
                time=self._clock.now(),
                order=None if key is None else key.order,
                fire=None if key is None else key.fire,
                order_ref=order_ref,
            )
        )


def _average(followed: _Followed) -> Decimal | None:
    quantity = sum((q for _, _, q in followed.executions.values()), ZERO)
    if not quantity:
        return None
    return sum((price * q for _, price, q in followed.executions.values()), ZERO) / quantity
