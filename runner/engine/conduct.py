"""What the policies of orders say about a fire that is due: skip it, or pause its plan for what went before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runner.core.events import Event, FireDone, FireState, OrderChanged
from runner.core.order_state import OrderState
from runner.core.ticket import Role
from runner.journal.store import Journal
from runner.lifecycle.tracker import Tracker
from runner.plan.model import Instruction
from runner.schedule.policy import DEFAULT_POLICY, FirePolicy

Name = tuple[str, str]  # plan and order
_EXITS = (Role.TAKE_PROFIT, Role.STOP_LOSS)
_ENDS = {OrderState.REJECTED: "was rejected by the broker", OrderState.UNKNOWN: "has an unknown outcome"}


@dataclass(kw_only=True, slots=True)
class Conduct:
    """Reads along what a run says, counts, and answers whether a fire is to be sent."""

    journal: Journal
    policies: Mapping[Name, FirePolicy] = field(default_factory=dict)
    pauses: list[tuple[str, str]] = field(default_factory=list)  # plans that are to be paused, and why
    _sent: dict[Name, int] = field(default_factory=dict)
    _missed: dict[Name, int] = field(default_factory=dict)  # in a row

    def watch(self, instructions: Iterable[Instruction]) -> None:
        """Say whose policies count."""
        self.policies = {(each.plan, each.order): each.policy for each in instructions}
        counted = [name for name, policy in self.policies.items() if policy.pause_on_missed is not None]
        self._missed = {name: self.journal.missed_in_a_row(*name) for name in counted}

    def objection(self, instruction: Instruction, fire: str, tracker: Tracker) -> str | None:
        """Return why a fire is to be skipped, None if it is not."""
        policy = instruction.policy
        if policy.max_fires is not None and self._count(instruction) >= policy.max_fires:
            return f"max_fires: {policy.max_fires} fires of this order were sent"
        if policy.overlap or instruction.schedule is None:
            return None
        working = _working(instruction, fire, tracker)
        return None if working is None else f"overlap: {working} of an earlier fire still works"

    def take(self, event: Event) -> None:
        """Take note of what a fire or an order came to."""
        match event:
            case FireDone():
                self._take_fire((event.plan, event.order), event)
            case OrderChanged(state=state) if state in _ENDS:
                policy = self.policies.get((event.plan, event.order), DEFAULT_POLICY)
                is_rejected = state is OrderState.REJECTED
                if policy.pause_on_reject if is_rejected else policy.pause_on_unknown:
                    word = "reject" if is_rejected else "unknown"
                    self.pauses.append((event.plan, f"pause_on {word}: {event.order_ref} {_ENDS[state]}"))

    def _take_fire(self, name: Name, event: FireDone) -> None:
        if event.state is FireState.SENT:
            self._missed[name] = 0
            if name in self._sent:
                self._sent[name] += 1
        elif event.state is FireState.MISSED:
            self._missed[name] = self._missed.get(name, 0) + 1
            most = self.policies.get(name, DEFAULT_POLICY).pause_on_missed
            if most is not None and self._missed[name] >= most:
                self._missed[name] = 0
                self.pauses.append((name[0], f"pause_on missed {most}: so many fires in a row were missed"))

    def _count(self, instruction: Instruction) -> int:
        name = (instruction.plan, instruction.order)
        if name not in self._sent:
            self._sent[name] = self.journal.sent_fires(*name)
        return self._sent[name]


def _working(instruction: Instruction, fire: str, tracker: Tracker) -> str | None:
    """Return an entry of another fire of the same order that has not ended."""
    for ref in tracker.open_of(instruction.plan, instruction.order):
        ticket = tracker.row(ref).ticket
        if ticket.key.fire != fire and ticket.role not in _EXITS:
            return ref
    return None
