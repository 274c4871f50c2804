"""Which files a command beside a runner works with: the settings, the journal, and plans that nobody else may edit."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import output
from runner.errors import PlanInvalid, Problem, Refused, UsageError

if TYPE_CHECKING:
    from runner.settings.model import Settings

MEMORY = ":memory:"

settings_option = click.option(
    "--settings", "settings_file", metavar="FILE", help="The settings. [fxrun.yaml beside the plan, else the user's]"
)
journal_option = click.option("--journal", "journal_file", metavar="FILE", help="The journal. [the settings' journal]")


def settings_for(plan_files: Sequence[str], option: str | None) -> Settings:
    """Return the settings that hold for plans, or for the current folder without plans.

    `option` is the value of --settings. Raises UsageError if the plans lead to different settings, and what
    `runner.settings.load` raises.
    """
    from runner.settings.environment import near_misses
    from runner.settings.load import find, load

    for warning in near_misses(os.environ):
        output.note(f"warning: {output.clean(warning)}")
    folders = list(dict.fromkeys(Path(file).parent for file in plan_files)) or [Path()]
    if option is not None:
        return _checked(load(Path(option), folder=folders[0], environ=os.environ))
    found = {folder: find(folder) for folder in folders}
    places = {_place(folder, file) for folder, file in found.items()}
    if len(places) > 1 and any(found.values()):
        raise UsageError(
            "the plans lie in different folders, which lead to different settings: "
            f"{', '.join(map(str, sorted(places)))}; name one file with --settings"
        )
    return _checked(load(found[folders[0]], folder=folders[0], environ=os.environ))


def _checked(settings: Settings) -> Settings:
    """Return settings whose `codes` are such as can be set; raises PlanInvalid otherwise."""
    if not settings.codes:
        return settings
    from runner.ib.notices import is_fixed

    file, _, line = settings.origin("codes").rpartition(":")
    wrong = [
        Problem(file, int(line), 1, f"code {code} is about the connection, or about cancelling: its meaning is fixed")
        for code in settings.codes
        if is_fixed(code)
    ]
    if wrong:
        raise PlanInvalid(wrong)
    return settings


def _place(folder: Path, file: Path | None) -> Path:
    """Return what tells one set of settings from another: their file, else the folder of their journal."""
    return folder.resolve() if file is None else file.resolve()


def journal_of(settings: Settings, option: str | None) -> Path:
    """Return the journal: that of --journal, else that of the settings; raises UsageError for one in memory."""
    if option is None:
        return settings.journal
    if option == MEMORY:
        raise UsageError("--journal :memory: is for simulated runs; name a file that a runner can share")
    return Path(option)


def refuse_unsafe(file: str) -> None:
    """Raise Refused if somebody else may change what a file says: a link, or one that everybody may write."""
    mode = os.lstat(file).st_mode
    if stat.S_ISLNK(mode):
        raise Refused(f"{file}: is a link; expected the file itself, so that nobody can exchange what it leads to")
    if os.name == "posix" and mode & stat.S_IWOTH:
        raise Refused(f"{file}: everybody may write it; take that away with: chmod o-w {file}")
