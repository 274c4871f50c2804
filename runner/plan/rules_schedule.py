"""Rules between the keys of a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.core.times import stamp
from runner.plan.draft_schedule import ScheduleDraft
from runner.plan.findings import Findings
from runner.plan.source import Where

Places = Mapping[str, Where]


def _one_rule(schedule: ScheduleDraft | None, places: Places, findings: Findings) -> None:
    if schedule is None:
        return
    found = [key for key in ("cron", "every", "at") if f"schedule.{key}" in places]
    if not found:
        message = "a schedule without a rule: found none of cron, every and at; expected exactly one of them"
        findings.at_value(places["schedule"], message)
    for key in found[1:]:
        message = f'a schedule with two rules: found "{key}" beside "{found[0]}"; expected one of cron, every and at'
        findings.at_key(places[f"schedule.{key}"], message)


def _window(schedule: ScheduleDraft | None, places: Places, findings: Findings) -> None:
    if schedule is None or schedule.start is None or schedule.until is None or schedule.start < schedule.until:
        return
    window = f"found an end at {stamp(schedule.until)} for a beginning at {stamp(schedule.start)}"
    message = f"an empty window: {window}; expected until after from (a bare date includes that day)"
    findings.at_value(places["schedule.until"], message)


def _times_in_window(schedule: ScheduleDraft | None, places: Places, findings: Findings) -> None:
    if schedule is None or not schedule.at:
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


Rule = Callable[[ScheduleDraft | None, Places, Findings], None]
RULES: tuple[Rule, ...] = (_one_rule, _window, _times_in_window)
