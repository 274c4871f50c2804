"""What a request for historical bars asks for, checked: bar size, duration, end, side; or why a TWS refuses it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.gateway.hours_sessions import Hours, hours_of
from runner.gateway.instruments import Instrument
from runner.wire.messages import RequestHeadTimestamp, RequestHistoricalData

DAY = 86_400
MAX_BARS = 35_000  # a month of minutes, some 3 MB in one frame; a longer answer would hold up everybody else
MAX_LONG_BARS = 13_000  # a year of half hours, which take as long to find
_LONG = 300  # seconds of a bar
_FIRST = 915_494_400  # 1999-01-05, when the ECB's rates begin
_SIZES = {
    "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120, "3 mins": 180,
    "5 mins": 300, "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600,
    "2 hours": 7200, "3 hours": 10_800, "4 hours": 14_400, "8 hours": 28_800, "1 day": DAY, "1 week": DAY,
    "1 month": DAY,
}  # fmt: skip
_SHORT = {"1W": "1 week", "1M": "1 month"}
_QUOTED = ("BID", "ASK", "MIDPOINT")
_TRADED = ("TRADES", "ADJUSTED_LAST")  # nothing here pays a dividend or splits
_REFUSED = (  # words of the API that there are no data for
    "BID_ASK", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "REBATE_RATE", "FEE_RATE", "YIELD_BID",
    "YIELD_ASK", "YIELD_BID_ASK", "YIELD_LAST", "SCHEDULE", "AGGTRADES",
)  # fmt: skip
_DURATION = re.compile(r"([1-9]\d{0,5}) ([SDWMY])", re.ASCII)
_END = re.compile(r"(\d{8})(?:-| {1,2})(\d\d:\d\d:\d\d)(?: ([A-Za-z][A-Za-z0-9_+/-]{0,39}))?", re.ASCII)
_FORMS = "yyyymmdd hh:mm:ss with or without a time zone behind it, or yyyymmdd-hh:mm:ss in UTC"
_LONGEST = {"S": (DAY, "86400 seconds must be made in days"), "D": (365, "365 days must be made in years")}
_SERVICE = "Historical Market Data Service error message:"
Span = tuple[int, int]


class HistoryRefused(Exception):
    """A request that cannot be answered: code and text of a TWS."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Bars of an instrument over open seconds: `sessions` are ascending spans [start, end) without a break."""

    one: Instrument
    side: str
    size: int  # seconds; DAY: a trading day
    unit: str  # "day", "week", "month" where bars are that long, else nothing
    sessions: tuple[Span, ...]
    hours: Hours
    is_epoch: bool  # times as epoch seconds

    @property
    def is_daily(self) -> bool:
        """True if a bar is a trading day, or several."""
        return self.size == DAY

    @property
    def is_traded(self) -> bool:
        """True if bars are of trades."""
        return self.side in _TRADED


def invalid(cause: str) -> HistoryRefused:
    """Return the refusal of a field."""
    return HistoryRefused(321, f"Error validating request.-'bI' : cause - {cause}")


def failed(cause: str) -> HistoryRefused:
    """Return the refusal of the service that keeps the history."""
    return HistoryRefused(162, _SERVICE + cause)


def title(one: Instrument, side: str) -> str:
    """Name a series as the service does."""
    return f"{one.symbol if one.security_type == 'STK' else one.local_symbol}@{one.exchange} {side.capitalize()}"


def understood(request: RequestHistoricalData, one: Instrument, now: int) -> Query:
    """Return what is asked for, nothing of it later than now; raises HistoryRefused."""
    bar_size = _SHORT.get(request.bar_size, request.bar_size)
    size = _SIZES.get(bar_size)
    if size is None:
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {', '.join(_SIZES)}.")
    if request.date_format not in (1, 2):
        raise invalid("Historical data format date must be 1 or 2.")
    side = checked_side(request.what_to_show, one)
    unit = bar_size[2:] if size == DAY else ""
    _check_live(request, unit)
    kept = hours_of(one.local_symbol, not request.regular_hours_only)
    sessions = _sessions(request.duration, _end(request.end, now), one, kept)
    most = MAX_BARS if size < _LONG else MAX_LONG_BARS
    if sum(_count(size, *session) for session in sessions) > most:
        raise failed(f"Historical data request for more than {most} such bars; take a shorter duration or larger bars")
    return Query(
        one=one,
        side=side,
        size=size,
        unit=unit,
        sessions=sessions,
        hours=kept,
        is_epoch=request.date_format == 2,
    )


