"""fxrun run: carry out plans."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, reporting
from runner.cli.interrupts import Interrupts
from runner.cli.narrator import Narrator, Style
from runner.core.times import parse_time, stamp
from runner.errors import Problem, Refused, UsageError
from runner.plan.model import Mark, Mode, Plan
from runner.schedule.spec import ScheduleSpec

if TYPE_CHECKING:
    from runner.cli.session import Session
    from runner.engine.span import Span
    from runner.gateway.scenario import Scenario

EXAMPLES = """\b
Examples:
  fxrun plan.yaml --simulate
  fxrun plan.yaml --simulate --from 2025-01-01 --until 2026-01-01 --json
  fxrun plan.yaml --rehearsal 127.0.0.1:7497
  fxrun plan.yaml --live
"""
YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The command line of a run."""

    start: str | None
    until: str | None
    seed: int
    journal: str | None
    settings: str | None
    quotes: str | None
    scenario: str | None
    assigned: options.Assigned
    as_json: bool
    realtime: bool
    again: bool
    html: str | None
    rehearsal: str | None  # "": at the address of the settings
    live: bool

    @property
    def is_supervised(self) -> bool:
        """True if the gateway is not a part of this process: sessions come and go, and orders outlive the run."""
        return self.live or self.rehearsal is not None

    @property
    def on_wall_clock(self) -> bool:
        """True if time passes as it does on the wall."""
        return self.realtime or self.is_supervised


@click.command(name="run", epilog=EXAMPLES)
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...", shell_complete=options.complete_plans)
@click.option("--simulate", is_flag=True, help="Run on the simulated gateway whatever the plan's mode says.")
@click.option("--live", is_flag=True, help="Send real orders to a TWS: see docs/live.md, and fxrun arm.")
@click.option("--rehearsal", metavar="[HOST:PORT]", help="All that live does, on a separately started `fxrun gateway`.")
@click.option("--settings", metavar="FILE", help="The settings. [fxrun.yaml beside the plan, else the user's]")
@click.option("--from", "start", metavar="TIME", help="First instant of the run, UTC. Default: now.")
@click.option("--until", metavar="TIME", help="End of the run (not included). Default: a year later, or the last fire.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Seed of the market.")
@click.option("--journal", metavar="FILE", help="Keep the record here; nothing is sent twice. [live: the settings']")
@click.option("--quotes", metavar="FILE", help="A CSV of quotes or bars in place of the synthetic market.")
@click.option("--scenario", metavar="FILE", help="A declared path laid over the market: see docs/simulation.md.")
@options.set_option
@click.option("--html", metavar="FILE", help="Write a report with plots as one page at the end; replaces an older one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--realtime", is_flag=True, help="Let time pass as it does on the wall.")
@click.option("--again", is_flag=True, help="Send orders without schedule once more.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing (same as fxrun explain).")
def command(plans: tuple[str, ...], *, simulate: bool, dry_run: bool, **chosen_options: object) -> int:
    """Run trade plans.

    Every order is written to the journal before it is sent, sent once, followed to its end and reported.
    """
    chosen = Options(**chosen_options)  # type: ignore[arg-type]
    if dry_run:
        if chosen.html is not None:
            raise UsageError("--html: --dry-run sends nothing, so there is nothing to report; leave one of them out")
        return _explain(plans, chosen)
    _check(chosen, simulate=simulate)
    from runner.plan import load_all

    loaded = load_all(plans, options.given(chosen.assigned))
    if chosen.is_supervised:
        return _run_supervised(loaded, chosen)
    _refuse_live(loaded, simulated=simulate)
    return _run_simulated(loaded, chosen)


def _explain(plans: tuple[str, ...], chosen: Options) -> int:
    from runner.cli.commands.explain import command as explain

    arguments = [*plans, *(["--json"] if chosen.as_json else []), *(["--from", chosen.start] if chosen.start else [])]
    arguments += [word for name, value in chosen.assigned for word in ("--set", f"{name}={value}")]
    with explain.make_context("fxrun explain", arguments) as context:
        return int(explain.invoke(context) or 0)


def _check(chosen: Options, *, simulate: bool) -> None:
    if chosen.live and (simulate or chosen.rehearsal is not None):
        raise UsageError("--live, --rehearsal and --simulate exclude each other: choose one")
    if chosen.is_supervised and (simulate or chosen.realtime or chosen.quotes or chosen.scenario):
        way = "--live" if chosen.live else "--rehearsal"
        raise UsageError(
            f"{way} runs on the wall clock at a gateway of its own: leave out --simulate and --realtime, "
            "and give --quotes and --scenario to fxrun gateway"
        )
    reporting.check_page(chosen.html)
    if chosen.on_wall_clock and chosen.start is not None:
        raise UsageError("--from: a run on the wall clock starts now; leave it out, or leave out --realtime")


def _refuse_live(plans: Sequence[Plan], *, simulated: bool) -> None:
    if simulated:
        return
    live = [_is_live(plan) for plan in plans if plan.mode is Mode.LIVE]
    if live:
        raise Refused("\n".join(map(str, live)), live)


