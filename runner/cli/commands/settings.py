"""`fxrun settings`: each value that holds, and where it came from."""

from __future__ import annotations

import click

from runner.cli import files, options, output
from runner.plan.model import Plan
from runner.settings.model import Settings
from runner.settings.show import Row, rows


@click.command(epilog="Exit code: 0, or 2 if a file does not validate. Example: fxrun settings eurusd-weekday.yaml")
@click.argument("plan", required=False, metavar="[PLAN]", shell_complete=options.complete_plans)
@files.settings_option
@options.json_option
def command(plan: str | None, settings_file: str | None, as_json: bool) -> None:
    """Show every setting and where it came from: a line of fxrun.yaml, the environment, or the default.

    With a PLAN, the settings beside it, its account, and the stricter of the limits of both.
    """
    loaded = _plan(plan)
    settings = files.settings_for([] if plan is None else [plan], settings_file)
    found = rows(settings, loaded)
    for line in _json(found) if as_json else _lines(settings, found):
        output.say(line)
    for warning in _contradictions(settings, loaded):
        output.note(f"warning: {output.clean(warning)}")


def _plan(file: str | None) -> Plan | None:
    from runner.plan import load

    return None if file is None else load(file)


def _lines(settings: Settings, found: tuple[Row, ...]) -> list[str]:
    name = max(len(row.name) for row in found)
    texts = [output.clean(row.text) for row in found]
    value = max(map(len, texts))
    source = "none found; these are the defaults" if settings.file is None else settings.file
    lines = [
        f"{row.name:<{name}}  {text:<{value}}  {output.clean(row.origin)}"
        for row, text in zip(found, texts, strict=True)
    ]
    return [f"settings: {output.clean(source)}", *lines]


def _json(found: tuple[Row, ...]) -> list[str]:
    import json

    fields = [{"type": "setting", "name": row.name, "value": row.value, "origin": row.origin} for row in found]
    return [json.dumps(each, ensure_ascii=False) for each in fields]


def _contradictions(settings: Settings, plan: Plan | None) -> list[str]:
    if plan is None or None in (plan.account, settings.account) or plan.account == settings.account:
        return []
    return [
        f"two accounts: {plan.file} is for {plan.account} and {settings.file} for {settings.account}; "
        "live refuses the plan until they agree"
    ]
