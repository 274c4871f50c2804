"""How the orders of a fire are held against halts, limits and arming: what the transaction of a claim asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from runner.core.limits import NO_LIMITS, Limits
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket
from runner.engine.desk import Desk, Pending
from runner.journal.gate import Gate
from runner.plan.model import Instruction
from runner.risk.checks import Proposal, denial, is_used_up, needs_quote, priced

Judge = Callable[[Proposal], str | None]
Tickets = tuple[OrderTicket, ...]


def limits_of(plan: str, desk: Desk) -> Limits:
    """Return the limits that hold for a plan."""
    return desk.rules.limits.get(plan, NO_LIMITS)


def is_guarded(instruction: Instruction, desk: Desk) -> bool:
    """Tell whether anything judges the claims of a fire."""
    return desk.is_guarded or bool(instruction.policy.pauses)


def lacks_quote(tickets: Tickets, desk: Desk) -> bool:
    """Tell whether a limit wants a quote that is being asked for; raises ConnectionFailed."""
    wanted = needs_quote(tickets, limits_of(tickets[0].key.plan, desk))
    return wanted and not desk.quotes.decided(tickets[0].contract)


def gate_of(tickets: Tickets, first: int, pending: Pending, desk: Desk, by: Judge = denial) -> Gate:
    """Return how the claim of a fire's orders is judged; `first` is the order id of the first of them."""
    quote = desk.quotes.of(tickets[0].contract)
    return Gate(
        now=desk.inquest.now,
        deadline=pending.deadline,
        judge=lambda standing: objection(standing, tickets, desk, pending.halt, by),
        client_id=desk.connection.client_id,
        first_order_id=first,
        price=priced(tickets[0], quote),
        prices={ticket.order_ref: priced(ticket, quote) for ticket in tickets[1:]},
    )


def gate_of_more(tickets: Tickets, first: int, pending: Pending, desk: Desk) -> Gate:
    """Return how further orders of a fire are judged, which is counted already."""
    found = gate_of(tickets, first, pending, desk)
    return replace(found, judge=lambda standing: found.judge(replace(standing, fires_today=0)))


def objection(
    standing: Standing, tickets: Tickets, desk: Desk, halt: datetime | None, by: Judge = denial
) -> str | None:
    """Return the first reason against the orders of a fire, None if there is none."""
    plan, contract = tickets[0].key.plan, tickets[0].contract
    if (reason := desk.rules.edited(plan)) is not None:
        return reason
    if desk.rules.counts_foreign:
        foreign = desk.inquest.foreign_orders(contract.name, tickets[0].side)
        standing = replace(standing, open_orders=standing.open_orders + foreign)
    is_new = halt is None and standing.pause is None and is_used_up(limits_of(plan, desk), standing)
    (desk.used_up.add if is_new else desk.used_up.discard)(plan)
    return by(
        Proposal(
            tickets=tickets,
            limits=limits_of(plan, desk),
            standing=standing,
            quote=desk.quotes.of(contract),
            arming_wanted=desk.rules.arming.get(plan),
            halt=halt,
        )
    )


def pause_if_used_up(plan: str, desk: Desk) -> None:
    """Pause a plan that was just denied for its fires of the day: to repeat itself it needs somebody's word."""
    if plan in desk.used_up:
        desk.pause(plan, f"{plan} has had all the fires that limits.max_fires_per_day allows a day")
