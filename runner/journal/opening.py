"""Bringing a journal up to today's schema, and finding out whether it can be trusted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runner.errors import Refused, UsageError
from runner.journal import seals
from runner.journal.backup import copy
from runner.journal.database import FAULTS, MEMORY, Database, damaged
from runner.journal.mark import Mark
from runner.journal.sql import migrations, queries

LARGE = 16_000_000  # bytes; a full check takes a second for each 50 MB, and recovery has to be quick
OPEN = "closed_with_run = 0 AND state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown')"


def binding(path: Path) -> tuple[str, str] | None:
    """Return mode and account that a journal was bound to; None if it was not yet, or cannot be read."""
    statement = queries()["get_meta"]
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            found = [connection.execute(statement, {"key": key}).fetchone() for key in ("mode", "account")]
    except FAULTS:
        return None
    return None if None in found else (str(found[0][0]), str(found[1][0]))


def version_of(database: Database) -> int:
    """Return the number of a journal's schema, 0 for an empty file; raises Refused for what is no journal of ours."""
    (version,) = database.connection.execute("PRAGMA user_version").fetchone()
    known = len(migrations())
    if version > known:
        raise Refused(f"{database.path}: written by a newer fxrun (schema {version}, known {known}); upgrade fxrun")
    if version == 0 and database.connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
        raise Refused(f"{database.path}: a database, but not a journal of fxrun; name another file with --journal")
    if version < 0:
        raise damaged(database.path, f"schema {version}")
    return int(version)


def migrate(database: Database) -> None:
    """Bring an older journal up to date, each step one transaction after a backup FILE.v1.bak; raises sqlite3.Error."""
    version = version_of(database)
    for number, script in enumerate(migrations()[version:], version + 1):
        if number > 1 and version and database.path != MEMORY:
            path = Path(database.path)
            _back_up(database, path.with_name(f"{path.name}.v{number - 1}.bak"))
        database.connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")
    if database.path == MEMORY:
        _lighten(database.connection)


def _lighten(connection: sqlite3.Connection) -> None:
    """Leave out of a journal in memory what is for disks and for claims that are judged: half of what a row costs."""
    kinds = "type = 'trigger' OR (type = 'index' AND name IN ('intent_claimed', 'intent_route', 'intent_open'))"
    for kind, name in connection.execute(f"SELECT type, name FROM sqlite_master WHERE {kinds}").fetchall():
        connection.execute(f"DROP {kind} {name}")


def _back_up(database: Database, target: Path) -> None:
    try:
        target.unlink(missing_ok=True)
        copy(database.connection, target)
    except OSError as error:
        raise UsageError(f"{target}: the backup before the migration cannot be written ({error.strerror})") from None


def trust(database: Database) -> None:
    """Refuse a journal whose structure, schema, or rows that matter for the next order are damaged.

    Rows of orders that have ended are looked at by `fxrun journal check`. Raises sqlite3.Error where SQLite stumbles.
    """
    connection = database.connection
    is_large = _bytes(connection) > LARGE
    found = next(seals.structure(connection, quick=is_large), None)
    if found is None and is_large:
        found = _stray_index(connection)
    if found is None and not seals.is_schema_ours(connection):
        found = "its tables are not those of fxrun"
    if found is None:
        small = [name for name in seals.tables(connection) if name not in seals.BIG]
        found = next(seals.broken(connection, small), None) or next(seals.broken(connection, ["intent"], OPEN), None)
        found = found or next(seals.broken(connection, ["work"], "state = 'open'"), None)
    if found is not None:
        raise damaged(database.path, found)


def _bytes(connection: sqlite3.Connection) -> int:
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * size)


def _stray_index(connection: sqlite3.Connection) -> str | None:
    """Hold the indexes that a claim relies on against their table, which SQLite's quick check leaves out."""
    for index, what, where in (
        ("intent_state", "count(*), total(rowid)", OPEN),
        ("intent_open", "count(*), total(rowid)", OPEN),
        ("intent_route", "max(route_id), count(*)", "client_id > 0"),
        ("intent_claimed", "max(claimed_at), count(*)", "claimed_at > ''"),
    ):
        query = f"SELECT {what} FROM intent {{}} WHERE {where}"
        table, listed = (
            connection.execute(query.format(by)).fetchone() for by in ("NOT INDEXED", f"INDEXED BY {index}")
        )
        if table != listed:
            return f"index {index} does not list what its table has"
    return None


def follow_mark(database: Database, mark: Mark) -> None:
    """Compare the journal with the mark beside it and keep the mark from now on; raises Refused if its tail is lost."""
    database.mark = mark
    noted = mark.read()
    (reached,) = database.do("reached").fetchone() or (0,)
    if 0 < reached < noted:
        raise Refused(
            f"{database.path}: the journal has lost its last {noted - reached} claims (it stands at {reached}, its mark"
            f" {mark.path} at {noted}); nothing was sent. If you restored a backup on purpose, delete the mark; what"
            " was sent since is found at the broker by: fxrun reconcile"
        )
    if reached != noted:
        mark.note(reached)
