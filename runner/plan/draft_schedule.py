"""The schedule of an order as far as its values are sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runner.core.times import is_bare_date, parse_duration, parse_time, to_utc
from runner.plan.suggest import for_zone
from runner.plan.text import quote
from runner.plan.values import Values
from runner.plan.zones import find_zone


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDraft:
    """A schedule as far as it is sound."""

    zone: ZoneInfo | None
    cron: str | None
    every: timedelta | None
    at: tuple[datetime, ...]
    start: datetime | None
    until: datetime | None


def read_schedule(values: Values) -> ScheduleDraft | None:
    """Return what is sound of `schedule:`, noting what cannot be read; None if there is none."""
    if not isinstance(values.get("schedule"), dict):
        return None
    zone = _zone(values)
    local = zone or ZoneInfo("UTC")  # with an unknown zone the form of the times is still checked
    return ScheduleDraft(
        zone=zone,
        cron=values.parsed("schedule.cron", _sound_cron),
        every=values.parsed("schedule.every", parse_duration),
        at=_times(values, local),
        start=values.parsed("schedule.from", lambda text: parse_time(text, local)),
        until=values.parsed("schedule.until", lambda text: _end(text, local)),
    )


def _zone(values: Values) -> ZoneInfo | None:
    name = "schedule.timezone"
    if name not in values:
        return ZoneInfo("UTC")
    if (text := values.text(name)) is None:
        return None
    if (zone := find_zone(text)) is None:
        hint = values.findings.hint(lambda: for_zone(text))
        expected = "expected an IANA name such as America/New_York"
        values.note(name, f"an unknown time zone: found {quote(text)}; {expected}{hint}")
    return zone


def _times(values: Values, zone: ZoneInfo) -> tuple[datetime, ...]:
    read = [values.parsed(name, lambda text: parse_time(text, zone)) for name in values.items("schedule.at")]
    return tuple(time for time in read if time is not None)


def _sound_cron(text: str) -> str:
    from runner.schedule import check_cron

    if (message := check_cron(text)) is not None:
        raise ValueError(message)
    return text


def _end(text: str, zone: ZoneInfo) -> datetime:
    """Return the first instant after until: the next local midnight where it is a bare date."""
    instant = parse_time(text, zone)
    if not is_bare_date(text):
        return instant
    return to_utc(datetime.fromisoformat(text) + timedelta(days=1), zone).astimezone(UTC)
