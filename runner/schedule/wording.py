"""A schedule in words."""

from __future__ import annotations

from runner.core.times import duration_text
from runner.schedule.cron import explain_cron
from runner.schedule.spec import Holiday, ScheduleSpec

_SHOWN = 3


def words(spec: ScheduleSpec | None) -> str:
    """Say when a schedule is due, such as `At 09:30 on Monday through Friday` or `every 1h`."""
    if spec is None:
        return "once"
    if not spec.on_halt:
        return _rule(spec) + _bounds(spec)
    return f"{_rule(spec)}{_bounds(spec)}, and on a halt" if spec.has_rule else "on a halt"


def described(spec: ScheduleSpec | None) -> str:
    """Say when an order is due, with the zone of its times."""
    if spec is None:
        return "once, when it is run"
    return f"{words(spec)} ({spec.zone.key})" if spec.has_rule else words(spec)


def _rule(spec: ScheduleSpec) -> str:
    if spec.cron is not None:
        return explain_cron(spec.cron)
    if spec.every is not None:
        return f"every {duration_text(spec.every)}"
    if spec.on:
        return "; ".join(rule.text for rule in spec.on)
    times = [f"{at.astimezone(spec.zone):%Y-%m-%d %H:%M:%S %Z}" for at in sorted(set(spec.at))]
    more = f" and {len(times) - _SHOWN} more" if len(times) > _SHOWN else ""
    return f"at {', '.join(times[:_SHOWN])}{more}"


def _bounds(spec: ScheduleSpec) -> str:
    """Say what keeps a schedule from its instants, or moves them."""
    parts = []
    if spec.calendar:
        then = "skipped" if spec.holiday is Holiday.SKIP else f"moved to the {spec.holiday.value} business day"
        parts.append(f"holidays of {'+'.join(spec.calendar)} {then}")
    if spec.blackout:
        parts.append(f"not on {', '.join(each.text for each in spec.blackout)}")
    if spec.jitter:
        parts.append(f"up to {duration_text(spec.jitter)} later")
    return "".join(f", {part}" for part in parts)
