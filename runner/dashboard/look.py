"""One look at a lane: its journal as it is now, and its plans as the service has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from runner.cli import marks
from runner.cli.observing import LaneView
from runner.cli.standing import ArmingState, arming_state
from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.standing import Arming
from runner.errors import FxrunError
from runner.journal.control import Ledger
from runner.journal.remarks import Unlisted
from runner.journal.rows import ControlRow, ExecutionRow, FireRow, Halt, LinkRow, OpenRow
from runner.plan.model import Plan

DAY = timedelta(days=1)
SIMULATE = "simulate"
WORKING = frozenset(
    {OrderState.PLANNED, OrderState.SENT, OrderState.WORKING, OrderState.HELD, OrderState.CANCEL_PENDING}
)
MOST, _MOST_FILLS = 500, 40  # fires and orders of a kind that are told


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a journal holds; all of it is empty while there is none."""

    account: str | None = None
    runs: bool = False
    run: int = 0  # the last that was begun
    link: LinkRow | None = None
    halt: Halt | None = None
    pauses: Mapping[str, str] = field(default_factory=dict)
    armings: Mapping[str, Arming] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)  # fires of a day by state
    missed: tuple[FireRow, ...] = ()  # of a day, latest first
    denied: tuple[FireRow, ...] = ()
    rejected: tuple[OpenRow, ...] = ()
    unknown: tuple[OpenRow, ...] = ()
    working: tuple[OpenRow, ...] = ()
    fills: tuple[ExecutionRow, ...] = ()  # latest first
    unlisted: tuple[Unlisted, ...] = ()
    waiting: tuple[ControlRow, ...] = ()  # cancels that no runner has obeyed yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A lane at an instant."""

    at: datetime
    view: LaneView
    held: Held
    problem: str | None  # why its journal cannot be read

    @property
    def name(self) -> str:
        """The name of the lane: simulate or live."""
        return self.view.name

    @property
    def mode(self) -> str:
        """How its plans are carried out: simulate, rehearsal or live."""
        return self.view.mode

    @property
    def label(self) -> str:
        """The mode as a heading has it; a paper account is never called live alone."""
        if self.mode == SIMULATE:
            return "Simulated"
        if self.mode == marks.REHEARSAL:
            return "Rehearsal"
        return "Paper" if self.is_paper else "Live"

    @property
    def is_paper(self) -> bool:
        """True for a paper account at a TWS."""
        return self.mode == marks.LIVE and self.held.account is not None and marks.is_paper(self.held.account)

    @property
    def account(self) -> str | None:
        """The account as its owner knows it, and nobody else."""
        return None if self.held.account is None else marks.mask(self.held.account)

    @property
    def plans(self) -> Sequence[Plan]:
        """The plans that are carried out."""
        return self.view.plans

    @property
    def is_up(self) -> bool:
        """True while its process lives and carries out plans."""
        return self.view.is_ready and self.view.is_alive

    def arming(self, plan: Plan) -> ArmingState | None:
        """Say what the arming of a plan is worth, None where plans need none."""
        if self.mode == SIMULATE:
            return None
        return arming_state(self.held.armings.get(plan.name), plan.digest, self.at)


def at_lane(view: LaneView, now: datetime) -> Look:
    """Look at a lane; a journal that cannot be read is a problem to tell, and none to fail at."""
    held, problem = Held(), None
    if view.journal.is_file():
        try:
            with Ledger(view.journal) as ledger:
                held = _held(ledger, now)
        except FxrunError as error:
            problem = str(error)
    return Look(at=now, view=view, held=held, problem=problem)


def _held(ledger: Ledger, now: datetime) -> Held:
    bound = ledger.mode_and_account()
    orders = [row for row in ledger.orders(states=WORKING | {OrderState.UNKNOWN}) if not row.closed_with_run]
    return Held(
        account=None if bound is None else bound[1],
        runs=ledger.has_runner(),
        run=max((run.id for run in ledger.runs()), default=0),
        link=ledger.link(),
        halt=ledger.halted(),
        pauses=ledger.pauses(),
        armings={arming.plan: arming for arming in ledger.armings()},
        counts=ledger.count_fires(now - DAY),
        missed=ledger.fires_since(now - DAY, FireState.MISSED, MOST),
        denied=ledger.fires_since(now - DAY, FireState.DENIED, MOST),
        rejected=ledger.rejected(now - DAY, MOST),
        unknown=tuple(row for row in orders if row.state is OrderState.UNKNOWN),
        working=tuple(row for row in orders if row.state is not OrderState.UNKNOWN),
        fills=ledger.fills(_MOST_FILLS),
        unlisted=ledger.unlisted(now - DAY),
        waiting=tuple(row for row in ledger.controls() if row.kind == "cancel"),
    )


def fires_of(journal: Path, plan: str, limit: int) -> tuple[FireRow, ...]:
    """Return the last fires of a plan, latest first; none where the journal cannot be read."""
    try:
        with Ledger(journal) as ledger:
            return ledger.fires(plan, limit)
    except FxrunError:
        return ()


def last_fires(journal: Path, plans: Sequence[str]) -> Mapping[str, FireRow]:
    """Return the last fire of each of some plans that had one."""
    try:
        with Ledger(journal) as ledger:
            found = {plan: ledger.fires(plan, 1) for plan in plans}
    except FxrunError:
        return {}
    return {plan: fires[0] for plan, fires in found.items() if fires}
