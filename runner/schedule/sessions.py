"""When sessions begin and end: those of the currency market, or of the exchange that a calendar names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runner.core.times import to_utc
from runner.schedule.calendars import Calendar, short_days
from runner.schedule.phrase import Anchor, SessionRule

_DAY = timedelta(days=1)
_NOON = time(12)
_MONDAY, _FRIDAY = 0, 4
_OPENS = (Anchor.MARKET_OPEN, Anchor.SESSION_OPEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """The regular hours of an exchange in its zone, and when it closes on a short day."""

    zone: str
    opens: time
    closes: time
    short: time | None = None
    until: tuple[date, time] | None = None  # before that day it closed at that time


def _hours(zone: str, opens: str, closes: str, short: str | None = None) -> Hours:
    short_close = None if short is None else time.fromisoformat(short)
    return Hours(zone=zone, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes), short=short_close)


EXCHANGES: Mapping[str, Hours] = {
    "NYSE": _hours("America/New_York", "09:30", "16:00", "13:00"),
    "Nasdaq": _hours("America/New_York", "09:30", "16:00", "13:00"),
    "LSE": _hours("Europe/London", "08:00", "16:30", "12:30"),
    "JPX": Hours(zone="Asia/Tokyo", opens=time(9), closes=time(15, 30), until=(date(2024, 11, 5), time(15))),
    "SIX": _hours("Europe/Zurich", "09:00", "17:30"),
    "ASX": _hours("Australia/Sydney", "10:00", "16:00", "14:10"),
    "TSX": _hours("America/Toronto", "09:30", "16:00", "13:00"),
}


def exchanges_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of some calendars are those of exchanges."""
    return tuple(name for name in names if name in EXCHANGES)


def session_instants(
    rule: SessionRule, names: tuple[str, ...], calendar: Calendar | None, low: datetime, high: datetime
) -> Iterator[tuple[datetime, str]]:
    """Yield the instants of a rule around [low, high), each with why its session is closed, empty if it is not.

    A session of the currency market belongs to the day on which it ends: Sunday evening's to Monday.
    """
    exchanges = exchanges_of(names)
    day, last = low.astimezone(UTC).date() - 4 * _DAY, high.astimezone(UTC).date() + 4 * _DAY
    while day <= last:
        if day.weekday() <= _FRIDAY:
            at = _exchange(rule.anchor, exchanges[0], day) if exchanges else _currencies(rule.anchor, day)
            if at is not None:
                yield at + rule.offset, (calendar.closed(day) if calendar is not None else None) or ""
        day += _DAY


def _exchange(anchor: Anchor, name: str, day: date) -> datetime:
    hours = EXCHANGES[name]
    if anchor in _OPENS:
        return to_utc(datetime.combine(day, hours.opens), ZoneInfo(hours.zone))
    closes = hours.closes
    if hours.until is not None and day < hours.until[0]:
        closes = hours.until[1]
    if hours.short is not None and day in short_days(name, day.year):
        closes = hours.short
    return to_utc(datetime.combine(day, closes), ZoneInfo(hours.zone))


def _currencies(anchor: Anchor, day: date) -> datetime | None:
    """Return the instant of the session that ends on a weekday; None where the anchor is the week's, on other days."""
    from runner.core import fx_hours  # reads its zone when it is imported

    only = {Anchor.MARKET_OPEN: _MONDAY, Anchor.MARKET_CLOSE: _FRIDAY}.get(anchor, day.weekday())
    if day.weekday() != only:
        return None
    close = fx_hours.session_end(datetime.combine(day, _NOON, fx_hours.ZONE))
    return fx_hours.session_start(close) if anchor in _OPENS else close
