"""Fires that somebody goes on with after their first orders: asked what to do next, at every change and in time.

All that a strategy decides from is in the journal or is told with the fact, so a restart goes on where it stopped: what
was claimed is not claimed again, and what was not is decided anew. Nothing goes on while the broker is still being
asked what became of an order of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.core.events import Noticed, Severity
from runner.core.facts import ConnectionLost
from runner.core.order_state import OrderState
from runner.core.snapshot import Need
from runner.core.ticket import OrderTicket
from runner.engine.desk import Desk, Pending
from runner.engine.fire import SETTLES, claim_more, held_back
from runner.engine.obedience import cancel
from runner.errors import ConnectionFailed
from runner.journal.rows import OrderRow, WorkRow
from runner.lifecycle.identify import Unidentified
from runner.plan.model import Instruction
from strategies import goes_on, on_fact, watches
from strategies.base import Action, Cancel, Fact, Finish, Leg, Place, State, Wait

ROUNDS = 100  # questions to a strategy between two steps of time
COOL = timedelta(seconds=10)  # until the end of an order is asked for once more
_SECOND = timedelta(seconds=1)
EDITED = "its plan has been edited since; its orders are left as they are"
GONE = "its plan does not have this order any more; its orders are left as they are"
Instructions = Mapping[tuple[str, str], Instruction]
Seen = tuple[tuple[str, OrderState, object], ...]


@dataclass(slots=True)
class _Work:
    """One fire; `at` is when it is asked at the latest, `seen` how its orders stood when it was asked last."""

    row: WorkRow
    instruction: Instruction
    at: datetime | None
    refs: dict[str, None] = field(default_factory=dict)  # order_refs, in the order in which they were claimed
    seen: Seen | None = None
    noticed: Seen | None = None  # a change that is given time to settle
    asked: dict[str, datetime] = field(default_factory=dict)  # order_ref -> when its end was asked for

    @property
    def key(self) -> tuple[str, str, str]:
        """Plan, order and fire."""
        return self.row.fire.plan, self.row.fire.order, self.row.fire.fire


class Working:
    """Used by the engine's thread alone; what writes the journal raises JournalFailed."""

    def __init__(self, desk: Desk, instructions: Instructions) -> None:
        self._desk = desk
        self._instructions = instructions
        self._works: dict[tuple[str, str, str], _Work] = {}

    def take_up(self) -> None:
        """Go on with what the journal says is being worked."""
        for row in self._desk.journal.works.open():
            instruction = self._instructions.get((row.fire.plan, row.fire.order))
            if instruction is None and row.fire.plan not in self._desk.digests:
                continue  # a plan that does not run now
            if instruction is None or not goes_on(instruction):
                self._finish(row, GONE)
            elif row.digest != self._desk.digests[row.fire.plan]:
                self._finish(row, EDITED)
            else:
                self._add(row, instruction)

    def renew(self, instructions: Instructions, digests: Mapping[str, str]) -> None:
        """Let go of what is worked for plans that are edited or gone; their orders stay as they are."""
        for key, work in list(self._works.items()):
            plan = work.row.fire.plan
            if digests.get(plan) != self._desk.digests.get(plan):
                self._finish(work.row, EDITED if key[:2] in instructions else GONE)
                del self._works[key]

    def add(self, pending: Pending) -> None:
        """Go on with a fire that was claimed a moment ago."""
        row = pending.row
        if goes_on(pending.instruction) and pending.known is not None:
            digest = self._desk.digests.get(row.plan, "")
            self._add(WorkRow(fire=row, digest=digest, snapshot=pending.known), pending.instruction)

    def _add(self, row: WorkRow, instruction: Instruction) -> None:
        work = _Work(row, instruction, self._desk.inquest.now())
        self._works[work.key] = work

    # --- what it says

    @property
    def is_idle(self) -> bool:
        """True if nothing is being worked, or all that is waits for somebody's word about an unknown order."""
        return all(work.seen is not None and work.at is None for work in self._works.values())

    def waits(self) -> Iterator[datetime]:
        """Yield the instants at which there is something to decide; what is held back is looked at each second."""
        now = self._desk.inquest.now()
        return (work.at if work.at > now else now + _SECOND for work in self._works.values() if work.at is not None)

    # --- what happens

    def go_on(self, settle: Callable[[], None]) -> None:
        """Ask every strategy that has something to decide, until all that was sent is answered as far as it is now."""
        for _ in range(ROUNDS):
            try:
                if not self._tick():
                    return
            except ConnectionFailed as failed:
                self._desk.link.take(ConnectionLost(reason=str(failed)))
                return
            settle()

    def _tick(self) -> bool:
        """Ask each of them once; true if anything was sent or asked for."""
        moved = False
        for work in list(self._works.values()):
            if self._desk.held() is not None:
                return moved
            if self._is_due(work) and held_back(work.instruction.plan, self._desk) is None and self._is_known(work):
                moved |= self._ask(work)
        return moved

    def _is_known(self, work: _Work) -> bool:
        """Tell whether the contract of a fire is known, which it has then; a restart asks for it anew."""
        try:
            found = self._desk.contracts.of(work.instruction)
        except Unidentified as fault:
            self._finish(work.row, f"{fault}; its orders are left as they are")
            del self._works[work.key]
            return False
        if isinstance(found, str):
            return False
        work.instruction = found
        return True

    def _is_due(self, work: _Work) -> bool:
        now = self._desk.inquest.now()
        if work.seen is None or (work.at is not None and now >= work.at):
            return True
        standing = self._standing(work)
        if standing not in (work.seen, work.noticed):
            work.noticed = standing
            self._wait(work, now + SETTLES)
        return False

    def _standing(self, work: _Work) -> Seen:
        rows = (self._row(ref) for ref in work.refs)
        return tuple((row.ticket.order_ref, row.state, row.filled) for row in rows if row is not None)

    def _row(self, ref: str) -> OrderRow | None:
        try:
            return self._desk.tracker.row(ref)
        except KeyError:  # it ended long ago
            return self._desk.journal.order(ref)

    def _ask(self, work: _Work) -> bool:
        if not self._desk.journal.works.is_open(work.row.fire):  # it was given up
            del self._works[work.key]
            return False
        contract, now = work.instruction.contract, self._desk.inquest.now()
        wants_quote = Need.QUOTE in watches(work.instruction)
        if wants_quote and not self._desk.quotes.decided(contract):
            work.at = now + _SECOND
            return True
        orders = self._desk.journal.works.orders(work.row.fire)
        work.refs.update((order.ticket.order_ref, None) for order in orders)
        before, work.seen = work.seen, self._standing(work)
        old = dict.fromkeys(before or ())
        fact = Fact(
            now=now,
            quote=self._desk.quotes.of(contract) if wants_quote else None,
            changed=next((one[0] for one in work.seen if one not in old), None),
            is_halted=self._desk.journal.works.is_stopped(work.row.fire.plan),
        )
        work.at = None
        return self._act(work, on_fact(self._state(work, orders), fact), now)

    def _state(self, work: _Work, orders: Sequence[OrderRow]) -> State:
        row = work.row
        return State(
            instruction=work.instruction,
            fire=row.fire.fire,
            due=row.fire.due,
            started=row.snapshot,
            legs=tuple(
                Leg(ticket=one.ticket, state=one.state, filled=one.filled, average_price=one.average_price)
                for one in orders
            ),
        )

    def _act(self, work: _Work, actions: Iterable[Action], now: datetime) -> bool:
        moved = False
        for action in actions:
            match action:
                case Place():
                    moved |= self._place(work, action.tickets, now)
                case Cancel():
                    moved |= self._cancel(work, action.order_ref, now)
                case Wait():
                    self._wait(work, action.until)
                case Finish():
                    self._finish(work.row, action.note)
                    del self._works[work.key]
        return moved

    def _wait(self, work: _Work, until: datetime) -> None:
        work.at = until if work.at is None else min(work.at, until)

    def _place(self, work: _Work, tickets: tuple[OrderTicket, ...], now: datetime) -> bool:
        known = {order.ticket.order_ref for order in self._desk.journal.works.orders(work.row.fire)}
        new = tuple(ticket for ticket in tickets if ticket.order_ref not in known)
        if not new:
            return False
        work.refs.update((ticket.order_ref, None) for ticket in new)
        reason = claim_more(work.row.fire, new, work.instruction, self._desk)
        if reason is None:  # a quote is still being asked for, which a limit wants
            work.seen = None
            self._wait(work, now + _SECOND)
            return True
        if reason:
            self._tell(work.row, f"{new[0].key.role} was denied: {reason}")
        return True

    def _cancel(self, work: _Work, ref: str, now: datetime) -> bool:
        """Ask for the end of an order, unless that was done a moment ago; one that nobody answers is asked again."""
        again = work.asked[ref] + COOL if ref in work.asked else now
        if now < again:
            self._wait(work, again)
            return False
        work.asked[ref] = now
        self._wait(work, now + COOL)
        return cancel([ref], self._desk) > 0

    def _finish(self, row: WorkRow, note: str) -> None:
        self._desk.journal.works.finish(row.fire, note)
        if note:
            self._tell(row, note)

    def _tell(self, row: WorkRow, text: str) -> None:
        fire = row.fire
        told = f"{fire.plan}/{fire.order} {fire.fire}: {text}"
        now = self._desk.inquest.now()
        self._desk.emit(Noticed(plan=fire.plan, code=0, severity=Severity.WARNING, text=told, time=now))
