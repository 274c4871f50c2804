"""The SQLite file below the journal: opened, migrated, written in transactions, and what its errors mean.

Write-ahead log. What is durable is on the disk when its transaction returns, and with it all that was written before.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from runner.core.histogram import Histogram
from runner.errors import FxrunError, Refused, UsageError
from runner.journal import seals
from runner.journal.decoding import Row
from runner.journal.mark import Mark
from runner.journal.sql import queries

MEMORY = ":memory:"
PATIENCE = 30.0  # seconds that another process may hold the file before a claim fails
POLL = 0.001  # seconds
T = TypeVar("T")

FAULTS = (sqlite3.Error, UnicodeDecodeError)  # the second where a message of SQLite quotes damaged bytes

_NOT_A_DATABASE = (sqlite3.SQLITE_NOTADB,)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_DISK = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOLFS,
)


class JournalFailed(FxrunError):
    """The journal cannot be written or read; nothing is sent that could not be written down."""


def damaged(path: str, what: str) -> Refused:
    """Say that a journal cannot be trusted, and what is safe to do."""
    return Refused(
        f"{path}: the journal is damaged ({what}); nothing was sent. Restore your last backup of it, or see all that is"
        f" wrong with: fxrun journal check --journal '{path}'"
    )


def opening_fault(path: str, error: Exception) -> FxrunError:
    """Say what an error means that came while a journal was opened."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _NOT_A_DATABASE:
        return Refused(f"{path}: not a journal of fxrun, or damaged ({error}); name another file with --journal")
    if code in _BUSY:
        return JournalFailed(f"{path}: another program holds the journal ({error}); end it, then try again")
    if code in _DISK:
        return UsageError(f"{path}: cannot be written ({error}); name another --journal")
    return damaged(path, str(error))


class Database:
    """An open file (or memory); one thread uses it."""

    def __init__(self, path: str, *, create: bool = True, patience: float = PATIENCE, is_eager: bool = False) -> None:
        """Open it; raises sqlite3.Error. Without `create` the file must exist.

        An eager one asks for the lock each millisecond: SQLite itself waits longer each time, and a runner that claims
        in a burst would keep it out for seconds.
        """
        self.path = path
        self._patience = patience
        self._is_eager = is_eager
        self.mark: Mark | None = None
        self.commits = Histogram()  # how long the durable ones took, until they were on the disk
        target = path if create else f"{Path(path).absolute().as_uri()}?mode=rw"
        self.connection = sqlite3.connect(target, isolation_level=None, timeout=patience, uri=not create)
        try:
            seals.install(self.connection)
            if path != MEMORY:
                self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.execute("PRAGMA foreign_keys=ON")
            self.connection.execute("PRAGMA temp_store=MEMORY")  # what undoes a statement is no file
        except FAULTS:
            self.connection.close()
            raise
        self._is_durable = True

    def close(self) -> None:
        """Let go of the file; does nothing the second time."""
        self.connection.close()
        if self.mark is not None:
            self.mark.close()
            self.mark = None

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """Commit all of it or nothing; raises JournalFailed, and can be used again after that."""
        self._make_durable(durable)
        number = 0
        try:
            self._begin()
            before = self.connection.total_changes
            yield
            if durable and self.mark is not None and self.connection.total_changes != before:
                ((number,),) = self.do("count_on").fetchall()
            began = time.perf_counter()
            self.execute("COMMIT")
            if durable:
                self.commits.add(time.perf_counter() - began)
        except BaseException:
            with suppress(sqlite3.Error):
                self.connection.rollback()
            raise
        if number and self.mark is not None:
            self.mark.note(number)

    def _begin(self) -> None:
        if not self._is_eager:
            self.execute("BEGIN IMMEDIATE")
            return
        self.execute("PRAGMA busy_timeout=0")
        until = time.monotonic() + self._patience
        try:
            while not self._has_begun(is_last=time.monotonic() >= until):
                time.sleep(POLL)
        finally:
            self.execute(f"PRAGMA busy_timeout={int(self._patience * 1000)}")

    def _has_begun(self, *, is_last: bool) -> bool:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except FAULTS as error:
            if is_last or getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BUSY:
                raise self._failed("written", error) from error
            return False
        return True

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside be of one moment."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):
                self.connection.rollback()

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what was written inside if it raises, and nothing else of the transaction."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            raise
        self.execute("RELEASE part")

    def _make_durable(self, durable: bool) -> None:
        if durable is not self._is_durable and self.path != MEMORY:
            self.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._is_durable = durable

    def execute(self, statement: str, values: Mapping[str, object] | tuple[()] = ()) -> sqlite3.Cursor:
        """Carry out a statement; raises JournalFailed."""
        try:
            return self.connection.execute(statement, values)
        except FAULTS as error:
            raise self._failed("written", error) from error

    def _failed(self, what: str, error: Exception) -> JournalFailed:
        return JournalFailed(f"{self.path}: the journal cannot be {what} ({error}); nothing more is sent")

    def do(self, name: str, **values: object) -> sqlite3.Cursor:
        """Carry out a named statement; raises JournalFailed."""
        return self.execute(queries()[name], values)

    def do_all(self, name: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Carry out a named statement once for each row of values; raises JournalFailed."""
        try:
            self.connection.executemany(queries()[name], rows)
        except FAULTS as error:
            raise self._failed("written", error) from error

    def write(self, name: str, **values: object) -> sqlite3.Cursor:
        """Carry out one statement that is a transaction of its own, on the disk with the next durable one."""
        self._make_durable(False)
        return self.do(name, **values)

    def read(self, decode: Callable[[Row], T], name: str, **values: object) -> tuple[T, ...]:
        """Return the rows of a named query; raises JournalFailed, also for a row that means nothing."""
        return tuple(self.each(decode, name, **values))

    def each(self, decode: Callable[[Row], T], name: str, **values: object) -> Iterator[T]:
        """Yield the rows of a named query as they are read; raises as `read` does."""
        try:
            for row in self.do(name, **values):
                yield decode(row)
        except (sqlite3.Error, ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise self._failed("read", error) from error

    def first(self, decode: Callable[[Row], T], name: str, **values: object) -> T | None:
        """Return the first row of a named query, None if it has none."""
        return next(iter(self.read(decode, name, **values)), None)
