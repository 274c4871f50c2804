"""A cron expression read once: which days, which times of day, and whether they are fixed or run by real time.

cronsim decides what a field means (names, lists, steps, L, LW, 5L, 1#1, the day-of-month and weekday rule); the walk
over instants is ours, in `local`, because cronsim's steps by whole hours miss minutes where a zone changes by half
an hour (Lord Howe, `*/10 2 * * *`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from functools import lru_cache

from cronsim import CronSim, CronSimError

from runner.schedule.local import LocalRule

_FORM = "expected five fields: minute hour day-of-month month day-of-week, such as 30 9 * * mon-fri"
_FIELDS = {
    "minute": "0-59",
    "hour": "0-23",
    "day-of-month": "1-31, L (the last day) or LW (the last weekday)",
    "month": "1-12 or jan-dec",
    "day-of-week": "0-7 or sun-sat (0 and 7 are Sunday), 5L (the last Friday) or 1#1 (the first Monday)",
}
_TEENTH = re.compile(r"\b([2-5])([123])th\b")
_ENDINGS = {"1": "1st", "2": "2nd", "3": "3rd"}
_LONGEST = 500
_ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)  # a leap year, and 50 years on no pattern of days has stayed away


@lru_cache(maxsize=16_384)
def parse_cron(expression: str) -> LocalRule:
    """Read an expression; raises ValueError with what is wrong, also if it never fires."""
    fields = _split(expression)
    for place, name in enumerate(_FIELDS):
        _check_field(fields, place, name)
    rule = _read(fields)
    if rule is None or next(rule, None) is None:
        raise ValueError("it never fires: no month has such a day")
    return LocalRule(
        times=tuple(time(hour, minute) for hour in sorted(rule.hours) for minute in sorted(rule.minutes)),
        months=frozenset(rule.months),
        on_day=rule.match_day,
        fixed=not fields[0].startswith("*") and not fields[1].startswith("*"),
    )


def check_cron(expression: str) -> str | None:
    """Return what is wrong with a cron expression, in words; None if it is sound."""
    try:
        parse_cron(expression)
    except ValueError as error:
        return str(error)
    return None


def explain_cron(expression: str) -> str:
    """Say a sound expression in English."""
    said = str(CronSim(expression, _ANCHOR).explain())
    return _TEENTH.sub(lambda found: found[1] + _ENDINGS[found[2]], said)  # cronsim says 21th


def _split(expression: str) -> list[str]:
    if len(expression) > _LONGEST:
        raise ValueError(f"a cron of {len(expression)} characters is too long, at most {_LONGEST} are read")
    if not expression.isascii():
        raise ValueError(f"a cron has ASCII characters only; {_FORM}")
    if expression.strip().startswith("@"):
        raise ValueError(f"an alias such as @daily is not supported; {_FORM}")
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a cron of {len(fields)} {'field' if len(fields) == 1 else 'fields'}; {_FORM}")
    return fields


def _check_field(fields: list[str], place: int, name: str) -> None:
    """Read one field with all others free, so that the message names the field that is wrong."""
    alone = ["*"] * len(_FIELDS)
    alone[place] = fields[place]
    if _read(alone) is None:
        raise ValueError(f"the {name} field of the cron is '{fields[place]}', expected {_FIELDS[name]}")


def _read(fields: list[str]) -> CronSim | None:
    try:
        return CronSim(" ".join(fields), _ANCHOR)
    except (CronSimError, ValueError):
        return None
