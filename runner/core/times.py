"""Times and durations as plans and the command line write them.

Times: ``YYYY-MM-DD[(T| )HH:MM[:SS]][Z|+HH:MM]`` and nothing else. Durations: ``90s``, ``15m``, ``1h``, ``1d``
(elapsed time, a day is 24 h). Inside the program every instant is an aware UTC datetime.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?"
    r"(?P<offset>Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_DURATION = re.compile(r"(?P<count>[1-9]\d{0,8})(?P<unit>[smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
TIME_FORM = "YYYY-MM-DD, YYYY-MM-DD HH:MM or YYYY-MM-DD HH:MM:SS, with Z or +HH:MM if it is not in the zone"
DURATION_FORM = "a duration such as 90s, 15m, 1h or 1d"


def parse_time(text: str, zone: tzinfo) -> datetime:
    """Return the UTC instant that text names; without an offset it is local time of zone.

    Raises ValueError with what is wrong. A local time that a clock change skips is the end of the gap,
    one that it repeats is the first of the two (Debian cron's rule).
    """
    if (match := _TIME.fullmatch(text)) is None:
        raise ValueError(f"not a time; expected {TIME_FORM}")
    local = datetime.fromisoformat(match["date"]).replace(
        hour=int(match["hour"] or 0), minute=int(match["minute"] or 0), second=int(match["second"] or 0)
    )
    if not 1971 <= local.year <= 9000:
        raise ValueError("the year must lie between 1971 and 9000")
    offset = match["offset"]
    return to_utc(local, zone) if offset is None else local.replace(tzinfo=_fixed(offset)).astimezone(UTC)


def _fixed(offset: str) -> tzinfo:
    if offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("the offset must lie between -23:59 and +23:59")
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if offset[0] == "-" else distance)


def is_bare_date(text: str) -> bool:
    """Tell whether text is a date without a time of day."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """Turn a naive wall-clock time of zone into UTC: a skipped time is the end of its gap, a doubled one the first."""
    first = local.replace(tzinfo=zone, fold=0)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    if before is None or after is None or before >= after:  # an ordinary or a doubled time
        return first.astimezone(UTC)
    return _gap_end(local, zone)


def _gap_end(local: datetime, zone: tzinfo) -> datetime:
    """Return the instant of the clock change that skips local."""
    low = local.replace(tzinfo=zone, fold=1).astimezone(UTC)  # offset after the change: before the change in UTC
    high = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset_before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset_before:
            low = middle
        else:
            high = middle
    return high


def parse_duration(text: str) -> timedelta:
    """Return the elapsed time that text names; raises ValueError."""
    if (match := _DURATION.fullmatch(text)) is None:
        raise ValueError(f"not a duration; expected {DURATION_FORM}")
    try:
        return timedelta(seconds=int(match["count"]) * _UNITS[match["unit"]])
    except OverflowError:
        raise ValueError("longer than any schedule can be") from None


def duration_text(length: timedelta) -> str:
    """Write elapsed time of whole seconds the way a plan does, in the largest unit that divides it: 90s, 15m, 1h."""
    seconds = length // timedelta(seconds=1)
    unit = next(unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0) if seconds else "s"
    return f"{seconds // _UNITS[unit]}{unit}"


def stamp(instant: datetime) -> str:
    """Write a UTC instant as printed everywhere: 2026-11-25T14:30:00Z."""
    there = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f"{there.isoformat(timespec='seconds')[:19]}Z"
