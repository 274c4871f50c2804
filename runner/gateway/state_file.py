"""`--state FILE`: one SQLite file that holds the account, its orders, executions and counters over restarts.

A transaction for each batch of requests, on the disk before any answer to them leaves; the rows are JSON of what the
gateway has in memory. SQLite's own exclusive lock keeps a second gateway out, and goes with the process, however that
ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.money import plain
from runner.errors import FxrunError, JournalBusy, Refused, UsageError
from runner.gateway.account import Account, Holding
from runner.gateway.book import Book, Entry, Stage
from runner.gateway.reports import Fill
from runner.gateway.settings import BASE_CURRENCY, GatewaySettings
from runner.gateway.state import Saved, Store
from runner.gateway.state_codec import CodecError, from_text, to_text
from runner.gateway.truth import Tail

SCHEMA = 1
_MARK = 0x46585354  # SQLite's application id of these files
_KEPT_DAYS = 8  # what ended earlier stays in the file and is not read
_DAY = 86400
_PERIOD = 60  # seconds after which the time is written down even if nothing else is
_Row = tuple[int, int, int, int, int | None, str]
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, order_id INTEGER NOT NULL, perm_id INTEGER NOT NULL,
    parent_id INTEGER NOT NULL, ended INTEGER, body TEXT NOT NULL, UNIQUE (client_id, order_id)
);
CREATE TABLE executions (
    number INTEGER PRIMARY KEY, exec_id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, highest INTEGER NOT NULL);
"""
_PUT_ORDER = """
INSERT INTO orders (client_id, order_id, perm_id, parent_id, ended, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (client_id, order_id) DO UPDATE
SET perm_id = excluded.perm_id, parent_id = excluded.parent_id, ended = excluded.ended, body = excluded.body
"""
_PUT_EXECUTION = """
INSERT INTO executions (exec_id, at, body) VALUES (?, ?, ?)
ON CONFLICT (exec_id) DO UPDATE SET at = excluded.at, body = excluded.body
"""
_PUT_CLIENT = "INSERT OR REPLACE INTO clients (client_id, highest) VALUES (?, ?)"
_PUT_FACT = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"
_FILLS = "SELECT body FROM executions WHERE at >= ? ORDER BY number"
_ORDERS = """
SELECT body FROM orders AS one WHERE ended IS NULL OR ended >= ? OR EXISTS (
    SELECT 1 FROM orders WHERE ended IS NULL AND client_id = one.client_id AND parent_id = one.order_id
) ORDER BY number
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Money:
    """What the account holds."""

    cash: dict[str, Decimal]
    holdings: dict[str, Holding]
    commissions: Decimal


class StateFile(Store):
    """Keeps it in a file; `at` is the last instant of the gateway that wrote it, 0 in a new one."""

    def __init__(self, path: Path, settings: GatewaySettings, *, opening: Mapping[str, Decimal] | None = None) -> None:
        """Open or make the file; opening: the cash that was asked for, if any was.

        Raises UsageError, JournalBusy (another gateway has it) or Refused (another account's, newer, no such file).
        """
        self.path = path
        self.at = 0
        self._changed: dict[tuple[int, int], None] = {}  # client and order id, in the order of their coming
        self._fills: list[Fill] = []
        self._told: dict[int, int] = {}
        self._connection = _connect(path)
        try:
            with _explained(path):
                self._prepare(settings, opening)
        except FxrunError:
            self._connection.close()
            raise

    # --- opening

    def _prepare(self, settings: GatewaySettings, opening: Mapping[str, Decimal] | None) -> None:
        execute = self._connection.execute
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            execute(f"PRAGMA {pragma}")
        execute("BEGIN EXCLUSIVE")
        (version,), (mark,) = (execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id"))
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0 and version == 0:
            self._create(settings)
        elif mark != _MARK:
            raise Refused(f"--state {self.path}: a database, but not the state of a gateway; name another file")
        elif version > SCHEMA:
            raise Refused(
                f"--state {self.path}: written by a newer fxrun (schema {version}, known {SCHEMA}); upgrade fxrun"
            )
        execute("COMMIT")
        self._check(settings, opening)

    def _create(self, settings: GatewaySettings) -> None:
        execute = self._connection.execute
        for statement in _TABLES.split(";"):
            execute(statement)
        cash = " ".join(f"{currency}={plain(amount)}" for currency, amount in sorted(settings.cash.items()))
        facts = {"account": settings.account, "base": BASE_CURRENCY, "opening": cash, "at": "0"}
        self._connection.executemany(_PUT_FACT, facts.items())
        execute(f"PRAGMA application_id={_MARK}")
        execute(f"PRAGMA user_version={SCHEMA}")

    def _check(self, settings: GatewaySettings, opening: Mapping[str, Decimal] | None) -> None:
        problems = [row[0] for row in self._connection.execute("PRAGMA quick_check(3)")]
        if problems != ["ok"]:
            raise Refused(f"--state {self.path}: damaged ({'; '.join(problems)}); name another file")
        self._facts = dict(self._connection.execute("SELECT name, value FROM facts"))
        self.at = int(self._facts["at"])
        for name, wanted in (("account", settings.account), ("base", BASE_CURRENCY)):
            if self._facts[name] != wanted:
                raise Refused(
                    f"--state {self.path}: belongs to {name} {self._facts[name]}, not {wanted}; "
                    f"give --account {self._facts['account']}, or name another file"
                )
        asked = opening and " ".join(f"{currency}={plain(amount)}" for currency, amount in sorted(opening.items()))
        if asked and asked != self._facts["opening"]:
            raise UsageError(
                f"--state {self.path}: was opened with {self._facts['opening']}, not {asked}; "
                "leave --cash out to go on with what it holds, or name another file"
            )

    def attach(self, book: Book, account: Account) -> Saved:
        """Begin to keep these; returns what was kept before, with the account already as it was."""
        self._book, self._account = book, account
        try:
            with _explained(self.path):
                saved = self._read(account)
        except FxrunError:
            self.close(0)
            raise
        book.watch = self.entry
        self._told = dict(saved.highest)
        return saved

    def _read(self, account: Account) -> Saved:
        if "money" in self._facts:
            money = from_text(_Money, self._facts["money"])
            account.cash, account.holdings, account.commissions = money.cash, money.holdings, money.commissions
        since = self.at - self.at % _DAY - _KEPT_DAYS * _DAY
        return Saved(
            at=self.at,
            entries=tuple(from_text(Entry, body) for (body,) in self._rows(_ORDERS, since)),
            fills=tuple(from_text(Fill, body) for (body,) in self._rows(_FILLS, since)),
            highest=dict(self._rows("SELECT client_id, highest FROM clients")),
            perm_ids=tuple(perm_id for (perm_id,) in self._rows("SELECT perm_id FROM orders WHERE perm_id > 0")),
            execution_ids=tuple(exec_id for (exec_id,) in self._rows("SELECT exec_id FROM executions")),
        )

    def _rows(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        """Return all rows at once: a statement that is not read to its end keeps the file locked."""
        return self._connection.execute(query, values).fetchall()

    # --- running

    def entry(self, entry: Entry) -> None:
        """Note that an order is new, or has changed, or that its client is told of it."""
        self._changed[entry.client_id, entry.order_id] = None

    def fill(self, fill: Fill) -> None:
        """Note an execution; with it the account has changed."""
        self._fills.append(fill)

    @property
    def truth(self) -> Tail | None:
        """What a truth file was to get when this was written last."""
        return from_text(Tail, self._facts["truth"]) if "truth" in self._facts else None

    def commit(self, at: int, truth: Tail | None = None) -> None:
        """Return once everything noted is on the disk; raises FxrunError if that cannot be."""
        used = self._book.highest
        if not self._changed and not self._fills and used == self._told and at < self.at + _PERIOD:
            return
        # what the book does not hold was only asked about, or refused
        held = [entry for key in self._changed if (entry := self._book.get(*key)) is not None]
        orders = [self._row(entry, at) for entry in held]
        if orders or self._fills or used != self._told or at >= self.at + _PERIOD:
            self._write(orders, at, truth)
            self.at = max(at, self.at)
            self._told = dict(used)
        self._changed.clear()
        self._fills.clear()

    def _write(self, orders: Sequence[_Row], at: int, truth: Tail | None) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._put(orders, at, truth)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise FxrunError(f"--state {self.path}: cannot be written: {error}") from None

    def _put(self, orders: Sequence[_Row], at: int, truth: Tail | None) -> None:
        many = self._connection.executemany
        many(_PUT_ORDER, orders)
        many(_PUT_EXECUTION, ((_whole_id(fill), fill.at, to_text(fill)) for fill in self._fills))
        many(_PUT_CLIENT, self._book.highest.items() - self._told.items())
        facts = {"at": str(max(at, self.at))}
        if truth is not None:
            facts["truth"] = to_text(truth)
        if self._fills:
            account = self._account
            facts["money"] = to_text(
                _Money(cash=account.cash, holdings=account.holdings, commissions=account.commissions)
            )
        many(_PUT_FACT, facts.items())

    def _row(self, entry: Entry, at: int) -> _Row:
        is_open = entry.stage.is_live or entry.stage is Stage.UNSENT
        ended = None if is_open else entry.ended or at
        return entry.client_id, entry.order_id, entry.perm_id, entry.order.parent_id, ended, to_text(entry)

    def forget(self) -> None:
        """Forget everything that is kept, as a gateway that lost its state; `attach` follows."""
        self._changed.clear()
        self._fills.clear()
        self._facts.pop("money", None)
        with _explained(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for table in ("orders", "executions", "clients", "facts WHERE name = 'money'"):
                self._connection.execute(f"DELETE FROM {table}")

    def close(self, at: int) -> None:
        """Let go of the file, with a last word on the time; what is not committed was told to nobody."""
        with suppress(sqlite3.Error):
            if at > self.at > 0:
                self._connection.execute(_PUT_FACT, ("at", str(at)))
        self._connection.close()


def _whole_id(fill: Fill) -> str:
    """Return the id that an execution shares with its corrections."""
    return fill.execution_id.rpartition(".")[0]


def _connect(path: Path) -> sqlite3.Connection:
    if path.is_dir():
        raise UsageError(f"--state {path}: is a folder; name a file")
    if not path.parent.is_dir():
        raise UsageError(f"--state {path}: the folder {path.parent} does not exist; make it or name another file")
    try:
        # opened by the thread that starts, used by the gateway's alone
        return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise UsageError(f"--state {path}: cannot be written: {error}") from None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what SQLite found, or the codec, in terms of the file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise JournalBusy(
                f"--state {path}: in use by another gateway; one at a time keeps its state there"
            ) from None
        raise UsageError(f"--state {path}: cannot be written: {error}") from None
    except (sqlite3.DatabaseError, CodecError, KeyError, ValueError) as error:
        raise Refused(f"--state {path}: not the state of a gateway ({error}); name another file") from None
