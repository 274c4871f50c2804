"""A cron expression read: what it says of local time, and every complaint in full."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest

from runner.schedule.agenda import Due
from runner.schedule.cron import check_cron, explain_cron, parse_cron

FORM = "expected five fields: minute hour day-of-month month day-of-week, such as 30 9 * * mon-fri"


def test_what_a_rule_says() -> None:
    rule = parse_cron("30,0 9,8 * 2,1 mon")
    assert rule.times == (time(8, 0), time(8, 30), time(9, 0), time(9, 30))
    assert rule.months == {1, 2}
    assert [rule.on_day(date(2025, 1, day)) for day in (5, 6, 7)] == [False, True, False]
    assert rule.fixed


@pytest.mark.parametrize(
    ("cron", "fixed"),
    [
        ("30 9 * * *", True),
        ("0-30/5 9 * * *", True),
        ("30 9-17 */2 */2 *", True),
        ("* 9 * * *", False),
        ("*/5 9 * * *", False),
        ("30 * * * *", False),
        ("30 */2 * * *", False),
        ("* * * * *", False),
    ],
)
def test_times_are_fixed_without_a_star_in_minute_and_hour(cron: str, fixed: bool) -> None:
    assert parse_cron(cron).fixed is fixed


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("61 * * * *", "the minute field of the cron is '61', expected 0-59"),
        ("* 24 * * *", "the hour field of the cron is '24', expected 0-23"),
        (
            "* * 32 * *",
            "the day-of-month field of the cron is '32', expected 1-31, L (the last day) or LW (the last weekday)",
        ),
        ("* * * 13 *", "the month field of the cron is '13', expected 1-12 or jan-dec"),
        (
            "* * * * 8",
            "the day-of-week field of the cron is '8', expected 0-7 or sun-sat (0 and 7 are Sunday), "
            "5L (the last Friday) or 1#1 (the first Monday)",
        ),
        ("0 0 30 2 *", "it never fires: no month has such a day"),
        ("* * * *", f"a cron of 4 fields; {FORM}"),
        ("*", f"a cron of 1 field; {FORM}"),
        ("", f"a cron of 0 fields; {FORM}"),
        ("* * * * * *", f"a cron of 6 fields; {FORM}"),
        (" @daily", f"an alias such as @daily is not supported; {FORM}"),
        ("ä * * * *", f"a cron has ASCII characters only; {FORM}"),
        (f"0 0 * * *{' ' * 492}", "a cron of 501 characters is too long, at most 500 are read"),
        (f"0 0 * * *{' ' * 491}", None),
    ],
)
def test_every_complaint_says_what_was_expected(cron: str, said: str | None) -> None:
    assert check_cron(cron) == said


def test_words_of_a_rule() -> None:
    assert explain_cron("30 9 * * mon-fri") == "At 09:30 on Monday through Friday"
    assert explain_cron("0 9 22 * *") == "At 09:00 on the 22nd day of every month"


def test_rules_and_fires_are_values() -> None:
    rule, due = parse_cron("30 9 * * *"), Due(datetime(2025, 1, 1, tzinfo=UTC), "p", "main")
    with pytest.raises(FrozenInstanceError):
        rule.fixed = False  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        due.plan = "other"  # type: ignore[misc]
    assert not hasattr(rule, "__dict__")
    assert not hasattr(due, "__dict__")
    with pytest.raises(TypeError):
        type(rule)((), frozenset(), rule.on_day, True)  # type: ignore[misc]
    later = replace(due, time=datetime(2025, 1, 2, tzinfo=UTC), plan="a", order="a")
    ordered = [due, replace(due, order="next"), replace(due, plan="q", order="a"), later]
    assert all(one < other for one, other in pairwise(ordered))
