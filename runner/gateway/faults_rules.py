"""Which fault meets what: counts, names, shares; nothing is done here, and no clock is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b

from runner.gateway.faults import Fault, Trigger, When

_PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a fault may wait for."""

    trigger: Trigger
    connection: int = 0
    client: int | None = None
    message: str = ""
    order_ref: str = ""


class Rule:
    """One fault, how often it may still happen, and what it has counted so far."""

    def __init__(self, fault: Fault, number: int, seed: int) -> None:
        self.fault = fault
        self.left = fault.when.times
        self._trigger = fault.trigger
        self._seen: Counter[int] = Counter()
        self._draws = 0
        self._salt = f"{seed}:{number}"

    @property
    def trigger(self) -> Trigger:
        """What it waits for."""
        return self._trigger

    def meets(self, event: Event) -> bool:
        """Tell whether the fault happens now; each event may be asked about once."""
        when = self.fault.when
        if self.left == 0 or not _fits(when, event) or not self._is_its_turn(when, event):
            return False
        if not _is_of(when, event) or not self._is_drawn(when):
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _is_its_turn(self, when: When, event: Event) -> bool:
        nth = when.order if isinstance(when.order, int) else when.frame
        if nth is None:
            return True
        if event.trigger is Trigger.ORDER and not _is_of(when, event):
            return False  # orders are counted over all connections of a client, frames over all of a connection
        scope = 0 if event.trigger is Trigger.ORDER else event.connection
        self._seen[scope] += 1
        return self._seen[scope] == nth

    def _is_drawn(self, when: When) -> bool:
        if when.share >= 100:
            return True
        self._draws += 1
        drawn = blake2b(f"{self._salt}:{self._draws}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) % _PARTS < when.share * _PARTS / 100


def _is_of(when: When, event: Event) -> bool:
    return when.client is None or event.trigger is Trigger.TIME or when.client == event.client


def _fits(when: When, event: Event) -> bool:
    """Tell whether all conditions hold that need no counting."""
    if when.connection is not None and when.connection != event.connection:
        return False
    if isinstance(when.order, str) and not fnmatchcase(event.order_ref, when.order):
        return False
    return when.message is None or when.message == event.message


class Rules:
    """All faults that wait, by what they wait for."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._by_trigger: dict[Trigger, list[Rule]] = {trigger: [] for trigger in Trigger}
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> Rule:
        """Take in one more."""
        self._count += 1
        rule = Rule(fault, self._count, self._seed)
        self._by_trigger[rule.trigger].append(rule)
        return rule

    def of(self, trigger: Trigger) -> list[Rule]:
        """Return those that wait for this."""
        return self._by_trigger[trigger]

    def meet(self, event: Event) -> list[Fault]:
        """Return the faults that happen now, in the order they were told in."""
        waiting = self._by_trigger[event.trigger]
        met = [rule.fault for rule in waiting if rule.meets(event)]
        if met:
            waiting[:] = [rule for rule in waiting if rule.left != 0]
        return met

    def clear(self) -> None:
        """Forget them all."""
        for waiting in self._by_trigger.values():
            for rule in waiting:
                rule.left = 0  # it may be planned
            waiting.clear()
