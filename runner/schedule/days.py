"""The rules of `on:` as days and times of a zone, and what `holiday: previous` and `next` make of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from runner.schedule.calendars import Calendar
from runner.schedule.local import LocalRule
from runner.schedule.phrase import DayRule

_DAY = timedelta(days=1)
_ALL_MONTHS = frozenset(range(1, 13))
_LONGEST_CLOSURE = 30  # days; no calendar closes for longer, and a rule that moves further is not due


def local_rule(rule: DayRule, calendar: Calendar) -> LocalRule:
    """Return what a rule says about local time; business days are those of the calendar."""
    on_day = _Counted(rule, calendar) if rule.ordinals else _Every(rule)
    return LocalRule(times=rule.times, months=rule.months, on_day=on_day, fixed=True)


def moved(rule: LocalRule, calendar: Calendar, *, forward: bool) -> LocalRule:
    """Return a rule whose days on which the calendar is closed are moved to the next business day, or the last."""
    return replace(rule, months=_ALL_MONTHS, on_day=_Moved(rule, calendar, -_DAY if forward else _DAY))


class _Every:
    """All days of some weekdays. That a calendar closes one of them is said when it is due, and why."""

    def __init__(self, rule: DayRule) -> None:
        self._weekdays = rule.weekdays

    def __call__(self, day: date) -> bool:
        return day.weekday() in self._weekdays


class _Counted:
    """Days that are counted in a month, a quarter or a year."""

    def __init__(self, rule: DayRule, calendar: Calendar) -> None:
        self._rule, self._calendar = rule, calendar
        self._length: int = rule.period.value  # in months
        self._chosen: dict[int, frozenset[date]] = {}  # by the number of the period

    def __call__(self, day: date) -> bool:
        period = (day.year * 12 + day.month - 1) // self._length
        if (chosen := self._chosen.get(period)) is None:
            chosen = self._chosen[period] = self._choose(*divmod(period * self._length, 12))
        return day in chosen

    def _choose(self, year: int, month: int) -> frozenset[date]:
        days = [day for day in _days_of(date(year, month + 1, 1), self._length) if self._counts(day)]
        places = (n - 1 if n > 0 else len(days) + n for n in self._rule.ordinals)
        return frozenset(days[place] for place in places if 0 <= place < len(days))

    def _counts(self, day: date) -> bool:
        if self._rule.business:
            return self._calendar.is_business(day)
        return day.weekday() in self._rule.weekdays


class _Moved:
    """Business days that a rule means, or to which the closed days before or after them are moved."""

    def __init__(self, rule: LocalRule, calendar: Calendar, back: timedelta) -> None:
        self._months, self._on_day = rule.months, rule.on_day
        self._closed, self._back = calendar.closed, back

    def __call__(self, day: date) -> bool:
        if self._closed(day) is not None:
            return False
        for _ in range(_LONGEST_CLOSURE):
            if day.month in self._months and self._on_day(day):
                return True
            day += self._back
            if self._closed(day) is None:
                return False
        return False


def move(day: date, calendar: Calendar, *, forward: bool) -> date:
    """Return the day itself, or the nearest business day after or before it."""
    step = _DAY if forward else -_DAY
    for _ in range(_LONGEST_CLOSURE):
        if calendar.is_business(day):
            break
        day += step
    return day


def _days_of(first: date, months: int) -> Iterator[date]:
    day, month = first, first.month + months
    end = first.replace(year=first.year + (month - 1) // 12, month=(month - 1) % 12 + 1)
    while day < end:
        yield day
        day += _DAY
