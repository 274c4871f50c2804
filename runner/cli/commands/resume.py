"""`fxrun resume`: lift a halt, or the pause of one plan."""

from __future__ import annotations

import click

from runner.cli import files, options, trading
from runner.core.times import stamp
from runner.errors import UsageError


@click.command(epilog="Example: fxrun resume")
@click.argument("plan", required=False)
@files.settings_option
@files.journal_option
@options.json_option
def command(plan: str | None, *, settings_file: str | None, journal_file: str | None, as_json: bool) -> None:
    """Lift a halt, or with PLAN (a name or a file) the pause of that plan.

    What fell due meanwhile is not made up for. A plan with an order of unknown outcome stays blocked until that order
    is resolved.
    """
    ledger = trading.ledger_of(settings_file, journal_file)
    name = None if plan is None else trading.plan_named(plan)
    pauses, halt = ledger.pauses(), ledger.halted()
    if name is not None and name not in (known := trading.plans_known(ledger)):
        raise UsageError(f"no such plan in this journal: {name!r}{trading.did_you_mean(name, known)}")
    lifted = ledger.resume(options.now(), name)
    fields = {"type": "resume", "time": stamp(options.now()), "plan": name, "lifted": lifted}
    voice = trading.voice_of(ledger, as_json=as_json)
    voice.tell(_words(name, lifted), fields)
    if name is not None and halt is not None:
        voice.note("all sending is still halted; lift that with fxrun resume")
    if name is None and pauses:
        voice.note(f"still paused: {', '.join(sorted(pauses))}; lift each with fxrun resume PLAN")


def _words(name: str | None, lifted: bool) -> str:
    if name is None:
        return "resumed: the runner sends again what falls due from now on" if lifted else "nothing was halted"
    return f"resumed: {name} is not paused any more" if lifted else f"{name} was not paused"
