"""A schedule in words."""

from __future__ import annotations

from datetime import timedelta

from runner.schedule.cron import explain_cron
from runner.schedule.spec import ScheduleSpec

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)))
_SHOWN = 3


def words(spec: ScheduleSpec | None) -> str:
    """Say when a schedule is due, such as `At 09:30 on Monday through Friday` or `every 1h`."""
    if spec is None:
        return "once"
    if spec.cron is not None:
        return explain_cron(spec.cron)
    if spec.every is not None:
        return f"every {_duration(spec.every)}"
    times = [f"{at.astimezone(spec.zone):%Y-%m-%d %H:%M:%S %Z}" for at in sorted(set(spec.at))]
    more = f" and {len(times) - _SHOWN} more" if len(times) > _SHOWN else ""
    return f"at {', '.join(times[:_SHOWN])}{more}"


def _duration(length: timedelta) -> str:
    """Write a duration the way a plan does, in the largest unit that divides it."""
    unit, size = next((unit, size) for unit, size in _UNITS if not length % size)
    return f"{length // size}{unit}"
