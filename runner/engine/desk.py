"""What fires are carried out with, and a fire that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.core.events import Event, Noticed, Severity
from runner.core.facts import LoggedIn
from runner.core.ids import fire_key, halt_of
from runner.core.limits import Limits
from runner.core.outage import Outage
from runner.core.snapshot import Need, Snapshot
from runner.core.ticket import OrderTicket
from runner.core.times import stamp
from runner.engine.accounts import Accounts
from runner.engine.arrivals import Arrivals, Look
from runner.engine.conduct import Conduct
from runner.engine.contracts import Contracts
from runner.engine.quotes import Quotes
from runner.journal.rows import FireRow
from runner.journal.store import Journal
from runner.lifecycle.inquest import Inquest
from runner.lifecycle.link import Link
from runner.lifecycle.submit import Connection
from runner.lifecycle.tracker import Tracker
from runner.plan.model import Instruction
from runner.risk.checks import ArmingWanted

Name = tuple[str, str, str]  # plan, order and fire


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What holds the orders of each plan back; without settings nothing does."""

    limits: Mapping[str, Limits] = field(default_factory=dict)  # by plan
    arming: Mapping[str, ArmingWanted] = field(default_factory=dict)  # by plan; one that is not here wants none
    resend: frozenset[str] = frozenset()  # plans whose orders are sent again once they are proven absent
    counts_foreign: bool = False  # orders of others count as open orders
    edited: Callable[[str], str | None] = lambda _plan: None  # why a plan's file is not what is carried out any more


@dataclass(kw_only=True, slots=True)
class Desk:
    """What a fire is carried out with."""

    connection: Connection
    account: str
    journal: Journal
    tracker: Tracker
    emit: Callable[[Event], None]
    link: Link
    inquest: Inquest
    quotes: Quotes
    conduct: Conduct
    make_tracker: Callable[[], Tracker]  # a new one, for when what the old one knows was not written down
    rules: Rules = Rules()
    again: bool = False  # send orders without schedule once more
    admit: Callable[[LoggedIn], None] | None = None  # raises Refused at a session that is not the one wanted
    check_clock: Callable[[datetime, datetime], None] = lambda _theirs, _ours: None  # raises Refused
    alarm: Callable[[str, Mapping[str, object]], None] = lambda _event, _fields: None
    outages: tuple[Outage, ...] = ()  # in which a lost session is no news
    grace: timedelta = timedelta(minutes=2)
    stops_at_foreign: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)  # of the files of plans, by plan
    used_up: set[str] = field(default_factory=set)  # plans that have had their fires of the day
    broken: str | None = None  # why the journal cannot be written; nothing is sent as long as it is set
    keeps_arrivals: bool = False  # the journal outlives the run, or a report is wanted of it
    look: Look | None = None  # tells the market to whoever keeps it, where that is no question to the broker
    queue: dict[Name, Pending] = field(default_factory=dict)  # fires that were claimed together and wait for their turn
    accounts: Accounts = field(init=False)
    contracts: Contracts = field(init=False)
    arrivals: Arrivals | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.contracts = Contracts(self.connection, self.journal, self.inquest.now, self.emit)
        self.accounts = Accounts(self.connection, self.account, self.inquest.now)
        if self.keeps_arrivals:
            accounts = self.accounts if self.link.supervised else None  # elsewhere the reference rates are at hand
            self.arrivals = Arrivals(self.quotes, accounts, self.journal, self.look)

    def pause(self, plan: str, reason: str) -> None:
        """Send nothing of a plan until somebody resumes it, and tell so."""
        self.journal.set_pause(plan, reason, self.inquest.now())
        text = f"{plan} is paused: {reason}; fxrun resume {plan} lifts it"
        self.tell("halt", text, Severity.ERROR, plan)

    def tell(self, event: str, text: str, severity: Severity, plan: str = "") -> None:
        """Raise an alarm: a notice, and whatever the user's settings want done at such an event."""
        now = self.inquest.now()
        self.emit(Noticed(plan=plan, code=0, severity=severity, text=text, time=now))
        self.alarm(event, {"plan": plan, "reason": text, "time": stamp(now)})

    def held(self) -> str | None:
        """Return why nothing can be sent now, None if something can."""
        return self.cut_off() or self.contracts.hold()

    def cut_off(self) -> str | None:
        """Return why the broker cannot be spoken to now, None if it can."""
        return self.broken or self.link.hold()

    def unqueue(self, pending: Pending) -> None:
        """Note that a fire does not wait for its turn any more."""
        pending.queued = ()
        self.queue.pop(pending.key, None)

    def give_back(self, pendings: Iterable[Pending]) -> None:
        """Let fires that were claimed together be due as if they had not been; raises JournalFailed."""
        queued = [pending for pending in pendings if pending.queued]
        if queued:
            self.journal.batch.give_back([pending.row for pending in queued])
        for pending in queued:
            self.unqueue(pending)

    def queued_before(self, pending: Pending) -> str | None:
        """Return why a fire waits whose plan has another one that was claimed and waits for its turn."""
        if pending.queued or not self.queue:
            return None
        is_before = any(one.row.plan == pending.row.plan for one in self.queue.values())
        return "another fire of its plan was claimed before it, and waits for its turn" if is_before else None

    @property
    def is_guarded(self) -> bool:
        """True if a claim is held against halt, limits and arming; a simulated run without settings has none."""
        return self.link.supervised or bool(self.rules.limits)


@dataclass(slots=True)
class Pending:
    """A fire that is due; `why` is what holds it back."""

    instruction: Instruction
    due: datetime
    attempt: int = 1
    why: str = ""
    is_claimed: bool = False
    fire: str | None = None  # its key; None for that of `due`, from which a jitter or a late start differ
    known: Snapshot | None = None  # what its orders were worked out from
    seen_open: datetime | None = None  # when an order whose end is waited for was seen open last
    needs: Need = Need.NOTHING  # what of it they could not do without
    queued: tuple[OrderTicket, ...] = ()  # its orders, once they are claimed and wait for their turn
    row: FireRow = field(init=False)  # the fire as it is claimed

    def __post_init__(self) -> None:
        """Name the fire once: its row is asked for at each of its steps."""
        key = self.fire or fire_key(None if self.instruction.schedule is None else self.due)
        plan, order = self.instruction.plan, self.instruction.order
        self.row = FireRow(plan=plan, order=order, fire=key, due=self.due, state=None, reason=None)

    @property
    def halt(self) -> datetime | None:
        """The instant of the halt that it answers, None for a fire of a schedule."""
        return None if self.fire is None else halt_of(self.fire)

    @property
    def deadline(self) -> datetime | None:
        """The last instant at which it may be sent; an order without schedule, or one that is made up for, has none."""
        is_open = self.instruction.schedule is None or self.instruction.policy.catch_up
        return None if is_open else self.due + self.patience

    @property
    def patience(self) -> timedelta:
        """How late it may be sent: its start deadline, and as long as it may wait for its conditions."""
        return self.instruction.policy.deadline + self.within

    @property
    def within(self) -> timedelta:
        """How long it may wait for its conditions."""
        return timedelta() if self.instruction.when is None else self.instruction.when.within

    def is_late(self, now: datetime) -> bool:
        """Tell whether its start deadline has passed, and be it only to be made up for."""
        return self.instruction.schedule is not None and now > self.due + self.patience

    @property
    def key(self) -> Name:
        """Plan, order and fire: what no two of them share."""
        row = self.row
        return row.plan, row.order, row.fire
