"""Orders that answer a halt: due when somebody halts all sending, and let through while it holds.

A halt is a row of the journal, and its instant names the fires that answer it. So each is claimed once, by whichever
runner comes first within the start deadline; the next one records what was missed. A halt that the runner made itself
is answered by nothing: it did so because it could not trust what it knew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from runner.core.events import FireState
from runner.core.ids import halt_key
from runner.engine.desk import Desk, Pending
from runner.journal.rows import FireRow
from runner.plan.model import Instruction
from runner.risk.checks import LIFTED

LOOK = 0.5  # seconds between two looks for a halt
_TICK = timedelta.resolution
Name = tuple[str, str]  # plan and order


class OnHalt:
    """Used by the engine's thread alone; raises JournalFailed."""

    def __init__(self, desk: Desk, seconds: Callable[[], float]) -> None:
        self._desk = desk
        self._seconds = seconds
        self._looked = float("-inf")
        self._since: dict[Name, datetime] = {}  # up to which instant every halt has its row

    def due(self, instructions: Mapping[Name, Instruction]) -> Iterator[Pending]:
        """Yield the fires that answer a halt and have no row yet."""
        wanted = {name: each for name, each in instructions.items() if answers(each)}
        if not wanted or self._seconds() - self._looked < LOOK:
            return
        self._looked = self._seconds()
        for name, instruction in wanted.items():
            yield from self._of(name, instruction)

    def _of(self, name: Name, instruction: Instruction) -> Iterator[Pending]:
        journal = self._desk.journal
        looked = (self._since.get(name), journal.evaluated(*name))  # the second moves on where the plan is edited
        since = max((at for at in looked if at is not None), default=self._desk.inquest.now())
        self._since[name] = since
        is_settled = True
        for at in journal.halts(since):
            is_known = journal.fire(*name, halt_key(at)) is not None
            is_settled = is_settled and is_known
            if is_settled:
                self._since[name] = at
            elif not is_known:
                yield Pending(instruction, at, fire=halt_key(at))


def answers(instruction: Instruction) -> bool:
    """Tell whether an order is due at a halt."""
    return instruction.schedule is not None and instruction.schedule.on_halt


def guards(instructions: Iterable[Instruction], desk: Desk) -> bool:
    """Tell whether a plan holds what it would close at a halt: somebody has to be there then."""
    if not desk.link.supervised:
        return False
    position = desk.journal.works.position
    return any(
        position(each.plan, desk.contracts.known(each.contract).name) != 0 for each in instructions if answers(each)
    )


def passed_over(instruction: Instruction, since: datetime, late: datetime, desk: Desk, why: str) -> Iterable[FireRow]:
    """Yield the rows of halts in [since, late) that nobody answered in time; one to be made up for is left out."""
    for at in desk.journal.halts(since - _TICK):
        stands = desk.journal.halt_stands(at)
        if at >= late or (stands and instruction.policy.catch_up):
            continue
        state, reason = (FireState.MISSED, why) if stands else (FireState.SKIPPED, LIFTED)
        name = {"plan": instruction.plan, "order": instruction.order}
        yield FireRow(**name, fire=halt_key(at), due=at, state=state, reason=reason)


def made_up_for(instruction: Instruction, since: datetime, late: datetime, desk: Desk) -> datetime:
    """Return from when on halts are still to be answered: `late`, or the halt that holds if it is made up for."""
    held = [at for at in desk.journal.halts(since - _TICK) if desk.journal.halt_stands(at)]
    return min([late, *held]) if instruction.policy.catch_up else late


def lifted(pending: Pending, desk: Desk) -> bool:
    """Tell whether a fire answers a halt that does not hold any more."""
    return pending.halt is not None and not desk.journal.halt_stands(pending.halt)


def doubt(plan: str, desk: Desk) -> str | None:
    """Return why what the plan holds is not certain, None if it is."""
    for ref in desk.tracker.duplicates():
        if desk.tracker.row(ref).ticket.key.plan == plan:
            return f"two orders at the broker carry the identity {ref}: close the position in the TWS"
    return None