def _check_live(request: RequestHistoricalData, unit: str) -> None:
    """Refuse to keep up to date what has an end, or is longer than a day."""
    if request.keep_up_to_date and request.end:
        raise invalid("End Date/Time must not be specified when keepUpToDate is set.")
    if request.keep_up_to_date and unit in ("week", "month"):
        raise invalid("keepUpToDate is supported for bars of up to a day only.")


def first_bar(request: RequestHeadTimestamp, one: Instrument, now: int) -> int | None:
    """Return the instant before which there can be no bar, None if that is not past; raises HistoryRefused."""
    if request.date_format not in (1, 2):
        raise invalid("Historical data format date must be 1 or 2.")
    checked_side(request.what_to_show, one)
    opening = hours_of(one.local_symbol, not request.regular_hours_only).next_open(_beginning(one))
    return opening if opening < now else None


def _beginning(one: Instrument) -> int:
    return max(_FIRST, one.trades_from)


def _count(size: int, start: int, end: int) -> int:
    return -(-(end - start) // size)


def checked_side(word: str, one: Instrument) -> str:
    """Return which prices are asked for; raises HistoryRefused."""
    side = word.upper()
    if side in _QUOTED or (side in _TRADED and one.has_trades):
        return side
    if side in _REFUSED or side in _TRADED:
        raise failed(f"No historical data query found for {title(one, side)}")
    raise invalid(f"Invalid what to show: {word[:40]!r}")


def _end(text: str, now: int) -> int:
    """Return the instant at which the last bar ends; without a zone it is UTC, which the gateway keeps."""
    if not text:
        return now
    match = _END.fullmatch(text)
    if match is None or ("-" in text[:9] and match[3]):
        raise _no_time()
    try:
        zone = ZoneInfo(match[3] or "UTC")
        local = datetime.strptime(f"{match[1]} {match[2]}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
        return max(_FIRST, min(now, int(local.timestamp())))
    except (ValueError, OSError, OverflowError, ZoneInfoNotFoundError):
        raise _no_time() from None


def _no_time() -> HistoryRefused:
    return invalid(f"End Date/Time: The date, time, or time-zone entered is invalid. The correct format is {_FORMS}.")


def _sessions(duration: str, end: int, one: Instrument, kept: Hours) -> tuple[Span, ...]:
    """Return the open hours of a duration up to end, oldest first; hours in which nothing trades do not count."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        raise invalid("Historical data duration is invalid; expected a number, a blank, and one of S, D, W, M, Y.")
    number, unit = int(match[1]), match[2]
    most, advice = _LONGEST.get(unit, (number, ""))
    if number > most:
        raise invalid(f"Historical data requests for durations longer than {advice}.")
    days = _before(end if one.trades_until is None else min(end, one.trades_until), one, kept)
    if unit == "S":
        found = _last_seconds(number, days)
    elif unit in "DW":
        found = list(islice(days, number if unit == "D" else 5 * number))
    else:
        since = _back(end, number * (12 if unit == "Y" else 1))
        found = list(takewhile(lambda session: session[0] >= since, days))
    return tuple(reversed(found))


def _before(end: int, one: Instrument, kept: Hours) -> Iterator[Span]:
    """Yield the trading days up to end, the latest first."""
    first = _beginning(one)
    for start, close in kept.before(end):
        if start < first:
            return
        yield start, min(close, end)


def _last_seconds(left: int, days: Iterator[Span]) -> list[Span]:
    found = []
    for start, close in days:
        found.append((max(start, close - left), close))
        left -= close - found[-1][0]
        if not left:
            break
    return found


def _back(end: int, months: int) -> int:
    """Return the instant that many calendar months earlier, or the last day of that month if it is shorter."""
    now = datetime.fromtimestamp(end, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    if year < 1999:
        return _FIRST
    day = min(now.day, monthrange(year, month + 1)[1])
    return int(now.replace(year=year, month=month + 1, day=day).timestamp())
