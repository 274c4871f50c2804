"""`fxrun halt`: nothing is sent any more, from this moment on."""

from __future__ import annotations

import click

from runner.cli import files, options, trading
from runner.cli.trading import Voice
from runner.core.times import stamp


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

    Orders that work go on working, unless --cancel is given; those that others placed are never touched.
    """
    ledger = trading.ledger_of(settings_file, journal_file)
    now = options.now()
    ledger.halt(reason, now, cancel=cancel)
    runs = ledger.has_runner()
    voice = trading.voice_of(ledger, as_json=as_json)
    lines = [f"halted: nothing is sent until fxrun resume ({reason})"]
    if cancel:
        lines.append(_cancelled(runs, voice))
    fields = {"type": "halt", "time": stamp(now), "reason": reason, "cancel": cancel, "runner": runs}
    voice.tell(lines, fields)


def _cancelled(runs: bool, voice: Voice) -> str:
    if runs:
        return "the runner cancels all working orders of fxrun now; see fxrun status"
    return f"cancelling was asked for, but {voice.no_runner}"
