"""`fxrun new`: a first plan from five answers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from runner.cli import options, output
from runner.errors import UsageError

ONCE = "once"
_CRON = re.compile(r"\S+(\s+\S+){4}")
_EVERY = re.compile(r"[1-9][0-9]*[smhd]")
_AT = re.compile(r"\d{4}-\d{2}-\d{2}.*")
_SAMPLE = {"plan": "first", "contract": "EUR.USD", "side": "buy", "size": "25_000", "when": ONCE, "timezone": "UTC"}
_QUESTIONS = {
    "plan": ("What is the plan called?", "eurusd-weekday"),
    "contract": ("Which pair, the currency that is bought or sold first?", "EUR.USD"),
    "side": ("buy or sell that currency?", "buy"),
    "size": ("How much of it?", "25_000"),
    "when": (
        "When: once, cron, a span such as 4h, or words such as fridays at 16:00?",
        "30 9 * * mon-fri",
    ),
}
Answers = Mapping[str, str]


@click.command(
    epilog="Example: fxrun new --name eurusd-weekday --contract EUR.USD --side buy --size 25_000"
    " --when '30 9 * * mon-fri' --timezone America/New_York"
)
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--name", "plan", metavar="NAME", help="Small letters, digits and hyphens.")
@click.option("--contract", metavar="PAIR", help="Such as EUR.USD.")
@click.option("--side", metavar="SIDE", help="buy or sell.")
@click.option("--size", metavar="SIZE", help="Units of the first currency of the pair.")
@click.option("--when", metavar="WHEN", help="once, fridays at 16:00, a cron expression, a span such as 4h, or a time.")
@click.option("--timezone", metavar="ZONE", help="The zone those times are meant in. [that of this machine]")
@options.json_option
def command(file: str | None, timezone: str | None, *, as_json: bool, **given: str | None) -> None:
    """Write a plan with comments from five answers; what is given as an option is not asked for.

    The plan is for the simulated gateway (mode: simulate). FILE is NAME.yaml if it is not given, and is never written
    over.
    """
    answers = {**_SAMPLE, "timezone": timezone or local_zone()}
    for key, value in given.items():
        if value is not None:
            answers[key] = _checked(key, value, answers)
    if timezone is not None:
        _checked("timezone", timezone, answers)
    for key, value in given.items():
        if value is None:
            answers[key] = _asked(key, answers)
    path = Path(file or f"{answers['plan']}.yaml")
    text = text_of(answers)
    _write(path, text)
    if as_json:
        output.say_json({"type": "plan", "plan": answers["plan"], "file": str(path)})
        return
    output.say(f"{output.clean(str(path))}: written; see what it does with")
    output.say(f"  fxrun validate {output.clean(str(path))}")
    output.say(f"  fxrun {output.clean(str(path))} --simulate")


def local_zone() -> str:
    """Return the IANA name of this machine's zone, UTC if it has none."""
    from tzlocal import get_localzone_name

    try:
        name = get_localzone_name()
    except (LookupError, OSError, ValueError):
        return "UTC"
    return "UTC" if name is None or name.startswith("Etc/") else name


def _asked(key: str, answers: Answers) -> str:
    question, example = _QUESTIONS[key]

    def read(value: str) -> str:
        try:
            return _checked(key, value, answers)
        except UsageError as error:
            raise click.BadParameter(output.clean(str(error))) from None

    try:
        answer: str = click.prompt(question, default=example, value_proc=read, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        option = "name" if key == "plan" else key
        output.note("")  # nobody has ended the line of the question
        raise UsageError(f"nobody answers: {question} Say it with --{option}, such as --{option} '{example}'") from None
    return answer


def _checked(key: str, value: str, answers: Answers) -> str:
    """Return an answer that makes a sound plan; raises UsageError with what is wrong with it."""
    from runner.plan import problems_of

    if "\n" in value or (key != "when" and ("#" in value or ": " in value)):
        raise UsageError(f"{key} takes one plain value: found {value!r}; expected one such as {_SAMPLE[key]}")
    found = problems_of("the answer", text_of({**_SAMPLE, "timezone": answers["timezone"], key: value}))
    if found:
        raise UsageError(found[0].message)
    return value


def text_of(answers: Answers) -> str:
    """Return the plan that the answers make, with a comment where one helps."""
    lines = [
        "# A trade plan of fxrun. Check it with `fxrun validate`, run it with `fxrun FILE --simulate`.",
        f"plan: {answers['plan']}             # its name is part of its orders' identity: keep it",
        "mode: simulate        # live once it does what it should; live also wants fxrun arm",
        f"contract: {answers['contract']}",
        f"side: {answers['side']}",
        f"size: {answers['size']}",
        "order: {type: market} # or {type: limit, price: ..., tif: DAY}",
        *_SCHEDULE_LINES[_kind(answers["when"])](answers),
    ]
    return "\n".join(lines) + "\n"


def _kind(when: str) -> str:
    for kind, form in (("cron", _CRON), ("every", _EVERY), ("at", _AT)):
        if form.fullmatch(when.strip()):
            return kind
    return ONCE if when.strip().lower() == ONCE else "on"


def _rule(kind: str) -> Callable[[Answers], list[str]]:
    def lines(answers: Answers) -> list[str]:
        rule = answers["when"].replace('"', "")
        return ["schedule:", f'  {kind}: "{rule}"', f"  timezone: {answers['timezone']}"]

    return lines


_SCHEDULE_LINES: Mapping[str, Callable[[Answers], list[str]]] = {
    ONCE: lambda _answers: ["# no schedule: the order is sent once, when the plan is run"],
    **{kind: _rule(kind) for kind in ("cron", "every", "at", "on")},
}


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already: nothing is written over; name another file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; name another file") from None
