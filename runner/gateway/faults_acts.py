"""What is done when a fault happens that is about a connection, or the whole gateway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Protocol

from runner.gateway import hand, reports
from runner.gateway.book import Stage
from runner.gateway.desk import Desk
from runner.gateway.faults import Fault, Scope, Trigger, Verb
from runner.gateway.faults_rules import Event, Rule
from runner.gateway.faults_trouble import Trouble
from runner.gateway.server_line import Line
from runner.gateway.server_lines import Lines
from runner.gateway.venue import Venue

_LOST = (1100, "Connectivity between IBKR and Trader Workstation has been lost.")
_DATA_LOST = (1101, "Connectivity between IBKR and Trader Workstation has been restored- data lost.")
_DATA_KEPT = (
    1102,
    "Connectivity between IBKR and Trader Workstation has been restored- data maintained. "
    "All data farms are connected: cashfarm; ushmds; secdefnj.",
)


class World(Protocol):
    """What a gateway lets be done to it."""

    venue: Venue
    desk: Desk
    lines: Lines

    def restart(self, *, pause: float, state_lost: bool, ids_back: int) -> None:
        """Close every connection, and listen again after a pause."""
        ...


class Acts:
    """Does what faults say; every act returns what it has done, in a few words."""

    def __init__(self, world: World, trouble: Trouble) -> None:
        self._world = world
        self._trouble = trouble
        self._verbs: dict[Verb, Callable[[Fault, list[Line], int | None], str]] = {
            Verb.CONNECTIVITY_LOST: self._lose,
            Verb.CONNECTIVITY_RESTORED: self._restore,
            Verb.RESET: partial(self._hang_up, with_reset=True),
            Verb.CLOSE: partial(self._hang_up, with_reset=False),
            Verb.MUTE: self._mute,
            Verb.STOP_READING: self._stop_reading,
            Verb.READ_ONLY: self._begin,
            Verb.PACING: self._begin,
            Verb.CLIENT_ID_HELD: self._begin,
            Verb.RESTART: self._restart,
            Verb.DAY_ROLLOVER: self._roll_over,
            Verb.CORRECT: self._correct,
            Verb.HAND_ORDER: self._hand_order,
            Verb.HAND_CANCEL: self._hand_cancel,
            Verb.CALM: self._calm,
        }

    def start(self) -> None:
        """Plan what happens at its time."""
        now = self._trouble.now()
        for rule in self._trouble.rules.of(Trigger.TIME):
            self._plan(rule, now)

    def add(self, fault: Fault) -> str:
        """Take in a fault from now on: done at once, planned, or waited for."""
        if fault.trigger is Trigger.TIME and fault.when.every is None and fault.when.at == 0:
            return self.do(fault)
        rule = self._trouble.rules.add(fault)
        if fault.trigger is Trigger.TIME:
            self._plan(rule, self._trouble.now())
            return "planned"
        if fault.do is Verb.FILL_AFTER_CANCEL and isinstance(fault.when.order, str):
            self._doom(fault, fault.when.order)
        return "waits"

    def _doom(self, fault: Fault, pattern: str) -> None:
        for entry in self._world.venue.book.live(fault.when.client):
            if fnmatchcase(entry.order.order_ref, pattern):
                self._trouble.doomed[entry.key] = fault.seconds or 0

    def run_early(self) -> None:
        """Do what is to be done before anything more is sent."""
        while self._trouble.early:
            self._do_for(*self._trouble.early.pop(0))
        self._fill_doomed()

    def run_late(self) -> bool:
        """Do what is to be done once all is sent; tell whether there was anything."""
        had = bool(self._trouble.late)
        while self._trouble.late:
            self._do_for(*self._trouble.late.pop(0))
        return had

    def _do_for(self, fault: Fault, connection: int) -> None:
        line = next((line for line in self._world.lines if line.number == connection), None)
        self.do(fault, line)

    def do(self, fault: Fault, line: Line | None = None) -> str:
        """Do it, to the connection that brought it about or to those of its client."""
        client = fault.when.client if line is None else line.session.client_id
        lines = [line] if line is not None else [one for one in self._world.lines if _is_of(one, fault.when.client)]
        self._trouble.is_acting = True
        try:
            done = self._verbs[fault.do](fault, lines, client)
        finally:
            self._trouble.is_acting = False
        if fault.do.scope is Scope.CLIENT and not lines:
            done = "nobody is connected"
        self._trouble.note(fault.do, client, done)
        return done

    # --- time

    def _plan(self, rule: Rule, start: datetime) -> None:
        at, every = rule.fault.when.at, rule.fault.when.every
        first = at if isinstance(at, datetime) else start + timedelta(seconds=every or 0 if at is None else at)
        self._trouble.agenda.plan(first, partial(self._come, rule, first))

    def _come(self, rule: Rule, due: datetime) -> None:
        if rule.meets(Event(Trigger.TIME)):
            self.do(rule.fault)
        if rule.fault.when.every is not None and rule.left != 0:
            following = due + timedelta(seconds=rule.fault.when.every)
            self._trouble.agenda.plan(following, partial(self._come, rule, following))

    # --- clients

    def _lose(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        for line in lines:
            line.session.lose_connectivity()
            line.session.say(reports.error(-1, *_LOST))
        if fault.seconds is not None:
            self._trouble.agenda.plan(self._trouble.later(fault.seconds), partial(self._restore_all, fault, lines))
        return f"1100{'' if fault.seconds is None else f' for {fault.seconds:g} s'}"

    def _restore_all(self, fault: Fault, lines: list[Line]) -> None:
        there = [line for line in lines if line in self._world.lines]
        self._trouble.note(Verb.CONNECTIVITY_RESTORED, fault.when.client, self._restore(fault, there, None))

    def _restore(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        told = _DATA_LOST if fault.data_lost else _DATA_KEPT
        for line in lines:
            line.session.restore_connectivity(data_lost=fault.data_lost)
            line.session.say(reports.error(-1, *told))
        return str(told[0])

    def _hang_up(self, fault: Fault, lines: list[Line], client: int | None, *, with_reset: bool) -> str:
        for line in lines:
            self._world.lines.hang_up(line, with_reset=with_reset)
        return _clients(lines)

    def _mute(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        for line in lines:
            line.session.outlet.mute(self._until(fault))
        return _clients(lines)

    def _stop_reading(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        for line in lines:
            self._world.lines.stop_reading(line, self._trouble.later(fault.seconds or 0))
        return _clients(lines)

    def _until(self, fault: Fault) -> datetime | None:
        return None if fault.seconds is None else self._trouble.later(fault.seconds)

    # --- the gateway

    def _begin(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        self._trouble.begin(fault, client)
        return "" if fault.seconds is None else f"for {fault.seconds:g} s"

    def _restart(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        self._world.restart(pause=fault.seconds or 0, state_lost=fault.state_lost, ids_back=fault.ids_back)
        state = "lost" if fault.state_lost else "kept"
        return f"state {state}, ids back by {fault.ids_back}, away for {fault.seconds or 0:g} s"

    def _roll_over(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        venue, at = self._world.venue, int(self._trouble.now().timestamp())
        ending = [entry for entry in venue.book.live() if entry.order.time_in_force in ("DAY", "")]
        for entry in ending:
            venue.cancel(entry, at)  # one that went with its parent is over already, and stays so
        self._trouble.forgotten = at
        return f"{len(ending)} orders have expired"

    def _correct(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        venue, at = self._world.venue, int(self._trouble.now().timestamp())
        done = [
            fill
            for fill in venue.fills_since(0)
            if client in (None, fill.client_id) and fault.execution in ("", fill.execution_id)
        ]
        if not done:
            return "no such execution"
        price = done[-1].price + fault.by if fault.price is None else fault.price
        venue.correct(done[-1].execution_id, price, at)
        return f"{done[-1].execution_id} to {price:f}"

    def _hand_order(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        at = int(self._trouble.now().timestamp())
        return "" if fault.order is None else hand.enter(self._world.desk, fault.order, at)

    def _hand_cancel(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        return hand.cancel(self._world.venue, fault.perm_id, int(self._trouble.now().timestamp()))

    def _fill_doomed(self) -> None:
        """Fill what was cancelled and is to be filled all the same."""
        venue = self._world.venue
        for key, seconds in [*self._trouble.doomed.items()]:
            entry = venue.book.get(*key)
            if entry is not None and entry.stage is Stage.CANCELLED:
                del self._trouble.doomed[key]
                self._trouble.agenda.plan(self._trouble.later(seconds), partial(self._fill_late, key))

    def _fill_late(self, key: tuple[int, int]) -> None:
        venue = self._world.venue
        entry = venue.book.get(*key)
        if entry is not None and entry.stage is Stage.CANCELLED:
            self._trouble.note(Verb.FILL_AFTER_CANCEL, key[0], f"order {key[1]} is filled")
            venue.fill_late(entry, int(self._trouble.now().timestamp()))

    def _calm(self, fault: Fault, lines: list[Line], client: int | None) -> str:
        self._trouble.calm()
        for line in lines:
            line.session.calm()
            self._world.lines.read_on(line)
        return _clients(lines)


def _is_of(line: Line, client: int | None) -> bool:
    return client is None or line.session.client_id == client


def _clients(lines: list[Line]) -> str:
    return f"{len(lines)} connection{'' if len(lines) == 1 else 's'}"
