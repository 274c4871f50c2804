"""The journal: what was intended, sent and answered, in one SQLite file (or in memory for a simulated run).

Used by the engine thread alone. Write-ahead log: what `claim` returned from is on the disk, and with it all that was
recorded before. What the broker answers may wait for that, since the broker can be asked again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.events import FireState
from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.money import plain
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, Side
from runner.core.times import stamp
from runner.errors import FxrunError, Refused, UsageError
from runner.journal import payload
from runner.journal.lock import RunnerLock
from runner.journal.rows import ExecutionRow, FireRow, OrderRow
from runner.journal.sql import migrations, queries

MEMORY = ":memory:"


class JournalFailed(FxrunError):
    """The journal cannot be written or read; nothing is sent that could not be written down."""


class Journal:
    """Open journal; `close` releases it."""

    def __init__(self, path: str) -> None:
        """Open or create the journal; raises JournalBusy, Refused (not a journal, newer schema), UsageError."""
        self._lock = None if path == MEMORY else self._take(Path(path))
        self.path = path
        self._is_durable = True
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._prepare()
        except sqlite3.OperationalError as error:
            self.close()
            raise UsageError(f"{path}: cannot be written ({error}); name another --journal") from None
        except sqlite3.DatabaseError as error:
            self.close()
            raise Refused(f"{path}: not a journal of fxrun ({error}); name another file with --journal") from None
        except FxrunError:
            self.close()
            raise
        self._run = 0

    def _take(self, path: Path) -> RunnerLock:
        if not path.parent.is_dir():
            raise UsageError(f"{path}: the folder {path.parent} does not exist; make it or name another --journal")
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; --journal names a file")
        try:
            return RunnerLock(path, f"process {os.getpid()}")
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path}: cannot be written ({error}); name another --journal") from None

    def _prepare(self) -> None:
        if self.path != MEMORY:
            self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        steps = migrations()
        if version > len(steps):
            raise Refused(
                f"{self.path}: written by a newer fxrun (schema {version}, known {len(steps)}); upgrade fxrun"
            )
        if version == 0 and self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise Refused(f"{self.path}: a database, but not a journal of fxrun; name another file with --journal")
        for number, script in enumerate(steps[version:], version + 1):
            self._connection.executescript(f"BEGIN; {script}; PRAGMA user_version={number}; COMMIT;")

    def close(self) -> None:
        """Close the file and let the next runner in; does nothing the second time."""
        if hasattr(self, "_connection"):
            self._connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        """Commit all of it or nothing; what is durable is on the disk then, and all before it."""
        self._make_durable(durable)
        try:
            self._execute("BEGIN IMMEDIATE")
            yield
            self._execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def _make_durable(self, durable: bool) -> None:
        if durable is not self._is_durable and self.path != MEMORY:
            self._is_durable = durable
            self._execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    def _write(self, name: str, **values: object) -> None:
        """Carry out one statement that is a transaction of its own."""
        self._make_durable(False)
        self._do(name, **values)

    def _execute(self, statement: str, values: Mapping[str, object] | tuple[()] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise JournalFailed(
                f"{self.path}: the journal cannot be written ({error}); nothing more is sent"
            ) from error

    def _do(self, name: str, **values: object) -> sqlite3.Cursor:
        return self._execute(queries()[name], values)

    def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        try:
            return self._do(name, **values).fetchall()
        except sqlite3.Error as error:
            raise JournalFailed(f"{self.path}: the journal cannot be read ({error})") from error

    # --- a run

    def bind(self, mode: str, account: str) -> None:
        """Bind a new journal to its mode and account; raises Refused if it was born to others."""
        with self._transaction(durable=True):
            for key, value in (("mode", mode), ("account", account)):
                self._bind(key, value)

    def _bind(self, key: str, value: str) -> None:
        found = self._do("get_meta", key=key).fetchone()
        if found is None:
            self._do("set_meta", key=key, value=value)
        elif found[0] != value:
            raise Refused(
                f"{self.path}: belongs to {key} {found[0]}, this run is {key} {value}; use a journal of its own"
            )

    def open_run(self, started: datetime) -> None:
        """Begin a run; what follows is recorded as part of it."""
        self._run = self._do("open_run", started=stamp(started)).lastrowid or 0

    def close_open_orders(self, note: str) -> int:
        """Close the rows of orders whose simulated gateway is gone; returns how many."""
        with self._transaction():
            self._do("close_unknown")
            return self._do("close_open", note=note).rowcount

    def adopt_open_orders(self) -> tuple[OrderRow, ...]:
        """Make the orders that earlier runs left open, or without an answer, part of this one; returns them."""
        self._do("adopt_open", run=self._run)
        return self.orders()

    # --- fires and intents

    def attempt(self, plan: str, order: str, fire: str) -> int:
        """Return the number of the last attempt at this fire, 0 for none."""
        (last,) = self._do("last_attempt", plan=plan, order_name=order, fire=fire).fetchone()
        return last or 0

    def claim(self, row: FireRow, tickets: Sequence[OrderTicket], *, again: bool = False) -> bool:
        """Commit a fire with its intents, once: False if the fire was recorded before and `again` is not given."""
        values = {"plan": row.plan, "order_name": row.order, "fire": row.fire}
        state = None if row.state is None else row.state.value
        filling = {"due": stamp(row.due), "state": state, "reason": row.reason, "run": self._run}
        with self._transaction(durable=True):
            if not self._do("claim_fire", **values, **filling).rowcount:
                if not again:
                    return False
                self._do("reclaim_fire", **values, **filling)
            for ticket in tickets:
                self._add_intent(ticket)
        return True

    def _add_intent(self, ticket: OrderTicket) -> None:
        key = ticket.key
        self._do(
            "add_intent",
            order_ref=ticket.order_ref,
            plan=key.plan,
            order_name=key.order,
            fire=key.fire,
            role=key.role,
            attempt=key.attempt,
            payload=payload.dump(ticket),
            state=OrderState.PLANNED.value,
            run=self._run,
        )

    def record_sent(self, routes: Sequence[tuple[OrderTicket, int]], *, client_id: int) -> None:
        """Record that the bytes of one fire's orders left, each with the order id it has in this session."""
        sent = OrderState.SENT.value
        key = routes[0][0].key
        with self._transaction():
            for ticket, route in routes:
                self._do("set_route", order_ref=ticket.order_ref, client_id=client_id, route_id=route, state=sent)
            self._do("set_fire", plan=key.plan, order_name=key.order, fire=key.fire, state=FireState.SENT.value)

    # --- answers

    def set_order(self, row: OrderRow) -> None:
        """Record what is known of an order now."""
        self._write(
            "set_order",
            order_ref=row.ticket.order_ref,
            state=row.state.value,
            filled=plain(row.filled),
            average_price=None if row.average_price is None else plain(row.average_price),
            perm_id=row.perm_id,
            note=row.note,
        )

    def put_execution(self, seen: ExecutionSeen, order_ref: str, at: datetime) -> None:
        """Record an execution; a later revision replaces an earlier one."""
        self._write(
            "put_execution",
            root=root_of(seen.exec_id),
            exec_id=seen.exec_id,
            order_ref=order_ref,
            contract=seen.contract,
            side=seen.side.value,
            price=plain(seen.price),
            quantity=plain(seen.quantity),
            at=stamp(at),
        )

    def put_commission(self, seen: CommissionSeen, amount: Decimal) -> None:
        """Record what an execution cost."""
        self._write("put_commission", root=root_of(seen.exec_id), amount=plain(amount), currency=seen.currency)

    def add_remark(self, order_ref: str | None, at: datetime, text: str) -> None:
        """Keep a notice, or a fact that did not fit."""
        self._write("add_remark", order_ref=order_ref, at=stamp(at), text=text)

    # --- reading

    def fires(self) -> tuple[FireRow, ...]:
        """Return the fires of this run by time, plan and order."""
        return tuple(map(_fire, self._rows("fires", run=self._run)))

    def orders(self) -> tuple[OrderRow, ...]:
        """Return the orders of this run as they were intended, oldest first."""
        return tuple(map(_order, self._rows("orders", run=self._run)))

    def executions(self) -> tuple[ExecutionRow, ...]:
        """Return the executions of this run's orders, oldest first."""
        return tuple(map(_execution, self._rows("executions", run=self._run)))

    def executions_of(self, order_ref: str) -> tuple[ExecutionRow, ...]:
        """Return the executions of one order, oldest first."""
        return tuple(map(_execution, self._rows("executions_of", order_ref=order_ref)))


