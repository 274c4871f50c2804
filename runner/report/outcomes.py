"""What became of each fire, and of the days of each plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.journal.rows import History, PastFire, PastOrder
from runner.report.lines import DayLine, FireLine, Outcome, Period
from runner.report.summary import COUNTED_AS

_Key = tuple[str, str, str]
_UNSENT = {
    FireState.SKIPPED: Outcome.SKIPPED,
    FireState.MISSED: Outcome.MISSED,
    FireState.DENIED: Outcome.DENIED,
}


def fire_lines(history: History, period: Period) -> tuple[FireLine, ...]:
    """Return the fires that were due in a period, in the order of their times."""
    orders: dict[_Key, list[PastOrder]] = defaultdict(list)
    for order in history.orders:
        key = order.ticket.key
        orders[key.plan, key.order, key.fire].append(order)
    left: dict[_Key, datetime] = {}
    for arrival in history.arrivals:
        found = (arrival.plan, arrival.order, arrival.fire)
        left[found] = min(arrival.at, left.get(found, arrival.at))
    return tuple(
        _line(row, orders[row.plan, row.order, row.fire], left.get((row.plan, row.order, row.fire)))
        for row in history.fires
        if period.has(row.due)
    )


def _line(row: PastFire, orders: Sequence[PastOrder], left_at: datetime | None) -> FireLine:
    is_sent = row.state not in _UNSENT
    return FireLine(
        run=row.run,
        plan=row.plan,
        order=row.order,
        fire=row.fire,
        due=row.due,
        outcome=_outcome(row, orders),
        reason=row.reason or _reason(orders),
        left_at=(left_at or row.claimed_at) if is_sent else None,
        orders=len(orders),
        filled=sum(order.state is OrderState.FILLED for order in orders),
    )


def _outcome(row: PastFire, orders: Sequence[PastOrder]) -> Outcome:
    """Return the worst that a fire or one of its orders came to; what expired or was cancelled is done."""
    if row.state in _UNSENT:
        return _UNSENT[row.state]
    words = {COUNTED_AS[order.state] for order in orders}
    if "unknown" in words or row.state is None:
        return Outcome.UNKNOWN
    if "rejected" in words:
        return Outcome.REJECTED
    return Outcome.DENIED if "denied" in words else Outcome.DONE


def _reason(orders: Iterable[PastOrder]) -> str:
    told = (o.note for o in orders if COUNTED_AS[o.state] in ("unknown", "rejected", "denied") and o.note)
    return next(told, "")


def day_lines(fires: Iterable[FireLine]) -> tuple[DayLine, ...]:
    """Return the days on which a plan had fires, by plan and day."""
    counts: dict[tuple[str, date], Counter[Outcome]] = defaultdict(Counter)
    for fire in fires:
        counts[fire.plan, fire.due.date()][fire.outcome] += 1
    return tuple(
        DayLine(plan=plan, day=day, outcome=max(found, key=lambda outcome: outcome.rank), counts=found)
        for (plan, day), found in sorted(counts.items(), key=lambda item: item[0])
    )
