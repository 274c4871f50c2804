"""What is wrong at the moment: the faults that wait, the modes that last, what is planned, and the log of it all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from runner.gateway.faults import Fault, Faults, Scope, Trigger, Verb
from runner.gateway.faults_rules import Event, Rules

Act = Callable[[], None]


class Agenda:
    """What is to be done at its instant."""

    def __init__(self) -> None:
        self._planned: list[tuple[datetime, int, Act]] = []
        self._number = count()

    def plan(self, due: datetime, act: Act) -> None:
        """Have something done at an instant, or as soon as it is seen to have passed."""
        heapq.heappush(self._planned, (due, next(self._number), act))

    def next(self) -> datetime | None:
        """Return the instant of what comes first."""
        return self._planned[0][0] if self._planned else None

    def run(self, now: datetime) -> None:
        """Do what is due."""
        while self._planned and self._planned[0][0] <= now:
            heapq.heappop(self._planned)[2]()

    def clear(self) -> None:
        """Forget it all."""
        self._planned.clear()


@dataclass(frozen=True, slots=True)
class Mode:
    """A fault that lasts, for one client or for all."""

    fault: Fault
    client: int | None
    until: datetime | None

    def holds(self, client: int | None, now: datetime) -> bool:
        """Tell whether it still does, for this client."""
        return (self.client is None or self.client == client) and (self.until is None or now < self.until)


class Trouble:
    """Everything that is wrong, or will be, with one gateway."""

    def __init__(self, faults: Faults, now: Callable[[], datetime], log: Callable[[str], None] | None = None) -> None:
        self.rules = Rules(faults.faults, faults.seed)
        self.agenda = Agenda()
        self.now = now
        self.early: list[tuple[Fault, int]] = []  # to be done before what was just said leaves, and by whose connection
        self.late: list[tuple[Fault, int]] = []  # to be done once it has left
        self.doomed: dict[tuple[int, int], float] = {}  # orders to be filled that long after they are cancelled
        self.stirred: set[int] = set()  # connections on which something was said, or has happened
        self.is_acting = False  # what is said by an act sets off no other one, or there might be no end
        self.forgotten = 0  # what ended before this instant is not told any more
        self._log = log
        self._modes: dict[Verb, list[Mode]] = {}

    # --- what waits

    def waits(self, trigger: Trigger) -> bool:
        """Tell whether anything waits for this; if not, there is no need to ask."""
        return bool(self.rules.of(trigger))

    def happen(self, event: Event) -> list[Fault]:
        """Return the faults of a frame or an order that meet this event; others are noted to be done."""
        mine = []
        for fault in self.rules.meet(event):
            if fault.do.scope in (Scope.FRAME, Scope.ORDER):
                mine.append(fault)
            elif self.is_acting:
                continue
            elif event.trigger is Trigger.FRAME_OUT:
                self.late.append((fault, event.connection))
            else:
                self.early.append((fault, event.connection))
        return mine

    # --- what lasts

    def begin(self, fault: Fault, client: int | None) -> None:
        """Let a mode hold from now on."""
        until = None if fault.seconds is None else self.later(fault.seconds)
        now = self.now()
        kept = [mode for mode in self._modes.get(fault.do, ()) if mode.until is None or now < mode.until]
        self._modes[fault.do] = [*(mode for mode in kept if mode.client != client), Mode(fault, client, until)]

    def mode(self, verb: Verb, client: int | None) -> Fault | None:
        """Return the fault of this kind that holds for a client now."""
        modes = self._modes.get(verb)
        if not modes:
            return None
        now = self.now()
        return next((mode.fault for mode in modes if mode.holds(client, now)), None)

    def is_held(self, client_id: int) -> bool:
        """Tell whether this id counts as in use; that is noted."""
        if self.mode(Verb.CLIENT_ID_HELD, client_id) is None:
            return False
        self.note(Verb.CLIENT_ID_HELD, client_id, "326")
        return True

    def later(self, seconds: float) -> datetime:
        """Return the instant that many seconds from now."""
        return self.now() + timedelta(seconds=seconds)

    def calm(self) -> None:
        """Let nothing be wrong any more."""
        self.rules.clear()
        self._modes.clear()
        self.doomed.clear()

    # --- the log

    def note(self, verb: Verb, client: int | None, what: str = "") -> None:
        """Log what went wrong, with whom."""
        self.say(f"fault {verb.value}, {'everyone' if client is None else f'client {client}'}{what and ': '}{what}")

    def say(self, line: str) -> None:
        """Log a line."""
        if self._log is not None:
            self._log(f"{self.now():%Y-%m-%dT%H:%M:%SZ} {line}")
