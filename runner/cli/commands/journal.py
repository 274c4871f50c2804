"""`fxrun journal`: check, export or back up the journal."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import files, options, output, trading
from runner.core.times import stamp
from runner.errors import Refused, UsageError


@click.group(epilog="Example: fxrun journal check --journal fxrun.db")
@files.settings_option
@files.journal_option
@click.pass_context
def command(context: click.Context, *, settings_file: str | None, journal_file: str | None) -> None:
    """Check, export or back up the journal that the settings, or --journal, name; beside a runner or not."""
    context.obj = (settings_file, journal_file)


def _path(context: click.Context, settings_file: str | None, journal_file: str | None) -> Path:
    """Return the journal by the options before or after the subcommand; raises UsageError if it is no file."""
    before_settings, before_journal = context.obj
    path = trading.journal_path(settings_file or before_settings, journal_file or before_journal)
    if not path.is_file():
        raise UsageError(f"{path}: there is no journal; a run, or fxrun arm, makes it")
    trading.speak_of_journal(path)
    return path


@command.command(epilog="Exit code: 0 if it is sound, 3 if not. Example: fxrun journal check")
@files.settings_option
@files.journal_option
@options.json_option
@click.pass_context
def check(context: click.Context, *, settings_file: str | None, journal_file: str | None, as_json: bool) -> None:
    """Hold the journal against its seals and against what can be true, and list what is wrong."""
    from runner.journal.check import check as faults_of

    path = _path(context, settings_file, journal_file)
    faults = faults_of(path)
    if as_json:
        for fault in faults:
            trading.say_json({"type": "fault", "journal": str(path), "message": fault})
        trading.say_json({"type": "check", "journal": str(path), "sound": not faults, "faults": len(faults)})
    else:
        for fault in faults:
            output.say(trading.one_line(fault))
        output.say(f"{output.clean(str(path))}: {trading.counted(len(faults), 'fault') if faults else 'sound'}")
    context.exit(Refused.exit_code if faults else 0)


@command.command(epilog="Example: fxrun journal export > orders.jsonl")
@files.settings_option
@files.journal_option
@click.option("--json", is_flag=True, expose_value=False, help="It is JSON in any case.")
@click.pass_context
def export(context: click.Context, *, settings_file: str | None, journal_file: str | None) -> None:
    """Write all orders and executions as JSON lines to stdout."""
    from runner.journal.export import lines

    output.speak_to_programs()
    for fields in lines(_path(context, settings_file, journal_file)):
        trading.say_json(fields)


@command.command(epilog="Example: fxrun journal backup before-upgrade.db")
@click.argument("target", required=False, metavar="[FILE]")
@files.settings_option
@files.journal_option
@options.json_option
@click.pass_context
def backup(
    context: click.Context, target: str | None, *, settings_file: str | None, journal_file: str | None, as_json: bool
) -> None:
    """Copy the journal into FILE, which must not exist; without FILE beside the journal, with the time in its name.

    The copy is whole even while a runner writes.
    """
    from runner.journal.backup import backup as copy

    path = _path(context, settings_file, journal_file)
    beside = path.with_name(f"{path.name}.{stamp(options.now()).replace(':', '')}.bak")
    goal = beside if target is None else Path(target)
    if goal.exists() or goal.is_symlink():
        raise UsageError(f"{goal}: exists already; a backup replaces nothing, name another file")
    copy(path, goal)
    if as_json:
        trading.say_json({"type": "backup", "journal": str(path), "file": str(goal)})
    else:
        output.say(f"{output.clean(str(path))}: copied to {output.clean(str(goal))}")
