"""Plans that change while a run goes on: edited, added, taken away.

What an edit puts into the past was never due, so the schedule of a plan that is new or edited is taken up from the
instant of the change. What was due before, and could not be sent yet, is a missed fire. Orders at the broker are
followed to their end; a fire that was still being worked is left as it is, as after a restart.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.core.events import FireDone, FireState
from runner.core.ids import ONCE
from runner.engine.desk import Desk, Pending, Rules
from runner.engine.fire import close
from runner.engine.working import Working
from runner.plan.model import Instruction, Plan
from runner.schedule import fires

EDITED = "its plan was edited before it could be sent"
GONE = "its plan was taken away before it could be sent"
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
_TICK = datetime.resolution
Name = tuple[str, str]  # plan and order
Held = MutableMapping[Any, Pending]  # by whatever each of a run's lists of pending fires goes


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The plans that are carried out from now on, all of them, and what holds their orders back."""

    plans: Sequence[Plan]
    rules: Rules


def by_name(plans: Iterable[Plan]) -> dict[Name, Instruction]:
    """Return the orders of plans by plan and order."""
    return {(each.plan, each.order): each for plan in plans for each in plan.instructions}


def note_plans(plans: Iterable[Plan], desk: Desk, now: datetime) -> None:
    """Write down which plans run; `fxrun status` works out when they are due next."""
    for plan in plans:
        dues = [next(fires(each.schedule, now, END_OF_TIME), None) for each in plan.instructions]
        known = [due for due in dues if due is not None]
        with suppress(OSError):  # where a relative file is, in a folder that is gone
            desk.journal.note_plan(plan.name, str(Path(plan.file).resolve()), plan.digest, min(known, default=None))


def renew(
    change: Change, instructions: MutableMapping[Name, Instruction], held: Sequence[Held], working: Working, desk: Desk
) -> frozenset[Name]:
    """Carry out other plans from now on; returns the orders of those that are new or edited.

    Raises JournalFailed: then call it once more with the same change, and what was done already is passed over.
    """
    now = desk.inquest.now()
    digests = {plan.name: plan.digest for plan in change.plans}
    stale = {plan: EDITED if plan in digests else GONE for plan, digest in desk.digests.items()
             if digests.get(plan) != digest}  # fmt: skip
    fresh = [plan for plan in change.plans if desk.digests.get(plan.name) != plan.digest]
    for pendings in held:
        _give_up(pendings, stale, by_name(change.plans), desk)
    if desk.link.supervised:
        desk.journal.record_progress(by_name(fresh), now - _TICK)
    note_plans(fresh, desk, now)
    desk.journal.keep_plans(digests)
    known = by_name(change.plans)
    working.renew(known, digests)
    instructions.clear()
    instructions.update(known)
    desk.digests, desk.rules = digests, change.rules
    desk.conduct.watch(known.values())
    desk.contracts.watch(known.values())
    return frozenset(by_name(fresh))


def _give_up(pendings: Held, stale: Mapping[str, str], orders: Container[Name], desk: Desk) -> None:
    """Record what was due as missed; an order without schedule that is still there is due anew, by its new version."""
    gone = [(key, one) for key, one in pendings.items() if one.instruction.plan in stale]
    desk.give_back(pending for _, pending in gone)
    for key, pending in gone:
        row, reason = pending.row, stale[pending.instruction.plan]
        if row.fire == ONCE and pending.attempt == 1 and (row.plan, row.order) in orders:
            pass
        elif pending.attempt > 1:  # its row is there since it was sent first
            desk.journal.miss_fire(row.plan, row.order, row.fire, reason)
            state = FireState.MISSED
            desk.emit(FireDone(plan=row.plan, order=row.order, fire=row.fire, time=row.due, state=state, reason=reason))
        else:
            close(row, FireState.MISSED, reason, desk)
        del pendings[key]
