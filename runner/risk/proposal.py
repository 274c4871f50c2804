"""What is judged: the orders of one fire, and the prices they are counted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from runner.core.limits import Limits
from runner.core.standing import Quote, Standing
from runner.core.ticket import OrderTicket, OrderType, Role, Side


@dataclass(frozen=True, slots=True)
class ArmingWanted:
    """What a plan must have been armed as: the sha256 of its file now, and the account of this session."""

    digest: str
    account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The orders of one fire, entry first, and all they are judged by."""

    tickets: tuple[OrderTicket, ...]
    limits: Limits
    standing: Standing
    quote: Quote | None
    arming_wanted: ArmingWanted | None = None
    halt: datetime | None = None  # the instant of the halt that they answer

    @property
    def entries(self) -> tuple[OrderTicket, ...]:
        """The orders that open something: exits undo one of them."""
        return tuple(ticket for ticket in self.tickets if ticket.role is Role.ENTRY)

    @property
    def plan(self) -> str:
        """The plan they belong to."""
        return self.tickets[0].key.plan


def needs_quote(tickets: Sequence[OrderTicket], limits: Limits) -> bool:
    """Tell whether these tickets cannot be judged without a bid and an ask."""
    has_notional = bool(limits.max_notional or limits.max_daily_notional)
    is_bounded = any(own_prices(ticket) for ticket in tickets if ticket.role is Role.ENTRY)
    is_open = any(not own_prices(ticket) for ticket in tickets)
    return (has_notional and is_open) or (limits.price_collar is not None and is_bounded)


def priced(ticket: OrderTicket, quote: Quote | None) -> Decimal | None:
    """Return the price a ticket is counted with, in quote currency a unit; None if nothing says one.

    Its limit, else its stop, else the ask of a BUY and the bid of a SELL. A SELL limit below the bid fills at the bid
    or better, so it counts with that where it is known.
    """
    own = ticket.stop_price if ticket.limit_price is None else ticket.limit_price
    market = None if quote is None else side_of(quote, ticket.side)
    if own is None:
        return market
    if market is not None and ticket.side is Side.SELL and ticket.order_type is OrderType.LIMIT:
        return max(own, market) if own.is_finite() and market.is_finite() else None
    return own


def side_of(quote: Quote, side: Side) -> Decimal:
    """Return the price that an order of that side deals at."""
    return quote.ask if side is Side.BUY else quote.bid


def own_prices(ticket: OrderTicket) -> tuple[Decimal, ...]:
    """Return the limit and the stop price that a ticket has."""
    return tuple(price for price in (ticket.limit_price, ticket.stop_price) if price is not None)


def is_positive(number: Decimal) -> bool:
    """Tell whether a number can be a quantity or a price; NaN and infinity cannot."""
    return number.is_finite() and number > 0
