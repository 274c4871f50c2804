"""What a request for historical bars asks for, checked: bar size, duration, end, side; or why a TWS refuses it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.gateway import hours
from runner.gateway.instruments import EXCHANGE, Instrument
from runner.wire.messages import RequestHistoricalData

DAY = 86_400
MAX_BARS = 90_000  # some 7 MB in one frame, of which ibapi takes 16; a longer answer would hold up everybody else
_FIRST = 915_494_400  # 1999-01-05, when the ECB's rates begin
_SIZES = {
    "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120, "3 mins": 180,
    "5 mins": 300, "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600,
    "2 hours": 7200, "3 hours": 10_800, "4 hours": 14_400, "8 hours": 28_800, "1 day": DAY,
}  # fmt: skip
_SERVED = ("BID", "ASK", "MIDPOINT")
_REFUSED = (  # words of the API that say nothing of a currency pair, or nothing here
    "TRADES", "BID_ASK", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "REBATE_RATE",
    "FEE_RATE", "YIELD_BID", "YIELD_ASK", "YIELD_BID_ASK", "YIELD_LAST", "SCHEDULE", "AGGTRADES",
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


@dataclass(frozen=True, slots=True)
class Query:
    """Bars of a pair over open seconds: `sessions` are ascending spans [start, end) without a break."""

    pair: str
    side: str
    size: int
    sessions: tuple[Span, ...]
    is_epoch: bool  # times as epoch seconds

    @property
    def is_daily(self) -> bool:
        """True if a bar is a trading day."""
        return self.size == DAY


def invalid(cause: str) -> HistoryRefused:
    """Return the refusal of a field."""
    return HistoryRefused(321, f"Error validating request.-'bI' : cause - {cause}")


def failed(cause: str) -> HistoryRefused:
    """Return the refusal of the service that keeps the history."""
    return HistoryRefused(162, _SERVICE + cause)


def title(instrument: Instrument, side: str) -> str:
    """Name a series as the service does."""
    return f"{instrument.local_symbol}@{EXCHANGE} {side.capitalize()}"


def understood(request: RequestHistoricalData, instrument: Instrument, now: int) -> Query:
    """Return what is asked for, nothing of it later than now; raises HistoryRefused."""
    size = _SIZES.get(request.bar_size)
    if size is None:
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {', '.join(_SIZES)}.")
    if request.date_format not in (1, 2):
        raise invalid("Historical data format date must be 1 or 2.")
    side = _side(request.what_to_show.upper(), instrument)
    if request.keep_up_to_date:
        raise invalid("keepUpToDate is not supported by the simulated gateway")
    sessions = _sessions(request.duration, _end(request.end, now))
    if sum(_count(size, *session) for session in sessions) > MAX_BARS:
        raise failed(f"Historical data request for more than {MAX_BARS} bars; take a shorter duration or larger bars")
    return Query(instrument.local_symbol, side, size, sessions, request.date_format == 2)


def _count(size: int, start: int, end: int) -> int:
    return -(-(end - start) // size)


def _side(word: str, instrument: Instrument) -> str:
    if word in _REFUSED:
        raise failed(f"No historical data query found for {title(instrument, word)}")
    if word not in _SERVED:
        raise invalid(f"Invalid what to show: {word[:40]!r}")
    return word


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


def _sessions(duration: str, end: int) -> tuple[Span, ...]:
    """Return the open hours of a duration up to end, oldest first; hours in which nothing trades do not count."""
    match = _DURATION.fullmatch(duration.strip().upper())
    if match is None:
        raise invalid("Historical data duration is invalid; expected a number, a blank, and one of S, D, W, M, Y.")
    number, unit = int(match[1]), match[2]
    most, advice = _LONGEST.get(unit, (number, ""))
    if number > most:
        raise invalid(f"Historical data requests for durations longer than {advice}.")
    if unit == "S":
        kept = _last_seconds(number, end)
    elif unit in "DW":
        kept = list(islice(_before(end), number if unit == "D" else 5 * number))
    else:
        since = _back(end, number * (12 if unit == "Y" else 1))
        kept = list(takewhile(lambda session: session[0] >= since, _before(end)))
    return tuple(reversed(kept))


def _before(end: int) -> Iterator[Span]:
    """Yield the trading days up to end, the latest first."""
    for start, close in hours.sessions_before(end):
        if start < _FIRST:
            return
        yield start, min(close, end)


def _last_seconds(left: int, end: int) -> list[Span]:
    kept = []
    for start, close in _before(end):
        kept.append((max(start, close - left), close))
        left -= close - kept[-1][0]
        if not left:
            break
    return kept


def _back(end: int, months: int) -> int:
    """Return the instant that many calendar months earlier, or the last day of that month if it is shorter."""
    now = datetime.fromtimestamp(end, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    if year < 1999:
        return _FIRST
    day = min(now.day, monthrange(year, month + 1)[1])
    return int(now.replace(year=year, month=month + 1, day=day).timestamp())
