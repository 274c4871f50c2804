"""When an instruction is due: pure functions from rules to UTC instants."""

from runner.schedule.agenda import Due, merge, upcoming
from runner.schedule.cron import check_cron
from runner.schedule.recurrence import count, fires, occurrences
from runner.schedule.spec import Blackout, Holiday, Occurrence, ScheduleSpec
from runner.schedule.wording import described, words

__all__ = [
    "Blackout", "Due", "Holiday", "Occurrence", "ScheduleSpec", "check_cron", "count", "described", "fires", "merge",
    "occurrences", "upcoming", "words",
]  # fmt: skip