def _is_live(plan: Plan) -> Problem:
    mark = plan.instructions[0].marks.get("mode", Mark(1, 1))
    return Problem(
        plan.file,
        mark.line,
        mark.column,
        f"{plan.name} is a live plan: send its orders with --live once it is armed (fxrun arm), rehearse it with "
        "--rehearsal, run it with --simulate, or see what it would send with fxrun explain",
    )


# --- the run


def _run_simulated(plans: Sequence[Plan], chosen: Options) -> int:
    from runner.cli import simulated
    from runner.cli.carrying import carry_out, make_desk
    from runner.engine.run import Run
    from runner.journal.store import Journal

    span = _span(plans, chosen)
    scenario = _scenario(chosen, span)
    with ExitStack() as stack:
        journal = Journal(chosen.journal or ":memory:")
        stack.callback(journal.close)
        session = stack.enter_context(_session(chosen, span, scenario))
        if chosen.on_wall_clock:  # what was due while the session was being opened is not this run's
            span = replace(span, start=session.clock.now())
        journal.bind("simulate", session.account)
        journal.close_open_orders("its simulated gateway is gone")
        journal.open_run(span.start)
        interrupts = stack.enter_context(Interrupts())
        narrator = stack.enter_context(Narrator(plans, span, session.account, _style(chosen, "simulate", scenario)))
        beside = simulated.settings_beside({Path(plan.file).parent for plan in plans}, chosen.settings)
        rules, reopens = simulated.rules(plans, beside), session.reopens
        is_watched = reopens is not None
        desk = make_desk(
            session,
            journal,
            narrator.tell,
            rules=rules,
            supervised=is_watched,
            pulse=False,
            seed=chosen.seed,
            reported=chosen.html is not None,
        )
        if reopens is not None:
            reopens.is_opening = desk.link.is_opening
        desk.again = chosen.again
        lost = carry_out(Run(plans, span, session.clock, desk, narrator.time_is), interrupts)
        code = narrator.conclude(journal, lost=lost, interrupted=interrupts.asked, market=session.market)
        journal.close_open_orders("the simulated run ended; its gateway kept no state")
        return code


def _run_supervised(plans: Sequence[Plan], chosen: Options) -> int:
    from runner.cli import live, supervised

    found = live.venture(
        plans,
        rehearsal=None if chosen.live else chosen.rehearsal,
        settings_file=chosen.settings,
        journal_file=chosen.journal,
    )
    return supervised.run(found, _span(plans, chosen), _style(chosen, found.mode), again=chosen.again)


def _style(chosen: Options, kind: str, scenario: Scenario | None = None) -> Style:
    return Style(
        kind=kind,
        as_json=chosen.as_json,
        wall=chosen.on_wall_clock,
        quotes=chosen.quotes,
        seed=chosen.seed,
        page=None if chosen.html is None else Path(chosen.html),
        scenario=None if scenario is None else f"{scenario.name} ({scenario.source}), {chosen.scenario}",
    )


def _session(chosen: Options, span: Span, scenario: Scenario | None) -> AbstractContextManager[Session]:
    from runner.cli.session import Prices, realtime, simulated

    prices = Prices(quotes=chosen.quotes, seed=chosen.seed, scenario=scenario)
    return realtime(prices) if chosen.realtime else simulated(prices, start=span.start)


def _scenario(chosen: Options, span: Span) -> Scenario | None:
    if chosen.scenario is None:
        return None
    from runner.cli.scenario import load_scenario

    scenario = load_scenario(Path(chosen.scenario))
    if scenario.has_restart and chosen.realtime:
        raise UsageError("--realtime: a gateway of this process cannot restart on the wall's time; leave it out")
    end = span.until
    if end is not None and scenario.start >= end.timestamp():
        raise UsageError(
            f"--scenario {chosen.scenario} begins at {stamp(datetime.fromtimestamp(scenario.start, UTC))}, and the run "
            f"ends at {stamp(end)}"
        )
    return scenario


def _span(plans: Sequence[Plan], chosen: Options) -> Span:
    from runner.engine.span import Span

    now = datetime.now(UTC).replace(microsecond=0)
    start = now if chosen.start is None else _time("--from", chosen.start)
    if chosen.until is not None:
        until = _time("--until", chosen.until)
        if until < start:
            raise UsageError(f"--until {chosen.until} lies before the start, {stamp(start)}; name a later one")
        return Span(start=start, until=until)
    endless = any(i.schedule is not None and not _is_finite(i.schedule) for plan in plans for i in plan.instructions)
    return Span(start=start, until=start + YEAR if endless and not chosen.on_wall_clock else None)


def _is_finite(schedule: ScheduleSpec) -> bool:
    return bool(schedule.at) or schedule.until is not None


def _time(option: str, text: str) -> datetime:
    try:
        return parse_time(text, UTC)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {error}") from None
