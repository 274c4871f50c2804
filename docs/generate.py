"""The reference pages, from the source: `python docs/generate.py` renews them, `--check` says which are not fresh.

What is generated stands between two comments of a page; what is around it is written by hand.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import messages

from runner.cli.main import COMMANDS, cli
from runner.errors import EXITS
from runner.metrics import table as metrics
from schemas.reference import reference

DOCS = Path(__file__).parent
BEGIN = "<!-- from here to the next comment: python docs/generate.py -->"
END = "<!-- by hand again -->"


def exits() -> str:
    """Return the exit codes as a table, in the order in which they win."""
    rows = [f"| {one.code} | {one.means} | {one.advice} |" for one in EXITS]
    return "\n".join(["| code | means | what to do |", "|---|---|---|", *rows, ""])


def commands() -> str:
    """Return every command with its help, its options and an example."""
    context = click.Context(cli, info_name="fxrun")
    return "\n".join(line for name in COMMANDS for line in _command(name, cli.get_command(context, name), context))


def _command(name: str, command: click.Command | None, above: click.Context) -> Iterator[str]:
    assert command is not None, name
    context = click.Context(command, info_name=name, parent=above)
    yield f"## {context.command_path}"
    yield ""
    yield f"`{command.get_usage(context).removeprefix('Usage: ').replace(chr(10), ' ')}`"
    yield ""
    yield _plain(command.help or "")
    yield ""
    records = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
    own = [(option, told) for option, told in records if told and "--help" not in option]
    if own:
        yield "| option | |"
        yield "|---|---|"
        yield from (f"| `{option}` | {_plain(told)} |".replace("||", "|") for option, told in own)
        yield ""
    yield from _epilog(command.epilog or "")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _command(below, command.get_command(context, below), context)


def _epilog(epilog: str) -> Iterator[str]:
    told, word, example = inspect.cleandoc(epilog).replace("\b\n", "").partition("Example")
    if told.strip():
        yield _plain(told)
        yield ""
    if word:
        yield "<!-- not run: an example of the help; its words are looked at -->"
        yield "```sh"
        yield from (line.strip() for line in example.partition(":")[2].strip().splitlines())
        yield "```"
        yield ""


def _plain(text: str) -> str:
    paragraphs = inspect.cleandoc(text).replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).replace("|", "\\|").strip()


PAGES: Mapping[str, Callable[[], str]] = {
    "plan.md": lambda: reference("plan"),
    "settings.md": lambda: reference("settings"),
    "metrics.md": lambda: f"{metrics.markdown()}\n",
    "reference/commands.md": commands,
    "reference/exit-codes.md": exits,
    "reference/events.md": lambda: reference("events"),
    "reference/errors.md": messages.tables,
    "reference/codes.md": messages.codes,
}


def renewed(page: str, generated: str) -> str:
    """Return a page with its generated part as it is now; raises ValueError without such a part."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no part to renew: expected {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{generated}\n{END}{after}"


def main() -> int:
    """Renew all pages, or say which of them are not fresh."""
    stale = []
    for name, generate in PAGES.items():
        path = DOCS / name
        page = path.read_text(encoding="utf-8")
        if (fresh := renewed(page, generate())) != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(fresh, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"docs/{name}\n")
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
