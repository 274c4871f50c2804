"""Asks the broker what it knows, after every login and wherever an order stays silent, and settles what that proves.

A pass asks for open orders, completed orders and executions. The first complete one lets the session send; what it
leaves open is asked again behind it, while plans without open questions go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from runner.core.crashpoints import crashpoint
from runner.core.facts import (
    CompletedOrderSeen,
    CompletedOrdersEnd,
    Fact,
    LoggedIn,
    OpenOrderSeen,
    OpenOrdersEnd,
)
from runner.core.ids import PREFIX, OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, Side
from runner.errors import ConnectionFailed
from runner.ib.connection import Connection
from runner.ib.times import handshake_zone, parse_time
from runner.journal.remarks import Unlisted, back, gone
from runner.journal.rows import ExecutionRow, OpenRow
from runner.journal.store import Journal, root_of
from runner.lifecycle.link import Link, LinkState
from runner.lifecycle.reconcile import (
    APART,
    Evidence,
    Gathering,
    Question,
    Verdict,
    day_start,
    judge,
    unlisted,
)
from runner.lifecycle.tracker import Tracker

PASS_TIMEOUT = timedelta(seconds=10)  # without a word of what only a pass asks for
PASS_LONGEST = timedelta(seconds=45)  # however long its lists are
PATIENCE = timedelta(seconds=60)  # how long a question may stay open until it is called unknown
UNENDED = 2  # passes in a row whose lists had no end, until a new session is begun
FOREIGN_EVERY = timedelta(seconds=60)  # how often orders of others are looked at where they matter
_ENDS = (OpenOrdersEnd, CompletedOrdersEnd)
_SETTLES = APART + timedelta(milliseconds=100)
NO_ANSWER = "the broker gave no complete answer about it"


@dataclass(slots=True)
class _Open:
    """A question, since when it is asked, and whether the broker ever spoke of the order."""

    question: Question
    key: OrderKey
    since: datetime
    was_acknowledged: bool
    is_given_up: bool = False


class Inquest:
    """One for a run. `absent` collects orders that were proven never to have arrived, until somebody takes them."""

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        tracker: Tracker,
        link: Link,
        now: Callable[[], datetime],
        *,
        watches_foreign: bool = False,
    ) -> None:
        self._connection = connection
        self._journal = journal
        self.tracker = tracker
        self._link = link
        self.now = now
        self._watches_foreign = watches_foreign
        self.absent: list[str] = []
        self.unlisted: list[ExecutionRow] = []  # executions that the broker does not tell of any more, until taken
        self.lost_journal: set[str] = set()  # orders of our client id that the journal does not know
        self._open: dict[str, _Open] = {}
        self._passes: list[Evidence] = []
        self._gathering: Gathering | None = None
        self._next: datetime | None = None  # when the next pass is due
        self._sessions: dict[str, int] = {}  # order_ref -> the session it was sent in
        self._foreign: dict[int, OpenOrderSeen] = {}  # by permId
        self._owed = {OpenOrdersEnd: 0, CompletedOrdersEnd: 0}
        self._heard = datetime.min.replace(tzinfo=UTC)  # when something of a list came last
        self._gone: dict[str, Unlisted] | None = None  # those, by the root of their exec_id; None before the first look
        self._ahead = timedelta(0)  # the TWS's clock, of ours
        self._unended = 0  # passes in a row of which an End never came
        self._has_asked = False  # a complete pass has come

    # --- what it says

    @property
    def is_open(self) -> bool:
        """True while a question is open that may still be settled."""
        return any(not asked.is_given_up for asked in self._open.values())

    @property
    def is_settled(self) -> bool:
        """True once the broker was asked, if anybody asks, and no question is left that may still be settled."""
        return not self.is_open and (self._has_asked or not self._link.supervised)

    def blocks(self, plan: str) -> str | None:
        """Return why a plan has to wait, None if it need not."""
        for ref, asked in self._open.items():
            if asked.key.plan == plan and not asked.is_given_up:
                return f"the broker is being asked what became of {ref}"
        return None

    def foreign_orders(self, contract: str, side: Side) -> int:
        """Count the working orders of others on one side of a pair, as of the last pass."""
        return sum(seen.contract == contract and seen.side is side for seen in self._foreign.values())

    @property
    def foreign(self) -> tuple[OpenOrderSeen, ...]:
        """The working orders of others, as of the last pass."""
        return tuple(self._foreign.values())

    def due(self) -> datetime | None:
        """Return when `tick` has something to do next."""
        if self._gathering is not None:
            return self._deadline(self._gathering)
        return self._next if self._link.is_usable else None

    # --- what happens

    def sent(self, tickets: Iterable[OrderTicket]) -> None:
        """Note in which session orders are sent."""
        for ticket in tickets:
            self._sessions[ticket.order_ref] = self._connection.session

    def begin(self) -> None:
        """Ask anew about everything that is open: after a login, or when the TWS has its line to IB again."""
        self._passes.clear()
        self._open = {row.ticket.order_ref: self._asked(row) for row in self._journal.open_orders()}
        self._start_pass()

    def _asked(self, row: OpenRow) -> _Open:
        ref = row.ticket.order_ref
        question = Question(
            order_ref=ref,
            client_id=row.client_id,
            order_id=row.order_id,
            claimed_at=row.claimed_at,
            session=self._sessions.get(ref, 0),
        )
        silent = row.state in (OrderState.PLANNED, OrderState.SENT, OrderState.UNKNOWN)
        return _Open(question, row.ticket.key, self.now(), bool(row.perm_ids) or not silent)

    def forget(self, before: datetime) -> None:
        """Let go of orders that ended and were sent before an instant, so that a run of years does not grow."""
        for order_ref in self.tracker.forget(before):
            self._sessions.pop(order_ref, None)

    def silent(self, order_ref: str, reason: str) -> None:
        """Ask about an order that should have been answered; without supervision it is unknown at once."""
        if not self._link.supervised:
            self.tracker.give_up(order_ref, reason)
            return
        row = self._journal.order(order_ref)
        if row is not None and order_ref not in self._open:
            self._open[order_ref] = self._asked(row)
        if self._gathering is None:
            self._next = self.now()

    def take(self, fact: Fact) -> None:
        """Take in what belongs to a pass."""
        if isinstance(fact, _ENDS):
            self._owed[type(fact)] = max(0, self._owed[type(fact)] - 1)
        if isinstance(fact, LoggedIn):
            self._owed = dict.fromkeys(self._owed, 0)
            theirs = parse_time(fact.server_time, self._zone)
            self._ahead = timedelta(0) if theirs is None else theirs - self.now()
        if self._gathering is None:
            return
        self._gathering.take(fact)
        if isinstance(fact, CompletedOrderSeen | OpenOrdersEnd | CompletedOrdersEnd):
            self._heard = self.now()
        if isinstance(fact, OpenOrderSeen):
            self._look_at(fact)

    def _look_at(self, seen: OpenOrderSeen) -> None:
        ours = seen.order_ref.startswith(f"{PREFIX}:")
        is_known = ours and self._journal.order(seen.order_ref) is not None
        if ours and not is_known and seen.client_id == self._connection.client_id:
            self.lost_journal.add(seen.order_ref)
        elif not is_known and seen.perm_id is not None:
            self._foreign[seen.perm_id] = seen

    def tick(self) -> None:
        """Start a pass that is due, and judge one that has ended."""
        for order_ref in self.tracker.doubtful():
            self.silent(order_ref, "its cancel was answered in a way that does not tell where it stands")
        if self._gathering is not None:
            if self._gathering.is_over or self.now() >= self._deadline(self._gathering):
                self._end_pass(self._gathering)
        elif self._next is not None and self.now() >= self._next and self._link.is_usable:
            self._start_pass()

    def _deadline(self, gathering: Gathering) -> datetime:
        """Return when a pass is given up: lists of thousands of orders may take longer than one silence."""
        return min(max(self._heard, gathering.asked_at) + PASS_TIMEOUT, gathering.asked_at + PASS_LONGEST)

    def _start_pass(self) -> None:
        self._next = None
        login = self._link.login
        if login is None:
            return
        stale = dict(self._owed)
        asked_at = self.now()
        try:
            self._connection.request_all_open_orders()
            self._connection.request_completed_orders()
            request = self._connection.request_executions()
        except ConnectionFailed as failed:
            self._connection.drop(str(failed))
            return
        self._owed = {kind: count + 1 for kind, count in self._owed.items()}
        self._foreign.clear()
        self._gathering = Gathering(
            session=self._connection.session,
            client_id=self._connection.client_id,
            next_order_id=login.next_order_id,
            executions_request=request,
            asked_at=asked_at,
            stale_open_ends=stale[OpenOrdersEnd],
            stale_completed_ends=stale[CompletedOrdersEnd],
        )
        crashpoint("during_reconcile")

    def _end_pass(self, gathering: Gathering) -> None:
        self._gathering = None
        evidence = gathering.evidence(self.now())
        if self._link.login is None or evidence.session != self._connection.session:
            return
        self._passes.append(evidence)
        self.tracker.reconciled(evidence)
        for ref in list(self._open):
            self._judge(ref, self._open[ref])
        if evidence.complete:
            self._compare_executions(evidence)
            crashpoint("after_reconcile")
            self._has_asked = True
            self._link.checked()
        self._give_up_session(gathering)
        self._plan_next(evidence)

    @property
    def _zone(self) -> tzinfo:
        login = self._link.login
        return (handshake_zone(login.server_time) if login is not None else None) or UTC

    def _compare_executions(self, evidence: Evidence) -> None:
        """Note which of the day's executions the broker does not tell of any more; what was filled stays as it is."""
        since = day_start(evidence.asked_at + self._ahead, self._zone)
        if self._gone is None:
            self._gone = {root_of(one.exec_id): one for one in self._journal.unlisted(since)}
        now = self.now()
        for root, one in list(self._gone.items()):
            if root in evidence.roots:
                self._journal.add_remark(one.order_ref, now, back(one.exec_id))
                del self._gone[root]
        others = self._journal.executions_beside(evidence.roots, since, evidence.client_id)
        for row in unlisted(others, evidence, self._zone, self._ahead):
            if (root := root_of(row.exec_id)) not in self._gone:
                self._journal.add_remark(row.order_ref, now, gone(row.exec_id))
                self._gone[root] = Unlisted(order_ref=row.order_ref, exec_id=row.exec_id, at=now)
                self.unlisted.append(row)

    def _give_up_session(self, gathering: Gathering) -> None:
        """Begin a new session where Ends stay away: those of old questions could not be told from new ones any more."""
        self._unended = 0 if gathering.is_over else self._unended + 1
        if self._unended >= UNENDED:
            self._unended = 0
            self._connection.drop(f"the TWS left its lists without an end, {UNENDED} times in a row")

    def _plan_next(self, evidence: Evidence) -> None:
        if not evidence.complete and self._link.state is LinkState.CHECKING:
            self._next = self.now() + APART
        elif self.is_open:
            self._next = self.now() + _SETTLES
        elif self._watches_foreign:
            self._next = self.now() + FOREIGN_EVERY

    def _judge(self, ref: str, asked: _Open) -> None:
        verdict, reason = judge(asked.question, self._passes, self._zone)
        if verdict is Verdict.ABSENT and asked.was_acknowledged:
            verdict, reason = Verdict.UNKNOWN, "the broker spoke of it before, and does not name it any more"
        match verdict:
            case Verdict.PRESENT:
                del self._open[ref]
                self._journal.assume_sent(asked.key.plan, asked.key.order, asked.key.fire)
            case Verdict.ABSENT:
                del self._open[ref]
                self.tracker.prove_absent(ref, reason)
                self.absent.append(ref)
            case Verdict.UNKNOWN:
                del self._open[ref]
                self._journal.assume_sent(asked.key.plan, asked.key.order, asked.key.fire)
                self.tracker.give_up(ref, reason)
            case Verdict.ASK_AGAIN if self.now() - asked.since >= PATIENCE and not asked.is_given_up:
                asked.is_given_up = True
                self.tracker.give_up(ref, NO_ANSWER)

    def forget_session(self) -> None:
        """Drop the pass that was under way: its session has ended."""
        self._gathering = None
        self._next = None
        self._foreign.clear()
