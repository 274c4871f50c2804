"""The orders that are followed: what is known of each, in memory and in the journal, and what is still awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from runner.core.clock import Clock
from runner.core.events import Event
from runner.core.order_state import DONE, Change, OrderState
from runner.core.ticket import OrderTicket
from runner.journal.rows import OpenRow, OrderRow
from runner.journal.store import Journal, root_of
from runner.lifecycle import telling
from runner.lifecycle.attribution import Attribution
from runner.lifecycle.followed import UNACKNOWLEDGED, Followed

_ENDED = DONE - {OrderState.UNKNOWN}
_SURE = (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.NOT_RECEIVED)


class Book:
    """Keeps the orders of one run; used by the engine thread alone."""

    def __init__(self, journal: Journal, clock: Clock, emit: Callable[[Event], None], *, client_id: int) -> None:
        self._journal = journal
        self._clock = clock
        self._emit = emit
        self._orders: dict[str, Followed] = {}
        self._who = Attribution(client_id)  # order ids mean something within one client id only
        self._open: dict[str, None] = {}  # order_refs that have not ended, oldest first
        self._family: dict[tuple[str, str], dict[str, None]] = {}  # plan and order -> those of them that are its
        self._silent: dict[str, None] = {}  # those of them that no answer has come for
        self._owed: dict[str, None] = {}  # order_refs whose fills, or commissions of them, are still to come
        self._doubtful: dict[str, str] = {}  # order_refs the broker must be asked about, and why
        self._twice: dict[str, None] = {}  # order_refs that the broker told two permIds of
        self._roots: dict[str, str] = {}  # of exec_ids -> order_ref
        self._plan = ""

    # --- what we do ourselves

    def follow(self, row: OrderRow) -> None:
        """Take up an order that was planned a moment ago."""
        self._begin(Followed.of(row, self._clock.now()))

    def adopt(self, rows: Sequence[OpenRow]) -> None:
        """Take up orders of earlier runs; the order ids that they had are those of sessions that have ended."""
        for row in rows:
            self._take_up(row)

    def _take_up(self, row: OpenRow) -> Followed:
        followed = Followed.of(row, row.claimed_at)
        rows = {root_of(seen.exec_id): seen for seen in self._journal.executions_of(followed.ref)}
        followed.restore(rows)
        if rows and followed.base in UNACKNOWLEDGED:  # the runner died between an execution and what it means
            followed.apply(Change.ACKNOWLEDGED)
        self._roots.update(dict.fromkeys(rows, followed.ref))
        for perm_id in row.perm_ids:
            followed.take_perm_id(perm_id, is_told_by_ref=True)
        self._begin(followed)
        return followed

    def _begin(self, followed: Followed) -> None:
        self._orders[followed.ref] = followed
        self._plan = self._plan or followed.ticket.key.plan
        for perm_id in (*followed.perm_ids, followed.guessed_perm_id):
            self._who.learn(followed.ref, perm_id)
        self._watch_twice(followed)
        self._record(followed)
        self._list(followed)

    def _watch_twice(self, followed: Followed) -> None:
        if len(followed.perm_ids) > 1:
            self._twice[followed.ref] = None
            told = ", ".join(map(str, followed.perm_ids))
            self._remark(followed, f"attention: the broker has this order under the permIds {told}")

    def sent(self, tickets: Iterable[OrderTicket], routes: dict[int, str]) -> None:
        """Note that the bytes of these orders left under these order ids."""
        for order_id, order_ref in routes.items():
            self._who.route(order_id, order_ref)
        for ticket in tickets:
            followed = self._orders[ticket.order_ref]
            if followed.base is OrderState.PLANNED:
                self._apply(followed, Change.SENT)
            else:  # the broker spoke first, and the record of the sending went over it
                self._journal.set_order(followed.row)

    def new_session(self) -> None:
        """Forget the order ids of the session before: the TWS may give them to other orders."""
        self._who.forget_routes()

    def cancel_asked(self, order_ref: str) -> None:
        """Note that the cancellation of an order is asked for; the journal keeps it as a pending cancel."""
        followed = self._orders[order_ref]
        followed.cancel_asked, followed.asked_at = True, self._clock.now()
        if followed.base in (OrderState.WORKING, OrderState.HELD):
            self._apply(followed, Change.CANCEL_REQUESTED)

    def give_up(self, order_ref: str, reason: str) -> None:
        """Record that the evidence does not tell what became of an order."""
        self._doubtful.pop(order_ref, None)
        self._apply(self._orders[order_ref], Change.SILENCE, note=reason)

    def prove_absent(self, order_ref: str, reason: str) -> None:
        """Record that the broker never had an order."""
        self._apply(self._orders[order_ref], Change.PROVEN_ABSENT, note=reason)

    def resolved(self, order_ref: str) -> None:
        """Take over what its owner said of an order, as the journal has it now; facts of the broker still count."""
        followed, row = self._orders.get(order_ref), self._journal.order(order_ref)
        if followed is None or row is None:
            return
        followed.row, followed.base, followed.note = row, row.state, row.note
        self._doubtful.pop(order_ref, None)
        self._list(followed)

    def forget(self, before: datetime) -> tuple[str, ...]:
        """Let go of orders that ended and were sent before an instant, and return them: the journal has them.

        A fact that still comes of one takes it up again.
        """
        kept = {*self._open, *self._silent, *self._owed, *self._doubtful, *self._twice}
        gone = [
            ref
            for ref, followed in self._orders.items()
            if followed.since < before and followed.state in _ENDED and ref not in kept
        ]
        for ref in gone:
            followed = self._orders.pop(ref)
            for root in followed.executions:
                self._roots.pop(root, None)
            self._who.unlearn(ref, (*followed.perm_ids, followed.guessed_perm_id))
        return tuple(gone)

    # --- what is asked of it

    def unresolved(self) -> tuple[str, ...]:
        """Return the orders that no answer has come for: order_ref each."""
        return tuple(self._silent)

    def open_refs(self) -> tuple[str, ...]:
        """Return the orders that have not ended, oldest first: order_ref each."""
        return tuple(self._open)

    def open_of(self, plan: str, order: str) -> tuple[str, ...]:
        """Return the orders of one order of a plan that have not ended, oldest first: order_ref each."""
        return tuple(self._family.get((plan, order), ()))

    def doubtful(self) -> tuple[str, ...]:
        """Return the orders that what the broker said does not place: order_ref each, until a pass has told."""
        return tuple(self._doubtful)

    def duplicates(self) -> tuple[str, ...]:
        """Return the orders that the broker has twice, under two permIds: order_ref each."""
        return tuple(self._twice)

    def row(self, order_ref: str) -> OrderRow:
        """Return what is known of an order; raises KeyError if it is not followed."""
        return self._orders[order_ref].row

    def routes_of(self, order_ref: str) -> tuple[int, ...]:
        """Return every order id that an order has in this session: more than one if the broker has it twice."""
        return self._who.routes_of(order_ref)

    def perm_ids(self, order_ref: str) -> tuple[int, ...]:
        """Return the permIds that the broker told of an order."""
        return tuple(self._orders[order_ref].perm_ids)

    def is_settled(self) -> bool:
        """Tell whether every order has ended."""
        return not self._open

    def is_owed(self) -> bool:
        """Tell whether the broker still owes an answer, the executions of a fill, or a commission."""
        return bool(self._silent or self._owed)

    def lacks(self, plan: str) -> str | None:
        """Say of which order of a plan executions are still to come, so that its position is not certain yet."""
        owed = [self._orders[ref] for ref in self._owed]
        short = [one.ref for one in owed if one.ticket.key.plan == plan and one.executed < one.filled]
        return f"executions of {short[0]} are still to come" if short else None

    # --- one order

    def _apply(self, followed: Followed, change: Change | None, note: str = "") -> None:
        """Take in a change of state, if it is one, and record what is new."""
        if change is not None:
            before = followed.base
            if not followed.apply(change):
                self._remark(followed, f"{change.value} while {before.value}: does not fit, kept")
            elif note:
                followed.note = note
        self._record(followed)

    def _record(self, followed: Followed) -> None:
        before, after = followed.row, followed.news()
        if after is None:
            return
        if (before.state, after.state) != (OrderState.PLANNED, OrderState.SENT):  # `submit` recorded that
            self._journal.set_order(after)
        followed.row = after
        self._list(followed)
        if (after.state, after.filled) != (before.state, before.filled):
            self._emit(telling.changed(after, self._clock.now()))

    def _list(self, followed: Followed) -> None:
        """Keep the lists of orders that something is still awaited of; a late fact may put one back."""
        state = followed.state
        for wanted, listed in ((not state.is_done, self._open), (state in UNACKNOWLEDGED, self._silent)):
            if wanted:
                listed.setdefault(followed.ref)
            else:
                listed.pop(followed.ref, None)
        self._list_in_family(followed)
        self._watch_owed(followed)

    def _list_in_family(self, followed: Followed) -> None:
        name = (followed.ticket.key.plan, followed.ticket.key.order)
        if not followed.state.is_done:
            self._family.setdefault(name, {}).setdefault(followed.ref)
        elif (listed := self._family.get(name)) is not None:
            listed.pop(followed.ref, None)
            if not listed:
                del self._family[name]

    def _watch_owed(self, followed: Followed) -> None:
        is_owed = followed.is_owed
        if is_owed:
            self._owed.setdefault(followed.ref)
        else:
            self._owed.pop(followed.ref, None)
        if not self._doubtful:
            return
        state = followed.state
        if state in _SURE or (state is OrderState.FILLED and not is_owed):
            self._doubtful.pop(followed.ref, None)

    def _doubt(self, followed: Followed, reason: str) -> None:
        self._doubtful.setdefault(followed.ref, reason)
        self._remark(followed, f"attention: {reason}")

    def _remark(self, followed: Followed, text: str) -> None:
        if text not in followed.notes:
            self._journal.add_remark(followed.ref, self._clock.now(), text)
            followed.notes.add(text)
