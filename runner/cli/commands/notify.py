"""`fxrun notify`: one message to each receiver now, and what came of it."""

from __future__ import annotations

import os

import click

from runner.cli import files, options, output
from runner.errors import UsageError

_NOT_TAKEN = 5


@click.command(epilog="Exit code: 0 if every message was taken, 5 if one was not. Example: fxrun notify --to 1")
@click.option("--to", "number", type=click.IntRange(1, 20), metavar="N", help="Only the receiver number N, from 1.")
@files.settings_option
def command(*, number: int | None, settings_file: str | None) -> int:
    """Send a test message to each receiver of notify: in fxrun.yaml, and say what came of it."""
    from runner.notify import delivery, secrets
    from runner.notify.words import Message

    settings = files.settings_for((), settings_file)
    receivers = list(enumerate(settings.notify.to, 1))
    chosen = [one for one in receivers if number in (None, one[0])]
    if not chosen:
        found = f"{len(receivers)} receivers" if receivers else "no receiver"
        raise UsageError(
            f"nobody to tell: found {found} in notify: of {settings.file or 'fxrun.yaml'}; write one there, such as "
            "notify: {to: [{url: env:MY_MAIL}]}"
        )
    delivery.check_installed()
    text = f"Sent by fxrun notify at {options.now():%Y-%m-%d %H:%M:%S}Z. Nothing has happened."
    addresses = [(place, one, secrets.resolve(one.url, settings.folder, os.environ)) for place, one in chosen]
    failed = 0
    for place, one, address in addresses:
        is_taken = delivery.deliver(address, Message(title="fxrun: a test message", body=text))
        failed += not is_taken
        result = "taken" if is_taken else "NOT TAKEN: look at the address in it, and whether the other side is there"
        output.say(f"{place}: {one.url}: {result}")
    return _NOT_TAKEN if failed else 0
