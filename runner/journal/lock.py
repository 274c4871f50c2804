"""One runner at a time: a lock that the system releases when its holder dies, whatever the cause.

SQLite's own file locks are used, on a file of their own beside the journal, since they exist on every system that
SQLite runs on; the journal itself stays open to the commands that write control rows.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from runner.errors import JournalBusy


class RunnerLock:
    """Holds FILE.lock from creation to `release`."""

    def __init__(self, journal: Path, holder: str) -> None:
        """Take the lock; raises JournalBusy with what the present holder wrote beside it, or the fault that keeps it.

        `journal` is resolved, so that a link and its target have one lock.
        """
        journal = journal.resolve()
        self._note = journal.with_name(journal.name + ".holder")
        self._connection = sqlite3.connect(journal.with_name(journal.name + ".lock"), timeout=0, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
            self._note.write_text(holder, encoding="utf-8")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise JournalBusy(
                f"{journal} is in use by {self._holder()}; one runner at a time writes a journal"
            ) from None
        except OSError:
            self._connection.close()
            raise

    def _holder(self) -> str:
        try:
            return self._note.read_text(encoding="utf-8") or "another process"
        except OSError:
            return "another process"

    def release(self) -> None:
        """Let the next runner in."""
        with closing(self._connection), suppress(OSError):
            self._note.unlink(missing_ok=True)
