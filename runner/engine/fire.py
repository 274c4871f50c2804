"""One fire: due, held back, claimed, sent, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.events import RECORDED, Event, FireDone, FireState, Noticed, Severity
from runner.core.facts import LoggedIn
from runner.core.ids import fire_key
from runner.core.limits import NO_LIMITS, Limits
from runner.core.order_state import OrderState
from runner.core.outage import Outage
from runner.core.snapshot import Snapshot
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket
from runner.core.times import stamp
from runner.engine.accounts import Accounts
from runner.engine.conduct import Conduct
from runner.engine.known import snapshot
from runner.engine.quotes import Quotes
from runner.journal.gate import Gate, Outcome
from runner.journal.rows import FireRow, Known, OrderRow
from runner.journal.store import Journal
from runner.lifecycle.inquest import Inquest
from runner.lifecycle.link import Link
from runner.lifecycle.submit import Connection, submit
from runner.lifecycle.telling import changed
from runner.lifecycle.tracker import Tracker
from runner.plan.model import Instruction
from runner.risk.checks import ArmingWanted, Proposal, denial, is_used_up, needs_quote, priced
from strategies import Denied, Nothing, expand, goes_on, needs


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
    used_up: str | None = None  # the plan judged last, if it has had its fires of the day
    broken: str | None = None  # why the journal cannot be written; nothing is sent as long as it is set
    accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.connection, self.account, self.inquest.now)

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
        return self.broken or self.link.hold()

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

    @property
    def deadline(self) -> datetime | None:
        """The last instant at which it may be sent; an order without schedule, or one that is made up for, has none."""
        policy = self.instruction.policy
        return None if self.instruction.schedule is None or policy.catch_up else self.due + policy.deadline

    def is_late(self, now: datetime) -> bool:
        """Tell whether its start deadline has passed, and be it only to be made up for."""
        return self.instruction.schedule is not None and now > self.due + self.instruction.policy.deadline

    @property
    def key(self) -> tuple[str, str, str]:
        """Plan, order and fire: what no two of them share."""
        row = self.row
        return row.plan, row.order, row.fire

    @property
    def row(self) -> FireRow:
        """The fire as it is claimed."""
        instruction = self.instruction
        key = self.fire or fire_key(None if instruction.schedule is None else self.due)
        return FireRow(plan=instruction.plan, order=instruction.order, fire=key, due=self.due, state=None, reason=None)


def carry_out(pending: Pending, now: datetime, desk: Desk) -> bool:
    """Claim a fire and send its orders, or record why not; False if it has to wait.

    Raises what `submit` raises: the connection is gone then. Raises JournalFailed: nothing was claimed.
    """
    if pending.deadline is not None and now > pending.deadline:
        miss(pending, now, desk)
        return True
    if pending.instruction.schedule is not None and now < pending.due:
        pending.why = "the clock was put back, so it is not due yet"
        return False
    if (why := held_back(pending.instruction.plan, desk)) is not None:
        pending.why = why
        return False
    again = pending.attempt > 1 or (desk.again and pending.instruction.schedule is None)
    try:
        tickets = _worked_out(pending, now, desk, again=again)
    except (Denied, Nothing) as reason:
        close(pending.row, FireState.DENIED if isinstance(reason, Denied) else FireState.SKIPPED, str(reason), desk)
        return True
    if tickets is None:
        return False
    _claim(pending.row, tickets, pending, desk, again=again)
    return True


def _worked_out(pending: Pending, now: datetime, desk: Desk, *, again: bool) -> tuple[OrderTicket, ...] | None:
    """Return the orders of a fire, None while what they depend on is being asked for; raises Denied, Nothing."""
    instruction, row = pending.instruction, pending.row
    if pending.attempt == 1:
        objection = desk.conduct.objection(instruction, row.fire, desk.tracker)
        if objection is not None:
            raise Nothing(objection)
    known = snapshot(instruction, needs(instruction), now, desk.quotes, desk.accounts, desk.journal)
    if isinstance(known, str):
        pending.why = known
        return None
    attempt = 1 + desk.journal.attempt(row.plan, row.order, row.fire) if again else 1
    tickets = expand(instruction, row.fire, known, attempt)
    pending.known = known
    if needs_quote(tickets, _limits(desk, row.plan)) and not desk.quotes.decided(tickets[0].contract):
        pending.why = "a quote is being asked for"
        return None
    return tickets


def held_back(plan: str, desk: Desk) -> str | None:
    """Return why a plan cannot send now, None if it can as far as the session goes."""
    return desk.held() or desk.inquest.blocks(plan) or _silence(plan, desk)


def _silence(plan: str, desk: Desk) -> str | None:
    """Return why a plan waits whose order before was not answered: it may turn out to be one of unknown outcome."""
    if not desk.link.supervised:
        return None
    silent = (ref for ref in desk.tracker.unresolved() if desk.tracker.row(ref).ticket.key.plan == plan)
    return next((f"{ref} of this plan has not been answered yet" for ref in silent), None)


def _limits(desk: Desk, plan: str) -> Limits:
    return desk.rules.limits.get(plan, NO_LIMITS)


def _claim(row: FireRow, tickets: tuple[OrderTicket, ...], pending: Pending, desk: Desk, *, again: bool) -> None:
    first = desk.connection.take_order_ids(len(tickets))
    gate = _gate(tickets, first, pending, desk) if _is_guarded(pending.instruction, desk) else None
    claimed = desk.journal.claim(row, tickets, again=again, gate=gate, known=_known(pending, desk))
    match claimed.outcome:
        case Outcome.CLAIMED:
            pending.is_claimed = True
            _send(pending, tickets, first, desk)
        case Outcome.RECORDED_BEFORE:
            desk.emit(_done(row, FireState.SKIPPED, RECORDED))
        case Outcome.MISSED:
            desk.emit(_done(row, FireState.MISSED, claimed.reason))
        case Outcome.DENIED:
            _tell_denied(row, tickets, claimed.reason or "", desk)
            if desk.used_up == row.plan:  # by the rule for repeated execution it needs somebody's word to go on
                desk.pause(row.plan, f"{row.plan} has had all the fires that limits.max_fires_per_day allows a day")


def _is_guarded(instruction: Instruction, desk: Desk) -> bool:
    return desk.is_guarded or bool(instruction.policy.pauses)


def _known(pending: Pending, desk: Desk) -> Known | None:
    """Return what the journal keeps of a fire, None where nothing follows from it."""
    instruction, follows = pending.instruction, goes_on(pending.instruction)
    if pending.known is None or not (follows or needs(instruction)):
        return None
    return Known(digest=desk.digests.get(instruction.plan, ""), snapshot=pending.known, goes_on=follows)


def _gate(tickets: tuple[OrderTicket, ...], first: int, pending: Pending, desk: Desk, *, is_more: bool = False) -> Gate:
    quote = desk.quotes.of(tickets[0].contract)
    return Gate(
        now=desk.inquest.now,
        deadline=pending.deadline,
        judge=lambda standing: _judge(replace(standing, fires_today=0) if is_more else standing, tickets, desk),
        client_id=desk.connection.client_id,
        first_order_id=first,
        price=priced(tickets[0], quote),
        prices={ticket.order_ref: priced(ticket, quote) for ticket in tickets[1:]},
    )


def _judge(standing: Standing, tickets: tuple[OrderTicket, ...], desk: Desk) -> str | None:
    plan, contract = tickets[0].key.plan, tickets[0].contract
    if (reason := desk.rules.edited(plan)) is not None:
        return reason
    if desk.rules.counts_foreign:
        foreign = desk.inquest.foreign_orders(contract.name, tickets[0].side)
        standing = replace(standing, open_orders=standing.open_orders + foreign)
    is_new = standing.pause is None and is_used_up(_limits(desk, plan), standing)
    desk.used_up = plan if is_new else None
    return denial(
        Proposal(
            tickets=tickets,
            limits=_limits(desk, plan),
            standing=standing,
            quote=desk.quotes.of(contract),
            arming_wanted=desk.rules.arming.get(plan),
        )
    )


def _tell_denied(row: FireRow, tickets: tuple[OrderTicket, ...], reason: str, desk: Desk) -> None:
    desk.emit(_done(row, FireState.DENIED, reason))
    for ticket in tickets:
        desk.emit(changed(replace(_planned(ticket), state=OrderState.DENIED, note=reason), desk.inquest.now()))


def miss(pending: Pending, now: datetime, desk: Desk) -> None:
    """Record that a fire was not sent in time, and why."""
    miss_all([pending], now, desk)


def miss_all(late: Sequence[Pending], now: datetime, desk: Desk) -> None:
    """Record that fires were not sent in time, and why, in one transaction."""
    rows = [replace(pending.row, state=FireState.MISSED, reason=_lateness(pending, now)) for pending in late]
    for row in desk.journal.record_unsent(rows):
        desk.emit(_done(row, FireState.MISSED, row.reason))


def close(row: FireRow, state: FireState, reason: str, desk: Desk) -> None:
    """Record that a fire has no orders, and why."""
    is_new = desk.journal.record_unsent([replace(row, state=state, reason=reason)])
    desk.emit(_done(row, state, reason) if is_new else _done(row, FireState.SKIPPED, RECORDED))


def skip(row: FireRow, reason: str, desk: Desk) -> None:
    """Record that nothing is sent at a fire, and why."""
    close(row, FireState.SKIPPED, reason, desk)


def _late(pending: Pending, now: datetime) -> int:
    return int((now - pending.due).total_seconds())


def _lateness(pending: Pending, now: datetime) -> str:
    policy = pending.instruction.policy
    reason = f"{_late(pending, now)} s late, the start deadline is {int(policy.deadline.total_seconds())} s"
    return f"{pending.why}; {reason}" if pending.why else reason


def _send(pending: Pending, tickets: tuple[OrderTicket, ...], first: int, desk: Desk) -> None:
    routes = _dispatch(tickets, first, desk)
    now = desk.inquest.now()
    reason = f"made up for, {_late(pending, now)} s late" if pending.is_late(now) else None
    desk.emit(_done(pending.row, FireState.SENT, reason))
    desk.tracker.sent(tickets, routes)


def _dispatch(tickets: tuple[OrderTicket, ...], first: int, desk: Desk) -> dict[int, str]:
    for ticket in tickets:
        desk.tracker.follow(_planned(ticket))
    desk.link.sent()
    desk.inquest.sent(tickets)
    return submit(tickets, first, desk.connection, desk.journal, desk.account)


def claim_more(row: FireRow, tickets: tuple[OrderTicket, ...], instruction: Instruction, desk: Desk) -> str | None:
    """Claim and send further orders of a fire; returns "" once that is done, why they were denied, None to ask again.

    Raises what `carry_out` raises.
    """
    if needs_quote(tickets, _limits(desk, row.plan)) and not desk.quotes.decided(tickets[0].contract):
        return None
    first = desk.connection.take_order_ids(len(tickets))
    pending = Pending(replace(instruction, schedule=None), row.due)  # the deadline was that of the fire
    gate = _gate(tickets, first, pending, desk, is_more=True) if _is_guarded(instruction, desk) else None
    claimed = desk.journal.works.claim(row, tickets, gate)
    if claimed:
        desk.tracker.sent(tickets, _dispatch(tickets, first, desk))
        return ""
    reason = claimed.reason or ""
    for ticket in tickets:
        desk.emit(changed(replace(_planned(ticket), state=OrderState.DENIED, note=reason), desk.inquest.now()))
    return reason


def _planned(ticket: OrderTicket) -> OrderRow:
    return OrderRow(
        ticket=ticket,
        state=OrderState.PLANNED,
        filled=Decimal(0),
        average_price=None,
        perm_id=None,
        closed_with_run=False,
        note="",
    )


def _done(row: FireRow, state: FireState, reason: str | None) -> FireDone:
    return FireDone(plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=state, reason=reason)
