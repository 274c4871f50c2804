"""The hours of everything that trades, as sessions: spans [opening, close) of epoch seconds without a break.

| calendar | session |
|---|---|
| currencies | 17:15 the day before to 17:00, Monday to Friday |
| stocks | 9:30 to 16:00, on short days to 13:00; extended 4:00 to 20:00, on short days to 17:00; not on holidays |
| globex | 18:00 the day before to 17:00, Monday to Friday |

All of it is New York's time; a session belongs to the day on which it closes. Days are counted from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from runner.gateway import hours
from runner.gateway.hours_stocks import is_short_day, is_trading_day
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.instruments_kinds import Calendar

DAY = 86_400
_HOUR, _MINUTE = 3600, 60
_ZONE = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock reading, the zone comes later
_THURSDAY = 3  # 1970-01-01


class Session(NamedTuple):
    """One span in which something trades."""

    opening: int
    close: int


class Hours:
    """The sessions of one calendar: one a day at most, in the order of days."""

    def __init__(self, session_on: Callable[[int], Session | None]) -> None:
        self.on = cache(session_on)  # day -> its session
        self._latest = Session(0, 0)  # that was asked for

    def current(self, at: int) -> Session:
        """Return the session in which at lies, else the next one."""
        if not self._latest.opening <= at < self._latest.close:
            self._latest = next(self.ahead(at))
        return self._latest

    def ahead(self, at: int) -> Iterator[Session]:
        """Yield the sessions that close after at, in order."""
        for day in count(at // DAY - 1):
            session = self.on(day)
            if session is not None and session.close > at:
                yield session

    def before(self, at: int) -> Iterator[Session]:
        """Yield the sessions that opened before at, the latest first."""
        for day in count(at // DAY + 1, -1):
            session = self.on(day)
            if session is not None and session.opening < at:
                yield session

    def within(self, start: int, end: int) -> Iterator[Session]:
        """Yield the open spans of [start, end), in order."""
        for opening, close in self.ahead(start):
            if opening >= end:
                return
            yield Session(max(opening, start), min(close, end))

    def is_open(self, at: int) -> bool:
        """Tell whether that second is one of trading."""
        return self.current(at).opening <= at

    def next_open(self, at: int) -> int:
        """Return the first open second, at itself or later."""
        return max(self.current(at).opening, at)

    def last_open(self, at: int) -> int:
        """Return the last open second, at itself or earlier."""
        return at if self.current(at).opening <= at else next(self.before(at)).close - 1

    def next_close(self, at: int) -> int:
        """Return the first instant after at from which it is closed, having been open just before."""
        return self.current(at).close


class _CurrencyHours(Hours):
    """The same by arithmetic alone, since orders ask this of a pair all the time."""

    def is_open(self, at: int) -> bool:
        return hours.is_open(at)

    def next_open(self, at: int) -> int:
        return hours.next_open(at)

    def last_open(self, at: int) -> int:
        return hours.last_open(at)

    def next_close(self, at: int) -> int:
        return hours.next_close(at)


def _instant(day: int, seconds: int) -> int:
    """Return when the clocks of New York show that many seconds after midnight of the day."""
    local = day * DAY + seconds
    offset = (_EPOCH + timedelta(seconds=local)).replace(tzinfo=_ZONE).utcoffset() or timedelta()
    return local - int(offset.total_seconds())


def _is_weekend(day: int) -> bool:
    return (day + _THURSDAY) % 7 > 4


def _currencies(day: int) -> Session | None:
    if _is_weekend(day):
        return None
    return Session(_instant(day - 1, 17 * _HOUR + 15 * _MINUTE), _instant(day, 17 * _HOUR))


def _globex(day: int) -> Session | None:
    return None if _is_weekend(day) else Session(_instant(day - 1, 18 * _HOUR), _instant(day, 17 * _HOUR))


def _stocks(day: int) -> Session | None:
    if not is_trading_day(day):
        return None
    close = 13 if is_short_day(day) else 16
    return Session(_instant(day, 9 * _HOUR + 30 * _MINUTE), _instant(day, close * _HOUR))


def _stocks_extended(day: int) -> Session | None:
    if not is_trading_day(day):
        return None
    close = 17 if is_short_day(day) else 20
    return Session(_instant(day, 4 * _HOUR), _instant(day, close * _HOUR))


CURRENCIES = _CurrencyHours(_currencies)
_REGULAR: dict[Calendar, Hours] = {"currencies": CURRENCIES, "globex": Hours(_globex), "stocks": Hours(_stocks)}
_EXTENDED: dict[Calendar, Hours] = {**_REGULAR, "stocks": Hours(_stocks_extended)}


def hours_of(key: str, extended: bool = False) -> Hours:
    """Return the hours of an instrument, extended: with those outside its regular session; any other has a pair's."""
    one = INSTRUMENTS.get(key)
    return CURRENCIES if one is None else (_EXTENDED if extended else _REGULAR)[one.calendar]
