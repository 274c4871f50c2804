"""The entry point: one lazy command group, one error boundary, one place that decides the exit code."""

from __future__ import annotations

import difflib
import gc
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import output
from runner.cli.marks import REHEARSAL_MARK
from runner.errors import FxrunError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "run": "Run plans: simulated, as a rehearsal, or live.",
    "serve": "Carry out all plans of a folder, for years.",
    "service": "Let systemd run fxrun serve.",
    "new": "Write a first plan from five answers.",
    "validate": "Check plans and say when they fire next.",
    "lint": "Warn of what is allowed and probably not meant.",
    "diff": "Say what an edit changes in fires and orders.",
    "explain": "Show what one fire would send, field by field.",
    "fires": "List the next fire times.",
    "what-if": "Ask the broker for margin and commission of a plan's orders.",
    "arm": "Allow a plan to send live orders, for a while.",
    "status": "Show plans, connection, and what needs attention.",
    "account": "Show cash, margin, profit and loss of the account.",
    "positions": "List the account's positions.",
    "orders": "List working orders and those of today.",
    "report": "Report what plans came to: a page, tables, JSON.",
    "halt": "Stop all sending, at once.",
    "resume": "Lift a halt, or the pause of a plan.",
    "cancel": "Cancel orders of fxrun.",
    "reconcile": "Compare the journal with the broker.",
    "resolve": "Say what became of an order with unknown outcome.",
    "journal": "Check, export or back up the journal.",
    "settings": "Show each setting and where it came from.",
    "notify": "Send a test message to each receiver.",
    "doctor": "Test the connection to a TWS.",
    "gateway": "Start the simulated gateway alone.",
    "schema": "Print a JSON Schema.",
    "completion": "Print the completion script of a shell.",
}
INTERRUPTED = 130
_NEW_OBJECTS = 10_000  # at which cycles are searched for: the imports alone make fifty times the usual 700
_COMPLETE = "_FXRUN_COMPLETE"  # set by the script of fxrun completion when a shell asks
_OWN_OPTIONS = ("-h", "--help", "--version")
_WORD = 60
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/\\]+):\d+")


class LazyGroup(click.Group):
    """A group that imports the module of a command when that command is called, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(_module(cmd_name)).command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands without importing them, and plans, which need no command before them."""
        from click.shell_completion import CompletionItem

        from runner.cli.options import complete_plans

        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*names, *options, *complete_plans(ctx, None, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _module(command: str) -> str:
    return f"runner.cli.commands.{command.replace('-', '_')}"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        output.say(version())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: fxrun eurusd-weekday.yaml --simulate --from 2025-01-01 --until 2026-01-01",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Versions.")
def cli() -> None:
    """Run trade plans against Interactive Brokers, or a simulated TWS.

    `fxrun PLAN... [OPTIONS]` is short for `fxrun run PLAN... [OPTIONS]`, and with --dry-run for `fxrun explain`.
    """


def version() -> str:
    """Return the versions of fxrun, Python and ibapi, without importing ibapi."""
    from importlib import metadata

    try:
        ours = metadata.version("fxrun")
    except metadata.PackageNotFoundError:
        ours = "(not installed)"
    owners = sorted(set(metadata.packages_distributions().get("ibapi", ())))
    ibapi = " and ".join(f"{name} {metadata.version(name)}" for name in owners) or "no ibapi"
    return f"fxrun {ours}, Python {sys.version.split()[0]}, {ibapi}"


def route(args: Sequence[str]) -> list[str]:
    """Put `run` in front of plans; raises UsageError for a word that can only be a misspelt command."""
    if not args or args[0] in _OWN_OPTIONS:
        return list(args)
    args = _with_rehearsal_value(args)
    options = args[: args.index("--")] if "--" in args else args
    first = next((arg for arg in options if not arg.startswith("-")), None)
    if first in COMMANDS:
        return list(args)
    if args[0] == first:
        _check_plan(first)
    return ["run", *args]


def _with_rehearsal_value(args: Sequence[str]) -> list[str]:
    """Give `--rehearsal` an empty value where no HOST:PORT follows, so that it does not swallow a plan."""
    return [
        "--rehearsal=" if arg == "--rehearsal" and not _is_address("".join(args[place + 1 : place + 2])) else arg
        for place, arg in enumerate(args)
    ]


def _is_address(word: str) -> bool:
    """Tell whether a word was meant as one; what looks like neither an address nor a plan is told to be none."""
    is_plan = not word or word.startswith("-") or word.endswith((".yaml", ".yml", ".json")) or _exists(word)
    return _ADDRESS.fullmatch(word) is not None or not is_plan


def _check_plan(word: str) -> None:
    if any(char in word for char in "./\\") or _exists(word):
        return
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; the commands are {', '.join(COMMANDS)}"
    raise UsageError(f"no such command or plan: {word[:_WORD]!r}{hint}")


def _exists(name: str) -> bool:
    with suppress(OSError, ValueError):
        return Path(name).exists()
    return False


def _invoke(args: Sequence[str]) -> int:
    """Call the command; its exit code is what it returns or exits with."""
    try:
        with cli.make_context("fxrun", route(args)) as context:
            result: object = cli.invoke(context)
    except click.exceptions.Exit as ended:
        result = ended.exit_code
    sys.stdout.flush()
    return result if isinstance(result, int) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run fxrun with the arguments of the process, or argv; return the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    if argv is None and (asked := os.environ.get(_COMPLETE)):
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "fxrun", _COMPLETE, asked)
    if argv is None:
        gc.set_threshold(_NEW_OBJECTS, 10, 10)
    output.prepare_streams(as_json="--json" in args)
    if _is_rehearsal(args):
        output.mark(REHEARSAL_MARK)
    try:
        try:
            return _invoke(args)
        except Exception as error:
            return _report(error, as_json="--json" in args)
    except BrokenPipeError:  # the reader has gone, and it may have been while a problem was told
        output.abandon_stdout()
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        output.mark("")


def _is_rehearsal(args: Sequence[str]) -> bool:
    """Tell whether a rehearsal is asked for, before anything of the command line is read: it may be wrong."""
    return any(arg.partition("=")[0] == "--rehearsal" for arg in args)


def _report(error: Exception, *, as_json: bool) -> int:
    """Say what ended the command and return the exit code for it."""
    match error:
        case FxrunError(problems=(_, *_)):
            output.tell_problems(error.problems, as_json=as_json)
            sys.stdout.flush()
            return error.exit_code
        case FxrunError():
            output.note(f"fxrun: {output.clean(str(error))}")
            return error.exit_code
        case click.ClickException():
            from runner.cli.usage import usage_words

            output.note(f"fxrun: {output.clean(usage_words(error))}")
            return UsageError.exit_code
        case click.Abort():
            return INTERRUPTED
        case BrokenPipeError():
            raise error
        case _:
            return _fault(error)


def _fault(error: Exception) -> int:
    """Tell a failure of the machine from one of fxrun; only the latter shows where it happened."""
    if isinstance(error, OSError):
        output.abandon_stdout()
        output.note(f"fxrun: {output.clean(str(error))}")
        return FxrunError.exit_code
    import traceback

    output.note(f"fxrun: a fault of fxrun, please report it: {type(error).__name__}: {output.clean(str(error))}")
    traceback.print_exception(error)
    return FxrunError.exit_code
