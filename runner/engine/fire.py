"""One fire: due, held back, claimed, sent, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.events import RECORDED, FireDone, FireState
from runner.core.order_state import OrderState
from runner.core.snapshot import Snapshot
from runner.core.ticket import OrderTicket
from runner.engine.clearing import clear, is_open
from runner.engine.desk import Desk, Pending
from runner.engine.judging import gate_of, gate_of_more, is_guarded, lacks_quote, objection, pause_if_used_up
from runner.engine.known import snapshot
from runner.engine.on_halt import doubt, lifted
from runner.journal.gate import Claimed, Outcome
from runner.journal.rows import FireRow, Known, OrderRow
from runner.lifecycle.identify import Unidentified
from runner.lifecycle.submit import submit
from runner.lifecycle.telling import changed
from runner.plan.model import Instruction
from runner.risk.checks import LIFTED, bar
from strategies import Denied, Nothing, clears, conditions, expand, goes_on, needs

SETTLES = timedelta(seconds=1)  # a last fill may come right behind the word that an order is cancelled


def carry_out(pending: Pending, now: datetime, desk: Desk) -> bool:
    """Claim a fire and send its orders, or record why not; False if it has to wait.

    Raises what `submit` raises: the connection is gone then. Raises JournalFailed: nothing was claimed.
    """
    if lifted(pending, desk):
        skip(pending.row, LIFTED, desk)
        return True
    if (is_done := hindered(pending, now, desk)) is not None:
        return is_done
    again = pending.attempt > 1 or (desk.again and pending.instruction.schedule is None)
    try:
        tickets = _worked_out(pending, now, desk, again=again) if _is_known(pending, desk) else None
    except (Denied, Nothing, Unidentified) as reason:
        close(pending.row, FireState.SKIPPED if isinstance(reason, Nothing) else FireState.DENIED, str(reason), desk)
        return True
    if tickets is None:
        return False
    _claim(pending.row, tickets, pending, desk, again=again)
    return True


def hindered(pending: Pending, now: datetime, desk: Desk) -> bool | None:
    """Record a fire that is too late as missed: True. False if it has to wait, None if nothing is in its way."""
    if pending.deadline is not None and now > pending.deadline:
        miss(pending, now, desk)
        return True
    if pending.instruction.schedule is not None and now < pending.due:
        pending.why = "the clock was put back, so it is not due yet"
        return False
    if (why := held_back(pending.instruction.plan, desk) or desk.queued_before(pending)) is not None:
        pending.why = why
        return False
    return None


def _is_known(pending: Pending, desk: Desk) -> bool:
    """Tell whether the contract of a fire is known, which the fire has then; raises Unidentified."""
    found = desk.contracts.of(pending.instruction)
    if isinstance(found, str):
        pending.why = found
        return False
    pending.instruction = found
    return True


def _worked_out(pending: Pending, now: datetime, desk: Desk, *, again: bool) -> tuple[OrderTicket, ...] | None:
    """Return the orders of a fire, None while what they depend on is being asked for; raises Denied, Nothing."""
    instruction, row = pending.instruction, pending.row
    if pending.halt is not None and (why := doubt(row.plan, desk)) is not None:
        raise Denied(why)
    if pending.attempt == 1 and (why := policy_of(pending, desk)) is not None:
        raise Nothing(why)
    pending.needs = needs(instruction)
    known = snapshot(instruction, pending.needs, now, desk.quotes, desk.accounts, desk.journal)
    if isinstance(known, str):
        pending.why = known
        return None
    if pending.seen_open is None and (why := _unmet(instruction, known, desk)) is not None:
        if now >= pending.due + pending.within:
            raise Nothing(f"when: {why}")
        pending.why = f"waits: {why}"
        return None
    attempt = 1 + desk.journal.attempt(row.plan, row.order, row.fire) if again else 1
    if clears(instruction) and (why := _cleared(pending, known, now, desk)) is not None:
        pending.why = why
        return None
    tickets = expand(instruction, row.fire, known, attempt)
    pending.known = known
    if lacks_quote(tickets, desk):
        pending.why = "a quote is being asked for"
        return None
    return tickets


def _cleared(pending: Pending, known: Snapshot, now: datetime, desk: Desk) -> str | None:
    """End the open orders of the plan; returns what is waited for, None once its position is certain.

    Raises Denied where the claim would be denied as well: then nothing is cancelled that may guard a position.
    """
    if pending.seen_open is None and is_open(pending.instruction, desk) and (why := _barred(pending, known, desk)):
        pause_if_used_up(pending.instruction.plan, desk)
        raise Denied(why)
    if (why := clear(pending.instruction, desk)) is not None:
        pending.seen_open = now
        return why
    if pending.seen_open is not None and now < pending.seen_open + SETTLES:
        return "a last fill may come right behind the word of a cancel"
    return desk.tracker.lacks(pending.instruction.plan)


def _barred(pending: Pending, known: Snapshot, desk: Desk) -> str | None:
    """Return why the order that closes would be denied now, None if it would not or if there is nothing to close."""
    instruction, row = pending.instruction, pending.row
    if not is_guarded(instruction, desk):
        return None
    try:
        tickets = expand(instruction, row.fire, known)
    except Nothing:
        is_stopped = pending.halt is None and desk.journal.works.is_stopped(row.plan)
        return "sending is stopped, and nothing is cancelled then" if is_stopped else None
    standing = desk.journal.standing(row.plan, tickets[0], desk.inquest.now())
    return objection(standing, tickets, desk, pending.halt, bar)


def policy_of(pending: Pending, desk: Desk) -> str | None:
    """Return why a fire is to be skipped by its order's policy, None if it is not."""
    instruction, fire = pending.instruction, pending.row.fire
    if pending.halt is not None:  # it closes, after what is open has ended: nothing of an earlier fire is in its way
        return None
    is_asked = instruction.schedule is not None and not instruction.policy.overlap and goes_on(instruction)
    if is_asked and desk.journal.works.is_busy(instruction.plan, instruction.order):
        return "overlap: an earlier fire is still being worked"
    return desk.conduct.objection(instruction, fire, desk.tracker)


