"""One fire: due, claimed, sent, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from runner.core.events import Event, FireDone, FireState
from runner.core.ids import fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from runner.lifecycle.submit import Connection, submit
from runner.lifecycle.tracker import Tracker
from runner.plan.model import Instruction
from strategies import expand

START_DEADLINE = timedelta(seconds=60)  # a market order a minute late is another trade
RECORDED = "already recorded in this journal; nothing sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What a fire is carried out with."""

    connection: Connection
    account: str
    journal: Journal
    tracker: Tracker
    emit: Callable[[Event], None]
    again: bool  # send orders without schedule once more


def carry_out(instruction: Instruction, due: datetime, now: datetime, desk: Desk) -> None:
    """Claim a fire and send its orders, or record why not. Raises what `submit` raises: the connection is gone then."""
    scheduled = due if instruction.schedule is not None else None
    row = FireRow(
        plan=instruction.plan, order=instruction.order, fire=fire_key(scheduled), due=due, state=None, reason=None
    )
    if scheduled is not None and now - due > START_DEADLINE:
        _miss(row, now, desk)
        return
    again = desk.again and scheduled is None
    attempt = 1 + (desk.journal.attempt(row.plan, row.order, row.fire) if again else 0)
    tickets = expand(instruction, row.fire, attempt)
    if not desk.journal.claim(row, tickets, again=again):
        desk.emit(_done(row, FireState.SKIPPED, RECORDED))
        return
    _send(row, tickets, desk)


def _miss(row: FireRow, now: datetime, desk: Desk) -> None:
    late = int((now - row.due).total_seconds())
    reason = f"{late} s late, the start deadline is {int(START_DEADLINE.total_seconds())} s"
    missed = FireRow(plan=row.plan, order=row.order, fire=row.fire, due=row.due, state=FireState.MISSED, reason=reason)
    if desk.journal.claim(missed, ()):
        desk.emit(_done(row, FireState.MISSED, reason))


def _send(row: FireRow, tickets: tuple[OrderTicket, ...], desk: Desk) -> None:
    for ticket in tickets:
        desk.tracker.follow(_planned(ticket))
    routes = submit(tickets, desk.connection, desk.journal, desk.account)
    desk.emit(_done(row, FireState.SENT, None))
    desk.tracker.sent(tickets, routes)


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
