"""The help of every command: it has an example, and no escape sequences where nobody asked for them."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from runner.cli.main import COMMANDS, cli


def commands() -> list[tuple[str, ...]]:
    """Every command, and those below the ones that are groups."""
    context = click.Context(cli)
    found: list[tuple[str, ...]] = [()]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, below) for below in command.list_commands(context)]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_help_has_an_example(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, [*words, "--help"], prog_name="fxrun")
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    assert "Example: fxrun " in text or "Examples: fxrun " in text
    if words and words[0] != "run":  # which may be left out, and is
        assert f"fxrun {words[0]}" in text[text.index("Example") :]
    assert "\x1b" not in done.output
