"""The next fires of 10,000 plans: crons, phrases, intervals and sessions, with and without calendars and jitter.

Run it alone: python tests/bench/fires.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median
from zoneinfo import ZoneInfo

from runner.schedule import Holiday, ScheduleSpec, merge, upcoming
from runner.schedule.phrase_grammar import parse_phrase

PLANS = 10_000
ROUNDS = 5
WANTED = 1.0  # seconds
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
END = NOW + timedelta(days=3650)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/London")]
CALENDARS: list[tuple[str, ...]] = [(), ("TARGET",), ("TARGET", "NewYork"), ("NYSE",), ("London", "Tokyo")]
DAYS = ("last business day of month", "first friday", "weekdays", "3rd business day of quarter", "day 15")
Entry = tuple[str, str, ScheduleSpec]


def spec(i: int) -> ScheduleSpec:
    """Return the schedule of the plan of that number: no two rules are the same before plan 1,440."""
    zone, calendar = ZONES[i % 5], CALENDARS[i // 5 % 5]
    holiday = Holiday.NEXT if calendar else Holiday.SKIP
    match i % 4:
        case 0:
            return ScheduleSpec(zone=zone, cron=f"{i % 60} {i // 60 % 24} * * mon-fri", calendar=calendar)
        case 1:
            phrase = parse_phrase(f"{DAYS[i // 7 % 5]} at {i // 60 % 24:02}:{i % 60:02}")
            return ScheduleSpec(zone=zone, on=(phrase,), calendar=calendar, holiday=holiday)
        case 2:
            return ScheduleSpec(zone=zone, every=timedelta(minutes=1 + i % 500))
    rule, jitter = parse_phrase(f"session close - {1 + i % 300}m"), timedelta(seconds=90)
    return ScheduleSpec(zone=zone, on=(rule,), calendar=calendar, jitter=jitter, salt=f"p{i}/main")


def entries(count: int = PLANS) -> list[Entry]:
    """Return plans as `merge` takes them."""
    return [(f"p{i:05}", "main", spec(i)) for i in range(count)]


def of_each(plans: list[Entry]) -> int:
    """Work out the next fire of every plan; returns how many have one."""
    return sum(next(upcoming([plan], NOW, END), None) is not None for plan in plans)


def of_all(plans: list[Entry]) -> int:
    """Work out the ten fires that come first of all plans together."""
    return len(list(islice(merge(plans, NOW, END), 10)))


def seconds(work: Callable[[list[Entry]], int], plans: list[Entry], expected: int) -> list[float]:
    """Time some rounds; the first one reads the rules and loads the calendars."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assert work(plans) == expected
        found.append(time.perf_counter() - began)
    return found


def main() -> None:
    """Print the figures."""
    plans = entries()
    for name, work, expected in (("of each plan", of_each, PLANS), ("ten of all", of_all, 10)):
        first, *rest = seconds(work, plans, expected)
        verdict = "PASS" if max(first, median(rest)) < WANTED else "FALLS SHORT"
        figures = f"{first:.2f} s the first time, then {median(rest):.2f} s (median of {len(rest)})"
        print(f"{verdict}  next fires of {PLANS} plans, {name}: {figures}; wanted under {WANTED:.0f} s")


if __name__ == "__main__":
    main()
