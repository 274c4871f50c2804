"""Having the contracts of a run told before anything is sent, and saying where in which plan one is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from runner.core.events import Noticed, Severity
from runner.core.facts import ConnectionLost
from runner.engine.desk import Desk
from runner.errors import ConnectionFailed, PlanInvalid, Problem
from runner.plan.model import Mark, Plan


class Lookup:
    """Asks for what is not known yet, as far as it can be asked now; `refusal` is why nothing may be sent at all.

    Where plans come and go (`lasts`) nothing is refused: what is wrong is told, and denies the fires of its own plan.
    """

    def __init__(self, plans: Sequence[Plan], desk: Desk, *, lasts: bool = False) -> None:
        self._plans, self._desk, self._lasts = plans, desk, lasts
        self.refusal: PlanInvalid | None = None
        self._is_told = False  # what is wrong with the contracts of these plans
        desk.contracts.begin_with(each for plan in plans for each in plan.instructions)

    def renew(self, plans: Sequence[Plan]) -> None:
        """Look after other plans from now on."""
        self._plans, self._is_told = plans, False

    def go_on(self, settle: Callable[[], None]) -> None:
        """Ask, and look at what was answered; raises JournalFailed."""
        contracts = self._desk.contracts
        if (contracts.is_settled and self._is_told) or self._desk.cut_off() is not None:
            return
        self._is_told &= contracts.is_settled
        try:
            while contracts.go_on():
                settle()
        except ConnectionFailed as failed:
            self._desk.link.take(ConnectionLost(reason=str(failed)))
            return
        self._judge()

    def _judge(self) -> None:
        """Refuse what is wrong before anything is sent, or tell it once all is known."""
        contracts, problems = self._desk.contracts, self._problems()
        if problems and not contracts.has_begun and not self._lasts:
            self.refusal = PlanInvalid(problems)
            return
        contracts.begin()
        if self._is_told or not (contracts.is_settled or contracts.has_begun):
            return
        self._is_told = contracts.is_settled
        now = self._desk.inquest.now()
        for text in map(str, problems if self._is_told else ()):
            self._desk.emit(Noticed(plan="", code=0, severity=Severity.ERROR, text=text, time=now))

    def _problems(self) -> list[Problem]:
        contracts, places = self._desk.contracts, {plan.file: place for place, plan in enumerate(self._plans)}
        problems = {
            problem(plan, instruction.marks, key, message)
            for plan in self._plans
            for instruction in plan.instructions
            for key, message in contracts.faults(instruction)
        }
        return sorted(problems, key=lambda one: (places[one.file], one))


def problem(plan: Plan, marks: Mapping[str, Mark], key: str, message: str) -> Problem:
    """Return what is wrong with a contract, at the place of the plan's key or of what is around it."""
    mark = marks.get(key, marks.get(key.partition(".")[0], Mark(1, 1)))
    return Problem(plan.file, mark.line, mark.column, message)
