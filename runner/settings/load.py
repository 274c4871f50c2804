"""Where fxrun.yaml is looked for, and what it says together with the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from runner.errors import PlanInvalid
from runner.plan.findings import Findings, TooMany
from runner.plan.shape import check_shape
from runner.plan.source import Source, read
from runner.settings.environment import override
from runner.settings.model import Settings
from runner.settings.read import default_settings, read_settings

NAME = "fxrun.yaml"


def find(beside: Path | None, environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the fxrun.yaml beside a plan (None: in the current folder), else the user's own; None without one.

    A file that is there and cannot be read is returned too: it must not be passed over in silence.
    """
    place = Path() if beside is None else beside
    folders = (place if place.is_dir() else place.parent, user_folder(os.environ if environ is None else environ))
    return next((folder / NAME for folder in folders if folder is not None and _is_there(folder / NAME)), None)


def user_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of the user's own configuration of fxrun; None where there is no home."""
    with suppress(RuntimeError):
        if os.name == "nt":
            return Path(environ.get("APPDATA") or Path.home()) / "fxrun"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Application Support" / "fxrun"
        given = Path(environ.get("XDG_CONFIG_HOME", ""))  # a relative one is none, as its specification has it
        return (given if given.is_absolute() else Path.home() / ".config") / "fxrun"
    return None


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def load(path: Path | None, *, folder: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file, or the defaults seen from folder, with what the environment says.

    Raises PlanInvalid with everything that is wrong with the file, UsageError for a variable of the environment.
    """
    settings = default_settings(folder) if path is None else _from_file(path)
    return override(settings, environ)


def _from_file(path: Path) -> Settings:
    source = read(str(path))
    if source.data is None and source.problems:
        raise PlanInvalid(sorted(source.problems))
    findings = Findings(source)
    settings: Settings | None = None
    with suppress(TooMany):
        settings = _check(source, findings, path.parent)
    if len(findings) or settings is None:
        raise PlanInvalid(findings.sorted())
    return settings


def _check(source: Source, findings: Findings, folder: Path) -> Settings:
    is_sound = check_shape(source.data, findings, "settings")
    settings = read_settings(source, findings, folder)
    if not is_sound and not len(findings):
        findings.at_value((), "the file does not fit its schema, and fxrun cannot say where; please report this")
    return settings
