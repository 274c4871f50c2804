"""One lane of `fxrun serve`: a process that carries out the plans of one kind on one connection and one journal."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.cli import live, options, simulated, supervised
from runner.cli.carrying import carry_out, make_desk
from runner.cli.figures import Figures
from runner.cli.interrupts import Interrupts
from runner.cli.narrator import Narrator, Style
from runner.cli.session import Prices, realtime
from runner.engine.renewal import note_plans
from runner.engine.run import Run
from runner.engine.span import Span
from runner.journal.store import Journal

if TYPE_CHECKING:
    from runner.cli.live import Venture
    from runner.cli.roll import Roll
    from runner.settings.model import Settings


def run_live(found: Venture, roll: Roll, style: Style) -> int:
    """Carry out live plans, or rehearse them, until stopped; returns the exit code."""
    roll.rules = lambda plans: live.rules(replace(found, plans=plans))
    begun = replace(found, plans=roll.plans)
    return supervised.run(begun, Span(start=options.now(), until=None), style, again=False, roll=roll)


def run_simulated(roll: Roll, journal_file: str, settings: Settings | None, style: Style) -> int:
    """Carry out simulated plans on a gateway of this process, on the wall clock, until stopped."""
    roll.rules = lambda plans: simulated.rules(plans, settings)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        journal = Journal(journal_file)
        stack.callback(journal.close)
        session = stack.enter_context(realtime(Prices(quotes=None, seed=style.seed, scenario=None)))
        span = Span(start=session.clock.now(), until=None)
        journal.bind("simulate", session.account)
        journal.close_open_orders("its simulated gateway is gone")
        journal.open_run(span.start)
        narrator = stack.enter_context(Narrator(roll.plans, span, session.account, style, roll.tell))
        desk = make_desk(session, journal, narrator.tell, rules=roll.rules(roll.plans))
        desk.alarm = roll.alarm
        journal.keep_plans(plan.name for plan in roll.plans)
        note_plans(roll.plans, desk, span.start)
        roll.told = lambda plans: narrator.started(plans, session.clock.now())
        run = Run(roll.plans, span, session.clock, desk, roll.beat, changes=roll.changes)
        roll.begin(run.stop, Figures(session.clock.now, journal.commits, run.pending))
        lost = carry_out(run, interrupts)
        journal.close_open_orders("the simulated run ended; its gateway kept no state")
        return narrator.stopped(lost=lost)
