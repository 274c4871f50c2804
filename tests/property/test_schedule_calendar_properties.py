"""Schedules in words, on calendars, against a plain reading of every day; and what text the grammar takes."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.times import to_utc
from runner.schedule import Holiday, ScheduleSpec, occurrences
from runner.schedule.calendars import CALENDARS, calendar_of
from runner.schedule.phrase import DayRule, PhraseError, SessionRule
from runner.schedule.phrase_grammar import parse_phrase

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo")]
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ENDINGS = {1: "st", 2: "nd", 3: "rd"}
DAY = timedelta(days=1)


def ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


def closed(names: tuple[str, ...], day: date) -> bool:
    return day.weekday() > 4 or any(not calendar_of((name,)).is_business(day) for name in names)


Picks = Callable[[date], bool]


@st.composite
def phrases(draw: st.DrawFn, names: tuple[str, ...]) -> tuple[str, Picks]:
    """Draw the days of a phrase, and a plain test of whether a day is one of them."""
    unit, counts = draw(
        st.sampled_from(
            [
                ("day", lambda day: True),
                ("weekday", lambda day: day.weekday() < 5),
                ("business day", lambda day: not closed(names, day)),
                *((name, lambda day, n=n: day.weekday() == n) for n, name in enumerate(NAMES)),
            ]
        )
    )
    kind = draw(st.sampled_from(["every", "nth", "last", "nth last"]))
    if kind == "every":
        plain = {"business day": lambda day: day.weekday() < 5}
        return f"every {unit}", plain.get(unit, counts)
    months = draw(st.sampled_from([1, 3, 12]))
    number = draw(st.integers(1, 5))
    period = {1: "month", 3: "quarter", 12: "year"}[months]
    words = {"nth": ordinal(number), "last": "last", "nth last": f"{ordinal(number)} last"}[kind]

    def picks(day: date) -> bool:
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        end_month = first.month + months - 1
        last = date(day.year, end_month, calendar.monthrange(day.year, end_month)[1])
        days = [first + n * DAY for n in range((last - first).days + 1) if counts(first + n * DAY)]
        wanted = number - 1 if kind == "nth" else -1 if kind == "last" else -number
        return -len(days) <= wanted < len(days) and days[wanted] == day

    return f"{words} {unit} of {period}", picks


@st.composite
def cases(draw: st.DrawFn) -> tuple[ScheduleSpec, Picks, tuple[time, ...], date]:
    names = tuple(draw(st.lists(st.sampled_from(sorted(CALENDARS)), max_size=2, unique=True)))
    words, picks = draw(phrases(names))
    times = draw(st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=2))
    text = f"{words} at {', '.join(f'{at:%H:%M}' for at in times)}"
    holiday = draw(st.sampled_from(Holiday)) if names else Holiday.SKIP
    spec = ScheduleSpec(zone=draw(st.sampled_from(ZONES)), on=(parse_phrase(text),), calendar=names, holiday=holiday)
    return spec, picks, tuple(sorted(set(times))), draw(st.dates(date(2005, 1, 1), date(2032, 1, 1)))


def moved(day: date, names: tuple[str, ...], holiday: Holiday) -> date:
    while holiday is not Holiday.SKIP and names and closed(names, day):
        day += DAY if holiday is Holiday.NEXT else -DAY
    return day


@settings(max_examples=300, deadline=None)
@given(cases())
def test_the_fires_of_a_phrase_are_those_of_a_walk_over_all_days(
    case: tuple[ScheduleSpec, Picks, tuple[time, ...], date],
) -> None:
    spec, picks, times, start = case
    low = datetime.combine(start, time(), UTC)
    high = low + 120 * DAY
    expected: dict[datetime, bool] = {}
    for n in range(-20, 140):
        day = start + n * DAY
        if picks(day):
            to = moved(day, spec.calendar, spec.holiday)
            is_left_out = bool(spec.calendar) and closed(spec.calendar, to)
            expected |= {to_utc(datetime.combine(to, at), spec.zone): is_left_out for at in times}
    found = {each.time: each.skipped is not None for each in occurrences(spec, low, high)}
    assert found == {at: out for at, out in sorted(expected.items()) if low <= at < high}


WORDS = st.sampled_from(
    ["first", "last", "2nd", "3rd", "31st", "every", "daily", "day", "days", "business", "weekday", "friday", "fridays",
     "mon", "of", "month", "quarter", "year", "march", "at", "09:30", "15:30", ",", "and", "the", "on", "15", "31",
     "market", "session", "open", "close", "+", "-", "5m", "1d", "99", "25:00", "é", "\N{ROMAN NUMERAL FIVE}"]
)  # fmt: skip


@settings(max_examples=2000, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.text(max_size=60)))
def test_any_text_has_a_meaning_or_a_place_where_it_has_none(text: str) -> None:
    try:
        rule = parse_phrase(text)
    except PhraseError as error:
        place = error.place
    else:
        place = 0
        _has_one_meaning(rule, text)
    assert 0 <= place <= len(text)


def _has_one_meaning(rule: DayRule | SessionRule, text: str) -> None:
    assert isinstance(rule, DayRule | SessionRule)
    assert parse_phrase(rule.text) == rule
    assert parse_phrase(text.upper() if text.isascii() else text) is not None


@pytest.mark.parametrize("name", CALENDARS)
def test_a_business_day_that_is_counted_is_never_closed(name: str) -> None:
    spec = ScheduleSpec(
        zone=ZoneInfo("UTC"), on=(parse_phrase("first business day of month at 12:00"),), calendar=(name,)
    )
    found = list(occurrences(spec, datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)))
    assert len(found) == 240
    assert all(each.skipped is None and not closed((name,), each.time.date()) for each in found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["TARGET", "NewYork", "London", "Tokyo", "Wellington", "NYSE", "LSE"])
def test_closed_days_are_those_of_another_library(name: str) -> None:
    ql = pytest.importorskip("QuantLib")
    theirs = {
        "TARGET": lambda: ql.TARGET(),
        "NewYork": lambda: ql.UnitedStates(ql.UnitedStates.FederalReserve),
        "London": lambda: ql.UnitedKingdom(ql.UnitedKingdom.Settlement),
        "Tokyo": lambda: ql.Japan(),
        "Wellington": lambda: ql.NewZealand(ql.NewZealand.Wellington),
        "NYSE": lambda: ql.UnitedStates(ql.UnitedStates.NYSE),
        "LSE": lambda: ql.UnitedKingdom(ql.UnitedKingdom.Exchange),
    }[name]()
    days = (date(2005, 1, 1) + n * DAY for n in range(24 * 365))
    assert [
        day
        for day in days
        if calendar_of((name,)).is_business(day) is not theirs.isBusinessDay(ql.Date(day.day, day.month, day.year))
    ] == []
