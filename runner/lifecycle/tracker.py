"""Follows every order to its end: facts in, journal rows and events out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import singledispatchmethod

from runner.core.clock import Clock
from runner.core.events import Event
from runner.core.facts import (
    CommissionSeen,
    CompletedOrderSeen,
    ExecutionSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
)
from runner.core.order_state import Change, OrderState, advance
from runner.core.ticket import OrderTicket
from runner.ib.notices import Disposition, classify
from runner.journal.rows import OrderRow
from runner.journal.store import Journal, root_of
from runner.lifecycle import telling
from runner.lifecycle.reading import acknowledgement, change_of, completion, end_of

ZERO = Decimal(0)
UNACKNOWLEDGED = (OrderState.PLANNED, OrderState.SENT)


@dataclass(slots=True)
class _Followed:
    """One order while it is followed. `executions`: root of exec_id -> (exec_id, price, quantity)."""

    row: OrderRow
    ref: str
    stored: OrderRow  # what the journal has
    executions: dict[str, tuple[str, Decimal, Decimal]] = field(default_factory=dict)
    costs: dict[str, tuple[Decimal, str]] = field(default_factory=dict)  # root of exec_id -> commission
    reported: Decimal = ZERO  # the filled quantity of the last orderStatus
    cancel_asked: bool = False
    heard: bool = False  # the broker spoke of the order itself since it is followed
    notes: set[tuple[int, str]] = field(default_factory=set)


class Tracker:
    """Keeps the orders of one run; used by the engine thread alone."""

    def __init__(self, journal: Journal, clock: Clock, emit: Callable[[Event], None], *, client_id: int) -> None:
        self._journal = journal
        self._clock = clock
        self._emit = emit
        self._client_id = client_id  # order ids mean something within one client id only
        self._orders: dict[str, _Followed] = {}
        self._open: dict[str, None] = {}  # order_refs that have not ended, oldest first
        self._silent: dict[str, None] = {}  # those of them that no answer has come for
        self._owed: dict[str, None] = {}  # order_refs whose fills, or commissions of them, are still to come
        self._routes: dict[int, str] = {}
        self._roots: dict[str, str] = {}
        self._early: dict[str, CommissionSeen] = {}  # commissions that overtook their execution
        self._plan = ""

    # --- what we do ourselves

    def follow(self, row: OrderRow) -> None:
        """Take up an order that was planned a moment ago."""
        ref = row.ticket.order_ref
        self._orders[ref] = _Followed(row, ref, row)
        self._list(ref, row.state)
        self._plan = self._plan or row.ticket.key.plan

    def resume(self, row: OrderRow) -> None:
        """Take up an order that an earlier run left open in the journal."""
        self.follow(row)
        followed = self._orders[row.ticket.order_ref]
        followed.reported = row.filled
        for seen in self._journal.executions_of(followed.ref):
            root = root_of(seen.exec_id)
            followed.executions[root] = (seen.exec_id, seen.price, seen.quantity)
            self._roots[root] = followed.ref
            if seen.commission is not None and seen.commission_currency is not None:
                followed.costs[root] = (seen.commission, seen.commission_currency)
        self._apply_quantities(followed)

    def sent(self, tickets: Iterable[OrderTicket], routes: dict[int, str]) -> None:
        """Note that the bytes of these orders left under these order ids."""
        self._routes.update(routes)
        for ticket in tickets:
            self._apply(self._orders[ticket.order_ref], Change.SENT)

    def unresolved(self) -> tuple[str, ...]:
        """Return the orders that no answer has come for: order_ref each."""
        return tuple(self._silent)

    def unheard(self) -> tuple[str, ...]:
        """Return the orders that may be open and that the broker has not spoken of: order_ref each."""
        alive = ((ref, followed.row.state) for ref, followed in self._orders.items() if not followed.heard)
        return tuple(ref for ref, state in alive if not state.is_done or state is OrderState.UNKNOWN)

    def give_up(self, order_ref: str, reason: str) -> None:
        """Record that the evidence does not tell what became of an order."""
        self._apply(self._orders[order_ref], Change.SILENCE, note=reason)

    def is_settled(self) -> bool:
        """Tell whether every order has ended."""
        return not self._open

    def is_owed(self) -> bool:
        """Tell whether the broker still owes an answer, the executions of a fill, or a commission."""
        return bool(self._silent or self._owed)

    # --- what the broker says

    @singledispatchmethod
    def handle(self, fact: Fact) -> None:
        """Take in a fact; those that are about no order are not for here."""

    @handle.register
    def _(self, seen: OpenOrderSeen) -> None:
        followed = self._orders.get(seen.order_ref)
        if followed is None:
            return
        if seen.client_id == self._client_id:
            self._routes[seen.order_id] = seen.order_ref
        followed.heard = True
        self._note_perm_id(followed, seen.perm_id)
        change = acknowledgement(seen)
        if change is not None and followed.row.state in (*UNACKNOWLEDGED, OrderState.UNKNOWN):
            self._apply(followed, change)
        else:
            self._apply_quantities(followed)

    @handle.register
    def _(self, seen: CompletedOrderSeen) -> None:
        followed = self._orders.get(seen.order_ref)
        if followed is None or (followed.row.state.is_done and followed.row.state is not OrderState.UNKNOWN):
            return
        followed.heard = True
        self._note_perm_id(followed, seen.perm_id)
        followed.reported = max(followed.reported, seen.filled or ZERO)
        if (change := completion(seen, followed.row.ticket, self._clock.now())) is not None:
            self._apply(followed, change, note=seen.completed_status)
        else:
            self._apply_quantities(followed)

    @handle.register
    def _(self, seen: OrderStatusSeen) -> None:
        followed = self._by_route(seen.order_id, seen.client_id)
        if followed is None:
            return
        followed.heard = True
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
        root = root_of(seen.exec_id)
        followed = self._orders.get(seen.order_ref) or self._by_route(seen.order_id, seen.client_id)
        if followed is None:
            self._early.pop(root, None)
            return
        known = followed.executions.get(root)
        if known is not None and known[0] >= seen.exec_id:  # a duplicate, or a revision older than the one we have
            return
        if known is not None:  # a status told before the correction counts what the correction takes back
            followed.reported = max(ZERO, followed.reported + seen.quantity - known[2])
        at = seen.at or self._clock.now()
        followed.executions[root] = (seen.exec_id, seen.price, seen.quantity)
        self._roots[root] = followed.ref
        self._note_perm_id(followed, seen.perm_id)
        self._journal.put_execution(seen, followed.ref, at)
        self._emit(telling.filled(followed.row.ticket, seen, at))
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
        followed = self._orders[order_ref]
        if followed.costs.get(root) == (seen.amount, seen.currency):
            return
        followed.costs[root] = (seen.amount, seen.currency)
        self._journal.put_commission(seen, seen.amount)
        self._watch_owed(followed)
        self._emit(telling.commissioned(followed.row.ticket, seen.exec_id, seen.amount, seen.currency))

    @handle.register
    def _(self, seen: NoticeSeen) -> None:
        followed = self._by_route(seen.about)
        acknowledged = followed is not None and followed.row.state not in UNACKNOWLEDGED
        disposition = classify(seen.code, about_order=followed is not None, acknowledged=acknowledged)
        if followed is None:
            if disposition is not Disposition.INFO:
                self._tell_notice(seen, None)
            return
        if (seen.code, seen.text) not in followed.notes:
            followed.notes.add((seen.code, seen.text))
            self._tell_notice(seen, followed)
        if disposition in (Disposition.REJECT_ORDER, Disposition.DUPLICATE_ID):
            self._apply(followed, Change.REJECTED, note=f"{seen.code} {seen.text}")
        elif disposition is Disposition.CANCEL_CONFIRMED and not followed.row.state.is_done:
            self._apply(followed, end_of(followed.row.ticket, self._clock.now(), cancel_asked=followed.cancel_asked))

    def _tell_notice(self, seen: NoticeSeen, followed: _Followed | None) -> None:
        now = self._clock.now()
        self._journal.add_remark(None if followed is None else followed.ref, now, f"{seen.code} {seen.text}")
        self._emit(telling.noticed(seen, now, self._plan, None if followed is None else followed.row.ticket))

    # --- one order

    def _by_route(self, order_id: int, client_id: int | None = None) -> _Followed | None:
        order_ref = self._routes.get(order_id) if client_id in (None, self._client_id) else None
        return None if order_ref is None else self._orders[order_ref]

    def _note_perm_id(self, followed: _Followed, perm_id: int | None) -> None:
        if perm_id is None or followed.row.perm_id == perm_id:
            return
        if followed.row.perm_id is not None:
            self._remark(followed, f"two permIds under one orderRef: {followed.row.perm_id} and {perm_id}")
            return
        followed.row = replace(followed.row, perm_id=perm_id)  # stored with what comes of this fact

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
        before = followed.stored
        after = replace(followed.row, state=state, filled=self._filled(followed), average_price=_average(followed))
        if after == before:
            return
        followed.row = followed.stored = after
        self._list(followed.ref, state)
        self._watch_owed(followed)
        if (before.state, state) != (OrderState.PLANNED, OrderState.SENT):  # `submit` recorded that with the route
            self._journal.set_order(after)
        if (after.state, after.filled) != (before.state, before.filled):
            self._emit(telling.changed(after, self._clock.now()))

    def _list(self, ref: str, state: OrderState) -> None:
        """Keep the lists of orders that something is still awaited of; a late fact may put one back."""
        for wanted, listed in ((not state.is_done, self._open), (state in UNACKNOWLEDGED, self._silent)):
            if wanted:
                listed.setdefault(ref)
            else:
                listed.pop(ref, None)

    def _watch_owed(self, followed: _Followed) -> None:
        executed = sum((quantity for _, _, quantity in followed.executions.values()), ZERO)
        if executed < followed.row.filled or len(followed.costs) < len(followed.executions):
            self._owed.setdefault(followed.ref)
        else:
            self._owed.pop(followed.ref, None)

    def _filled(self, followed: _Followed) -> Decimal:
        executed = sum((quantity for _, _, quantity in followed.executions.values()), ZERO)
        return max(executed, followed.reported)

    def _remark(self, followed: _Followed, text: str) -> None:
        self._journal.add_remark(followed.ref, self._clock.now(), text)


def _average(followed: _Followed) -> Decimal | None:
    quantity = sum((q for _, _, q in followed.executions.values()), ZERO)
    if not quantity:
        return None
    return sum((price * q for _, price, q in followed.executions.values()), ZERO) / quantity
