"""What a claim is held against: one small function a rule, the first reason denies.

Everything is judged from the journal's standing and the last quote, and a figure that is needed and not known denies.
A figure equal to its limit is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal, localcontext

from runner.core.contract import currency_of, unit_of
from runner.core.limits import Amount, Limits, largest_order
from runner.core.money import EXACT, plain
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket, Role, Side
from runner.core.times import stamp
from runner.risk.proposal import ArmingWanted, Proposal, is_positive, needs_quote, own_prices, priced, side_of

__all__ = [
    "CHECKS",
    "LIFTED",
    "OLDEST_QUOTE",
    "ArmingWanted",
    "Proposal",
    "bar",
    "denial",
    "is_used_up",
    "needs_quote",
    "priced",
    "stop",
]

OLDEST_QUOTE = timedelta(seconds=60)
LIFTED = "the halt was lifted, or followed by another one, before it was answered"


def denial(proposal: Proposal) -> str | None:
    """Return the first reason against a proposal, worded for the trader; None if there is none."""
    if not proposal.tickets:
        return "no order to send: found a fire without orders"
    return _first(CHECKS if proposal.halt is None else ON_HALT, proposal)


def bar(proposal: Proposal) -> str | None:
    """Return the first reason that stands against a proposal however many orders work when it is sent."""
    checks = CHECKS if proposal.halt is None else ON_HALT
    return _first([check for check in checks if check not in _COUNTING_OPEN], proposal)


def stop(proposal: Proposal) -> str | None:
    """Return the first reason against sending now what `bar` let be claimed, and with that counted, a while ago."""
    return _first([check for check in CHECKS if check not in _COUNTING], proposal)


def _first(checks: Iterable[Check], proposal: Proposal) -> str | None:
    with localcontext(EXACT):  # a rounded sum could meet a limit that the sum itself exceeds
        return next((reason for check in checks if (reason := check(proposal)) is not None), None)


def is_used_up(limits: Limits, standing: Standing) -> bool:
    """Tell whether a plan has had all its fires of the day: it is paused then, until somebody resumes it."""
    return limits.max_fires_per_day is not None and standing.fires_today >= limits.max_fires_per_day


def _owner(proposal: Proposal) -> str | None:
    if proposal.standing.is_owner:
        return None
    return "another runner has taken over this journal since; stop this one, or give it a journal of its own"


def _halt(proposal: Proposal) -> str | None:
    if (reason := proposal.standing.halt) is None:
        return None
    return f"halted: {reason}; fxrun resume lifts it"


def _other_halt(proposal: Proposal) -> str | None:
    """Let through what answers the halt that holds, and nothing else."""
    if proposal.standing.halted_at == proposal.halt:
        return None
    return LIFTED


def _pause(proposal: Proposal) -> str | None:
    if (reason := proposal.standing.pause) is None:
        return None
    return f"the plan is paused: {reason}; fxrun resume {proposal.plan} lifts it"


def _unknown(proposal: Proposal) -> str | None:
    if not (unknown := proposal.standing.unknown):
        return None
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    advice = f"find out at the broker, then fxrun resolve {unknown[0]} --as filled or --as lost"
    return f"the outcome of an earlier order of this plan is unknown: {unknown[0]}{more}; {advice}"


def _arming(proposal: Proposal) -> str | None:
    wanted, arming = proposal.arming_wanted, proposal.standing.arming
    if wanted is None:
        return None
    if arming is None:
        return "the plan is not armed; look at what it would send and allow it with fxrun arm"
    if arming.digest != wanted.digest:
        return "the plan's file was edited since it was armed; look at what it would send now and arm it again"
    if arming.account != wanted.account:
        return "the plan is armed for another account; arm it for this one with fxrun arm"
    if proposal.standing.now >= arming.until:
        return f"the plan was armed until {stamp(arming.until)}; arm it again with fxrun arm"
    return None


def _sound(proposal: Proposal) -> str | None:
    for ticket in proposal.tickets:
        numbers = {"quantity": ticket.quantity, "limit price": ticket.limit_price, "stop price": ticket.stop_price}
        for name, number in numbers.items():
            if number is not None and not is_positive(number):
                return f"{_part(ticket)} has no sound {name}: found {number}; expected a number above zero"
        if _has_no_price(ticket):
            return f"{_part(ticket)} has no price: found none for {ticket.order_type.value}; expected its limit or stop"
    return None


def _has_no_price(ticket: OrderTicket) -> bool:
    kind = ticket.order_type
    return (kind.has_limit and ticket.limit_price is None) or (kind.has_stop and ticket.stop_price is None)


def _pairs(proposal: Proposal) -> str | None:
    if (pairs := proposal.limits.pairs) is None:
        return None
    for ticket in proposal.tickets:
        if ticket.contract.name not in pairs:
            allowed = ", ".join(sorted(pairs)) or "none"
            return f"{ticket.contract.name} is not among what may be traded: limits.pairs has {allowed}"
    return None


def _windows(proposal: Proposal) -> str | None:
    now = proposal.standing.now
    for window in proposal.limits.windows:
        if not window.covers(now):
            hours = f"{window.opens:%H:%M} to {window.closes:%H:%M} {window.zone}"
            return f"outside the hours for orders: it is {stamp(now)}, limits.window is {hours}"
    return None


def _market_size(proposal: Proposal) -> str | None:
    for ticket in proposal.tickets:
        most = largest_order(ticket.contract.symbol) if ticket.contract.is_pair else None
        if most is not None and ticket.quantity > most:
            figures = f"{plain(ticket.quantity)} {ticket.contract.symbol}, one order there has at most {plain(most)}"
            return f"{_part(ticket)} is too large for IDEALPRO: {figures}; split it over several orders"
    return None


def _quantity(proposal: Proposal) -> str | None:
    if (limit := proposal.limits.max_quantity) is None:
        return None
    for ticket in proposal.tickets:
        if ticket.quantity > limit:
            figures = f"{plain(ticket.quantity)} {ticket.contract.unit}, limits.max_quantity is {plain(limit)}"
            return f"{_part(ticket)} is too large: {figures}"
    return None


def _daily_quantity(proposal: Proposal) -> str | None:
    if (limit := proposal.limits.max_daily_quantity) is None:
        return None
    for unit in _units(proposal):
        before = sum(
            (tally.quantity for name, tally in proposal.standing.today.items() if unit_of(name) == unit), Decimal()
        )
        after = before + sum((t.quantity for t in proposal.entries if t.contract.unit == unit), Decimal())
        if not after <= limit:
            figures = f"{plain(before)} so far and {plain(after)} with this one, limits.max_daily_quantity"
            return f"too much {unit} in one UTC day: {figures} is {plain(limit)}; it counts from zero at 00:00Z"
    return None


def _units(proposal: Proposal) -> list[str]:
    return sorted({ticket.contract.unit for ticket in proposal.entries})


def _notional(proposal: Proposal) -> str | None:
    for limit in proposal.limits.max_notional:
        for ticket in proposal.tickets:
            worth = _worth(ticket, proposal, limit.currency)
            if isinstance(worth, str):
                return f"{worth} for limits.max_notional"
            if worth > limit.value:
                figures = f"{plain(worth)} {limit.currency}, limits.max_notional is {_shown(limit)}"
                return f"{_part(ticket)} is worth too much: {figures}"
    return None


def _daily_notional(proposal: Proposal) -> str | None:
    for limit in proposal.limits.max_daily_notional:
        parts = (*_worths_of_today(proposal, limit.currency), *_worths_of_entries(proposal, limit.currency))
        if (silent := next((part for part in parts if isinstance(part, str)), None)) is not None:
            return f"{silent} for limits.max_daily_notional"
        total = sum((part for part in parts if not isinstance(part, str)), Decimal())
        if total > limit.value:
            figures = f"{plain(total)} {limit.currency} with this one, limits.max_daily_notional is {_shown(limit)}"
            return f"orders of one UTC day are worth too much: {figures}; it counts from zero at 00:00Z"
    return None


def _worths_of_entries(proposal: Proposal, currency: str) -> Iterator[Decimal | str]:
    return (_worth(ticket, proposal, currency) for ticket in proposal.entries)


def _worths_of_today(proposal: Proposal, currency: str) -> Iterator[Decimal | str]:
    for name, tally in sorted(proposal.standing.today.items()):
        if unit_of(name) == currency:
            yield tally.quantity
        elif currency_of(name) != currency:
            yield f"what {name} has traded today cannot be counted in {currency}"
        elif tally.notional is None:
            yield f"an order of {name} was sent today without a known price, so the day cannot be counted"
        else:
            yield tally.notional


def _worth(ticket: OrderTicket, proposal: Proposal, currency: str) -> Decimal | str:
    """Return what a ticket is worth in a currency, or why nobody can say."""
    contract = ticket.contract
    if contract.unit == currency:
        return ticket.quantity
    if contract.currency != currency:
        fitting = f"{contract.unit} or {contract.currency}" if contract.is_pair else contract.currency
        return f"{contract.name} cannot be counted in {currency}: expected a limit in {fitting}"
    if not own_prices(ticket) and (why := _quote_fails(proposal)) is not None:
        return f"{why}, and a market order has no price without one"
    price = priced(ticket, proposal.quote)
    return f"{_part(ticket)} has no price" if price is None else ticket.quantity * price * contract.worth


def _collar(proposal: Proposal) -> str | None:
    limit = proposal.limits.price_collar
    bound = [(ticket, price) for ticket in proposal.entries for price in own_prices(ticket)]
    if limit is None or not bound:
        return None
    quote, why = proposal.quote, _quote_fails(proposal)
    if quote is None or why is not None:
        return f"{why}, and limits.price_collar cannot be checked without one"
    for ticket, price in bound:
        market = side_of(quote, ticket.side)
        if abs(price - market) > limit * market:
            side = "ask" if ticket.side is Side.BUY else "bid"
            away = abs(price - market) / market * 100
            figures = f"{plain(price)} is {away:.2f}% from the {side} {plain(market)}, limits.price_collar is"
            return f"{_part(ticket)} is priced too far from the market: {figures} {plain(limit * 100)}%"
    return None


def _quote_fails(proposal: Proposal) -> str | None:
    """Say why there is no usable quote; None if there is one."""
    quote = proposal.quote
    if quote is None:
        return "there is no quote"
    if not (is_positive(quote.bid) and is_positive(quote.ask)):
        return "there is no sound quote"
    if proposal.standing.now - quote.at > OLDEST_QUOTE:
        return f"the last quote is of {stamp(quote.at)}, which is too old"
    return None


def _open_orders(proposal: Proposal) -> str | None:
    if (limit := proposal.limits.max_open_orders) is None:
        return None
    entry, standing = proposal.tickets[0], proposal.standing
    for side, working in ((entry.side, standing.open_orders), (entry.side.opposite, standing.open_opposite)):
        added = sum(1 for ticket in proposal.tickets if ticket.side is side)
        if added and working + added > limit:
            what = f"open {side.value} orders of {entry.contract.name}"
            after = working + added
            return f"too many {what}: {after} with this one, limits.max_open_orders is {limit}; fxrun orders lists them"
    return None


def _fires(proposal: Proposal) -> str | None:
    if not is_used_up(proposal.limits, proposal.standing):
        return None
    figures = f"{proposal.standing.fires_today} so far, limits.max_fires_per_day is {proposal.limits.max_fires_per_day}"
    return (
        f"the plan has fired often enough for one UTC day: {figures}; fxrun resume {proposal.plan} after a look at it"
    )


def _minute(proposal: Proposal) -> str | None:
    if (limit := proposal.limits.max_orders_per_minute) is None:
        return None
    after = proposal.standing.last_minute + len(proposal.tickets)
    if after <= limit:
        return None
    return f"too many orders within a minute: {after} with these, limits.max_orders_per_minute is {limit}"


def _part(ticket: OrderTicket) -> str:
    return "the order" if ticket.role is Role.ENTRY else f"its {ticket.role.value.replace('_', '-')}"


def _shown(amount: Amount) -> str:
    return f"{plain(amount.value)} {amount.currency}"


Check = Callable[[Proposal], str | None]
CHECKS: tuple[Check, ...] = (
    _owner, _halt, _pause, _unknown, _arming, _sound, _pairs, _windows, _market_size,
    _quantity, _daily_quantity, _notional, _daily_notional, _collar, _open_orders, _fires, _minute,
)  # fmt: skip
ON_HALT: tuple[Check, ...] = (  # one order that closes: what counts orders over time does not hold it, nor does a pause
    _owner, _other_halt, _unknown, _arming, _sound, _pairs, _windows, _market_size,
    _quantity, _notional, _collar, _open_orders,
)  # fmt: skip
_COUNTING_OPEN: tuple[Check, ...] = (_open_orders,)
_COUNTING: tuple[Check, ...] = (_daily_quantity, _daily_notional, _fires, _minute)
