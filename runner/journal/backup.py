"""A copy of a journal, made while it is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runner.errors import UsageError
from runner.journal.database import FAULTS, Database, opening_fault
from runner.journal.files import create


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Write what a connection sees to a new file that its owner alone may read; raises sqlite3.Error, OSError."""
    create(target)
    with closing(sqlite3.connect(target)) as connection:
        source.backup(connection)


def backup(path: Path, target: Path) -> None:
    """Copy the journal `path` to the new file `target`; raises UsageError, Refused, JournalFailed."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no journal")
    if target.exists():
        raise UsageError(f"{target}: exists already; name a new file")
    try:
        database = Database(str(path), create=False)
    except FAULTS as error:
        raise opening_fault(str(path), error) from None
    try:
        copy(database.connection, target)
    except FAULTS as error:
        target.unlink(missing_ok=True)
        raise opening_fault(str(path), error) from None
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        database.close()
