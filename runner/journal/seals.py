"""Seals: a crc32 of each row's other values, written by triggers and compared when a journal is opened or checked.

They find what SQLite cannot: a byte that changed inside a value. `PRAGMA integrity_check` finds the rest.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

from runner.journal.sql import migrations

# grow with every order
BIG = ("fire", "intent", "execution", "commission", "remark", "order_perm", "run", "work", "arrival", "rate")


def seal(*values: object) -> int:
    """Return the crc32 of a row's values; 1 and '1' differ."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def install(connection: sqlite3.Connection) -> None:
    """Give a connection the function that the triggers of the schema call."""
    connection.execute("PRAGMA trusted_schema=ON")
    connection.create_function("fxrun_seal", -1, seal, deterministic=True)


def _sealed(connection: sqlite3.Connection, table: str) -> str:
    """Return the condition that is true for a row whose seal is broken."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    return f"seal IS NOT fxrun_seal({', '.join(name for name in columns if name != 'seal')})"


def tables(connection: sqlite3.Connection) -> Sequence[str]:
    """Return the names of the journal's tables."""
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def broken(connection: sqlite3.Connection, names: Sequence[str], where: str = "TRUE") -> Iterator[str]:
    """Yield a sentence for each of the tables that has rows with a broken seal; raises sqlite3.Error."""
    for table in names:
        condition = f"{_sealed(connection, table)} AND {where}"
        count, first = connection.execute(
            f"SELECT count(*), min({_key(connection, table)}) FROM {table} WHERE {condition}"
        ).fetchone()
        if count:
            yield f"table {table}: {count} damaged row{'s' if count > 1 else ''}, the first is {first!r}"


def _key(connection: sqlite3.Connection, table: str) -> str:
    """Return the column that names a row of a table best."""
    return str(connection.execute(f"PRAGMA table_info({table})").fetchone()[1])


@cache
def _expected() -> tuple[tuple[str, str, str | None], ...]:
    connection = sqlite3.connect(":memory:")
    install(connection)
    for script in migrations():
        connection.executescript(script)
    found = _schema(connection)
    connection.close()
    return found


def _schema(connection: sqlite3.Connection) -> tuple[tuple[str, str, str | None], ...]:
    return tuple(
        connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name")
    )


def is_schema_ours(connection: sqlite3.Connection) -> bool:
    """Tell whether tables, indexes and triggers are, to the letter, those of today's schema."""
    return _schema(connection) == _expected()


def structure(connection: sqlite3.Connection, *, quick: bool = False) -> Iterator[str]:
    """Yield what SQLite itself finds wrong; a quick look leaves indexes out. Raises sqlite3.Error."""
    for (text,) in connection.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check(10)"):
        if text != "ok":
            yield str(text).replace("\n", "; ")
