"""The journal: what was intended, sent and answered, in one SQLite file (or in memory for a simulated run).

Used by the engine thread alone. Write-ahead log: what `claim` returned from is on the disk, and with it all that was
recorded before. What the broker answers may wait for that, since the broker can be asked again.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from runner.core.crashpoints import crashpoint
from runner.core.events import FireState
from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.histogram import Histogram
from runner.core.money import plain
from runner.core.order_state import OrderState
from runner.core.standing import Arming, Standing
from runner.core.ticket import OrderTicket
from runner.core.times import stamp
from runner.errors import FxrunError, Refused, UsageError
from runner.journal import claiming, decoding, files, history, opening
from runner.journal.batch import Batch
from runner.journal.database import FAULTS, MEMORY, Database, JournalFailed, opening_fault
from runner.journal.decoding import Row, moment
from runner.journal.gate import Claimed, Gate, Outcome
from runner.journal.lock import RunnerLock
from runner.journal.mark import Mark
from runner.journal.notes import Notes
from runner.journal.remarks import Unlisted, still_gone
from runner.journal.rows import ControlRow, ExecutionRow, FireRow, History, Known, OpenRow, OrderRow
from runner.journal.stops import Stops
from runner.journal.works import Works

__all__ = ["MEMORY", "Claimed", "Gate", "Journal", "JournalFailed", "Outcome", "root_of"]


class Journal(Notes, Stops):
    """Open journal; `close` releases it."""

    def __init__(self, path: str, *, private: bool = False) -> None:
        """Open or create the journal; a private one is its owner's alone, and is not opened if it is damaged.

        Raises JournalBusy, JournalFailed, Refused (not a journal, newer schema, damaged, not private), UsageError.
        """
        self._lock: RunnerLock | None = None
        self._run = 0
        self._epoch = secrets.token_hex(8)
        self.path = path
        if private:
            files.make_private(Path(path))
        if path != MEMORY:
            self._lock = self._take(Path(path))
        try:
            self._db = self._opened(private=private)
        except BaseException:
            self._release()
            raise
        self.works = Works(self._db, self._who, of_run=None)

    def _take(self, path: Path) -> RunnerLock:
        if not path.parent.is_dir():
            raise UsageError(f"{path}: the folder {path.parent} does not exist; make it or name another --journal")
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; --journal names a file, such as {path / 'fxrun.db'}")
        try:
            return RunnerLock(path, f"process {os.getpid()}")
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path}: cannot be written ({error}); name another --journal") from None

    def _opened(self, *, private: bool) -> Database:
        database = None
        try:
            database = Database(self.path)
            self._prepare(database, private=private)
        except FAULTS as error:
            self._discard(database)
            raise opening_fault(self.path, error) from None
        except (FxrunError, OSError):
            self._discard(database)
            raise
        return database

    def _prepare(self, database: Database, *, private: bool) -> None:
        opening.migrate(database)
        if private:
            opening.trust(database)
            opening.follow_mark(database, Mark(Path(self.path)))
            files.make_private(Path(self.path))
        with database.transaction(durable=True):
            database.do("take_over", epoch=self._epoch)

    def _discard(self, database: Database | None) -> None:
        if database is not None:
            database.close()

    @property
    def commits(self) -> Histogram:
        """How long the commits took that were on the disk when they returned."""
        return self._db.commits

    def close(self) -> None:
        """Close the file and let the next runner in; does nothing the second time."""
        self._db.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- a run

    def bind(self, mode: str, account: str) -> None:
        """Bind a new journal to its mode and account; raises Refused if it was born to others."""
        with self._db.transaction(durable=True):
            for key, value in (("mode", mode), ("account", account)):
                self._bind(key, value)

    def _bind(self, key: str, value: str) -> None:
        found = self._db.first(_value, "get_meta", key=key)
        if found is None:
            self._db.do("set_meta", key=key, value=value)
        elif found != value:
            raise Refused(f"{self.path}: belongs to {key} {found}, this run is {key} {value}; use a journal of its own")

    def open_run(self, started: datetime) -> None:
        """Begin a run; what follows is recorded as part of it."""
        self._run = self._db.write("open_run", started=stamp(started)).lastrowid or 0
        is_simulated = self._db.first(_value, "get_meta", key="mode") == "simulate"
        self.works = Works(self._db, self._who, of_run=self._run if is_simulated else None)

    def close_open_orders(self, note: str) -> int:
        """Close the rows of orders whose simulated gateway is gone; returns how many."""
        with self._db.transaction():
            self._db.do("close_unknown")
            self._db.do("close_works", note=note)
            return self._db.do("close_open", note=note).rowcount

    def adopt_open_orders(self) -> tuple[OrderRow, ...]:
        """Make the orders that earlier runs left open, or without an answer, part of this one, but what never left."""
        self.batch.give_back()
        self._db.write("adopt_open", run=self._run)
        return self.orders()

    # --- fires and intents

    def attempt(self, plan: str, order: str, fire: str) -> int:
        """Return the number of the last attempt at this fire, 0 for none."""
        return self._db.first(_number, "last_attempt", plan=plan, order_name=order, fire=fire) or 0

    def claim(
        self,
        row: FireRow,
        tickets: Sequence[OrderTicket],
        *,
        again: bool = False,
        gate: Gate | None = None,
        known: Known | None = None,
    ) -> Claimed:
        """Commit a fire with its intents, once; true if it is ours to send now. Raises JournalFailed.

        Without a gate nothing judges it, and a state that `row` has is recorded as it is. A fire that was recorded
        before is left alone unless `again` is given.
        """
        return claiming.claim(self._db, self._who, row, tickets, again=again, gate=gate, known=known)

    @property
    def batch(self) -> Batch:
        """Fires that are due together."""
        return Batch(self._db, self._who)

    @property
    def _who(self) -> claiming.Claimant:
        return claiming.Claimant(run=self._run, epoch=self._epoch)

    def record_unsent(self, rows: Iterable[FireRow], claimed: Iterable[FireRow] = ()) -> tuple[FireRow, ...]:
        """Record fires that were missed or skipped; returns the new ones. Claims among them that wait are taken out."""
        with self._db.transaction(durable=True):
            self.batch.take_out(claimed)
            return tuple(row for row in rows if claiming.record(self._db, self._who, row))

    def sent_fires(self, plan: str, order: str) -> int:
        """Return how many fires of an order were sent, in all runs."""
        return self._db.first(_number, "sent_fires", plan=plan, order_name=order) or 0

    def missed_in_a_row(self, plan: str, order: str) -> int:
        """Return how many fires of an order were missed since the last that was sent."""
        return self._db.first(_number, "missed_in_a_row", plan=plan, order_name=order) or 0

    def miss_fire(self, plan: str, order: str, fire: str, reason: str) -> None:
        """Note that a fire which was claimed came to nothing."""
        with self._db.transaction(durable=True):
            self._db.do("miss_fire", plan=plan, order_name=order, fire=fire, reason=reason)

    def left_claimed(self) -> tuple[tuple[FireRow, bool], ...]:
        """Return fires that were claimed and never told of, none of whose orders is open; and whether one arrived."""
        rows = self._db.read(decoding.fire, "left_claimed")
        return tuple((row, self._has_arrived(row)) for row in rows)

    def _has_arrived(self, row: FireRow) -> bool:
        return bool(self._db.first(_number, "arrived", plan=row.plan, order_name=row.order, fire=row.fire))

    def assume_sent(self, plan: str, order: str, fire: str) -> None:
        """Note of a fire whose sending was never recorded that its orders left, or may have left."""
        self._db.write("assume_sent", plan=plan, order_name=order, fire=fire)

    def fire(self, plan: str, order: str, fire: str) -> FireRow | None:
        """Return one fire, None if it is not recorded."""
        return self._db.first(decoding.fire, "fire", plan=plan, order_name=order, fire=fire)

    def order(self, order_ref: str) -> OpenRow | None:
        """Return one order of any run, None if this journal does not know it."""
        return self._db.first(decoding.open_order, "order_of", order_ref=order_ref)

    def record_sent(self, routes: Sequence[tuple[OrderTicket, int]], *, client_id: int) -> None:
        """Record that the bytes of one fire's orders left, each with the order id it has in this session."""
        sent = OrderState.SENT.value
        key = routes[0][0].key
        with self._db.transaction():
            for ticket, route in routes:
                self._db.do("set_route", order_ref=ticket.order_ref, client_id=client_id, route_id=route, state=sent)
            self._db.do("set_fire", plan=key.plan, order_name=key.order, fire=key.fire, state=FireState.SENT.value)
        crashpoint("after_sent_record")

    def highest_order_id(self, client_id: int) -> int:
        """Return the highest order id that an order of this client id was claimed with or sent under, 0 for none."""
        return self._db.first(_number, "highest_order_id", client_id=client_id) or 0

    def open_orders(self) -> tuple[OpenRow, ...]:
        """Return the orders of all runs that may still work at the broker, oldest first."""
        return self._db.read(decoding.open_order, "open_orders")

    # --- answers

    def set_order(self, row: OrderRow) -> None:
        """Record what is known of an order now."""
        self._db.write(
            "set_order",
            order_ref=row.ticket.order_ref,
            state=row.state.value,
            filled=plain(row.filled),
            average_price=None if row.average_price is None else plain(row.average_price),
            perm_id=row.perm_id,
            note=row.note,
        )

    def add_perm(self, order_ref: str, perm_id: int) -> None:
        """Keep a permId that was told for an order."""
        self._db.write("add_perm", order_ref=order_ref, perm_id=perm_id)

    def put_execution(self, seen: ExecutionSeen, order_ref: str, at: datetime) -> None:
        """Record an execution; a later revision replaces an earlier one."""
        self.works.comes(root_of(seen.exec_id))
        self._db.write(
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
        self._db.write("put_commission", root=root_of(seen.exec_id), amount=plain(amount), currency=seen.currency)

    def add_remark(self, order_ref: str | None, at: datetime, text: str) -> None:
        """Keep a notice, or a fact that did not fit."""
        self._db.write("add_remark", order_ref=order_ref, at=stamp(at), text=text)

    def unlisted(self, since: datetime) -> tuple[Unlisted, ...]:
        """Return the executions that the broker stopped telling of since an instant."""
        return still_gone(self._db.read(decoding.remark, "unlisted", since=stamp(since)))

    # --- what stops, and what commands ask

    def standing(self, plan: str, ticket: OrderTicket | None, now: datetime) -> Standing:
        """Read how a plan stands, as a claim of an order like `ticket` would find it now."""
        with self._db.snapshot():
            return claiming.standing(self._db, plan, ticket, now, epoch=self._epoch)

    def arming(self, plan: str) -> Arming | None:
        """Return how a plan was armed last, None if it never was."""
        return self._db.first(decoding.arming, "arming_of", plan=plan)

    def controls(self) -> tuple[ControlRow, ...]:
        """Return what commands have asked for and has not been done, oldest first."""
        return self._db.read(decoding.control, "controls")

    def control_done(self, id: int, note: str, at: datetime) -> None:
        """Answer what a command asked for."""
        crashpoint("before_control_done")
        with self._db.transaction(durable=True):
            self._db.do("control_done", id=id, note=note, at=moment(at))

    # --- reading

    def fires(self) -> tuple[FireRow, ...]:
        """Return the fires of this run by time, plan and order."""
        return self._db.read(decoding.fire, "fires", run=self._run)

    def orders(self) -> tuple[OrderRow, ...]:
        """Return the orders of this run as they were intended, oldest first."""
        return self._db.read(decoding.order, "orders", run=self._run)

    def executions(self) -> tuple[ExecutionRow, ...]:
        """Return the executions of this run's orders, oldest first."""
        return self._db.read(decoding.execution, "executions", run=self._run)

    def history(self, *, of_run: bool) -> History:
        """Return everything that a report is made from, of this run alone or of all."""
        return history.read(self._db, run=self._run if of_run else None)

    def executions_of(self, order_ref: str) -> tuple[ExecutionRow, ...]:
        """Return the executions of one order, oldest first."""
        return self._db.read(decoding.execution, "executions_of", order_ref=order_ref)

    def executions_beside(self, roots: Iterable[str], since: datetime, client_id: int) -> tuple[ExecutionRow, ...]:
        """Return executions since an instant, other than those, of orders that were sent with a client id."""
        known = json.dumps(list(roots))
        return self._db.read(
            decoding.execution, "executions_beside", roots=known, since=stamp(since), client_id=client_id
        )


def root_of(exec_id: str) -> str:
    """Return an exec_id without its last dotted part, which counts revisions (IBKR: Execution.execId)."""
    return exec_id.rpartition(".")[0] or exec_id


def _value(row: Row) -> str:
    return str(row[0])


def _number(row: Row) -> int:
    return int(row[0] or 0)
