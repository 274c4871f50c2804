"""What holds for every schedule: order, bounds, and that a span may be cut anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.schedule import ScheduleSpec, check_cron, count, fires

ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Chatham", "Africa/Casablanca"]
).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=12))


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    stepped = st.tuples(st.one_of(st.just("*"), span), st.integers(1, 9)).map(lambda part: f"{part[0]}/{part[1]}")
    return st.one_of(st.just("*"), number.map(str), span, stepped)


CRONS = st.tuples(_field(0, 59), _field(0, 23), _field(1, 31), st.just("*"), _field(0, 7)).map(" ".join)
CRON_SPECS = st.builds(lambda zone, cron: ScheduleSpec(zone=zone, cron=cron), ZONES, CRONS)
EVERY_SPECS = st.builds(
    lambda zone, every, start: ScheduleSpec(zone=zone, every=every, start=start),
    ZONES,
    st.integers(600, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    st.none() | INSTANTS,
)
AT_SPECS = st.builds(lambda zone, at: ScheduleSpec(zone=zone, at=tuple(at)), ZONES, st.lists(INSTANTS, min_size=1))


@settings(deadline=None, max_examples=150)
@given(spec=st.one_of(CRON_SPECS, EVERY_SPECS, AT_SPECS), start=INSTANTS, length=LENGTHS, cut=st.floats(0, 1))
def test_fires_ascend_within_the_span_and_the_span_may_be_cut(
    spec: ScheduleSpec, start: datetime, length: timedelta, cut: float
) -> None:
    until = start + length
    middle = start + length * cut
    whole = list(fires(spec, start, until))
    assert all(before < after for before, after in pairwise(whole))
    assert all(start <= fire < until and fire.utcoffset() == timedelta(0) for fire in whole)
    assert [*fires(spec, start, middle), *fires(spec, middle, until)] == whole


@settings(deadline=None, max_examples=300)
@given(text=st.one_of(st.text(max_size=40), st.text("0123456789*/-,L#W@ AMONFRI", max_size=30)))
def test_any_text_is_sound_or_explained(text: str) -> None:
    problem = check_cron(text)
    if problem is None:
        start = datetime(2025, 1, 1, tzinfo=UTC)
        assert next(fires(ScheduleSpec(zone=ZoneInfo("UTC"), cron=text), start, datetime(2100, 1, 1, tzinfo=UTC)))
    else:
        assert problem.strip()


@given(
    step=st.integers(1, 100_000),
    first=st.integers(-50_000, 50_000),
    length=st.integers(0, 500_000),
    anchored=st.booleans(),
    bounded=st.booleans(),
)
def test_fires_are_counted_as_they_are_yielded(
    step: int, first: int, length: int, anchored: bool, bounded: bool
) -> None:
    base = datetime(2026, 3, 1, tzinfo=UTC)
    start = base + timedelta(seconds=first)
    until = start + timedelta(seconds=min(length, step * 300))
    spec = ScheduleSpec(
        zone=ZoneInfo("UTC"),
        every=timedelta(seconds=step),
        start=base if anchored else None,
        until=base + timedelta(seconds=20_000) if bounded else None,
    )
    assert count(spec, start, until) == len(list(fires(spec, start, until)))