def _unmet(instruction: Instruction, known: Snapshot, desk: Desk) -> str | None:
    when = instruction.when
    if when is None:
        return None
    has_filled = when.after is not None and desk.journal.works.has_filled(instruction.plan, when.after)
    return conditions.unmet(instruction, known, has_filled=has_filled)


def held_back(plan: str, desk: Desk) -> str | None:
    """Return why a plan cannot send now, None if it can as far as the session goes."""
    return desk.held() or questions(plan, desk)


def questions(plan: str, desk: Desk) -> str | None:
    """Return what is not known of a plan's orders yet, and so holds it back; None if nothing is open."""
    return desk.inquest.blocks(plan) or _silence(plan, desk)


def _silence(plan: str, desk: Desk) -> str | None:
    """Return why a plan waits whose order before was not answered: it may turn out to be one of unknown outcome."""
    if not desk.link.supervised:
        return None
    silent = (ref for ref in desk.tracker.unresolved() if desk.tracker.row(ref).ticket.key.plan == plan)
    return next((f"{ref} of this plan has not been answered yet" for ref in silent), None)


def _claim(row: FireRow, tickets: tuple[OrderTicket, ...], pending: Pending, desk: Desk, *, again: bool) -> None:
    if desk.arrivals is not None and tickets:
        desk.arrivals.ask(tickets[0].contract, desk.inquest.now())
    first = desk.connection.take_order_ids(len(tickets))
    gate = gate_of(tickets, first, pending, desk) if is_guarded(pending.instruction, desk) else None
    claimed = desk.journal.claim(row, tickets, again=again, gate=gate, known=_known(pending, desk))
    if claimed:
        pending.is_claimed = True
        send(pending, tickets, first, desk)
    else:
        tell_unclaimed(row, tickets, claimed, desk)


