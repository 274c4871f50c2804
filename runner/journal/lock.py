"""One runner at a time: a lock that the system releases when its holder dies, whatever the cause.

SQLite's own file locks are used, on a file of their own beside the journal, since they exist on every system that
SQLite runs on; the journal itself stays open to the commands that write control rows.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from runner.errors import JournalBusy
from runner.journal.files import create

PROBE = 0.2  # seconds: somebody who looks whether the lock is held may be in the way for a moment


class RunnerLock:
    """Holds FILE.lock from creation to `release`."""

    def __init__(self, journal: Path, holder: str) -> None:
        """Take the lock; raises JournalBusy with what the present holder wrote beside it, or the fault that keeps it.

        `journal` is resolved, so that a link and its target have one lock.
        """
        journal = journal.resolve()
        self._note = journal.with_name(journal.name + ".holder")
        lock = _lock_of(journal)
        create(lock)
        self._connection = sqlite3.connect(lock, timeout=PROBE, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
            self._write_note(holder)
        except sqlite3.OperationalError as error:
            self._connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise JournalBusy(
                f"{journal} is in use by {holder_of(journal)}; one runner at a time writes a journal"
            ) from None
        except OSError:
            self._connection.close()
            raise

    def _write_note(self, holder: str) -> None:
        with suppress(FileNotFoundError):
            self._note.unlink()
        descriptor = os.open(self._note, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as note:
            note.write(holder)

    @staticmethod
    def is_held(journal: Path) -> bool:
        """Tell whether a runner has the journal now."""
        lock = _lock_of(journal.resolve())
        if not lock.exists():
            return False
        with closing(sqlite3.connect(f"{lock.as_uri()}?mode=ro", uri=True, timeout=0)) as connection:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError as error:
                return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
        return False

    def release(self) -> None:
        """Let the next runner in."""
        with closing(self._connection), suppress(OSError):
            self._note.unlink(missing_ok=True)


def holder_of(journal: Path) -> str:
    """Return what the holder of a journal's lock wrote beside it."""
    journal = journal.resolve()
    try:
        return journal.with_name(journal.name + ".holder").read_text(encoding="utf-8") or "another process"
    except OSError:
        return "another process"


def _lock_of(journal: Path) -> Path:
    return journal.with_name(journal.name + ".lock")
