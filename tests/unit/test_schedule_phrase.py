"""`on:` in words: what each phrase means, in days worked out by hand, and where one that means nothing goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.schedule import ScheduleSpec, fires
from runner.schedule.phrase import Anchor, DayRule, PhraseError, SessionRule
from runner.schedule.phrase_grammar import parse_phrase

BERLIN = ZoneInfo("Europe/Berlin")


def days(phrase: str, start: str, until: str, *calendar: str, zone: str = "UTC") -> list[str]:
    """Return when a phrase is due in [start, until), as local times without the year."""
    spec = ScheduleSpec(zone=ZoneInfo(zone), on=(parse_phrase(phrase),), calendar=calendar)
    low, high = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, until))
    return [f"{fire.astimezone(spec.zone):%m-%d %H:%M}" for fire in fires(spec, low, high)]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [  # 2027: 1 January is a Friday
        ("last business day of month at 15:55", ["01-29 15:55", "02-26 15:55", "03-31 15:55"]),
        ("first business day of month at 09:00", ["01-01 09:00", "02-01 09:00", "03-01 09:00"]),
        ("2nd last business day of month at 09:00", ["01-28 09:00", "02-25 09:00", "03-30 09:00"]),
        ("3rd business day of quarter at 10:00", ["01-05 10:00"]),
        ("last business day of quarter at 10:00", ["03-31 10:00"]),
        ("first business day of year at 10:00", ["01-01 10:00"]),
        ("first friday at 13:30", ["01-01 13:30", "02-05 13:30", "03-05 13:30"]),
        ("last friday of month at 16:00", ["01-29 16:00", "02-26 16:00", "03-26 16:00"]),
        ("5th friday at 16:00", ["01-29 16:00"]),
        ("1st and 3rd friday of march at 10:00", ["03-05 10:00", "03-19 10:00"]),
        ("third wednesday of mar, jun, sep and dec at 10:00", ["03-17 10:00"]),
        ("day 15 at 09:00", ["01-15 09:00", "02-15 09:00", "03-15 09:00"]),
        ("day 31 at 09:00", ["01-31 09:00", "03-31 09:00"]),
        ("day 1, 15 of february at 09:00", ["02-01 09:00", "02-15 09:00"]),
        ("last day of month at 16:00", ["01-31 16:00", "02-28 16:00", "03-31 16:00"]),
        ("last day of quarter at 16:00", ["03-31 16:00"]),
        ("day 60 of year at 16:00", ["03-01 16:00"]),
        ("last weekday of february at 16:00", ["02-26 16:00"]),
    ],
)
def test_a_quarter_of_it(phrase: str, expected: list[str]) -> None:
    assert days(phrase, "2027-01-01", "2027-04-01") == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("every friday at 10:00", ["01-01 10:00", "01-08 10:00"]),
        ("Fridays AT 10:00", ["01-01 10:00", "01-08 10:00"]),
        ("mon, wed and fri at 09:30", ["01-01 09:30", "01-04 09:30", "01-06 09:30", "01-08 09:30"]),
        ("every monday and thursday at 09:30", ["01-04 09:30", "01-07 09:30"]),
        ("weekdays at 15:30, 09:30", [f"01-0{d} {t}" for d in (1, 4, 5, 6, 7, 8) for t in ("09:30", "15:30")]),
        ("business days at 08:00 and 17:00", [f"01-0{d} {t}" for d in (1, 4, 5, 6, 7, 8) for t in ("08:00", "17:00")]),
        ("daily at 00:00", [f"01-0{d} 00:00" for d in range(1, 9)]),
        ("every day at 12:00", [f"01-0{d} 12:00" for d in range(1, 9)]),
    ],
)
def test_a_week_of_it(phrase: str, expected: list[str]) -> None:
    assert days(phrase, "2027-01-01", "2027-01-09") == expected


def test_a_business_day_is_a_weekday_that_no_calendar_closes() -> None:
    """Year ends and Easter by the banks' own lists: TARGET closes Good Friday, New York does not."""
    first = "first business day of month at 09:00"
    assert days(first, "2027-01-01", "2027-02-01", "TARGET") == ["01-04 09:00"]
    last = "last business day of march at 09:00"
    assert days(last, "2024-03-01", "2024-04-01", "TARGET") == ["03-28 09:00"]  # the 29th is Good Friday
    assert days(last, "2024-03-01", "2024-04-01", "NewYork") == ["03-29 09:00"]
    assert days(last, "2024-03-01", "2024-04-01", "NewYork", "TARGET") == ["03-28 09:00"]
    third = "3rd business day of quarter at 09:00"
    assert days(third, "2025-01-01", "2025-02-01", "Tokyo") == ["01-08 09:00"]  # closed until the 3rd


