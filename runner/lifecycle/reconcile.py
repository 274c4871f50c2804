"""What became of an order that nothing was heard of: judged from what the broker was asked, pure.

A pass asks a TWS for all open orders, the executions and the completed orders on one session. Each list counts for
what it names as soon as it names it; for what it does not name it counts only when its End came. What no pass names is
absent only if nothing could have hidden it; in every other case it is unknown, which is never guessed away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

from runner.core.facts import (
    CompletedOrderSeen,
    CompletedOrdersEnd,
    ConnectionLost,
    ExecutionSeen,
    ExecutionsEnd,
    Fact,
    LoggedIn,
    LoginFailed,
    NoticeSeen,
    OpenOrderSeen,
    OpenOrdersEnd,
)
from runner.ib.notices import Disposition, classify
from runner.journal.rows import ExecutionRow
from runner.journal.store import root_of

APART = timedelta(seconds=5)  # an order that is under way inside the TWS shows within this
SKEW = timedelta(seconds=60)  # live trading refuses a clock further from the TWS's than this


class Verdict(Enum):
    """What the evidence says of one order."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    ASK_AGAIN = "ask_again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What one pass on one session told: order_refs by the list that named them.

    The lists were put together between `asked_at` and `at`; `at` is when the last End came, or when it was given up.
    """

    open: frozenset[str]
    executed: frozenset[str]
    completed: frozenset[str]
    complete: bool  # all three Ends came, without an error or a loss in between
    client_id: int
    next_order_id: int  # as told at the login of this session
    asked_at: datetime
    at: datetime
    session: int
    roots: frozenset[str] = frozenset()  # of the executions, exec_ids without their revision

    @property
    def named(self) -> frozenset[str]:
        """Every order_ref that any of the lists named."""
        return self.open | self.executed | self.completed


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An order of which it is not known whether the broker has it."""

    order_ref: str
    client_id: int | None  # None and `order_id` None: the journal does not say under which ids it was claimed
    order_id: int | None
    claimed_at: datetime
    session: int = 0  # the session it was sent in, 0 for one of an earlier process
    same_gateway: bool = True  # the TWS is not known to have been restarted since the claim


def judge(question: Question, passes: Sequence[Evidence], zone: tzinfo) -> tuple[Verdict, str]:
    """Return what passes say of an order, and why, in words for the trader.

    passes: oldest first; zone: the TWS's, its midnight ends the lists of executions and of completed orders.
    """
    for evidence in passes:
        for where in ("open", "executed", "completed"):
            if question.order_ref in getattr(evidence, where):
                return Verdict.PRESENT, _PRESENT[where]
    second = _second(question, passes)
    if second is None:
        return Verdict.ASK_AGAIN, "two complete answers, five seconds apart, are not there yet"
    doubt = _doubt(question, passes, second, zone)
    if doubt is not None:
        return Verdict.UNKNOWN, doubt
    return Verdict.ABSENT, f"two complete answers do not name it, and the TWS has not used order id {question.order_id}"


_PRESENT = {
    "open": "it is among the open orders",
    "executed": "it is among the executions",
    "completed": "it is among the completed orders",
}


def _second(question: Question, passes: Sequence[Evidence]) -> Evidence | None:
    """Return a complete pass of the last session that came long enough after another one, itself after the claim."""
    last = max((evidence.session for evidence in passes), default=0)
    whole = [e for e in passes if e.complete and e.session == last and e.asked_at >= question.claimed_at]
    return next((later for later in whole if later.asked_at - whole[0].at >= APART), None)


def _doubt(question: Question, passes: Sequence[Evidence], second: Evidence, zone: tzinfo) -> str | None:
    """Return what might hide an order that two complete passes do not name, None for nothing."""
    if question.order_id is None:
        return "the order id it was claimed under is not in the journal"
    if any(evidence.client_id != question.client_id for evidence in passes):
        return f"it was sent with client id {question.client_id}, and another client id was asked"
    if not question.same_gateway:
        return "the TWS was restarted in between, and may have forgotten it"
    if question.session >= second.session:
        return "the session it was sent in still stands, and the TWS may hold it back"
    if any(evidence.next_order_id > question.order_id for evidence in passes):
        return f"the TWS has used order id {question.order_id}, or a later one, and does not say for what"
    if _day(question.claimed_at - SKEW, zone) != _day(second.at + SKEW, zone):
        return "the day of the TWS has ended since; what it did that day is no longer told"
    return None


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def day_start(at: datetime, zone: tzinfo) -> datetime:
    """Return the midnight of the TWS before an instant: it tells executions from there on."""
    return datetime.combine(_day(at, zone), time.min, zone).astimezone(UTC)


