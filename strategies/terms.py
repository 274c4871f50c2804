"""What a plan adds to an order, its spans counted from the fire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runner.core.ids import ONCE, halt_of
from runner.core.snapshot import Snapshot
from runner.core.ticket import PLAIN, Terms
from runner.core.times import parse_time
from runner.plan.model import OrderTerms

_NOTHING = OrderTerms()


def due(fire: str, snapshot: Snapshot) -> datetime:
    """Return when a fire was due by its key; one without schedule is due when it is carried out."""
    return snapshot.now if fire == ONCE else halt_of(fire) or parse_time(fire, UTC)


def terms(written: OrderTerms, fire: str, snapshot: Snapshot) -> Terms:
    """Return the terms of an order of a fire; IB counts in whole seconds."""
    if written == _NOTHING:
        return PLAIN
    at = due(fire, snapshot)
    return Terms(
        good_till=_instant(written.until, at),
        good_after=_instant(written.good_after, at),
        outside_rth=written.outside_rth,
        all_or_none=written.all_or_none,
        min_quantity=written.min_quantity,
        extra=written.extra,
    )


def _instant(value: datetime | timedelta | None, at: datetime) -> datetime | None:
    if value is None:
        return None
    return (at + value if isinstance(value, timedelta) else value).replace(microsecond=0)