def test_sessions_of_the_currency_market() -> None:
    week = ("2027-03-12", "2027-03-20")  # New York changes its clocks on the 14th, in the closed market
    assert days("market open + 5m", *week) == ["03-14 21:20"]
    assert days("market close - 10m", *week) == ["03-12 21:50", "03-19 20:50"]
    assert days("session close", *week) == [
        "03-12 22:00", "03-15 21:00", "03-16 21:00", "03-17 21:00", "03-18 21:00", "03-19 21:00",
    ]  # fmt: skip
    assert days("session open", *week, zone="America/New_York") == [f"03-{day} 17:15" for day in (14, 15, 16, 17, 18)]


def test_sessions_of_an_exchange_and_its_short_days() -> None:
    week = ("2027-11-24", "2027-11-30")  # Thanksgiving is the 25th; the day after closes at 13:00
    assert days("market open", *week, "NYSE") == ["11-24 14:30", "11-26 14:30", "11-29 14:30"]
    assert days("session close - 5m", *week, "NYSE") == ["11-24 20:55", "11-26 17:55", "11-29 20:55"]
    assert days("market close", "2024-11-01", "2024-11-07", "JPX", zone="Asia/Tokyo") == [
        "11-01 15:00", "11-05 15:30", "11-06 15:30",
    ]  # fmt: skip


def test_what_a_phrase_becomes() -> None:
    rule = parse_phrase("  Second  LAST business day of Quarter at 09:30 , 15:30 ")
    assert isinstance(rule, DayRule)
    assert (rule.text, rule.ordinals) == ("Second LAST business day of Quarter at 09:30 , 15:30", (-2,))
    assert rule.times == (time(9, 30), time(15, 30))
    session = parse_phrase("market closes - 1h")
    assert session == SessionRule(text="market closes - 1h", anchor=Anchor.MARKET_CLOSE, offset=-timedelta(hours=1))


@pytest.mark.parametrize(
    ("phrase", "place", "said"),
    [
        ("", 1, "expected words such as last business day of month at 15:55"),
        ("last busness day of month at 15:55", 6, 'in place of "busness"'),
        ("last busness day of month at 15:55", 6, 'did you mean "business"?'),
        ("frist friday at 10:00", 1, 'did you mean "first"?'),
        ("last fridya at 10:00", 6, 'did you mean "friday"?'),
        ("last business day of mnth at 10:00", 22, 'did you mean "month"?'),
        ("last business of month at 09:00", 15, "expected day, after business, in place of"),
        ("fridays", 8, "expected at HH:MM at its end"),
        ("fridays at 25:00", 12, "a time of day from 00:00 to 23:59"),
        ("fridays at 9:00", 12, 'as HH:MM, in place of "9:00"'),
        ("weekdays at 09:30,", 19, "at its end"),
        ("weekdays at 09:30 daily", 19, 'expected the end in place of "daily"'),
        ("market open 5m", 13, 'expected +, - or the end in place of "5m"'),
        ("market open +5", 14, "a duration such as 5m"),
        ("session close - 2d", 17, "less than a day"),
        ("market shut", 8, "expected open or close, after market"),
        ("day 32 at 09:00", 5, "expected at most 31"),
        ("day 30 of february at 10:00", 5, "expected at most 29"),
        ("6th friday at 10:00", 1, "expected at most 5"),
        ("24th business day of month at 10:00", 1, "expected at most 23"),
        ("3st friday at 10:00", 1, 'expected 3rd in place of "3st"'),
        ("11st day of month at 10:00", 1, "expected 11th"),
        ("0th friday at 09:00", 1, 'in place of "0th"'),
        ("day 15 of smarch at 10:00", 11, 'did you mean "march"?'),
        ("fridays at 10:00 and monday", 22, "a time of day"),
        ("x" * 201, 201, "expected at most 200 characters in place of 201"),
    ],
)
def test_a_phrase_that_means_nothing_says_where(phrase: str, place: int, said: str) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_phrase(phrase)
    assert said in str(caught.value)
    assert caught.value.place == place - 1


def test_a_clock_change_moves_a_fixed_time_as_it_does_a_cron() -> None:
    """02:30 is skipped on 28 March 2027 and doubled on 31 October: the end of the gap, and the first of the two."""
    spec = ScheduleSpec(zone=BERLIN, on=(parse_phrase("sundays at 02:30"),))
    cron = ScheduleSpec(zone=BERLIN, cron="30 2 * * sun")
    low, high = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    found = list(fires(spec, low, high))
    assert found == list(fires(cron, low, high))
    assert datetime(2027, 3, 28, 1, 0, tzinfo=UTC) in found
    assert datetime(2027, 10, 31, 0, 30, tzinfo=UTC) in found
