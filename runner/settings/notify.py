"""`notify:` of fxrun.yaml: who is told what, and where the secret is that an address is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from runner.plan.findings import Findings
from runner.plan.limits import parse_clock, read_parsed, read_zone
from runner.plan.source import Where

EVENTS = ("fill", "rejected", "missed", "unknown", "link_down", "halt", "arming")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_UTC = ZoneInfo("UTC")
_SECRET = re.compile(r"file:.+|env:[A-Za-z_][A-Za-z0-9_]*", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """At most so many messages within such a time, to each receiver."""

    messages: int = 20
    within: timedelta = _UNITS["hour"]


USUAL = Pace()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """Where messages go; `url` is `file:PATH` or `env:NAME`, which hold the address, and never the address."""

    url: str
    on: tuple[str, ...] = EVENTS
    plans: frozenset[str] | None = None  # None: all


@dataclass(frozen=True, kw_only=True, slots=True)
class Notify:
    """Who is told what happens; nobody without `to`."""

    to: tuple[Receiver, ...] = ()
    digest: time | None = None
    zone: ZoneInfo = _UTC
    at_most: Pace = USUAL
    ping: str | None = None  # as url


NOBODY = Notify()


def parse_pace(text: str) -> Pace:
    """Read `20 per hour`; raises ValueError."""
    match text.split():
        case [count, "per", unit] if count.isdecimal() and unit in _UNITS and 0 < int(count) < 10_000:
            return Pace(messages=int(count), within=_UNITS[unit])
    raise ValueError("expected a number of messages per minute, hour or day, such as 20 per hour")


def read_notify(data: object, findings: Findings) -> Notify:
    """Return what `notify:` says as far as it is sound."""
    if not isinstance(data, Mapping):
        return NOBODY
    given = data.get("to")
    entries = given if isinstance(given, list) else []
    read = [_receiver(entry, ("notify", "to", number), findings) for number, entry in enumerate(entries)]
    zone = read_zone(data["timezone"], ("notify", "timezone"), findings) if "timezone" in data else None
    return Notify(
        to=tuple(one for one in read if one is not None),
        digest=read_parsed(data.get("digest"), parse_clock, ("notify", "digest"), findings),
        zone=zone or _UTC,
        at_most=read_parsed(data.get("at_most"), parse_pace, ("notify", "at_most"), findings) or USUAL,
        ping=_secret(data.get("ping"), ("notify", "ping"), findings),
    )


def _receiver(data: object, where: Where, findings: Findings) -> Receiver | None:
    url = _secret(data.get("url"), (*where, "url"), findings) if isinstance(data, Mapping) else None
    if url is None or not isinstance(data, Mapping):
        return None
    on, plans = data.get("on"), data.get("plans")
    return Receiver(
        url=url,
        on=tuple(name for name in EVENTS if name in on) if isinstance(on, list) else EVENTS,
        plans=frozenset(map(str, plans)) if isinstance(plans, list) else None,
    )


def _secret(text: object, where: Where, findings: Findings) -> str | None:
    """Return where an address is kept; one that is written here is refused, and not repeated."""
    if not isinstance(text, str):
        return None
    if not _SECRET.fullmatch(text):
        findings.at_value(
            where,
            "an address in the clear: it holds a key, and this file gets copied; write it into a file of yours alone "
            "(chmod 600) and put file:PATH here, or env:NAME for a variable of the environment",
        )
        return None
    return text
