"""How each plan of a journal stands, and what of it needs somebody: decided here for all who tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import options
from runner.core.times import stamp
from runner.errors import PlanInvalid

if TYPE_CHECKING:
    from runner.core.outage import Outage
    from runner.core.standing import Arming
    from runner.journal.control import Ledger
    from runner.journal.rows import FireRow, PlanRow
    from runner.plan.model import Plan

SOON = timedelta(days=14)
LINKED = frozenset({"ready", "checking"})  # a connection that needs nobody
OBEYED = timedelta(minutes=1)  # how long a cancel may wait for a runner
_DAY = timedelta(days=1)
SIMULATE = "simulate"  # the mode of a journal
_FIRES, _FIRES_OF_A_DAY = 100, 100_000


class ArmingState(Enum):
    """What an arming is worth now."""

    ARMED = "armed"
    ENDING = "ending"
    EXPIRED = "expired"
    EDITED = "edited"
    NONE = "none"

    @property
    def denies(self) -> bool:
        """True if the fires of such a plan are denied."""
        return self in (ArmingState.EXPIRED, ArmingState.EDITED, ArmingState.NONE)


def wants_somebody(arming: ArmingState | None, pause: str | None) -> bool:
    """Tell whether somebody should do something about a plan; one that is simulated has no arming."""
    return arming not in (None, ArmingState.ARMED) or pause is not None


def is_cut_off(state: str, now: datetime, outages: Iterable[Outage], grace: timedelta) -> bool:
    """Tell whether a runner's connection is down that should not be: an outage may last `grace` longer."""
    is_expected = any(outage.covers(at) for outage in outages for at in (now, now - grace))
    return state not in LINKED and not is_expected


def is_overdue(asked: datetime, now: datetime, *, runs: bool) -> bool:
    """Tell whether a cancel waits for longer than a runner takes, or for one that is not there."""
    return not runs or now - asked > OBEYED


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStanding:
    """One plan; `fires` are its latest, newest first, and `file` where its runner read it."""

    name: str
    file: str | None
    arming: ArmingState | None  # None where none is needed: simulated
    until: datetime | None
    left: timedelta | None
    fires: tuple[FireRow, ...]
    next_fire: datetime | None
    pause: str | None
    on_halt: tuple[str, ...]  # the orders of it that answer a halt

    @property
    def is_warning(self) -> bool:
        """True if somebody should do something about it."""
        return wants_somebody(self.arming, self.pause)

    @property
    def arming_words(self) -> str:
        """Say what its arming is worth, and what to do if that is not enough."""
        again = f"fxrun arm {self.file or 'PLAN'}"
        until = "" if self.until is None else stamp(self.until)
        match self.arming:
            case ArmingState.ARMED:
                return f"armed until {until}"
            case ArmingState.ENDING:
                days = 0 if self.left is None else self.left // _DAY
                return f"armed until {until}: WARNING, that ends in {days} d; arm it again with {again}"
            case ArmingState.EXPIRED:
                return f"NOT ARMED: its arming ended at {until}; {again}"
            case ArmingState.EDITED:
                return f"NOT ARMED: {self.file} was edited since it was armed; look at it and {again}"
            case ArmingState.NONE:
                return f"NOT ARMED; {again}"
            case None:
                return "simulated"


def of_plans(ledger: Ledger, now: datetime) -> tuple[PlanStanding, ...]:
    """Return all plans that a runner has had, or that are armed, by name."""
    rows = {row.plan: row for row in ledger.plans()}
    # an arming that has ended is news only of a plan that is there
    armings = {arming.plan: arming for arming in ledger.armings() if arming.plan in rows or now < arming.until}
    is_simulated = (ledger.mode_and_account() or ("", ""))[0] == SIMULATE
    pauses = ledger.pauses()
    found = []
    for name in sorted({*rows, *armings, *pauses}):
        row, arming = rows.get(name), armings.get(name)
        file = None if row is None else row.file
        plan = None if row is None else loaded(row)
        found.append(
            PlanStanding(
                name=name,
                file=file,
                arming=None if is_simulated else arming_state(arming, None if file is None else _digest(file), now),
                until=None if arming is None else arming.until,
                left=None if arming is None else arming.until - now,
                fires=_fires(ledger, name, now),
                next_fire=None if row is None else _next_fire(row, plan, now),
                pause=pauses.get(name),
                on_halt=() if plan is None else answering(plan),
            )
        )
    return tuple(found)


def _fires(ledger: Ledger, plan: str, now: datetime) -> tuple[FireRow, ...]:
    """Return the latest fires of a plan, at least those of the last day."""
    fires = ledger.fires(plan, _FIRES)
    if len(fires) < _FIRES or fires[-1].due < now - _DAY:
        return fires
    return ledger.fires(plan, _FIRES_OF_A_DAY)


def arming_state(arming: Arming | None, digest: str | None, now: datetime) -> ArmingState:
    """Say what an arming is worth for a plan of such a digest, None if that cannot be told."""
    if arming is None:
        return ArmingState.NONE
    if digest is not None and digest != arming.digest:
        return ArmingState.EDITED
    if now >= arming.until:
        return ArmingState.EXPIRED
    return ArmingState.ENDING if arming.until - now < SOON else ArmingState.ARMED


def loaded(row: PlanRow) -> Plan | None:
    """Return a plan as its runner read it, None if its file says something else now, or says it by variables."""
    from runner.plan import load

    if _digest(row.file) != row.digest:
        return None
    try:
        return load(row.file)
    except PlanInvalid:  # edited in between, or valid for another fxrun only
        return None


def answering(plan: Plan) -> tuple[str, ...]:
    """Return the orders of a plan that answer a halt."""
    return tuple(each.order for each in plan.instructions if each.schedule is not None and each.schedule.on_halt)


def _next_fire(row: PlanRow, plan: Plan | None, now: datetime) -> datetime | None:
    """Return when a plan is due next: by its file if that is what its runner read, else as the runner noted it."""
    from runner.schedule import fires

    if plan is None:
        return row.next_fire if row.next_fire is not None and row.next_fire >= now else None
    scheduled = [each.schedule for each in plan.instructions if each.schedule is not None]
    dues = [due for each in scheduled if (due := next(fires(each, now, options.END_OF_TIME), None)) is not None]
    return min(dues, default=None)


def _digest(file: str) -> str | None:
    """Return the sha256 of a file as it is now; None if it cannot be read here."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return None


def fire_state(fire: FireRow) -> str:
    """Say what became of a fire."""
    return "claimed, not yet sent" if fire.state is None else fire.state.value
