"""IANA time zones by name, and by nothing but a name."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
# Not zones: the machine's own zone under another name, a placeholder, and trees that count leap seconds.
_OTHER = re.compile(r"(?:localtime|posixrules|Factory)|(?:posix|right)/.*", re.IGNORECASE)


def find_zone(key: str) -> ZoneInfo | None:
    """Return the zone called key; None if there is none, whatever key looks like."""
    if len(key) > 60 or not _KEY.fullmatch(key) or _OTHER.fullmatch(key):
        return None
    try:
        return ZoneInfo(key)
    except (OSError, ValueError, KeyError):  # unknown, a folder of zones, or a file that is not a zone
        return None
