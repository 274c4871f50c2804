"""Holidays, blackouts and jitter: what is skipped and why, what moves and where to, worked out by hand."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from runner.schedule import Blackout, Due, Holiday, ScheduleSpec, count, fires, merge, occurrences, upcoming, words
from runner.schedule.calendars import CALENDARS, Calendar, UnknownCalendar, calendar_names, calendar_of
from runner.schedule.phrase_grammar import parse_phrase
from runner.schedule.sessions import EXCHANGES, exchanges_of

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def on(phrase: str, *calendar: str, zone: ZoneInfo = BERLIN, **more: object) -> ScheduleSpec:
    return ScheduleSpec(zone=zone, on=(parse_phrase(phrase),), calendar=calendar, **more)  # type: ignore[arg-type]


def shown(spec: ScheduleSpec, start: datetime, until: datetime) -> list[str]:
    found = [(each.time.astimezone(spec.zone), each.skipped) for each in occurrences(spec, start, until)]
    return [f"{at:%m-%d %H:%M}{'' if why is None else f' {why}'}" for at, why in found]


# --- calendars


@pytest.mark.parametrize(
    ("name", "day", "said"),
    [
        ("TARGET", date(2027, 3, 26), "holiday: Good Friday (TARGET)"),
        ("TARGET", date(2027, 5, 1), "weekend: Saturday"),
        ("TARGET", date(2027, 7, 5), None),
        ("NewYork", date(2027, 7, 5), "holiday: Independence Day (observed) (NewYork)"),
        ("NewYork", date(2026, 7, 3), None),  # the Federal Reserve does not move a holiday back from a Saturday
        ("NYSE", date(2026, 7, 3), "holiday: Independence Day (observed) (NYSE)"),
        ("NYSE", date(2027, 10, 11), None),
        ("NewYork", date(2027, 10, 11), "holiday: Columbus Day (NewYork)"),
        ("London", date(2027, 12, 28), "holiday: Boxing Day (observed) (London)"),
        ("London", date(2023, 5, 8), "holiday: Coronation of Charles III (London)"),
        ("Tokyo", date(2027, 1, 4), None),
        ("Tokyo", date(2026, 12, 31), "holiday: Bank Holiday (Tokyo)"),
        ("Zurich", date(2026, 1, 2), "holiday: Saint Berchtold's Day (Zurich)"),
        ("Zurich", date(2026, 12, 24), None),
        ("SIX", date(2026, 12, 24), "holiday: Christmas Eve (SIX)"),
        ("Sydney", date(2027, 8, 2), "holiday: Bank Holiday (Sydney)"),
        ("Toronto", date(2027, 3, 29), None),  # Easter Monday
        ("Toronto", date(2027, 9, 30), "holiday: National Day for Truth and Reconciliation (Toronto)"),
        ("Wellington", date(2027, 2, 8), "holiday: Waitangi Day (observed) (Wellington)"),
    ],
)
def test_days_that_banks_and_exchanges_know(name: str, day: date, said: str | None) -> None:
    assert calendar_of((name,)).closed(day) == said
    assert calendar_of((name,)).is_business(day) is (said is None)


def test_a_joint_calendar_closes_what_any_closes() -> None:
    joint = Calendar(("TARGET", "NewYork"))
    assert joint.closed(date(2027, 3, 26)) == "holiday: Good Friday (TARGET)"
    assert joint.closed(date(2027, 7, 5)) == "holiday: Independence Day (observed) (NewYork)"
    assert joint.is_business(date(2027, 12, 24))
    assert calendar_of(()).closed(date(2027, 3, 26)) is None


def test_names_in_any_case_and_unknown_ones() -> None:
    assert calendar_names(" target + newyork+TARGET") == ("TARGET", "NewYork")
    for text, unknown in (("TARGT+NewYork", "TARGT"), ("TARGET+", ""), ("", "")):
        with pytest.raises(UnknownCalendar) as caught:
            calendar_names(text)
        assert caught.value.name == unknown
    assert set(EXCHANGES) < set(CALENDARS)
    assert exchanges_of(("TARGET", "LSE")) == ("LSE",)


@pytest.mark.parametrize("name", CALENDARS)
def test_every_calendar_knows_new_year_over_a_century(name: str) -> None:
    calendar = calendar_of((name,))
    for year in range(2003, 2100):
        found = {calendar.closed(date(year, 1, day)) for day in (1, 2, 3)} | {calendar.closed(date(year - 1, 12, 31))}
        assert any(said is not None for said in found)
        assert calendar.closed(date(year, 1, 1)) is not None or name in ("NewYork",)


def test_without_a_calendar_the_library_is_not_imported() -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from zoneinfo import ZoneInfo; import runner.plan;"
        "from runner.schedule import ScheduleSpec, fires;"
        "spec = ScheduleSpec(zone=ZoneInfo('UTC'), cron='30 9 * * mon-fri');"
        "next(fires(spec, datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)));"
        "print('holidays' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


# --- holiday: skip, previous, next


def test_a_holiday_is_skipped_with_its_name() -> None:
    spec = on("weekdays at 09:30", "TARGET")
    assert shown(spec, utc(2027, 3, 25), utc(2027, 3, 31)) == [
        "03-25 09:30",
        "03-26 09:30 holiday: Good Friday (TARGET)",
        "03-29 09:30 holiday: Easter Monday (TARGET)",
        "03-30 09:30",
    ]
    assert count(spec, utc(2027, 3, 25), utc(2027, 3, 31)) == 2
    assert len(list(fires(spec, utc(2027, 3, 25), utc(2027, 3, 31)))) == 2


def test_a_cron_and_fixed_times_keep_holidays_too() -> None:
    cron = ScheduleSpec(zone=BERLIN, cron="30 9 15 * *", calendar=("TARGET",))
    assert shown(cron, utc(2027, 5, 1), utc(2027, 7, 1)) == ["05-15 09:30 weekend: Saturday", "06-15 09:30"]
    times = (utc(2027, 3, 26, 12), utc(2027, 3, 30, 12))
    fixed = ScheduleSpec(zone=BERLIN, at=times, calendar=("TARGET",))
    assert list(fires(fixed, utc(2027, 1, 1), utc(2028, 1, 1))) == [times[1]]
    hourly = ScheduleSpec(zone=BERLIN, every=timedelta(hours=8), calendar=("TARGET",))
    found = list(occurrences(hourly, utc(2027, 3, 25), utc(2027, 3, 27)))
    assert [(each.time.hour, each.skipped is None) for each in found] == [
        (0, True), (8, True), (16, True), (0, False), (8, False), (16, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("holiday", "expected"),
    [
        (Holiday.SKIP, ["03-24 09:00", "03-26 09:00 holiday: Good Friday (TARGET)"]),
        (Holiday.PREVIOUS, ["03-24 09:00", "03-25 09:00"]),
        (Holiday.NEXT, ["03-24 09:00", "03-30 09:00"]),
    ],
)
def test_a_fire_of_a_holiday_moves_where_it_is_told(holiday: Holiday, expected: list[str]) -> None:
    """Good Friday and Easter Monday close 26 to 29 March 2027."""
    for spec in (
        on("wednesdays and fridays at 09:00", "TARGET", holiday=holiday),
        ScheduleSpec(zone=BERLIN, cron="0 9 * * wed,fri", calendar=("TARGET",), holiday=holiday),
    ):
        assert shown(spec, utc(2027, 3, 23), utc(2027, 3, 31)) == expected


def test_fires_that_move_together_are_one() -> None:
    spec = on("daily at 09:00", "TARGET", holiday=Holiday.NEXT)
    assert shown(spec, utc(2027, 3, 25), utc(2027, 4, 1)) == ["03-25 09:00", "03-30 09:00", "03-31 09:00"]


def test_a_move_crosses_the_edges_of_a_span_and_of_a_month() -> None:
    later = on("day 1 at 09:00", "TARGET", holiday=Holiday.NEXT)  # 1 January 2027 is a Friday
    assert shown(later, utc(2027, 1, 3), utc(2027, 1, 8)) == ["01-04 09:00"]
    before = on("day 1 of may at 09:00", "TARGET", holiday=Holiday.PREVIOUS)  # a Saturday, and a holiday
    assert shown(before, utc(2027, 4, 28), utc(2027, 5, 1)) == ["04-30 09:00"]
    fixed = ScheduleSpec(zone=BERLIN, at=(utc(2027, 3, 26, 8),), calendar=("TARGET",), holiday=Holiday.NEXT)
    assert list(fires(fixed, utc(2027, 1, 1), utc(2028, 1, 1))) == [utc(2027, 3, 30, 7)]  # 09:00 CEST


def test_a_session_belongs_to_the_day_it_ends_on() -> None:
    spec = on("market open", "TARGET", zone=NEW_YORK)
    assert shown(spec, utc(2027, 3, 27), utc(2027, 4, 6)) == [
        "03-28 17:15 holiday: Easter Monday (TARGET)",
        "04-04 17:15",
    ]


# --- blackouts


@pytest.mark.parametrize(
    ("blackout", "left"),
    [
        (Blackout(text="x", start=utc(2027, 3, 18), end=utc(2027, 3, 19)), [9, 15, None, None, 9, 15]),
        (Blackout(text="x", start=utc(2027, 3, 18, 12), end=utc(2027, 3, 18, 15)), [9, 15, 9, 15, 9, 15]),
        (Blackout(text="x", start=utc(2027, 3, 18, 12), end=utc(2027, 3, 18, 15, 0, 1)), [9, 15, 9, None, 9, 15]),
        (Blackout(text="x", opens=time(9), closes=time(10)), [None, 15] * 3),
        (Blackout(text="x", opens=time(15), closes=time(9)), [9, None] * 3),
    ],
)
def test_nothing_is_due_in_a_blackout(blackout: Blackout, left: list[int | None]) -> None:
    spec = on("daily at 09:00, 15:00", zone=ZoneInfo("UTC"), blackout=(blackout,))
    found = list(occurrences(spec, utc(2027, 3, 17), utc(2027, 3, 20)))
    assert [None if each.skipped else each.time.hour for each in found] == left
    assert {each.skipped for each in found} <= {None, "blackout: x"}


# --- jitter


def test_jitter_is_the_same_whenever_it_is_asked_for() -> None:
    spec = on("daily at 09:00", zone=ZoneInfo("UTC"), jitter=timedelta(seconds=90), salt="demo/main")
    whole = list(occurrences(spec, utc(2027, 1, 1), utc(2028, 1, 1)))
    assert len(whole) == 365
    delays = {each.time - each.nominal for each in whole}
    assert min(delays) >= timedelta()
    assert max(delays) <= timedelta(seconds=90)
    assert len(delays) > 60
    assert all(each.nominal.hour == 9 and each.nominal.minute == 0 for each in whole)
    for each in whole[:20]:
        assert list(occurrences(spec, each.time, each.time + timedelta(seconds=1))) == [each]
    other = on("daily at 09:00", zone=ZoneInfo("UTC"), jitter=timedelta(seconds=90), salt="demo/other")
    assert [o.time for o in occurrences(other, utc(2027, 1, 1), utc(2028, 1, 1))] != [o.time for o in whole]


def test_the_identity_of_a_fire_is_that_of_its_nominal_instant() -> None:
    specs = [on("daily at 09:00", zone=ZoneInfo("UTC"), jitter=timedelta(seconds=s), salt="p/m") for s in (90, 600)]
    keys = [[due.fire for due in merge([("p", "m", spec)], utc(2027, 1, 1), utc(2027, 1, 9))] for spec in specs]
    assert keys[0] == keys[1] == [f"2027-01-0{day}T09:00:00Z" for day in range(1, 9)]


def test_close_fires_with_jitter_come_in_order_and_none_is_lost() -> None:
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), every=timedelta(minutes=1), jitter=timedelta(seconds=59), salt="p/m")
    found = list(occurrences(spec, utc(2027, 1, 1), utc(2027, 1, 2)))
    assert [each.time for each in found] == sorted(each.time for each in found)
    assert len({each.nominal for each in found}) == len(found) >= 1439
    halves = [
        *occurrences(spec, utc(2027, 1, 1), utc(2027, 1, 1, 12, 0, 30)),
        *occurrences(spec, utc(2027, 1, 1, 12, 0, 30), utc(2027, 1, 2)),
    ]
    assert halves == found


def test_fires_that_overtake_each_other_come_in_order() -> None:
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), every=timedelta(minutes=1), jitter=timedelta(minutes=5), salt="p/m")
    found = list(occurrences(spec, utc(2027, 1, 1), utc(2027, 1, 1, 6)))
    assert [each.time for each in found] == sorted(each.time for each in found)
    assert [each.nominal for each in found] != sorted(each.nominal for each in found)


def test_a_jitter_of_a_second_is_none_or_one() -> None:
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), every=timedelta(minutes=1), jitter=timedelta(seconds=1), salt="p/m")
    delays = {each.time - each.nominal for each in occurrences(spec, utc(2027, 1, 1), utc(2027, 1, 2))}
    assert delays == {timedelta(), timedelta(seconds=1)}


def test_a_blackout_is_judged_by_the_instant_after_the_jitter_and_a_holiday_has_the_first_word() -> None:
    blackout = Blackout(text="x", opens=time(9, 0, 1), closes=time(9, 2))
    late = on("daily at 09:00", zone=ZoneInfo("UTC"), jitter=timedelta(seconds=60), salt="p/m", blackout=(blackout,))
    found = list(occurrences(late, utc(2027, 1, 1), utc(2027, 3, 1)))
    assert {each.skipped for each in found if each.time == each.nominal} <= {None}
    assert {each.skipped for each in found if each.time != each.nominal} == {"blackout: x"}
    closed = on("daily at 09:00", "TARGET", blackout=(Blackout(text="x", opens=time(8), closes=time(10)),))
    assert shown(closed, utc(2027, 3, 25), utc(2027, 3, 27)) == [
        "03-25 09:00 blackout: x",
        "03-26 09:00 holiday: Good Friday (TARGET)",
    ]


# --- many, and words


def test_merged_fires_carry_their_reason() -> None:
    spec = on("weekdays at 09:30", "TARGET")
    entries = [("a", "x", spec), ("b", "x", None)]
    span = (utc(2027, 3, 26), utc(2027, 3, 31))
    found = list(merge(entries, *span))
    assert found[0] == Due(utc(2027, 3, 26), "b", "x")
    assert [(due.plan, due.fire, due.skipped) for due in found] == [
        ("b", "once", None),
        ("a", "2027-03-26T08:30:00Z", "holiday: Good Friday (TARGET)"),
        ("a", "2027-03-29T07:30:00Z", "holiday: Easter Monday (TARGET)"),
        ("a", "2027-03-30T07:30:00Z", None),
    ]
    assert [due.fire for due in upcoming(entries, *span)] == ["once", "2027-03-30T07:30:00Z"]


def test_a_list_of_phrases_is_one_schedule() -> None:
    rules = ("weekdays at 09:30", "fridays at 09:30, 16:00", "market close - 5m")
    spec = ScheduleSpec(zone=NEW_YORK, on=tuple(map(parse_phrase, rules)))
    assert shown(spec, utc(2027, 3, 18), utc(2027, 3, 20)) == [
        "03-18 09:30", "03-19 09:30", "03-19 16:00", "03-19 16:55",
    ]  # fmt: skip


def test_a_schedule_says_all_of_itself() -> None:
    blackout = (Blackout(text="2027-03-18", start=utc(2027, 3, 18), end=utc(2027, 3, 19)),)
    spec = on("fridays at 10:00", "TARGET", "NewYork", holiday=Holiday.NEXT, blackout=blackout)
    assert words(spec) == (
        "fridays at 10:00, holidays of TARGET+NewYork moved to the next business day, not on 2027-03-18"
    )
    jittered = on("fridays at 10:00", "NYSE", jitter=timedelta(seconds=90))
    assert words(jittered) == "fridays at 10:00, holidays of NYSE skipped, up to 90s later"
