"""`fxrun halt`: nothing is sent any more, from this moment on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import files, options, trading
from runner.cli.trading import Voice
from runner.core.times import stamp

if TYPE_CHECKING:
    from runner.journal.control import Ledger


@dataclass(frozen=True, slots=True)
class Answers:
    """What a halt sets off: orders that close what their plan holds, and plans of which that cannot be told."""

    orders: Sequence[tuple[str, str]] = ()  # plan and order
    untold: Sequence[str] = ()


@click.command(
    epilog="Works without a connection and without a runner, and outlasts both; with --journal it needs no settings. "
    "Lift it with fxrun resume. Example: fxrun halt --cancel"
)
@click.option("--cancel", is_flag=True, help="Let the runner cancel all working orders of fxrun, too.")
@click.option("--reason", metavar="TEXT", default="halted by hand", help="What the journal and status say of it.")
@files.settings_option
@files.journal_option
@options.json_option
def command(*, cancel: bool, reason: str, settings_file: str | None, journal_file: str | None, as_json: bool) -> None:
    """Stop all sending of the runner of a journal at once: no order is claimed after this.

    Orders that work go on working, unless --cancel is given; those that others placed are never touched. What a plan
    has with `flatten: {on: halt}` is done, and nothing else; a halt that the runner itself had made closes nothing.
    """
    ledger = trading.ledger_of(settings_file, journal_file)
    now = options.now()
    ledger.halt(reason, now, cancel=cancel)
    runs, voice = ledger.has_runner(), trading.voice_of(ledger, as_json=as_json)
    holds = ledger.halted()
    is_new = holds is not None and holds.at == now
    lines = [f"halted: nothing is sent until fxrun resume ({reason})"]
    if holds is not None and not is_new:
        lines = [f"halted by the runner since {stamp(holds.at)}, and nothing is closed by it: {holds.reason}"]
    if cancel:
        lines.append(_cancelled(runs, voice))
    answers = _answers(ledger) if is_new else Answers()
    lines += _answer_words(answers, runs=runs)
    fields = {"type": "halt", "time": stamp(now), "reason": reason, "cancel": cancel, "runner": runs}
    flattens = [{"plan": plan, "order": order} for plan, order in answers.orders]
    voice.tell(lines, {**fields, "is_new": is_new, "flattens": flattens, "untold": list(answers.untold)})


def _answers(ledger: Ledger) -> Answers:
    """Look through the files of the plans that ran; one without the word halt is not read any further."""
    orders: list[tuple[str, str]] = []
    untold = []
    for row in ledger.plans():
        try:
            if b"halt" not in Path(row.file).read_bytes():
                continue
        except OSError:
            untold.append(row.plan)
            continue
        from runner.cli import standing

        if (plan := standing.loaded(row)) is None:
            untold.append(row.plan)
        else:
            orders += [(plan.name, order) for order in standing.answering(plan)]
    return Answers(orders, untold)


def _answer_words(answers: Answers, *, runs: bool) -> list[str]:
    when = "its runner does it now; see fxrun status" if runs else "done by a runner that starts within its deadline"
    return [
        *(f"{plan}/{order} closes what its plan holds: {when}" for plan, order in answers.orders),
        *(f"{plan}: its file cannot be read as its runner did, so see there what it does" for plan in answers.untold),
    ]


def _cancelled(runs: bool, voice: Voice) -> str:
    if runs:
        return "the runner cancels all working orders of fxrun now; see fxrun status"
    return f"cancelling was asked for, but {voice.no_runner}"
