"""What is said of an order: its row, and what the broker told, as events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from runner.core.events import Commissioned, Filled, Noticed, OrderChanged
from runner.core.facts import ExecutionSeen, NoticeSeen
from runner.core.ticket import OrderTicket
from runner.ib.notices import severity
from runner.journal.rows import OrderRow


def changed(row: OrderRow, now: datetime) -> OrderChanged:
    """Tell where an order stands now."""
    ticket = row.ticket
    return OrderChanged(
        plan=ticket.key.plan,
        order=ticket.key.order,
        fire=ticket.key.fire,
        order_ref=ticket.order_ref,
        role=ticket.role,
        time=now,
        state=row.state,
        contract=ticket.contract.name,
        side=ticket.side,
        quantity=ticket.quantity,
        order_type=ticket.order_type,
        filled=row.filled,
        remaining=ticket.quantity - row.filled,
    )


def filled(ticket: OrderTicket, seen: ExecutionSeen, at: datetime) -> Filled:
    """Tell of one execution."""
    return Filled(
        plan=ticket.key.plan,
        order=ticket.key.order,
        fire=ticket.key.fire,
        order_ref=ticket.order_ref,
        exec_id=seen.exec_id,
        contract=seen.contract,
        side=seen.side,
        price=seen.price,
        quantity=seen.quantity,
        time=at,
    )


def commissioned(ticket: OrderTicket, exec_id: str, amount: Decimal, currency: str) -> Commissioned:
    """Tell what an execution cost."""
    return Commissioned(
        plan=ticket.key.plan,
        order=ticket.key.order,
        fire=ticket.key.fire,
        order_ref=ticket.order_ref,
        exec_id=exec_id,
        amount=amount,
        currency=currency,
    )


def noticed(seen: NoticeSeen, now: datetime, plan: str, ticket: OrderTicket | None) -> Noticed:
    """Tell a notice; one about no order of ours is `plan`'s."""
    return Noticed(
        plan=plan if ticket is None else ticket.key.plan,
        code=seen.code,
        severity=severity(seen.code),
        text=seen.text,
        time=now,
        order=None if ticket is None else ticket.key.order,
        fire=None if ticket is None else ticket.key.fire,
        order_ref=None if ticket is None else ticket.order_ref,
    )
