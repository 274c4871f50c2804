"""One look at a service for its metrics: what its journals and its lanes say, as numbers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.cli.observing import LaneView, Serving
from runner.errors import FxrunError
from runner.journal.control import Ledger
from runner.metrics.table import MOST_PLANS, OTHERS

DAY = timedelta(days=1)
REST = 20.0  # times as long as a look took it is not repeated: a long journal costs a twentieth of a core at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a journal holds, by state or outcome."""

    fires: Mapping[str, int]
    plan_fires: Mapping[tuple[str, str], int]  # of a day, by label and outcome
    orders: Mapping[str, int]
    link: str | None
    halted: bool
    paused: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneLook:
    """A lane, and its journal, None where that is not there or cannot be read."""

    view: LaneView
    held: Held | None


class Looker:
    """Looks when it is asked, and gives the last answer again where looking is dear; from one thread at a time."""

    def __init__(self, serving: Serving, now: Callable[[], datetime]) -> None:
        self._serving = serving
        self._now = now
        self._looks: Sequence[LaneLook] = ()
        self._rested = 0.0  # when it may look again

    def lanes(self) -> Sequence[LaneLook]:
        """Return how each lane and its journal stand."""
        began = time.monotonic()
        if began >= self._rested:
            self._looks = tuple(self._at(view) for view in self._serving.lanes())
            now = time.monotonic()
            self._rested = now + REST * (now - began)
        return self._looks

    def _at(self, view: LaneView) -> LaneLook:
        try:
            with Ledger(view.journal, only_reads=True) as ledger:
                return LaneLook(view=view, held=_held(ledger, view, self._now() - DAY))
        except FxrunError:
            return LaneLook(view=view, held=None)


def _held(ledger: Ledger, view: LaneView, since: datetime) -> Held:
    link = ledger.link()
    return Held(
        fires=ledger.count_all_fires(),
        plan_fires=_by_plan(ledger, sorted(plan.name for plan in view.plans), since),
        orders=ledger.count_orders(),
        link=None if link is None else link.state,
        halted=ledger.halted() is not None,
        paused=len(ledger.pauses()),
    )


def _by_plan(ledger: Ledger, plans: Sequence[str], since: datetime) -> Mapping[tuple[str, str], int]:
    named = set(plans[:MOST_PLANS])
    found: Counter[tuple[str, str]] = Counter()
    for (plan, outcome), number in ledger.count_fires_of(plans, since).items():
        found[plan if plan in named else OTHERS, outcome] += number
    return found
