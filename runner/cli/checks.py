"""What `fxrun doctor` looks at on this machine: ibapi, time zones, files and the disk of the journal."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import statistics
import sys
import tempfile
import time
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

from runner.cli.output import clean, say, say_json

NEWER = (
    "pip uninstall -y ibapi, then pip install ibapi-latest; or IB's own: unzip the TWS API from "
    "interactivebrokers.github.io, then pip install ./IBJts/source/pythonclient"
)
COMMITS = 20
SLOW_COMMIT = 0.020  # seconds
_ZONES = ("America/New_York", "Europe/London", "UTC")


class Status(Enum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `advice` says what to do if it is not OK."""

    name: str
    status: Status
    message: str
    advice: str = ""

    def as_text(self) -> str:
        """Write it as one line, and one more for the advice."""
        line = f"{self.status.name:<4}  {self.name}: {self.message}"
        return clean(f"{line}\n      -> {self.advice}" if self.advice else line)

    def as_json(self) -> dict[str, object]:
        """Return the fields of its JSON line."""
        fields = {"check": self.name, "status": self.status.value, "message": self.message, "advice": self.advice}
        return {"type": "check", **fields}

    def tell(self, *, as_json: bool) -> None:
        """Print it at once: the next check may take a while."""
        if as_json:
            say_json(self.as_json())
        else:
            say(self.as_text())
        sys.stdout.flush()


def of_ibapi() -> Check:
    """Look at the installed ibapi."""
    try:
        from runner.ib.versions import installed
    except ImportError as fault:
        return Check("ibapi", Status.FAIL, f"ibapi cannot be imported ({fault})", NEWER)
    info = installed()
    names = ", ".join(f"{name} {version}" for name, version in info.distributions) or "no known distribution"
    found = f"module version {info.module_version} from {names}, speaks server versions up to {info.max_server_version}"
    if len(info.distributions) > 1:
        advice = "they overwrite each other's files: uninstall all of them, then install one"
        return Check("ibapi", Status.FAIL, f"more than one distribution owns the module: {names}", advice)
    return Check("ibapi", Status.OK, found)


def of_zones() -> Check:
    """Look for the time zone data that schedules stand on."""
    try:
        for key in _ZONES:
            zoneinfo.ZoneInfo(key)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError) as fault:
        return Check("time zones", Status.FAIL, f"there is no time zone data ({fault})", "pip install --upgrade tzdata")
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / _ZONES[0]).is_file():
            return Check("time zones", Status.OK, f"{folder}, {_version_in(folder)}")
    try:
        return Check("time zones", Status.OK, f"the package tzdata, version {metadata.version('tzdata')}")
    except metadata.PackageNotFoundError:
        return Check("time zones", Status.OK, "found, of unknown version")


def _version_in(folder: Path) -> str:
    """Return the version of the system's data, where the system keeps it."""
    for name in ("tzdata.zi", "+VERSION", "version"):
        try:
            with (folder / name).open(encoding="ascii") as file:
                word = file.readline().replace("# version", "").strip()
        except (OSError, UnicodeError):
            continue
        if word and len(word) < 20:
            return f"version {word}"
    return "of unknown version"


# --- files


def of_files(settings: Path | None, journal: Path, plans: Sequence[str]) -> Iterator[Check]:
    """Look at who may read and change the files that a live run trusts."""
    if settings is None:
        yield Check("settings", Status.OK, "there is no fxrun.yaml: defaults hold")
    else:
        yield _file("settings", settings, is_private=False)
    if journal.exists() or journal.is_symlink():
        yield _file("journal", journal, is_private=True)
    else:
        yield Check("journal", Status.OK, f"{journal} is not there yet: a run makes it, for its owner only")
    for plan in plans:
        yield _file("plan", Path(plan), is_private=False)


def _file(name: str, path: Path, *, is_private: bool) -> Check:
    try:
        found = path.lstat()
    except OSError as fault:
        return Check(name, Status.FAIL, f"{path} cannot be looked at ({fault.strerror})", "check its folder's modes")
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "no plain file"
        return Check(name, Status.FAIL, f"{path} is {kind}, and live refuses it", "name the file itself")
    if os.name != "posix":
        return Check(name, Status.OK, f"{path}; this system has no modes to look at")
    return _modes(name, path, found, is_private=is_private)


def _modes(name: str, path: Path, found: os.stat_result, *, is_private: bool) -> Check:
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (os.geteuid(), 0):
        advice = "trade with files of your own: copy it, and name the copy"
        return Check(name, Status.FAIL, f"{path} belongs to another user ({found.st_uid})", advice)
    if mode & stat.S_IWOTH:
        return Check(name, Status.FAIL, f"{path} may be changed by everybody (mode {mode:04o})", f"chmod o-w {path}")
    if mode & stat.S_IWGRP:
        return Check(name, Status.WARN, f"{path} may be changed by a group (mode {mode:04o})", f"chmod g-w {path}")
    if is_private and mode & 0o077:
        return Check(name, Status.WARN, f"{path} may be read by others (mode {mode:04o})", f"chmod 600 {path}")
    return Check(name, Status.OK, f"{path}, mode {mode:04o}")


# --- the disk


def of_disk(journal: Path) -> Check:
    """Time commits in a journal of its own beside the real one: each order waits for two of them."""
    name = "journal disk"
    if not journal.parent.is_dir():
        advice = f"mkdir -p {journal.parent}, or name another journal with --journal"
        return Check(name, Status.FAIL, f"the folder {journal.parent} does not exist", advice)
    try:
        took = sorted(_commits(journal.parent))
    except (OSError, sqlite3.Error) as fault:
        advice = "make room there or mend its modes, or name another journal with --journal"
        return Check(name, Status.FAIL, f"a journal cannot be written in {journal.parent} ({fault})", advice)
    median = statistics.median(took)
    message = f"a commit takes {median * 1000:.2f} ms (median of {len(took)}, the slowest {took[-1] * 1000:.2f} ms)"
    if median > SLOW_COMMIT:
        return Check(name, Status.WARN, message, "put the journal on a local disk: an order waits for two commits")
    return Check(name, Status.OK, message)


def _commits(folder: Path) -> list[float]:
    """Return the seconds that each of some commits took, as durable as those of a claim."""
    place = tempfile.mkdtemp(prefix=".fxrun-doctor-", dir=folder)
    took = []
    try:
        with closing(sqlite3.connect(Path(place) / "commits.db", isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("CREATE TABLE line (text)")
            for _ in range(COMMITS):
                began = time.perf_counter()
                database.execute("INSERT INTO line VALUES (?)", ("x" * 200,))
                took.append(time.perf_counter() - began)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return took
