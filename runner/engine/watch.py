"""What a run looks after beside its fires: the session, open questions, commands, the journal, and who must be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from runner.core.crashpoints import crashpoint
from runner.core.events import FireDone, FireState, Noticed, Severity
from runner.core.facts import ConnectionLost, CurrentTimeSeen, Fact, LoggedIn, LoginFailed
from runner.core.money import plain
from runner.core.order_state import OrderState
from runner.core.times import stamp
from runner.engine.clock import EngineClock
from runner.engine.desk import Desk, Pending
from runner.engine.obedience import Obedience
from runner.engine.on_halt import OnHalt
from runner.errors import FxrunError
from runner.journal.store import JournalFailed
from runner.lifecycle.link import LinkState
from runner.plan.model import Instruction
from runner.schedule.policy import DEFAULT_POLICY

WARN_BEFORE = timedelta(days=14)  # of the end of an arming
KEEP = timedelta(days=2)  # how long an order that has ended is kept in memory
_DAY = timedelta(days=1)
_NEVER_THERE = (OrderState.NOT_RECEIVED, OrderState.DENIED)
_SECOND = timedelta(seconds=1)
_OF_A_SESSION = (LoggedIn, CurrentTimeSeen, ConnectionLost, LoginFailed)
Instructions = Mapping[tuple[str, str], Instruction]


class Watch:
    """Used by the engine's thread alone. Without supervision it passes facts on, and lets go of what has ended."""

    def __init__(self, desk: Desk, clock: EngineClock) -> None:
        self._desk = desk
        self._clock = clock
        self._obedience = Obedience(desk, clock.seconds)
        self._halts = OnHalt(desk, clock.seconds)
        self._tried: datetime | None = None  # when the broken journal was tried last
        self._forgot = clock.now()  # when ended orders were let go of last
        self._told: set[str] = set()  # alarms that were raised and still hold
        self._warned: dict[str, datetime] = {}
        self._state: tuple[LinkState, str] | None = None  # as the journal has it

    # --- facts

    def take(self, fact: Fact) -> None:
        """Hand a fact to whoever it concerns; raises what the desk's `admit` raises at a login."""
        desk = self._desk
        before = desk.link.state
        desk.link.take(fact)
        desk.inquest.take(fact)
        if isinstance(fact, _OF_A_SESSION):
            self._take_session(fact)
        desk.quotes.take(fact)
        desk.accounts.take(fact)
        desk.contracts.take(fact)
        if desk.broken is None:
            if desk.arrivals is not None:
                desk.arrivals.take(fact, self._clock.now())
            desk.tracker.handle(fact)
        is_back = desk.link.state is LinkState.CHECKING and before is not LinkState.CHECKING
        if is_back and not isinstance(fact, LoggedIn):
            desk.inquest.begin()

    def _take_session(self, fact: Fact) -> None:
        desk = self._desk
        if isinstance(fact, LoggedIn):
            self._log_in(fact)
        elif isinstance(fact, CurrentTimeSeen):
            desk.check_clock(fact.at, self._clock.now())
        else:
            desk.inquest.forget_session()
            self._close_arrivals()
            desk.quotes.forget()
            desk.accounts.forget()
            desk.contracts.forget()

    def _log_in(self, fact: LoggedIn) -> None:
        desk = self._desk
        crashpoint("after_login")
        if desk.admit is not None:
            desk.admit(fact)
        desk.connection.use_above(desk.journal.highest_order_id(desk.connection.client_id))
        desk.tracker.new_session()
        desk.inquest.begin()

    # --- time

    def waits(self) -> Iterator[datetime]:
        """Yield the instants at which `tick` has something to do."""
        desk = self._desk
        if not desk.link.supervised:
            return
        if (seconds := desk.link.due()) is not None:
            yield self._clock.now() + timedelta(seconds=max(0.001, seconds - self._clock.seconds()))
        yield from (at for at in (desk.inquest.due(), desk.quotes.due(), desk.accounts.due()) if at is not None)

    def tick(self, instructions: Instructions) -> list[Pending]:
        """Look after everything; returns fires to send again as their orders never arrived, or that answer a halt."""
        desk = self._desk
        if not desk.link.supervised:
            self._forget()
            return []
        try:
            if desk.broken is not None:
                self._mend()
            desk.link.tick()
            if desk.broken is not None:
                return []
            desk.inquest.tick()
            self._forget()
            self._note_link()
            self._raise_alarms(instructions)
            if (halt := self._obedience.tick()) is not None:
                self._desk.tell("halt", f"halted: {halt}; nothing is sent until fxrun resume", Severity.ERROR)
            return [*self._absent(instructions), *self._halts.due(instructions)]
        except JournalFailed as failed:
            self.journal_failed(failed)
            return []

    def close(self) -> None:
        """Say in the journal that nobody is connected any more."""
        self._close_arrivals()
        if self._desk.link.supervised and self._desk.broken is None:
            crashpoint("at_close")
            self._desk.journal.set_link("stopped", "", self._clock.now())

    def _close_arrivals(self) -> None:
        if self._desk.arrivals is not None and self._desk.broken is None:
            self._desk.arrivals.close()

    def _forget(self) -> None:
        now = self._clock.now()
        if now - self._forgot >= _DAY:  # by then the lists of the TWS's day do not name them any more
            self._forgot = now
            self._desk.inquest.forget(now - KEEP)

    # --- the journal

    def journal_failed(self, failed: FxrunError) -> None:
        """Send nothing any more until the journal can be written again; without supervision the run ends of it."""
        if not self._desk.link.supervised:
            raise failed
        if self._desk.broken is None:
            self._desk.broken = str(failed)
            self._notice(f"{failed}; it is tried again each second", Severity.ERROR)
        self._tried = self._clock.now()

    def _mend(self) -> None:
        """Try the journal; if it can be written, begin from what it holds and ask the broker for the rest."""
        now = self._clock.now()
        if self._tried is not None and now - self._tried < _SECOND:
            return
        self._tried = now
        desk = self._desk
        desk.journal.adopt_open_orders()
        for pending in list(desk.queue.values()):
            desk.unqueue(pending)
        desk.tracker = desk.inquest.tracker = desk.make_tracker()
        desk.tracker.adopt(desk.journal.open_orders())
        desk.broken = None
        self._notice("the journal can be written again", Severity.INFO)
        if desk.link.is_usable:
            desk.link.recheck("the journal could not be written for a while")
            desk.inquest.begin()

    def pause_plans(self) -> None:
        """Pause the plans that are to be for what their orders came to."""
        pauses = self._desk.conduct.pauses
        try:
            while pauses and self._desk.broken is None:
                self._desk.pause(*pauses[0])
                del pauses[0]
        except JournalFailed as failed:
            self.journal_failed(failed)

    # --- orders that never arrived

    def _absent(self, instructions: Instructions) -> list[Pending]:
        refs, self._desk.inquest.absent = self._desk.inquest.absent, []
        fires: dict[tuple[str, str, str], list[str]] = {}
        for ref in refs:
            key = self._desk.tracker.row(ref).ticket.key
            fires.setdefault((key.plan, key.order, key.fire), []).append(ref)
        again = []
        for (plan, order, fire), group in fires.items():
            pending = self._not_received(plan, order, fire, group, instructions)
            if pending is not None:
                again.append(pending)
        return again

    def _not_received(
        self, plan: str, order: str, fire: str, group: list[str], instructions: Instructions
    ) -> Pending | None:
        desk = self._desk
        key = desk.tracker.row(group[0]).ticket.key
        row = desk.journal.fire(plan, order, fire)
        instruction = instructions.get((plan, order))
        if row is None:
            return None
        siblings = [one for one in desk.journal.works.orders(row) if one.ticket.key.attempt == key.attempt]
        arrived = [one.ticket.order_ref for one in siblings if one.state not in _NEVER_THERE]
        if arrived and desk.journal.works.is_open(row):  # whoever works it sees that one of its orders is not there
            return None
        if arrived:
            self._desk.pause(plan, f"of one fire some orders arrived at the broker and some did not: {arrived[0]} did")
            return None
        now = self._clock.now()
        if instruction is not None and plan in desk.rules.resend and now <= row.due + instruction.policy.deadline:
            return Pending(instruction, row.due, attempt=2, fire=fire)
        reason = "it was proven not to have arrived at the broker, and the plan does not say resend: proven_absent"
        if plan in desk.rules.resend:
            deadline = DEFAULT_POLICY.deadline if instruction is None else instruction.policy.deadline
            reason = f"it was proven not to have arrived at the broker, but {int(deadline.total_seconds())} s late"
        desk.journal.miss_fire(plan, order, fire, reason)
        desk.emit(FireDone(plan=plan, order=order, fire=fire, time=row.due, state=FireState.MISSED, reason=reason))
        return None

    # --- alarms

    def _raise_alarms(self, instructions: Instructions) -> None:
        desk = self._desk
        for ref in desk.tracker.duplicates():
            if ref not in self._told:
                self._told.add(ref)
                self._halt(f"two orders at the broker carry the identity {ref}; fxrun cancel {ref} cancels both")
        if desk.inquest.lost_journal and desk.journal.halted() is None:
            ref = min(desk.inquest.lost_journal)
            desk.inquest.lost_journal.clear()
            self._halt(f"the broker has orders of this client id that this journal does not know, such as {ref}")
        if desk.stops_at_foreign and desk.inquest.foreign and desk.journal.halted() is None:
            seen = desk.inquest.foreign[0]
            self._halt(f"an order of somebody else is working: {seen.side and seen.side.value} {seen.contract}")
        self._tell_unlisted()
        self._watch_link()
        self._watch_armings({plan for plan, _ in instructions})

    def _tell_unlisted(self) -> None:
        found, self._desk.inquest.unlisted = self._desk.inquest.unlisted, []
        if not found:
            return
        first = found[0]
        verb = "is" if len(found) == 1 else "are"
        text = (
            f"{len(found)} of today's executions in the journal {verb} not among those that the broker tells "
            f"of any more, such as {first.exec_id} of {first.order_ref}: {first.side.value} "
            f"{plain(first.quantity)} {first.contract} at {plain(first.price)}; a trade may have been taken back. What "
            "was filled stays as it was told: compare fxrun positions, and see fxrun status"
        )
        self._desk.tell("unlisted", text, Severity.ERROR, first.plan if len(found) == 1 else "")

    def _watch_link(self) -> None:
        link, now = self._desk.link, self._clock.now()
        if link.down_since is None:
            self._told.discard("link")
            return
        down = timedelta(seconds=self._clock.seconds() - link.down_since)
        begun = now - down
        ends = [end for outage in self._desk.outages if (end := outage.end_of(begun)) is not None]
        expected = max(ends, default=begun)
        if "link" not in self._told and now >= expected + self._desk.grace and down >= self._desk.grace:
            self._told.add("link")
            self._desk.tell("link_down", f"no session since {stamp(begun)}: {link.words()}", Severity.ERROR)

    def _watch_armings(self, plans: set[str]) -> None:
        now = self._clock.now()
        for plan in plans & set(self._desk.rules.arming):
            if now - self._warned.get(plan, now - _DAY) < _DAY:
                continue
            self._warned[plan] = now
            arming = self._desk.journal.arming(plan)
            if arming is not None and arming.until - now <= WARN_BEFORE:
                text = f"{plan} is armed until {stamp(arming.until)} only; fxrun arm arms it again, no restart needed"
                self._desk.tell("arming", text, Severity.WARNING, plan)

    def _halt(self, reason: str) -> None:
        self._desk.journal.set_halt(reason, self._clock.now())  # told as one that a command makes

    def _notice(self, text: str, severity: Severity, plan: str = "") -> None:
        self._desk.emit(Noticed(plan=plan, code=0, severity=severity, text=text, time=self._clock.now()))

    def _note_link(self) -> None:
        link = self._desk.link
        state = (link.state, link.detail if link.state is not LinkState.READY else "")
        if state != self._state and link.state is not LinkState.CONNECTING:
            self._state = state
            self._desk.journal.set_link(state[0].value, state[1], self._clock.now())
