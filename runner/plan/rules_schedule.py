"""Rules between the keys of a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from runner.core.times import stamp
from runner.plan.draft_schedule import ScheduleDraft
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.schedule import Holiday, ScheduleSpec, occurrences
from runner.schedule.cron import parse_cron
from runner.schedule.phrase import SessionRule
from runner.schedule.sessions import exchanges_of

Places = Mapping[str, Where]
_KINDS = ("cron", "every", "at", "on")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_HORIZON = timedelta(days=30 * 366)
_LOOKED_AT = 100_000
_CLOSERS = {"calendar": "the calendar", "blackout": "a blackout"}


def _one_rule(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    found = [key for key in _KINDS if f"schedule.{key}" in places]
    if not found:
        message = "a schedule without a rule: found none of cron, every, at and on; expected exactly one of them"
        findings.at_value(places["schedule"], message)
    for key in found[1:]:
        expected = "expected one of cron, every, at and on"
        message = f'a schedule with two rules: found "{key}" beside "{found[0]}"; {expected}'
        findings.at_key(places[f"schedule.{key}"], message)


def _window(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    if schedule.start is None or schedule.until is None or schedule.start < schedule.until:
        return
    window = f"found an end at {stamp(schedule.until)} for a beginning at {stamp(schedule.start)}"
    message = f"an empty window: {window}; expected until after from (a bare date includes that day)"
    findings.at_value(places["schedule.until"], message)


def _times_in_window(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    if not schedule.at:
        return
    if len(set(schedule.at)) < len(schedule.at):
        findings.at_value(places["schedule.at"], "a time twice: found an instant that repeats; expected each once")
    low, high = schedule.start, schedule.until
    if low is not None and high is not None and high <= low:
        return  # said already
    if not any((low is None or low <= at) and (high is None or at < high) for at in schedule.at):
        message = (
            "a schedule that never fires: found only times outside its window; expected one between from and until"
        )
        findings.at_value(places["schedule.at"], message)


def _holiday_wants_calendar(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    if "schedule.holiday" in places and "schedule.calendar" not in places:
        expected = "expected calendar: beside it, such as TARGET or NewYork"
        findings.at_key(places["schedule.holiday"], f"a rule for holidays without a calendar: found none; {expected}")


def _can_move(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    if schedule.holiday is Holiday.SKIP or (rule := _immovable(schedule)) is None:
        return
    found = f"found {schedule.holiday.value} with {rule}, which has no time of day to keep"
    findings.at_value(places["schedule.holiday"], f"a fire that cannot be moved: {found}; expected skip")


def _immovable(schedule: ScheduleDraft) -> str | None:
    if schedule.every is not None:
        return "every"
    if schedule.cron is not None and not parse_cron(schedule.cron).fixed:
        return "a cron with * in minute or hour"
    return next((f'"{rule.text}"' for rule in schedule.on if isinstance(rule, SessionRule)), None)


def _one_exchange(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    names = exchanges_of(schedule.calendar)
    if len(names) < 2 or not any(isinstance(rule, SessionRule) for rule in schedule.on):
        return
    found = f"found {' and '.join(names)}, whose sessions differ"
    message = f"sessions of several exchanges: {found}; expected at most one exchange in calendar:"
    findings.at_value(places["schedule.calendar"], message)


def _jitter_fits(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    if schedule.every is not None and schedule.jitter >= schedule.every:
        message = "a jitter as long as the interval: found one that could change the order of fires"
        findings.at_value(places["schedule.jitter"], f"{message}; expected less than schedule.every")


def _fires_at_all(schedule: ScheduleDraft, places: Places, findings: Findings) -> None:
    """Speak where a sound rule is never due because the calendar and the blackouts leave none of its instants."""
    if not (schedule.calendar or schedule.blackout) or schedule.zone is None or len(findings):
        return
    start = schedule.start or _LONG_AGO
    found = occurrences(spec_of(schedule), start, start + _HORIZON)
    if all(each.skipped for each in islice(found, _LOOKED_AT)) and next(found, None) is None:
        key = "calendar" if "schedule.calendar" in places else "blackout"
        message = f"a schedule that never fires: found that {_CLOSERS[key]} closes each of its days"
        findings.at_value(places[f"schedule.{key}"], f"{message}; expected holiday: previous or next, or other days")


def spec_of(draft: ScheduleDraft, salt: str = "") -> ScheduleSpec:
    """Return the frozen values of a sound draft; raises TypeError for one without a zone."""
    if draft.zone is None:
        raise TypeError("spec_of wants a draft that was validated")
    return ScheduleSpec(
        zone=draft.zone,
        cron=draft.cron,
        every=draft.every,
        at=tuple(sorted(draft.at)),
        on=draft.on,
        start=draft.start,
        until=draft.until,
        calendar=draft.calendar,
        holiday=draft.holiday,
        blackout=draft.blackout,
        jitter=draft.jitter,
        salt=salt,
    )


Rule = Callable[[ScheduleDraft, Places, Findings], None]
RULES: tuple[Rule, ...] = (
    _one_rule, _window, _times_in_window, _holiday_wants_calendar, _can_move, _one_exchange, _jitter_fits,
    _fires_at_all,
)  # fmt: skip


def check_schedule(schedule: ScheduleDraft | None, places: Places, findings: Findings) -> None:
    """Note every rule that a schedule breaks."""
    if schedule is not None:
        for rule in RULES:
            rule(schedule, places, findings)
