"""`fxrun completion`: the script by which a shell completes commands, options and plan files."""

from __future__ import annotations

import click

from runner.cli import output

VARIABLE = "_FXRUN_COMPLETE"  # set by that script when the shell asks

EXAMPLES = """\b
Examples:
  fxrun completion bash > ~/.local/share/bash-completion/completions/fxrun
  fxrun completion zsh > ~/.zfunc/_fxrun
  fxrun completion fish > ~/.config/fish/completions/fxrun.fish
"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(*, shell: str) -> None:
    """Print the script for a shell; the shell reads it when it starts."""
    from click.shell_completion import get_completion_class

    from runner.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    output.say(found(cli, {}, "fxrun", VARIABLE).source())
