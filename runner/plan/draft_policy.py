"""What an order says about fires that are late, overlap, fail or are enough."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from runner.core.times import parse_duration
from runner.plan.values import Values
from runner.schedule.policy import START_DEADLINE, FirePolicy

KEYS = ("misfire", "overlap", "pause_on", "max_fires")
_MISSED = re.compile(r"missed ([1-9][0-9]{0,2})", re.ASCII | re.IGNORECASE)
_LONGEST = timedelta(days=31)


def read_policy(values: Values) -> FirePolicy:
    """Return what is sound of these keys, noting what cannot be read."""
    pauses = [values.parsed(name, _pause) for name in values.items("pause_on")]
    counts = [pause for pause in pauses if isinstance(pause, int)]
    most = values.get("max_fires")
    return FirePolicy(
        deadline=values.parsed("misfire.deadline", _deadline) or START_DEADLINE,
        catch_up=_word(values, "misfire.catch_up") == "last",
        overlap=_word(values, "overlap") == "allow",
        pause_on_reject="reject" in pauses,
        pause_on_unknown="unknown" in pauses,
        pause_on_missed=min(counts, default=None),
        max_fires=int(most) if isinstance(most, Decimal) and most > 0 else None,
    )


def _word(values: Values, name: str) -> str:
    return (values.text(name) or "").lower()


def _deadline(text: str) -> timedelta:
    length = parse_duration(text)
    if length > _LONGEST:
        raise ValueError("expected at most 31d; catch_up: last is for fires that are later than that")
    return length


def _pause(text: str) -> str | int:
    if (found := _MISSED.fullmatch(" ".join(text.split()))) is not None:
        return int(found[1])
    if (word := text.lower()) in ("reject", "unknown"):
        return word
    raise ValueError("expected reject, unknown, or missed with a number such as missed 3")
