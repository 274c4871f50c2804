"""The ECB's reference rates by day, as a report asks for them: exact crosses, and the days that have any."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
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
        place = bisect_right(self._days, day) - 1
        pays, gets = rates.column(base), rates.column(quote)
        if place < 0 or not pays or not gets or not pays[place] or not gets[place]:
            return None
        return EXACT.divide(Decimal(gets[place]), Decimal(pays[place]))
