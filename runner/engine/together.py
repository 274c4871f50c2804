"""Fires that are due at one instant: claimed in one transaction, then let go one after the other as the session allows.

What can be claimed so is what needs nothing but its plan: no quote for a price, no account, no condition, nobody who
goes on with it. The rest is claimed at its turn, as it was. What is worked out of the plan alone is worked out before
the instant comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.engine.ahead import Ahead
from runner.engine.desk import Desk, Name, Pending
from runner.engine.fire import hindered, policy_of, questions, send, tell_unclaimed
from runner.engine.judging import gate_of, lacks_quote, limits_of
from runner.journal import payload
from runner.journal.gate import Bid, Claimed, Outcome
from runner.journal.rows import WAITS
from runner.lifecycle.identify import Unidentified
from runner.lifecycle.link import LinkState
from runner.plan.model import Instruction
from runner.risk.checks import bar, stop
from runner.schedule import Due
from strategies import STRATEGIES, Denied, Nothing, clears, expand, goes_on, needs

MOST = 1000  # fires that are claimed in one transaction: a halt waits for its end
EARLY = timedelta(minutes=1)  # before an instant its orders are worked out
TURN = "its turn had not come"


@dataclass(frozen=True, slots=True)
class _Made:
    """The orders of a fire as its plan alone says, and as the journal keeps them."""

    written: Instruction
    known: Instruction  # with its contract as the broker told it
    tickets: tuple[OrderTicket, ...]
    payloads: tuple[str, ...]


_Ready = tuple[Pending, _Made]


class Together:
    """Used by the engine's thread alone. `prepare` before an instant, `offer` what is due, then `claim`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._prepared: Due | None = None  # the first fire of the instant that was prepared last
        self._made: dict[Name, _Made] = {}
        self._fresh: dict[Name, Pending] = {}  # due, and not looked at yet

    def prepare(self, due: Due | None, dues: Ahead, pending_of: Callable[[Due], Pending]) -> None:
        """Work out the orders of the fires that are due together at the next instant, shortly before it."""
        if due is None or due is self._prepared or due.time - self._desk.inquest.now() > EARLY:
            return
        self._prepared = due
        self._made.clear()
        group = [due, *dues.of(due.time)]
        for pending in (pending_of(one) for one in group if one.skipped is None and len(group) > 1):
            if pending.instruction.strategy in STRATEGIES and (made := self._made_of(pending, pending.due)) is not None:
                self._made[pending.key] = made

    def offer(self, pending: Pending) -> None:
        """Take note of a fire that is due."""
        self._fresh[pending.key] = pending

    def claim(self, waiting: Mapping[Name, Pending], now: datetime) -> list[Name]:
        """Claim what is ready of the fires that were offered and wait still; returns those that need no more.

        Raises ConnectionFailed and JournalFailed: then nothing was claimed.
        """
        desk = self._desk
        if desk.broken or desk.link.state is not LinkState.READY or desk.contracts.hold():
            self._fresh.clear()  # each is claimed when it can be sent, and so is what was claimed and waits
            if desk.broken is None:
                desk.give_back(list(desk.queue.values()))
        if not self._fresh:
            return []
        ready, self._fresh = self._sorted(waiting, now)
        if len(ready) < 2:
            return []
        bids = [
            Bid(pending.row, made.tickets, gate_of(made.tickets, WAITS, pending, desk, bar), made.payloads)
            for pending, made in ready
        ]
        claimed = desk.journal.batch.claim(bids)
        return [pair[0].key for pair, one in zip(ready, claimed, strict=True) if self._took(*pair, one)]

    def _sorted(self, waiting: Mapping[Name, Pending], now: datetime) -> tuple[list[_Ready], dict[Name, Pending]]:
        """Return what can be claimed now, and what is to be looked at again."""
        ready: list[_Ready] = []
        later: dict[Name, Pending] = {}
        held = (name for name, one in waiting.items() if one.queued or name not in self._fresh)
        before = {part for name in held for part in (name[0], name[:2])}
        for key, pending in self._fresh.items():
            if waiting.get(key) is not pending or pending.queued:
                continue
            counts = limits_of(key[0], self._desk).max_fires_per_day is not None
            if len(ready) == MOST:
                later[key] = pending
            elif (key[0] if counts else key[:2]) in before or (made := self._ready(pending, now)) is None:
                before.update((key[0], key[:2]))  # it is claimed at its turn, when what is before it has been sent
            elif lacks_quote(made.tickets, self._desk):
                later[key] = pending
            else:
                ready.append((pending, made))
                before.update((key[0], key[:2]))
        return ready, later

    def _ready(self, pending: Pending, now: datetime) -> _Made | None:
        """Return the orders of a fire that can be claimed now, None for one that is claimed at its turn."""
        is_late = pending.deadline is not None and now > pending.deadline
        is_early = pending.instruction.schedule is None or now < pending.due
        if is_late or is_early or questions(pending.row.plan, self._desk) is not None:
            return None
        made = self._made.pop(pending.key, None)
        if made is None or made.written is not pending.instruction:
            made = self._made_of(pending, now)
        return None if made is None or policy_of(pending, self._desk) is not None else made

    def _made_of(self, pending: Pending, now: datetime) -> _Made | None:
        written = pending.instruction
        if pending.attempt > 1 or pending.halt is not None or written.when is not None:
            return None
        try:
            if needs(written) is not Need.NOTHING or goes_on(written) or clears(written):
                return None
            found = self._desk.contracts.of(written)
            if isinstance(found, str):
                return None
            tickets = expand(found, pending.row.fire, Snapshot(now=now))
        except (Denied, Nothing, Unidentified):
            return None
        return _Made(written, found, tickets, tuple(map(payload.dump, tickets))) if tickets else None

    def _took(self, pending: Pending, made: _Made, claimed: Claimed) -> bool:
        """Tell what became of a fire; returns whether that is all."""
        if claimed:
            pending.instruction, pending.queued, pending.why = made.known, made.tickets, TURN
            self._desk.queue[pending.key] = pending
        else:
            tell_unclaimed(pending.row, made.tickets, claimed, self._desk)
        return not claimed


def let_go(pending: Pending, now: datetime, desk: Desk) -> bool:
    """Send the orders of a fire that was claimed with others, or record why not; False if it has to wait.

    What may have changed since is judged again in the transaction that gives them their order ids. Raises as
    `carry_out` does.
    """
    if (is_done := hindered(pending, now, desk)) is not None:
        return is_done
    tickets, row = pending.queued, pending.row
    if lacks_quote(tickets, desk):
        pending.why = "a quote is being asked for"
        return False
    if desk.arrivals is not None:
        desk.arrivals.ask(tickets[0].contract, desk.inquest.now())
    first = desk.connection.take_order_ids(len(tickets))
    gone = desk.journal.batch.let_go(row, tickets, gate_of(tickets, first, pending, desk, stop))
    desk.unqueue(pending)
    desk.used_up.discard(row.plan)  # the fires of the day that it was judged by have this one among them
    if gone.outcome is Outcome.GIVEN_BACK:
        return False
    if gone:
        pending.is_claimed = True
        send(pending, tickets, first, desk)
    else:
        tell_unclaimed(row, tickets, gone, desk)
    return True
