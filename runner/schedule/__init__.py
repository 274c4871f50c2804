"""When an instruction is due: pure functions from rules to UTC instants."""

from runner.schedule.agenda import Due, merge
from runner.schedule.cron import check_cron
from runner.schedule.recurrence import count, fires
from runner.schedule.spec import ScheduleSpec
from runner.schedule.wording import words

__all__ = ["Due", "ScheduleSpec", "check_cron", "count", "fires", "merge", "words"]