def root_of(exec_id: str) -> str:
    """Return an exec_id without its last dotted part, which counts revisions (IBKR: Execution.execId)."""
    return exec_id.rpartition(".")[0] or exec_id


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _fire(row: tuple[str, str, str, str, str | None, str | None]) -> FireRow:
    plan, order, fire, due, state, reason = row
    known = None if state is None else FireState(state)
    return FireRow(plan=plan, order=order, fire=fire, due=_instant(due), state=known, reason=reason)


def _order(row: tuple[str, str, str, str | None, int | None, int, str]) -> OrderRow:
    text, state, filled, average, perm_id, closed, note = row
    return OrderRow(
        ticket=payload.load(text),
        state=OrderState(state),
        filled=Decimal(filled),
        average_price=None if average is None else Decimal(average),
        perm_id=perm_id,
        closed_with_run=bool(closed),
        note=note,
    )


def _execution(row: tuple[str, str, str, str, str, str, str, str, str | None, str | None]) -> ExecutionRow:
    order_ref, plan, exec_id, contract, side, price, quantity, at, amount, currency = row
    return ExecutionRow(
        order_ref=order_ref,
        plan=plan,
        exec_id=exec_id,
        contract=contract,
        side=Side(side),
        price=Decimal(price),
        quantity=Decimal(quantity),
        at=_instant(at),
        commission=None if amount is None else Decimal(amount),
        commission_currency=currency,
    )
