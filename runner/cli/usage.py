"""What click finds wrong with a command line, in the words of everything else: one line, and where to read on."""

from __future__ import annotations

import re

import click

_CHOICE = re.compile(r"\.? \(?Did you mean (?:one of: )?(.+?)\?\)?\.?$")
_NUMBER = re.compile(r"is not a valid (integer|float)(?: range)?")
_NUMBERS = {"integer": "a whole number", "float": "a number"}


def usage_words(error: click.ClickException) -> str:
    """Return what is wrong, and the help that says what is right."""
    text = " ".join(error.format_message().split()).rstrip(".")
    text = _CHOICE.sub(r"; did you mean \1?", text)
    text = _NUMBER.sub(lambda found: f"is not {_NUMBERS[found[1]]}", text)
    text = text[:1].lower() + text[1:]
    context = getattr(error, "ctx", None)
    return text if context is None else f"{text}; see {context.command_path} --help"
