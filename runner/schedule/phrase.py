"""What `on:` can say: some days at some times, or a distance from where a session begins or ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum

ALL_DAYS = frozenset(range(7))
WEEKDAYS = frozenset(range(5))  # Monday is 0, as date.weekday has it


class Period(Enum):
    """What ordinals count in; the value is its length in months."""

    MONTH = 1
    QUARTER = 3
    YEAR = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRule:
    """Days at times of day: `first friday at 13:30`, `weekdays at 09:30`, `last business day of quarter at 15:55`.

    Counted are the days of `weekdays`, business days alone if `business` is set; `ordinals` picks the n-th of a
    period, from its end where negative; without ordinals it is all of them.
    """

    text: str  # as the plan has it
    times: tuple[time, ...]
    weekdays: frozenset[int] = ALL_DAYS
    business: bool = False
    ordinals: tuple[int, ...] = ()
    period: Period = Period.MONTH
    months: frozenset[int] = frozenset(range(1, 13))


class Anchor(Enum):
    """Where a session rule counts from; of an exchange, market and session are the same."""

    MARKET_OPEN = "market open"  # of currencies: the week's, on Sunday
    MARKET_CLOSE = "market close"  # of currencies: the week's, on Friday
    SESSION_OPEN = "session open"
    SESSION_CLOSE = "session close"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRule:
    """A distance from an end of each session: `market open + 5m`, `session close - 10m`."""

    text: str
    anchor: Anchor
    offset: timedelta = timedelta()


class PhraseError(ValueError):
    """Words that mean nothing; `place` is the character, from 0, at which they stop doing so."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place
