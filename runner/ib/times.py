"""The times a TWS writes, read into UTC where their zone is known and left out where it is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from runner.core.clock import SIMULATED_MARK

_TIME = re.compile(r"(?P<date>\d{8})(?P<gap>-| {1,2})(?P<time>\d{2}:\d{2}:\d{2})(?: (?P<zone>\S.*))?", re.ASCII)
# CST and IST are left out: each names more than one zone
_HOURS = {
    "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "HKT": 8, "SGT": 8, "JST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip


def parse_time(text: str, default: tzinfo | None) -> datetime | None:
    """Read `YYYYMMDD HH:MM:SS` with or without a zone, or `YYYYMMDD-HH:MM:SS` (UTC); None if the zone is unknown."""
    if (match := _TIME.fullmatch(text.strip())) is None:
        return None
    zone = UTC if match["gap"] == "-" else parse_zone(match["zone"]) if match["zone"] else default
    if zone is None:
        return None
    date, time = match["date"], match["time"]
    try:
        local = datetime(
            int(date[:4]), int(date[4:6]), int(date[6:]), int(time[:2]), int(time[3:5]), int(time[6:]), tzinfo=zone
        )
    except ValueError:
        return None
    return local.astimezone(UTC)


def parse_zone(name: str) -> tzinfo | None:
    """Find a zone by an IANA name or one of the usual abbreviations."""
    if SIMULATED_MARK in name:  # the simulated gateway keeps UTC
        return UTC
    if (hours := _HOURS.get(name)) is not None:
        return timezone(timedelta(hours=hours), name)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not found, or not a name at all
        return None


def handshake_zone(text: str) -> tzinfo | None:
    """Return the zone in which a TWS writes times without one: that of its greeting."""
    match = _TIME.fullmatch(text.strip())
    return parse_zone(match["zone"]) if match is not None and match["zone"] else None
