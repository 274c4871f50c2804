"""What the gateway tells about profit and loss: of the day, which begins as currencies open, at 17:15 in New York."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from runner.core.money import EXACT
from runner.gateway.account import Holding, Marks
from runner.gateway.hours_sessions import hours_of
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.reports import Fill
from runner.gateway.venue import Venue
from runner.wire.messages import Pnl, PnlSingle

ZERO = Decimal(0)
_CLOCK = "EUR.USD"  # whose opening begins the day
_BY_ID = {one.con_id: key for key, one in INSTRUMENTS.items()}


@dataclass(frozen=True, slots=True)
class _Before:
    """What one instrument had brought when the day began, in its currency."""

    whole: Decimal = ZERO
    realized: Decimal = ZERO


_NOTHING = _Before()


@dataclass(frozen=True, slots=True)
class DayStart:
    """How things stood when the day began."""

    until: int  # the next one begins
    before: Mapping[str, _Before]
    commissions: Decimal


def day_start(venue: Venue, at: int) -> DayStart:
    """Return how things stood, from how they stand and what was filled since then."""
    kept = hours_of(_CLOCK)
    session = next(kept.before(at + 1))
    fills: dict[str, list[Fill]] = {}
    costs = ZERO
    for fill in venue.fills_since(session.opening):
        fills.setdefault(fill.of.contract.local_symbol, []).append(fill)
        costs += fill.cost
    before = {key: _before(venue, key, fills.get(key, []), (session.opening, at)) for key in venue.account.holdings}
    return DayStart(next(kept.ahead(session.close)).opening, before, venue.account.commissions - costs)


def _before(venue: Venue, key: str, fills: list[Fill], span: tuple[int, int]) -> _Before:
    account, one, (opening, at) = venue.account, INSTRUMENTS[key], span
    holding, marks = account.holdings[key], venue.valuation.marks(at)
    moves = [(fill.quantity if fill.of.side == "BOT" else -fill.quantity, fill.price) for fill in fills]
    units = holding.units - sum((quantity for quantity, _ in moves), ZERO)
    paid = sum((EXACT.multiply(quantity, price) for quantity, price in moves), ZERO)
    then = venue.valuation.middle(key, opening - 1) or holding.average
    worth = EXACT.multiply(holding.units, marks.price(key) or holding.average) - EXACT.multiply(units, then) - paid
    whole = account.unrealized(key, marks) + holding.realized - EXACT.multiply(worth, one.multiplier)
    if not units:
        return _Before(whole, whole)
    gained = sum((fill.profit for fill in fills if fill.profit is not None), ZERO)
    rate = marks.value(one.currency)
    return _Before(whole, holding.realized - (EXACT.divide(gained, rate) if rate else ZERO))


def profit(request_id: int, venue: Venue, day: DayStart, at: int) -> Pnl:
    """Say what was gained today, after commission; and of it what was realized; and what closing all would bring."""
    marks = venue.valuation.marks(at)
    today = unrealized = realized = ZERO
    for key, holding in venue.account.holdings.items():
        parts = _parts(venue, key, holding, day, marks)
        today, unrealized, realized = today + parts[0], unrealized + parts[1], realized + parts[2]
    costs = venue.account.commissions - day.commissions
    return Pnl(request_id=request_id, daily=today - costs, unrealized=unrealized, realized=realized - costs)


def profit_of(request_id: int, con_id: int, venue: Venue, day: DayStart, at: int) -> PnlSingle:
    """Say the same of one holding, in the base currency and before commission."""
    key = _BY_ID.get(con_id, "")
    holding = venue.account.holdings.get(key)
    if holding is None:  # unknown, or never traded
        return PnlSingle(request_id=request_id, position=ZERO, daily=ZERO, value=ZERO)
    marks = venue.valuation.marks(at)
    today, unrealized, realized = _parts(venue, key, holding, day, marks)
    return PnlSingle(
        request_id=request_id,
        position=holding.units,
        daily=today,
        unrealized=unrealized,
        realized=realized,
        value=EXACT.multiply(venue.account.market_value(key, marks), marks.value(INSTRUMENTS[key].currency)),
    )


def _parts(venue: Venue, key: str, holding: Holding, day: DayStart, marks: Marks) -> tuple[Decimal, Decimal, Decimal]:
    """Return the day's profit, the unrealized one, and that realized today, in the base currency."""
    rate = marks.value(INSTRUMENTS[key].currency)
    before = day.before.get(key, _NOTHING)
    open_profit = venue.account.unrealized(key, marks)
    amounts = (open_profit + holding.realized - before.whole, open_profit, holding.realized - before.realized)
    today, unrealized, realized = (EXACT.multiply(amount, rate) for amount in amounts)
    return today, unrealized, realized
