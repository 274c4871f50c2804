"""The instants that orders carry as text: good after, good till, and those of time conditions."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

# IB's short names where the zone's own name means something else, or nothing
_ZONES = {
    "EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago", "CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "MET": "Europe/Paris", "CET": "Europe/Paris", "GB": "Europe/London", "BST": "Europe/London", "JST": "Asia/Tokyo",
    "HKT": "Asia/Hong_Kong", "HST": "Pacific/Honolulu", "Z": "UTC",
}  # fmt: skip
_FORM = re.compile(r"(\d{8})(?:(-| +)(\d{1,2}:\d\d(?::\d\d)?)(?: +([\w/+-]+))?)?", re.ASCII)


@lru_cache(maxsize=1024)
def instant(text: str) -> int | None:
    """Return the epoch seconds of `20261124 15:30:00 US/Eastern`, `20261124-15:30:00` (UTC) or `20261124`.

    Without a zone it is UTC, which is what this TWS keeps; a day alone means its last second. None if it is none.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or (found[2] == "-" and found[4]):
        return None
    zone = _zone(found[4] or "UTC")
    try:
        at = datetime.strptime(f"{found[1]} {_time(found[3])}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
        return None if zone is None else int(at.timestamp())
    except (ValueError, OverflowError):
        return None


def _time(text: str | None) -> str:
    if text is None:
        return "23:59:59"
    return text if text.count(":") == 2 else f"{text}:00"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(_ZONES.get(name.upper(), name))
    except (ValueError, OSError, LookupError):  # no such zone, a folder of zones, a path
        return None
