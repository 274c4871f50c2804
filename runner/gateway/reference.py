"""The ECB's reference rates as a report asks for them: exact crosses by day, or as they were known at an instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from runner.core.money import EXACT
from runner.gateway import rates


class Reference:
    """Daily rates; a day without any has those of the last one before it."""

    def __init__(self) -> None:
        self._days = rates.days()

    def days(self, start: date, until: date) -> Sequence[date]:
        """Return the days of [start, until) that have rates, ascending."""
        return self._days[bisect_left(self._days, start) : bisect_left(self._days, until)]

    def cross(self, base: str, quote: str, day: date) -> Decimal | None:
        """Return what one unit of base costs in quote; None before the first rates, or for what has none."""
        if base == quote:
            return Decimal(1)
        return _cross(base, quote, bisect_right(self._days, day) - 1)

    def known(self, base: str, quote: str, at: datetime) -> tuple[Decimal, datetime] | None:
        """Return what one unit of base cost in quote by the rates fixed last by an instant, and when that was."""
        place = bisect_right(rates.instants(), at.timestamp()) - 1
        value = _cross(base, quote, place)
        return None if value is None else (value, datetime.fromtimestamp(rates.instants()[place], UTC))

    def fixings(self, base: str, quote: str, start: datetime, until: datetime) -> Iterator[tuple[datetime, Decimal]]:
        """Yield what one unit of base cost in quote at each fixing of [start, until] that has both rates."""
        instants = rates.instants()
        low, high = bisect_left(instants, start.timestamp()), bisect_right(instants, until.timestamp())
        for place in range(low, high):
            value = _cross(base, quote, place)
            if value is not None:
                yield datetime.fromtimestamp(instants[place], UTC), value


def _cross(base: str, quote: str, place: int) -> Decimal | None:
    pays, gets = rates.column(base), rates.column(quote)
    if place < 0 or not pays or not gets or not pays[place] or not gets[place]:
        return None
    return EXACT.divide(Decimal(gets[place]), Decimal(pays[place]))
