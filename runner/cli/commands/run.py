"""fxrun run: carry out plans."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from runner.cli.interrupts import Interrupts
from runner.cli.narrator import Narrator, Style
from runner.core.times import parse_time, stamp
from runner.errors import Problem, Refused, UsageError
from runner.plan.model import Mark, Mode, Plan
from runner.schedule.spec import ScheduleSpec

if TYPE_CHECKING:
    from runner.cli.session import Session
    from runner.engine.fire import Desk
    from runner.engine.run import Run, Span
    from runner.journal.store import Journal

EXAMPLES = """\b
Examples:
  fxrun plan.yaml --simulate
  fxrun plan.yaml --simulate --from 2025-01-01 --until 2026-01-01 --json
  fxrun plan.yaml --rehearsal 127.0.0.1:7497
"""
YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The command line of a run."""

    start: str | None
    until: str | None
    seed: int
    journal: str
    quotes: str | None
    as_json: bool
    realtime: bool
    again: bool
    rehearsal: str | None

    @property
    def on_wall_clock(self) -> bool:
        """True if time passes as it does on the wall."""
        return self.realtime or self.rehearsal is not None


@click.command(name="run", epilog=EXAMPLES)
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@click.option("--simulate", is_flag=True, help="Run on the simulated gateway whatever the plan's mode says.")
@click.option("--rehearsal", metavar="HOST:PORT", help="Run on a separately started `fxrun gateway`, as live would.")
@click.option("--from", "start", metavar="TIME", help="First instant of the run, UTC. Default: now.")
@click.option("--until", metavar="TIME", help="End of the run (not included). Default: a year later, or the last fire.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Seed of the market.")
@click.option("--journal", metavar="FILE", default=":memory:", help="Keep the record here; nothing is sent twice.")
@click.option("--quotes", metavar="FILE", help="A CSV of quotes or bars in place of the synthetic market.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--realtime", is_flag=True, help="Let time pass as it does on the wall.")
@click.option("--again", is_flag=True, help="Send orders without schedule once more.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing (same as fxrun explain).")
def command(plans: tuple[str, ...], *, simulate: bool, dry_run: bool, **options: object) -> int:
    """Run trade plans.

    Every order is written to the journal before it is sent, sent once, followed to its end and reported.
    """
    chosen = Options(**options)  # type: ignore[arg-type]
    if dry_run:
        return _explain(plans, chosen)
    _check(chosen, simulate=simulate)
    from runner.plan import load_all

    loaded = load_all(plans)
    _refuse_live(loaded, simulated=simulate or chosen.rehearsal is not None)
    return _run(loaded, chosen)


def _explain(plans: tuple[str, ...], chosen: Options) -> int:
    from runner.cli.commands.explain import command as explain

    arguments = [*plans, *(["--json"] if chosen.as_json else []), *(["--from", chosen.start] if chosen.start else [])]
    with explain.make_context("fxrun explain", arguments) as context:
        return int(explain.invoke(context) or 0)


def _check(chosen: Options, *, simulate: bool) -> None:
    if chosen.rehearsal is not None and (simulate or chosen.realtime or chosen.quotes):
        raise UsageError(
            "--rehearsal runs on the wall clock at a gateway of its own: leave out --simulate and --realtime, "
            "and give --quotes to fxrun gateway"
        )
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
        f"{plan.name} is a live plan, and this release sends no live orders: arming, limits and reconciliation come "
        "with a later one. Run it with --simulate, see what it would send with fxrun explain, or rehearse it with "
        "--rehearsal HOST:PORT",
    )


# --- the run


def _run(plans: Sequence[Plan], chosen: Options) -> int:
    from runner.engine.run import Run
    from runner.journal.store import Journal

    span = _span(plans, chosen)
    with ExitStack() as stack:
        journal = Journal(chosen.journal)
        stack.callback(journal.close)
        session = stack.enter_context(_session(chosen, span))
        if chosen.on_wall_clock:  # what was due while the session was being opened is not this run's
            span = replace(span, start=session.clock.now())
        simulated = chosen.rehearsal is None
        journal.bind("simulate" if simulated else "rehearsal", session.account)
        if simulated:
            journal.close_open_orders("its simulated gateway is gone")
        journal.open_run(span.start)
        interrupts = stack.enter_context(Interrupts())
        narrator = stack.enter_context(Narrator(plans, span, session.account, _style(chosen)))
        desk = _desk(session, journal, narrator, chosen)
        lost = _carry_out(Run(plans, span, session.clock, desk, narrator.time_is), desk, interrupts)
        code = narrator.conclude(journal, lost=lost, interrupted=interrupts.asked)
        if simulated:
            journal.close_open_orders("the simulated run ended; its gateway kept no state")
        return code


def _style(chosen: Options) -> Style:
    kind = "simulate" if chosen.rehearsal is None else "rehearsal"
    return Style(kind=kind, as_json=chosen.as_json, wall=chosen.on_wall_clock, quotes=chosen.quotes, seed=chosen.seed)


def _session(chosen: Options, span: Span) -> AbstractContextManager[Session]:
    from runner.cli.session import realtime, rehearsal, virtual

    if chosen.rehearsal is not None:
        return rehearsal(*_address(chosen.rehearsal))
    if chosen.realtime:
        return realtime(chosen.quotes, seed=chosen.seed)
    return virtual(chosen.quotes, seed=chosen.seed, start=span.start)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--rehearsal: {text!r} is not an address; expected HOST:PORT, such as 127.0.0.1:7497")
    return host.strip("[]"), int(port)


def _span(plans: Sequence[Plan], chosen: Options) -> Span:
    from runner.engine.run import Span

    now = datetime.now(UTC).replace(microsecond=0)
    start = now if chosen.start is None else _time("--from", chosen.start)
    if chosen.until is not None:
        until = _time("--until", chosen.until)
        if until < start:
            raise UsageError(f"--until {chosen.until} lies before the start, {stamp(start)}")
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


def _desk(session: Session, journal: Journal, narrator: Narrator, chosen: Options) -> Desk:
    from runner.engine.fire import Desk
    from runner.lifecycle.tracker import Tracker

    connection = session.connection
    return Desk(
        connection=connection,
        account=session.account,
        journal=journal,
        tracker=Tracker(journal, session.clock, narrator.tell, client_id=connection.client_id),
        emit=narrator.tell,
        again=chosen.again,
    )


def _carry_out(run: Run, desk: Desk, interrupts: Interrupts) -> str | None:
    """Run to the end, or until interrupted; returns why the connection was lost, if it was."""
    interrupts.pass_on(run.stop)
    try:
        if open_orders := desk.journal.adopt_open_orders():
            run.take_up(open_orders)
        run.go()
        run.finish()
    except KeyboardInterrupt:  # somebody insists: the summary comes at once
        interrupts.pass_on(None)
        run.give_up()
    interrupts.pass_on(None)
    return run.lost