def unlisted(
    known: Iterable[ExecutionRow], evidence: Evidence, zone: tzinfo, ahead: timedelta = timedelta(0)
) -> tuple[ExecutionRow, ...]:
    """Return the executions that a complete pass should name and does not: a trade that was taken back, for one.

    known: those of the journal, of the client id that was asked for; ahead: by how much the TWS's clock is ahead of
    ours. None near the TWS's midnight, at which it forgets all of them.
    """
    today = _day(evidence.asked_at + ahead - SKEW, zone)
    if not evidence.complete or _day(evidence.at + ahead + SKEW, zone) != today:
        return ()
    own = (row for row in known if _day(row.at - SKEW, zone) == today)
    return tuple(row for row in own if root_of(row.exec_id) not in evidence.roots)


@dataclass(slots=True, kw_only=True)
class Gathering:
    """Collects what one pass tells, from the moment its three questions left.

    TWS numbers only the question for executions. `stale_open_ends` and `stale_completed_ends` are how many Ends are
    still owed to earlier questions of this session: that many are not counted for this one.
    """

    session: int
    client_id: int
    next_order_id: int
    executions_request: int
    asked_at: datetime
    stale_open_ends: int = 0
    stale_completed_ends: int = 0
    spoilt: str | None = None  # what makes it no evidence of absence
    _open: set[str] = field(default_factory=set)
    _executed: set[str] = field(default_factory=set)
    _roots: set[str] = field(default_factory=set)
    _completed: set[str] = field(default_factory=set)
    _ended: set[type] = field(default_factory=set)

    def take(self, fact: Fact) -> None:
        """Take in a fact; every fact that comes while the pass is under way belongs here."""
        match fact:
            case OpenOrderSeen():
                self._open.add(fact.order_ref)
            case ExecutionSeen():
                self._executed.add(fact.order_ref)
                self._roots.add(root_of(fact.exec_id))
            case CompletedOrderSeen():
                self._completed.add(fact.order_ref)
            case NoticeSeen():
                self._take_notice(fact)
            case ConnectionLost() | LoggedIn() | LoginFailed():
                self.spoilt = self.spoilt or "the connection was lost"
            case _:
                self._take_end(fact)

    def _take_end(self, fact: Fact) -> None:
        match fact:
            case OpenOrdersEnd() if self.stale_open_ends:
                self.stale_open_ends -= 1
            case CompletedOrdersEnd() if self.stale_completed_ends:
                self.stale_completed_ends -= 1
            case OpenOrdersEnd() | CompletedOrdersEnd():
                self._ended.add(type(fact))
            case ExecutionsEnd() if fact.request_id == self.executions_request:
                self._ended.add(type(fact))

    def _take_notice(self, seen: NoticeSeen) -> None:
        match classify(seen.code, about_order=False):
            case Disposition.CONNECTION_LOST | Disposition.CONNECTION_BACK | Disposition.CLIENT_ID_IN_USE:
                self.spoilt = self.spoilt or f"{seen.code} {seen.text}"
            case Disposition.FAIL_REQUEST if seen.about in (-1, self.executions_request):
                self.spoilt = self.spoilt or f"{seen.code} {seen.text}"

    @property
    def has_ended(self) -> bool:
        """Tell whether all three Ends came."""
        return len(self._ended) == 3

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come of it: it ended, or it is spoilt."""
        return self.has_ended or self.spoilt is not None

    def evidence(self, at: datetime) -> Evidence:
        """Return what was told until now."""
        return Evidence(
            open=frozenset(self._open - {""}),
            executed=frozenset(self._executed - {""}),
            completed=frozenset(self._completed - {""}),
            complete=self.has_ended and self.spoilt is None,
            client_id=self.client_id,
            next_order_id=self.next_order_id,
            asked_at=self.asked_at,
            at=at,
            session=self.session,
            roots=frozenset(self._roots),
        )
