"""A run from its first fire to its end: one thread, one queue, one list of what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from runner.core.crashpoints import crashpoint
from runner.core.facts import ConnectionLost, Fact, Handled, LoggedIn
from runner.engine import absence
from runner.engine.ahead import Ahead
from runner.engine.answers import Answers
from runner.engine.clock import EngineClock
from runner.engine.desk import Desk, Pending
from runner.engine.fire import carry_out, miss, miss_all, skip
from runner.engine.lookup import Lookup
from runner.engine.on_halt import guards
from runner.engine.renewal import END_OF_TIME, Change, by_name, renew
from runner.engine.span import Span
from runner.engine.together import Together, let_go
from runner.engine.untold import Untold
from runner.engine.watch import Watch
from runner.engine.working import Working
from runner.errors import ConnectionFailed
from runner.journal.store import JournalFailed
from runner.plan.model import Instruction, Plan
from runner.schedule import Due, merge

OVERTAKEN = timedelta(seconds=10)  # a fire so late is not sent any more once the next one of its order is due
PROGRESS = timedelta(hours=1)
DRAIN = timedelta(days=365)  # how long a finite schedule's last orders are followed
_SECOND = timedelta(seconds=1)
T = TypeVar("T")


class Run:
    """Carries out plans over a span. Construct, `go`, then read the journal; `lost` tells why no session is left."""

    def __init__(
        self,
        plans: Sequence[Plan],
        span: Span,
        clock: EngineClock,
        desk: Desk,
        on_time: Callable[[datetime], None],
        first: LoggedIn | None = None,
        changes: Callable[[], Change | None] | None = None,
    ) -> None:
        """`first` is a login that came before there was a run, and that nothing has been done about yet.

        With `changes` the run has no end of its own: it is asked between two steps whether there are other plans now.
        """
        self._instructions: dict[tuple[str, str], Instruction] = by_name(plans)
        self._changes = changes
        self._change: Change | None = None  # that is still to be made
        self._span = span
        self._clock = clock
        self._desk = desk
        self._on_time = on_time
        self._watch = Watch(desk, clock)
        self._working = Working(desk, self._instructions)
        desk.digests = {plan.name: plan.digest for plan in plans}
        desk.conduct.watch(self._instructions.values())
        self.pending: dict[tuple[str, str, str], Pending] = {}  # due, and not sent yet
        self._latest: dict[tuple[str, str], Pending] = {}  # the last fire that was listed of each order
        self._late: dict[tuple[str, str], Pending] = {}  # the last late fire of each order that makes up for one
        self._looked = span.start  # when the deadlines of what is held back were looked at
        self._answers = Answers(desk)
        self._untold = Untold(desk)
        self._together = Together(desk) if desk.link.supervised and clock.is_real else None
        self._last_fire = span.start
        self._noted = span.start  # when progress was written down last
        self._is_stopped = False
        self._first = first
        self.lookup = Lookup(plans, desk, lasts=changes is not None)

    def go(self) -> None:
        """Run to the end, or until it is stopped or no session is left; call `finish` in any case."""
        until = self._span.until or END_OF_TIME
        dues = Ahead(absence.dues(self._instructions, self._span.start, until, self._desk))
        due = next(dues, None)
        self._guarded(self._working.take_up)
        if self._first is not None:
            self._desk.link.begun()
            self._handle(self._first)
        while not self._is_over:
            if self._together is not None:
                self._together.prepare(due, dues, self._pending_of)
            self._guarded(lambda: self.lookup.go_on(self._settle))
            target = self._target(due)
            if target is None or (target == self._span.last and self._clock.now() >= target):
                return
            reached = self._clock.advance(target, self._handle)
            self._on_time(reached)
            self._tend()
            due = self._pass_over(due, dues)
            while due is not None and due.time <= reached and not self._is_over:
                instant = due.time
                self._list(due)
                due = next(dues, None)
                if self._together is None or due is None or due.time > instant:
                    self._work()
            self._make_up(due)
            self._work()
            self._guarded(lambda: self._working.go_on(self._settle))
            self._note_progress()
            if (change := self._changed()) is not None:
                dues = self._renewed(change, reached + timedelta.resolution, until, dues)
                due = next(dues, None)

    def stop(self) -> None:
        """End the run before its next step; may be called from a signal handler."""
        self._is_stopped = True
        self._clock.wake()

    @property
    def lost(self) -> str | None:
        """Why there is no session any more and none will come."""
        return None if self._desk.link.fatal is None else str(self._desk.link.fatal)

    @property
    def _is_over(self) -> bool:
        return self._is_stopped or self._desk.link.fatal is not None or self.lookup.refusal is not None

    def finish(self) -> None:
        """Take in what is still under way, then give up; what fell due within the span and was held back is missed."""
        link = self._desk.link
        if not self._is_over and self._desk.broken is None:
            for pending in (*self.pending.values(), *self._late.values()):
                pending.why = pending.why or "its turn did not come before the run ended"
                self._miss(pending, self._clock.now())
        self._clock.linger(self._handle, lambda: link.is_usable and self._desk.tracker.is_owed())
        self.give_up()

    def give_up(self) -> None:
        """Call what was never answered by its name: unknown. The next run on this journal asks about it first.

        What was claimed and has not been let go is due in that one as if it had not been claimed.
        """
        reason = self.lost or "no answer came before the run ended"
        for order_ref in self._desk.tracker.unresolved():
            self._desk.tracker.give_up(order_ref, reason)
        if self._desk.broken is None:
            self._guarded(lambda: self._desk.give_back(list(self._desk.queue.values())))
        self._watch.close()

    # --- what is due

    def _target(self, due: Due | None) -> datetime | None:
        """Return the instant to wait for, None if the run is over."""
        if due is not None:
            last = due.time
        elif self._span.last is not None:
            last = self._span.last
        elif self._changes is not None:
            last = self._clock.now() + PROGRESS
        elif self._is_done():
            return None
        else:
            last = self._last_fire + DRAIN
        waits = [last, *self._waits()]
        return max(min(waits), min(last, self._clock.now()))

    def _pass_over(self, due: Due | None, dues: Ahead) -> Due | None:
        """Record as missed what is past its deadline before it could be looked at; returns the next."""
        now = self._clock.now()
        if self._desk.broken is not None:
            return due
        late, due = absence.overdue(due, dues, self._pending_of, now)
        if late:
            self._last_fire = late[-1].due
            self._write(late[0].due, lambda: miss_all(late, now, self._desk))
        return due

    def _is_done(self) -> bool:
        settled = self._desk.tracker.is_settled() and not self.pending and self._desk.inquest.is_settled
        is_over = settled and self._working.is_idle and not guards(self._instructions.values(), self._desk)
        return is_over or self._clock.now() >= self._last_fire + DRAIN

    def _waits(self) -> Iterator[datetime]:
        yield from self._answers.waits()
        yield from self._watch.waits()
        yield from self._working.waits()
        if self.pending or not self._desk.contracts.is_settled:
            yield self._clock.now() + _SECOND

    def _list(self, due: Due) -> None:
        self._last_fire = due.time
        pending = self._pending_of(due)
        if due.skipped is not None:
            reason = due.skipped
            self._write(due.time, lambda: skip(pending.row, reason, self._desk))
            return
        name = (due.plan, due.order)
        self._overtake(self._late.pop(name, None))
        before, self._latest[name] = self._latest.get(name), pending
        if before is not None and before.key in self.pending and self._clock.now() - before.due > OVERTAKEN:
            self._overtake(self.pending.pop(before.key))  # no burst of what was held back
        if pending.deadline is None and pending.is_late(self._clock.now()):
            self._late[name] = pending
        else:
            self._add(pending)

    def _overtake(self, pending: Pending | None) -> None:
        if pending is not None:
            held = "it was held back until the next fire of the same order was due"
            pending.why = absence.MISSED if pending.due < self._span.start else pending.why or held
            self._miss(pending, self._clock.now())

    def _make_up(self, due: Due | None) -> None:
        """Send the last of the late fires that are to be made up for, once no other of its order is due by now."""
        if self._late and (due is None or due.time > self._clock.now()):
            for pending in self._late.values():
                self._add(pending)
            self._late.clear()

    def _add(self, pending: Pending) -> None:
        self.pending[pending.key] = pending
        if self._together is not None:
            self._together.offer(pending)

    def _pending_of(self, due: Due) -> Pending:
        return Pending(self._instructions[due.plan, due.order], due.time, fire=due.fire)

    # --- other plans

    def _changed(self) -> Change | None:
        if self._changes is None or self._desk.broken is not None:
            return None
        self._change = self._changes() or self._change
        return self._change

    def _renewed(self, change: Change, start: datetime, until: datetime, dues: Ahead) -> Ahead:
        """Carry out the other plans; returns what is due from `start` on, or what was if the journal fails."""
        try:
            fresh = renew(change, self._instructions, (self.pending, self._late), self._working, self._desk)
        except JournalFailed as failed:
            self._watch.journal_failed(failed)
            return dues
        self._change = None
        self.lookup.renew(change.plans)
        self._latest = {name: one for name, one in self._latest.items() if name not in fresh}
        wanted = ((*name, each.schedule) for name, each in self._instructions.items() if each.schedule or name in fresh)
        return Ahead(merge(wanted, start, until))

    # --- sending

    def _work(self) -> None:
        """Send what is due as far as nothing holds it back; what is held back too long is missed."""
        self._claim()
        for key, pending in list(self.pending.items()):
            if self._is_over:
                return
            if (why := self._desk.held()) is not None:
                self._look_at_deadlines(why)
                return
            if self._attempt(pending):
                del self.pending[key]

    def _claim(self) -> None:
        """Claim together what is due together."""
        if self._together is None or self._is_over:
            return
        together, now = self._together, self._clock.now()
        for key in self._spoken(lambda: together.claim(self.pending, now)) or ():
            del self.pending[key]

    def _attempt(self, pending: Pending) -> bool:
        is_done = self._try(pending)
        self._settle()
        if not is_done and not self._is_over and self._desk.held() is None:
            is_done = self._try(pending)  # a quote has come
            self._settle()
        self._watch.pause_plans()
        if pending.is_claimed:
            self._working.add(pending)
        return is_done

    def _settle(self) -> None:
        self._clock.settle(self._handle)
        self._answers.sent(self._clock.now())

    def _try(self, pending: Pending) -> bool:
        act = let_go if pending.queued else carry_out
        is_done = self._spoken(lambda: act(pending, self._clock.now(), self._desk))
        return pending.is_claimed if is_done is None else is_done

    def _spoken(self, act: Callable[[], T]) -> T | None:
        """Do something that speaks to the broker and writes the journal; None where one of them fails."""
        try:
            return act()
        except ConnectionFailed as failed:
            self._desk.link.take(ConnectionLost(reason=str(failed)))
        except JournalFailed as failed:
            self._watch.journal_failed(failed)
        return None

    def _look_at_deadlines(self, why: str) -> None:
        now = self._clock.now()
        if now - self._looked < _SECOND:
            return
        self._looked = now
        for key, pending in list(self.pending.items()):
            pending.why = pending.why or why
            if pending.deadline is not None and now > pending.deadline and self._desk.broken is None:
                self._miss(pending, now)
                del self.pending[key]

    def _miss(self, pending: Pending, now: datetime) -> None:
        self._write(pending.due, lambda: miss(pending, now, self._desk))

    def _write(self, due: datetime, act: Callable[[], None]) -> None:
        self._guarded(lambda: self._untold.write(due, act))

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something that writes the journal; where that fails, nothing is sent until it can be written again."""
        try:
            act()
        except JournalFailed as failed:
            self._watch.journal_failed(failed)

    # --- as time passes

    def _note_progress(self) -> None:
        """Write down how far fires were looked at: a start after a crash walks through an hour then, and not a year."""
        now = self._clock.now()
        if not self._desk.link.supervised or self._desk.broken is not None or now - self._noted < PROGRESS:
            return
        self._noted = now
        pending = [*(one.due for one in (*self.pending.values(), *self._late.values())), *self._untold.dues()]
        back = max(map(absence.reach, self._instructions.values()), default=timedelta())
        seen = min([now - back, *pending]) - timedelta.resolution
        if seen > self._span.start:
            self._desk.journal.record_progress(self._instructions, seen)

    def _tend(self) -> None:
        for pending in self._watch.tick(self._instructions):
            self.pending.setdefault(pending.key, pending)
        self._guarded(self._untold.go_on)
        self._watch.pause_plans()
        self._answers.tend(self._clock.now())

    def _handle(self, fact: Fact) -> None:
        if not isinstance(fact, Handled):
            crashpoint("before_fact")
        self._guarded(lambda: self._watch.take(fact))
        self._answers.take(fact)
        if not isinstance(fact, Handled):
            crashpoint("after_fact")