def tell_unclaimed(row: FireRow, tickets: tuple[OrderTicket, ...], claimed: Claimed, desk: Desk) -> None:
    """Tell why a fire is not sent."""
    match claimed.outcome:
        case Outcome.RECORDED_BEFORE:
            desk.emit(done(row, FireState.SKIPPED, RECORDED))
        case Outcome.MISSED:
            desk.emit(done(row, FireState.MISSED, claimed.reason))
        case Outcome.DENIED:
            tell_denied(row, tickets, claimed.reason or "", desk)
            pause_if_used_up(row.plan, desk)


def _known(pending: Pending, desk: Desk) -> Known | None:
    """Return what the journal keeps of a fire, None where nothing follows from it."""
    instruction, follows = pending.instruction, goes_on(pending.instruction)
    if pending.known is None or not (follows or pending.needs):
        return None
    return Known(digest=desk.digests.get(instruction.plan, ""), snapshot=pending.known, goes_on=follows)


def tell_denied(row: FireRow, tickets: tuple[OrderTicket, ...], reason: str, desk: Desk) -> None:
    """Tell that a fire was denied, and its orders with it."""
    desk.emit(done(row, FireState.DENIED, reason))
    for ticket in tickets:
        desk.emit(changed(replace(_planned(ticket), state=OrderState.DENIED, note=reason), desk.inquest.now()))


def miss(pending: Pending, now: datetime, desk: Desk) -> None:
    """Record that a fire was not sent in time, and why."""
    miss_all([pending], now, desk)


def miss_all(late: Sequence[Pending], now: datetime, desk: Desk) -> None:
    """Record that fires were not sent in time, and why, in one transaction."""
    rows = [replace(pending.row, state=FireState.MISSED, reason=_lateness(pending, now)) for pending in late]
    queued = [pending for pending in late if pending.queued]
    unsent = desk.journal.record_unsent(rows, [pending.row for pending in queued])
    for pending in queued:
        desk.unqueue(pending)
    for row in unsent:
        desk.emit(done(row, FireState.MISSED, row.reason))


def close(row: FireRow, state: FireState, reason: str, desk: Desk) -> None:
    """Record that a fire has no orders, and why."""
    is_new = desk.journal.record_unsent([replace(row, state=state, reason=reason)])
    desk.emit(done(row, state, reason) if is_new else done(row, FireState.SKIPPED, RECORDED))


def skip(row: FireRow, reason: str, desk: Desk) -> None:
    """Record that nothing is sent at a fire, and why."""
    close(row, FireState.SKIPPED, reason, desk)


def _late(pending: Pending, now: datetime) -> int:
    return int((now - pending.due).total_seconds())


def _lateness(pending: Pending, now: datetime) -> str:
    policy = pending.instruction.policy
    reason = f"{_late(pending, now)} s late, the start deadline is {int(policy.deadline.total_seconds())} s"
    return f"{pending.why}; {reason}" if pending.why else reason


def send(pending: Pending, tickets: tuple[OrderTicket, ...], first: int, desk: Desk) -> None:
    """Send the orders of a fire that was claimed; raises what `submit` raises."""
    routes = _dispatch(tickets, first, desk)
    now = desk.inquest.now()
    reason = f"made up for, {_late(pending, now)} s late" if pending.is_late(now) else None
    desk.emit(done(pending.row, FireState.SENT, reason))
    desk.tracker.sent(tickets, routes)
    if desk.arrivals is not None:
        desk.arrivals.left(tickets, now)


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
    if lacks_quote(tickets, desk):
        return None
    first = desk.connection.take_order_ids(len(tickets))
    pending = Pending(replace(instruction, schedule=None), row.due)  # the deadline was that of the fire
    gate = gate_of_more(tickets, first, pending, desk) if is_guarded(instruction, desk) else None
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


def done(row: FireRow, state: FireState, reason: str | None) -> FireDone:
    """Return the event that says what a fire came to."""
    return FireDone(plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=state, reason=reason)
