"""A live run, or a rehearsal of one: journal, session, log and hooks around the engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import live, options, output
from runner.cli.carrying import carry_out, make_desk
from runner.cli.figures import Figures
from runner.cli.hooks import Hooks
from runner.cli.interrupts import Interrupts
from runner.cli.logs import Log, log_path
from runner.cli.narrator import Narrator, Style
from runner.cli.session import supervised
from runner.core.events import Event, FireDone, FireState, Noticed, OrderChanged, Severity
from runner.core.order_state import OrderState
from runner.core.times import stamp
from runner.engine.renewal import note_plans
from runner.engine.run import Run
from runner.errors import JournalBusy
from runner.ib import notices
from runner.journal.store import MEMORY, Journal
from runner.lifecycle.link import LinkState

if TYPE_CHECKING:
    from runner.cli.live import Venture
    from runner.cli.roll import Roll
    from runner.engine.desk import Desk
    from runner.engine.span import Span
    from runner.plan.model import Plan

_HOOK_OF = {OrderState.UNKNOWN: "unknown", OrderState.REJECTED: "rejected"}


@dataclass(slots=True)
class Told:
    """Passes every event on to the narrator, the log and the hooks; each line on the terminal carries the mark."""

    narrator: Narrator
    log: Log | None
    hooks: Hooks
    clock_now: Callable[[], datetime]
    link_was: LinkState | None = None
    also: Callable[[str, Mapping[str, object]], None] = lambda _event, _fields: None  # is told of alarms as well

    def tell(self, event: Event) -> None:
        """Tell an event of the engine."""
        self.narrator.tell(event)
        match event:
            case FireDone():
                self._note(
                    "fire", plan=event.plan, order=event.order, fire=event.fire, state=event.state, reason=event.reason
                )
                if event.state is FireState.MISSED:
                    self._hook("missed", event, event.reason)
            case OrderChanged():
                told = {"order_ref": event.order_ref, "state": event.state, "filled": event.filled}
                self._note("order", plan=event.plan, order=event.order, fire=event.fire, **told)
                if event.state in _HOOK_OF:
                    self._hook(_HOOK_OF[event.state], event, event.state.value)
            case Noticed():
                self._note("notice", plan=event.plan, code=event.code, severity=event.severity, text=event.text)
            case _:
                fields = {
                    name: getattr(event, name) for name in event.__slots__ if name not in ("time", "start", "until")
                }
                self._note(type(event).__name__.lower(), **fields)

    def _note(self, kind: str, **fields: object) -> None:
        if self.log is not None:
            self.log.write(kind, self.clock_now(), **fields)

    def _hook(self, name: str, event: FireDone | OrderChanged, reason: str | None) -> None:
        ref = event.order_ref if isinstance(event, OrderChanged) else None
        fields = {"plan": event.plan, "order": event.order, "fire": event.fire, "order_ref": ref, "reason": reason}
        self.hooks.tell(name, {**fields, "time": stamp(event.time)})

    def link(self, state: LinkState, detail: str) -> None:
        """Tell how the session stands; what is tried over and over is told once."""
        if state is LinkState.CONNECTING or state is self.link_was:
            return
        self.link_was = state
        self._note("link", state=state, detail=detail)
        output.note(f"link: {state.value.replace('_', ' ')}" + (f": {output.clean(detail)}" if detail else ""))

    def alarm(self, event: str, fields: Mapping[str, object]) -> None:
        """Pass on what somebody must be told."""
        self._note("alarm", event=event, **{name: value for name, value in fields.items() if name != "time"})
        self.hooks.tell(event, fields)
        self.also(event, fields)

    def note(self, text: str) -> None:
        """Say something that is no event."""
        self.tell(Noticed(plan="", code=0, severity=Severity.WARNING, text=text, time=self.clock_now()))


def run(found: Venture, span: Span, style: Style, *, again: bool, roll: Roll | None = None) -> int:
    """Carry plans out until their schedule, or somebody, ends it; returns the exit code.

    With a roll plans come and go, and one that is not armed is no reason not to begin: its fires are denied.
    """
    settings = found.settings
    notices.extend(settings.codes)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        journal = Journal(found.journal, private=not found.is_bare)
        stack.callback(journal.close)
        if roll is None:
            live.check_armed(found, journal, options.now())
        session = stack.enter_context(
            supervised(found.host, found.port, found.account, client_id=settings.client_id, timeout=settings.timeout)
        )
        found = replace(found, account=session.account)
        if session.first is not None:
            live.Admission(found, output.note).login(session.first)
        journal.bind(found.mode, session.account)
        span = replace(span, start=session.clock.now())
        journal.open_run(span.start)
        listener = (lambda _event: None) if roll is None else roll.tell
        narrator = stack.enter_context(Narrator(found.plans, span, session.account, style, listener))
        told = _told(found, narrator, session.clock.now, stack)
        admission = live.Admission(found, told.note)
        rules = live.rules(found)
        desk = make_desk(
            session,
            journal,
            told.tell,
            rules=rules,
            supervised=True,
            persistent=not found.is_bare,
            on_change=told.link,
            watches_foreign=rules.counts_foreign or live.stops_at_foreign(found),
            seed=int.from_bytes(os.urandom(4)),
            reported=style.page is not None,
        )
        desk.again, desk.admit, desk.alarm, desk.check_clock = again, admission.login, told.alarm, admission.clock
        desk.outages = tuple(o for o in (settings.restart, *settings.resets) if o is not None)
        desk.grace, desk.stops_at_foreign = settings.grace, live.stops_at_foreign(found)
        _take_up(found, desk, span.start)
        on_time, changes = (narrator.time_is, None) if roll is None else (roll.beat, roll.changes)
        run = Run(found.plans, span, session.clock, desk, on_time, session.first, changes)
        if roll is not None:
            comings = _Comings(found, journal, narrator, told)
            comings.tell_unarmed(found.plans)
            roll.told, told.also = comings.tell, roll.alarm
            roll.begin(run.stop, Figures(session.clock.now, journal.commits, run.pending))
        lost = carry_out(run, interrupts)
        if lost is None and not desk.link.is_usable:
            lost = desk.link.words()
        if isinstance(desk.link.fatal, JournalBusy):
            raise desk.link.fatal
        if roll is not None:
            return narrator.stopped(lost=lost if desk.link.fatal is not None else None)
        return narrator.conclude(journal, lost=lost, interrupted=interrupts.number == signal.SIGINT)


def _take_up(found: Venture, desk: Desk, start: datetime) -> None:
    """Begin with what the journal has open, and write down which plans run."""
    desk.journal.adopt_open_orders()
    desk.tracker.adopt(desk.journal.open_orders())
    if found.is_service:
        desk.journal.keep_plans(plan.name for plan in found.plans)
    note_plans(found.plans, desk, start)


def _told(found: Venture, narrator: Narrator, now: Callable[[], datetime], stack: ExitStack) -> Told:
    log = None
    if found.journal != MEMORY:
        log = Log(log_path(Path(found.journal)), note=output.note)
        stack.callback(log.close)
    hooks = Hooks(found.settings.hooks, output.note)
    stack.callback(hooks.close)
    return Told(narrator, log, hooks, now)


@dataclass(frozen=True, slots=True)
class _Comings:
    """Says which plans are carried out from now on, and which of them are not armed."""

    found: Venture
    journal: Journal
    narrator: Narrator
    told: Told

    def tell(self, plans: Sequence[Plan]) -> None:
        """Say it of plans that are new or edited."""
        self.narrator.started(plans, self.told.clock_now())
        self.tell_unarmed(plans)

    def tell_unarmed(self, plans: Sequence[Plan]) -> None:
        """Say which of some plans have to be armed."""
        for reason in live.unarmed(replace(self.found, plans=plans), self.journal, self.told.clock_now()):
            self.told.note(f"{reason}; until then its fires are denied")
