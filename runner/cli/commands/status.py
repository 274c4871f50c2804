"""`fxrun status`: what runs, what comes next, and what needs somebody."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import files, options, output, screen, terminal, trading
from runner.cli.screen import Level, Line, Page
from runner.cli.seen import look
from runner.cli.status_words import QUIET, said
from runner.cli.verdict import is_quiet, verdict
from runner.core.times import stamp
from runner.errors import UsageError
from runner.settings.model import GRACE, RESETS

if TYPE_CHECKING:
    from runner.cli.seen import Status
    from runner.cli.trading import Voice
    from runner.core.outage import Outage

_REDRAW = 2.0
Expected = tuple["Sequence[Outage]", timedelta]  # when a connection may be down, and how much longer
_URGENT = (Level.BAD, Level.WARNING, Level.HEAD, Level.NOTE)


@click.command(
    epilog="Exit code: 6 if an order of unknown outcome waits for fxrun resolve, else 7 if a fire of the last 24 hours "
    "was missed, else 0. With --check 5 comes before them if no runner is running or its connection is down outside "
    "restart and resets, and 3 after them if something else needs attention. Example: fxrun status --check"
)
@click.option("--check", is_flag=True, help="One line and an exit code, for monitors.")
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until q or Ctrl-C.")
@files.settings_option
@files.journal_option
@options.json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    check: bool,
    watch: bool,
    settings_file: str | None,
    journal_file: str | None,
    as_json: bool,
) -> None:
    """Show the plans with their arming, their last and next fire, the connection, halts, and what needs attention."""
    if check and watch:
        raise UsageError("--check and --watch exclude each other: choose one")
    path = trading.journal_path(settings_file, journal_file)
    if watch and not as_json and terminal.is_screen(sys.stdout):
        screen.watch(lambda: _page(path, _outages(settings_file, journal_file)), terminal.screen_console(), _REDRAW)
        context.exit(0)
    while True:
        seen, voice = _look(path, as_json=as_json)
        expected = _outages(settings_file, journal_file)
        if check:
            context.exit(_judge(seen, voice, expected))
        if watch and not as_json:
            output.say("")
        _say(seen, voice, expected)
        if not watch:
            context.exit(seen.exit_code)
        sys.stdout.flush()
        time.sleep(_REDRAW)


def _judge(seen: Status, voice: Voice, expected: Expected) -> int:
    found = verdict(seen, *expected)
    voice.tell(found.text, {"type": "check", "code": found.code, "text": found.text})
    return found.code


def _outages(settings_file: str | None, journal_file: str | None) -> Expected:
    """Return when the link may be down, and how much longer; the defaults where a --journal stands alone."""
    if journal_file is not None and settings_file is None:
        return RESETS, GRACE
    settings = files.settings_for((), settings_file)
    restart = () if settings.restart is None else (settings.restart,)
    return (*settings.resets, *restart), settings.grace


def _look(path: Path, *, as_json: bool) -> tuple[Status, Voice]:
    trading.speak_of_journal(path)
    with trading.open_ledger(path) as ledger:
        return look(ledger), trading.voice_of(ledger, as_json=as_json)


def _page(path: Path, expected: Expected) -> Page:
    """Return what a live view shows: what needs somebody right below the runner, other plans last."""
    seen, voice = _look(path, as_json=False)
    runner, *others = said(seen, voice)
    rest = sorted(others, key=lambda one: _URGENT.index(one.level))
    lines = [Line(trading.one_line(text), one.level) for one in (runner, *rest) for text in one.lines]
    if is_quiet(seen, *expected):
        lines.insert(len(runner.lines), Line(QUIET, Level.GOOD))
    return Page(lines=lines, foot=f"{stamp(seen.at)}; every {_REDRAW:.0f} s; q ends", mark=output.mark_of_stdout())


def _say(seen: Status, voice: Voice, expected: Expected) -> None:
    for one in said(seen, voice):
        voice.tell(one.lines, one.fields)
    if not voice.as_json and is_quiet(seen, *expected):
        voice.tell(QUIET, {})
