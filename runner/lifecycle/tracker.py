"""Follows every order to its end: facts in, journal rows and events out."""

from __future__ import annotations

from collections.abc import Callable

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
from runner.core.ids import PREFIX
from runner.core.order_state import Change, OrderState
from runner.ib.notices import Disposition, classify
from runner.journal.store import Journal, root_of
from runner.lifecycle import reading, telling
from runner.lifecycle.attribution import OrderFact
from runner.lifecycle.book import Book
from runner.lifecycle.followed import UNHEARD_OF, Followed, revision_of
from runner.lifecycle.reconcile import APART, Evidence

_ENDED_WORDS = (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED)
_AT_WORK = (OrderState.WORKING, OrderState.HELD, OrderState.CANCEL_PENDING)
_STILL_THERE = (Change.ACKNOWLEDGED, Change.HELD, Change.CANCEL_REQUESTED)
_ENDS = (Change.CANCELLED, Change.EXPIRED)
GONE = "it is no longer among the open orders, nor among the completed ones"


class Tracker(Book):
    """Keeps the orders of one run; used by the engine thread alone.

    A fact whose record fails (JournalFailed) may be handed in again: nothing is counted twice, nothing forgotten.
    """

    def __init__(self, journal: Journal, clock: Clock, emit: Callable[[Event], None], *, client_id: int) -> None:
        super().__init__(journal, clock, emit, client_id=client_id)
        self._early: dict[str, CommissionSeen] = {}  # commissions that overtook their execution

    def _begin(self, followed: Followed) -> None:
        super()._begin(followed)
        self._replay(followed.ref, *followed.perm_ids)

    def _replay(self, *keys: str | int) -> None:
        for key in keys:
            for fact in self._who.take(key):
                self.handle(fact)

    # --- what the broker says

    def handle(self, fact: Fact) -> None:
        """Take in a fact; those that are about no order are not for here."""
        match fact:
            case OrderStatusSeen():
                self._take_status(fact)
            case OpenOrderSeen():
                self._take_open_order(fact)
            case ExecutionSeen():
                self._take_execution(fact)
            case CommissionSeen():
                self._take_commission(fact)
            case CompletedOrderSeen():
                self._take_completed(fact)
            case NoticeSeen():
                self._take_notice(fact)

    def _take_open_order(self, seen: OpenOrderSeen) -> None:
        followed = self._whose(seen, seen.order_ref, seen.perm_id)
        if followed is None:
            return
        if seen.client_id == self._who.client_id:
            self._who.route(seen.order_id, followed.ref)
        self._hear(followed, seen.perm_id, is_told_by_ref=seen.order_ref == followed.ref)
        told = reading.acknowledgement(seen)
        followed.last_word = told or followed.last_word
        followed.was_accepted |= told is not None
        self._apply(followed, told if followed.base in UNHEARD_OF else None)

    def _take_completed(self, seen: CompletedOrderSeen) -> None:
        followed = self._whose(seen, seen.order_ref, seen.perm_id)
        if followed is None:
            return
        self._hear(followed, seen.perm_id, is_told_by_ref=seen.order_ref == followed.ref)
        followed.report(seen.filled)
        now, asked = self._clock.now(), followed.cancel_asked
        change = reading.completion(seen, followed.ticket, followed.since, now, cancel_asked=asked)
        followed.last_word = change
        note = "" if followed.base.is_done and followed.base is not OrderState.UNKNOWN else seen.completed_status
        self._apply(followed, change, note=note)

    def _take_status(self, seen: OrderStatusSeen) -> None:
        followed = self._whose(seen, "", seen.perm_id, seen.order_id, seen.client_id)
        if followed is None:
            return
        self._hear(followed, seen.perm_id, is_told_by_ref=False)
        followed.report(seen.filled)
        now, asked = self._clock.now(), followed.cancel_asked
        change = reading.change_of(seen, followed.ticket, followed.since, now, cancel_asked=asked)
        followed.last_word = change or followed.last_word
        self._apply(followed, change)
        if seen.status == reading.INACTIVE and change is None and not followed.state.is_done:
            self._doubt(followed, "Inactive: refused or held")
        elif not reading.is_known_word(seen.status):
            self._remark(followed, f"attention: status {seen.status!r} is not known; kept {followed.state.value}")

    def _take_execution(self, seen: ExecutionSeen) -> None:
        followed = self._whose(seen, seen.order_ref, seen.perm_id, seen.order_id, seen.client_id)
        if followed is None:
            return
        if not (seen.price.is_finite() and seen.quantity.is_finite() and seen.quantity >= 0):
            self._doubt(followed, f"execution {seen.exec_id} of {seen.quantity} at {seen.price} cannot be read")
            return
        is_new = followed.is_new(seen)
        if is_new:
            at, root = seen.at or self._clock.now(), root_of(seen.exec_id)
            self._journal.put_execution(seen, followed.ref, at)
            if root not in followed.executions and followed.base in _ENDED_WORDS:
                self._remark(followed, f"late_fill: {seen.exec_id} while {followed.base.value}")
            followed.take_execution(seen)
            self._roots[root] = followed.ref
            self._emit(telling.filled(followed.ticket, seen, at))
        self._hear(followed, seen.perm_id, is_told_by_ref=seen.order_ref == followed.ref)
        self._apply(followed, Change.ACKNOWLEDGED if is_new and followed.base in UNHEARD_OF else None)
        if (commission := self._early.get(root_of(seen.exec_id))) is not None:
            self.handle(commission)
            del self._early[root_of(seen.exec_id)]

    def _take_commission(self, seen: CommissionSeen) -> None:
        root = root_of(seen.exec_id)
        order_ref = self._roots.get(root)
        if seen.amount is None or not seen.amount.is_finite() or seen.amount == -1:  # -1: IB does not know it yet
            return
        if order_ref is None:
            known = self._early.get(root)
            if known is None or revision_of(known.exec_id) <= revision_of(seen.exec_id):
                self._early[root] = seen
            return
        followed = self._orders[order_ref]
        if followed.is_new_cost(seen, seen.amount):
            self._journal.put_commission(seen, seen.amount)
            followed.take_cost(seen, seen.amount)
            self._watch_owed(followed)
            self._emit(telling.commissioned(followed.ticket, seen.exec_id, seen.amount, seen.currency))

    def _take_notice(self, seen: NoticeSeen) -> None:
        order_ref = self._who.by_route(seen.about)
        if order_ref is not None:
            self._take_notice_of(self._orders[order_ref], seen)
        elif classify(seen.code, about_order=False) is not Disposition.INFO:
            self._tell_notice(seen, None)

    def _take_notice_of(self, followed: Followed, seen: NoticeSeen) -> None:
        if (seen.code, seen.text) not in followed.notes:
            self._tell_notice(seen, followed)
            followed.notes.add((seen.code, seen.text))
        was_accepted = followed.was_accepted or followed.base in _AT_WORK
        words = f"{seen.code} {seen.text}"
        match classify(seen.code, about_order=True, acknowledged=was_accepted):
            case Disposition.DUPLICATE_ID if was_accepted:  # so it is another order that was refused
                self._doubt(followed, words)
            case Disposition.REJECT_ORDER | Disposition.DUPLICATE_ID:
                self._apply(followed, Change.REJECTED, note=words)
            case Disposition.CANCEL_CONFIRMED if followed.base in (*_AT_WORK, *UNHEARD_OF):
                self._apply(followed, self._end(followed))
            case Disposition.CANCEL_FAILED:
                self._refuse_cancel(followed, seen)

    def reconciled(self, evidence: Evidence) -> None:
        """Take in what a complete pass says as a whole, after each of its facts was handled."""
        if not evidence.complete:
            return
        for ref, followed in self._orders.items():
            self._compare(followed, is_open=ref in evidence.open, evidence=evidence)
            self._doubtful.pop(ref, None)

    # --- one order

    def _compare(self, followed: Followed, *, is_open: bool, evidence: Evidence) -> None:
        state, word = followed.state, followed.last_word
        if is_open and word in _STILL_THERE:
            if state.is_done and followed.base is not OrderState.UNKNOWN:
                self._apply(followed, Change.REOPENED)
                self._apply(followed, word)
            elif state is OrderState.CANCEL_PENDING and word is not Change.CANCEL_REQUESTED:
                self._keep_working(followed, word, evidence)
        elif followed.ref in evidence.completed:
            self._end_again(followed)
        elif not is_open and state in _AT_WORK:
            self._miss(followed, evidence)

    def _end_again(self, followed: Followed) -> None:
        """Let an order that counted as filled end in the broker's word, if a correction took back what filled it."""
        word = followed.last_word
        if followed.state is OrderState.FILLED and word in _ENDS and followed.filled < followed.ticket.quantity:
            followed.apply(Change.REOPENED)
            self._apply(followed, word)

    def _keep_working(self, followed: Followed, word: Change | None, evidence: Evidence) -> None:
        """Take back a cancel that the broker shows no sign of, unless it was asked for a moment ago."""
        if followed.asked_at is None or followed.asked_at + APART <= evidence.asked_at:
            self._apply(followed, Change.CANCEL_REFUSED)
            self._apply(followed, word)

    def _miss(self, followed: Followed, evidence: Evidence) -> None:
        """Call the end of an order unknown that no list names any more, unless it was sent a moment ago."""
        if followed.since + APART <= evidence.asked_at:
            self._apply(followed, Change.SILENCE, note=GONE)

    def _refuse_cancel(self, followed: Followed, seen: NoticeSeen) -> None:
        change = reading.refused_cancel(seen.text)
        if change is Change.CANCELLED:
            change = self._end(followed)
        elif change is Change.FULLY_FILLED:
            followed.report(followed.ticket.quantity)
        if change is not None and not (followed.state.is_done and change is Change.CANCEL_REFUSED):
            self._apply(followed, change)
        if change in (None, Change.CANCEL_REFUSED, Change.FULLY_FILLED):
            self._doubt(followed, f"{seen.code} {seen.text}")

    def _end(self, followed: Followed) -> Change:
        return reading.end_of(followed.ticket, followed.since, self._clock.now(), cancel_asked=followed.cancel_asked)

    def _tell_notice(self, seen: NoticeSeen, followed: Followed | None) -> None:
        now = self._clock.now()
        self._journal.add_remark(None if followed is None else followed.ref, now, f"{seen.code} {seen.text}")
        self._emit(telling.noticed(seen, now, self._plan, None if followed is None else followed.ticket))

    # --- whose it is

    def _whose(
        self, seen: OrderFact, order_ref: str, perm_id: int | None, order_id: int = -1, client_id: int | None = None
    ) -> Followed | None:
        """Return the order that a fact is about; one of ours that is not known yet keeps the fact."""
        if order_ref:
            if (followed := self._orders.get(order_ref) or self._look_up(order_ref)) is not None:
                return followed
            if order_ref.startswith(f"{PREFIX}:"):
                self._who.keep(order_ref, seen)
                return None
        known = self._who.by_perm_id(perm_id)
        if known is not None:
            return self._orders[known]
        if order_ref or client_id != self._who.client_id:
            return None
        return self._by_route(seen, perm_id, order_id)

    def _by_route(self, seen: OrderFact, perm_id: int | None, order_id: int) -> Followed | None:
        order_ref = self._who.by_route(order_id)
        followed = None if order_ref is None else self._orders[order_ref]
        if followed is not None and not followed.is_strange(perm_id):
            return followed
        if followed is not None:
            self._doubt(followed, f"permId {perm_id} came under its order id {order_id}")
        if perm_id is not None:
            self._who.keep(perm_id, seen)
        return None

    def _look_up(self, order_ref: str) -> Followed | None:
        """Take up an order that the journal has and that this run does not follow: an earlier run saw its end."""
        row = self._journal.order(order_ref) if order_ref.startswith(f"{PREFIX}:") else None
        return None if row is None else self._take_up(row)

    def _hear(self, followed: Followed, perm_id: int | None, *, is_told_by_ref: bool) -> None:
        """Note under which permId the broker spoke of an order."""
        if perm_id is not None and perm_id not in followed.perm_ids:
            if is_told_by_ref:
                self._journal.add_perm(followed.ref, perm_id)
            if followed.take_perm_id(perm_id, is_told_by_ref=is_told_by_ref):
                self._who.learn(followed.ref, perm_id)
                self._replay(perm_id)
        self._watch_twice(followed)
