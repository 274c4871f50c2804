"""The schedule of an order as far as its values are sound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runner.core.times import is_bare_date, parse_duration, parse_time, to_utc
from runner.plan.suggest import for_choice, for_zone
from runner.plan.text import Misread, quote
from runner.plan.values import Values
from runner.plan.zones import find_zone
from runner.schedule.phrase import DayRule, PhraseError, SessionRule
from runner.schedule.spec import Blackout, Holiday

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_HOLIDAYS = {holiday.value: holiday for holiday in Holiday}
_LONGEST_JITTER = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDraft:
    """A schedule as far as it is sound."""

    zone: ZoneInfo | None
    cron: str | None
    every: timedelta | None
    at: tuple[datetime, ...]
    on: tuple[DayRule | SessionRule, ...]
    start: datetime | None
    until: datetime | None
    calendar: tuple[str, ...]
    holiday: Holiday
    blackout: tuple[Blackout, ...]
    jitter: timedelta


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
        on=_phrases(values),
        start=values.parsed("schedule.from", lambda text: parse_time(text, local)),
        until=values.parsed("schedule.until", lambda text: end_of(text, local)),
        calendar=_calendar(values),
        holiday=values.choice("schedule.holiday", _HOLIDAYS) or Holiday.SKIP,
        blackout=_blackouts(values, local),
        jitter=values.parsed("schedule.jitter", _jitter) or timedelta(),
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
    return tuple(instant for instant in read if instant is not None)


def _phrases(values: Values) -> tuple[DayRule | SessionRule, ...]:
    read = [values.parsed(name, _phrase) for name in values.items("schedule.on")]
    return tuple(rule for rule in read if rule is not None)


def _phrase(text: str) -> DayRule | SessionRule:
    from runner.schedule.phrase_grammar import parse_phrase

    try:
        return parse_phrase(text)
    except PhraseError as error:
        raise Misread(error.place, str(error)) from None


def _sound_cron(text: str) -> str:
    from runner.schedule import check_cron

    if (message := check_cron(text)) is not None:
        raise ValueError(message)
    return text


def end_of(text: str, zone: ZoneInfo) -> datetime:
    """Return the first instant after until: the next local midnight where it is a bare date."""
    instant = parse_time(text, zone)
    if not is_bare_date(text):
        return instant
    return to_utc(datetime.fromisoformat(text) + timedelta(days=1), zone).astimezone(UTC)


def _calendar(values: Values) -> tuple[str, ...]:
    from runner.schedule.calendars import CALENDARS, UnknownCalendar, calendar_names

    name = "schedule.calendar"
    if (text := values.text(name)) is None:
        return ()
    try:
        return calendar_names(text)
    except UnknownCalendar as unknown:
        word = unknown.name
        hint = values.findings.hint(lambda: for_choice(word, CALENDARS))
        expected = f"expected one of {', '.join(CALENDARS)}, or some of them joined by +, such as TARGET+NewYork"
        values.note(name, f"an unknown calendar: found {quote(word)}; {expected}{hint}")
        return ()


def _jitter(text: str) -> timedelta:
    length = parse_duration(text)
    if length > _LONGEST_JITTER:
        raise ValueError("expected at most 12h")
    return length


# --- blackouts


def _blackouts(values: Values, zone: ZoneInfo) -> tuple[Blackout, ...]:
    read = [values.parsed(name, lambda text: _blackout(text, zone)) for name in values.items("schedule.blackout")]
    return tuple(blackout for blackout in read if blackout is not None)


def _blackout(text: str, zone: ZoneInfo) -> Blackout:
    """Read a date, a range of dates or times, or a range of times of every day; raises ValueError."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    if _CLOCK.fullmatch(first) and _CLOCK.fullmatch(last):
        return _daily(text, first, last)
    if not dots and not is_bare_date(first):
        raise ValueError(f"expected a date, or a range such as {_RANGES}")
    start = parse_time(first, zone)
    if not dots:
        last = first
    elif _CLOCK.fullmatch(last) and not is_bare_date(first):
        last = f"{first[:10]} {last}"
    try:
        end = end_of(last, zone)
    except ValueError as error:
        raise ValueError(f"{quote(last)} is {error}" if last else f"a range without end; expected {_RANGES}") from None
    if end <= start:
        raise ValueError("it ends before it begins; expected the earlier time first")
    return Blackout(text=text, start=start, end=end)


def _daily(text: str, first: str, last: str) -> Blackout:
    if first == last:
        raise ValueError("it begins and ends at the same time; expected two times of day, the end not included")
    return Blackout(text=text, opens=time.fromisoformat(first), closes=time.fromisoformat(last))


_RANGES = "2027-03-18 12:00..15:00, 2027-12-24..2027-12-31 or, of every day, 16:55..17:20"
