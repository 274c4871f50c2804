"""One order while it is followed: what was said of it in words, and what was said in quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.order_state import Change, OrderState, advance
from runner.core.ticket import OrderTicket
from runner.journal.rows import ExecutionRow, OrderRow
from runner.journal.store import root_of

ZERO = Decimal(0)
UNACKNOWLEDGED = (OrderState.PLANNED, OrderState.SENT)
UNHEARD_OF = (*UNACKNOWLEDGED, OrderState.UNKNOWN, OrderState.NOT_RECEIVED)
_ACCEPTED = (OrderState.WORKING, OrderState.HELD, OrderState.CANCEL_PENDING, OrderState.FILLED)
_ACCEPTING = (Change.ACKNOWLEDGED, Change.HELD, Change.CANCEL_REQUESTED)

Revision = tuple[int, str]


def revision_of(exec_id: str) -> Revision:
    """Return what an exec_id counts in its last dotted part, in a form that compares: later is greater."""
    last = exec_id.rpartition(".")[2]
    return (int(last), "") if last.isascii() and last.isdigit() else (0, last)


@dataclass(frozen=True, slots=True)
class Execution:
    """The latest known revision of one execution."""

    exec_id: str
    price: Decimal
    quantity: Decimal


@dataclass(slots=True)
class Followed:
    """One order. Its state is `base`, unless quantities say that all of it was filled."""

    row: OrderRow  # as the journal has it
    ref: str
    since: datetime  # when it was claimed
    base: OrderState  # what words alone say: ours, and the broker's
    note: str = ""
    executions: dict[str, Execution] = field(default_factory=dict)  # by the root of their exec_id
    executed: Decimal = ZERO  # the sum of them, in units of the base currency
    average_price: Decimal | None = None  # of them, weighted; None without any
    costs: dict[str, tuple[Revision, Decimal, str]] = field(default_factory=dict)  # commissions, by the same
    reported: Decimal = ZERO  # the greatest filled quantity that a status named
    is_corrected: bool = False  # an execution is known to have replaced an earlier one
    cancel_asked: bool = False
    asked_at: datetime | None = None  # when its cancel was asked for last, in this process
    last_word: Change | None = None  # what the broker's latest word of it meant
    was_accepted: bool = False  # the broker had it working, or filled some of it
    perm_ids: dict[int, None] = field(default_factory=dict)  # told together with its orderRef
    guessed_perm_id: int | None = None  # told together with its order id only
    notes: set[object] = field(default_factory=set)  # what was said once and need not be said again

    @classmethod
    def of(cls, row: OrderRow, since: datetime) -> Followed:
        """Begin with what the journal has of an order."""
        return cls(
            row,
            row.ticket.order_ref,
            since,
            row.state,
            row.note,
            reported=row.filled,
            cancel_asked=row.state is OrderState.CANCEL_PENDING,
            was_accepted=row.state in _ACCEPTED or row.filled > 0,
            guessed_perm_id=row.perm_id,
        )

    @property
    def ticket(self) -> OrderTicket:
        """What was intended."""
        return self.row.ticket

    # --- words

    def apply(self, change: Change) -> bool:
        """Take in what a fact means; False if it does not fit."""
        self.was_accepted |= change in _ACCEPTING
        self.base, fits = advance(self.base, change)
        return fits

    def take_perm_id(self, perm_id: int | None, *, is_told_by_ref: bool) -> bool:
        """Note a permId; False if it was known."""
        if perm_id is None or perm_id in self.perm_ids:
            return False
        if is_told_by_ref:
            self.perm_ids[perm_id] = None
            self.guessed_perm_id = None
            return True
        if self.perm_ids or self.guessed_perm_id is not None:
            return False
        self.guessed_perm_id = perm_id
        return True

    def is_strange(self, perm_id: int | None) -> bool:
        """Tell whether a permId is known not to be this order's."""
        if perm_id is None or perm_id in self.perm_ids:
            return False
        return bool(self.perm_ids) or self.guessed_perm_id not in (None, perm_id)

    # --- quantities

    def restore(self, rows: Mapping[str, ExecutionRow]) -> None:
        """Take up the executions that the journal has of it, by the root of their exec_id."""
        for root, row in rows.items():
            revision = revision_of(row.exec_id)
            self._put(root, Execution(row.exec_id, row.price, row.quantity))
            if row.commission is not None and row.commission_currency is not None:
                self.costs[root] = (revision, row.commission, row.commission_currency)

    def report(self, filled: Decimal | None) -> None:
        """Note the filled quantity of a status; what cannot be one is passed over."""
        if filled is not None and filled.is_finite() and self.reported < filled <= self.ticket.quantity:
            self.reported = filled

    def is_new(self, seen: ExecutionSeen) -> bool:
        """Tell whether an execution, or a later revision of it, is not known yet."""
        known = self.executions.get(root_of(seen.exec_id))
        return known is None or revision_of(known.exec_id) < revision_of(seen.exec_id)

    def take_execution(self, seen: ExecutionSeen) -> None:
        """Put an execution in the place of its earlier revision."""
        self._put(root_of(seen.exec_id), Execution(seen.exec_id, seen.price, seen.quantity))

    def _put(self, root: str, execution: Execution) -> None:
        self.is_corrected |= root in self.executions or revision_of(execution.exec_id)[0] > 1
        self.executions[root] = execution
        self.was_accepted = True
        self.executed = sum((each.quantity for each in self.executions.values()), ZERO)
        worth = sum((each.price * each.quantity for each in self.executions.values()), ZERO)
        self.average_price = worth / self.executed if self.executed else None

    def is_new_cost(self, seen: CommissionSeen, amount: Decimal) -> bool:
        """Tell whether a commission says something that is not known yet."""
        revision = revision_of(seen.exec_id)
        known = self.costs.get(root_of(seen.exec_id))
        return known is None or (known[0] <= revision and known[1:] != (amount, seen.currency))

    def take_cost(self, seen: CommissionSeen, amount: Decimal) -> None:
        """Put a commission in the place of what was told before."""
        self.costs[root_of(seen.exec_id)] = (revision_of(seen.exec_id), amount, seen.currency)

    @property
    def filled(self) -> Decimal:
        """How much was filled.

        A status that was told before a correction counts what the correction takes back, and no status says which it
        was; so executions alone count once one of them is a correction.
        """
        return self.executed if self.is_corrected else max(self.executed, self.reported)

    @property
    def is_owed(self) -> bool:
        """Tell whether executions of what was filled, or commissions of executions, are still to come."""
        return self.executed < self.filled or len(self.costs) < len(self.executions)

    @property
    def state(self) -> OrderState:
        """Where it stands."""
        return self._state(self.filled)

    def _state(self, filled: Decimal) -> OrderState:
        is_full = filled >= self.row.ticket.quantity
        return advance(self.base, Change.FULLY_FILLED)[0] if is_full else self.base

    def news(self) -> OrderRow | None:
        """Return what the journal should have of it, None if it has that."""
        row, perm_id = self.row, next(iter(self.perm_ids), self.guessed_perm_id)
        filled = self.filled
        state = self._state(filled)
        now = (state, filled, self.average_price, perm_id, self.note)
        if now == (row.state, row.filled, row.average_price, row.perm_id, row.note):
            return None
        return replace(
            row, state=state, filled=filled, average_price=self.average_price, perm_id=perm_id, note=self.note
        )
