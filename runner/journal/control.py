"""What commands do beside a runner: halt, arm, ask, resolve and read. No runner lock is taken; the log is shared."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep

from runner.core.events import FireState
from runner.core.money import plain
from runner.core.order_state import OrderState
from runner.core.standing import Arming
from runner.core.times import stamp
from runner.errors import FxrunError, Refused, UsageError
from runner.journal import decoding, history, opening, seals
from runner.journal.claiming import ALL
from runner.journal.database import FAULTS, Database, damaged, opening_fault
from runner.journal.decoding import Row, moment
from runner.journal.lock import RunnerLock
from runner.journal.mark import Mark
from runner.journal.remarks import Unlisted, still_gone
from runner.journal.rows import ControlRow, ExecutionRow, FireRow, Halt, History, LinkRow, OpenRow, PastRun, PlanRow
from runner.journal.sql import migrations

__all__ = ["ControlRow", "Halt", "Ledger", "LinkRow", "OpenRow", "PlanRow"]

RESOLUTIONS: Mapping[str, OrderState] = {"filled": OrderState.FILLED, "lost": OrderState.NOT_RECEIVED}
_BEGINS = 2.0  # seconds for which a runner that begins a journal is waited for
_SMALL = ("arming", "control", "link", "meta", "plan", "stop")


class Ledger:
    """An existing journal, opened by a command; `close` lets go of it."""

    def __init__(self, path: Path, *, only_reads: bool = False) -> None:
        """Open it, and bring an older one up to date if no runner has it; one that only reads cannot write a row.

        Raises UsageError (there is none), Refused (newer, foreign, damaged), JournalFailed, JournalBusy.
        """
        self.path = path
        if not path.is_file():
            raise UsageError(f"{path}: there is no journal; name it with --journal, or in the settings")
        database = None
        try:
            database = Database(str(path), create=False, is_eager=True)
            self._prepare(database)
            if only_reads:
                database.connection.execute("PRAGMA query_only = ON")
        except (*FAULTS, FxrunError) as error:
            if database is not None:
                database.close()
            raise error if isinstance(error, FxrunError) else opening_fault(str(path), error) from None
        self._db = database

    def _prepare(self, database: Database) -> None:
        self._bring_up(database)
        if not seals.is_schema_ours(database.connection):
            raise damaged(str(self.path), "its tables are not those of fxrun")
        for found in seals.broken(database.connection, _SMALL):
            raise damaged(str(self.path), found)
        if self.path.with_name(self.path.name + ".mark").exists():
            database.mark = Mark(self.path)

    def _bring_up(self, database: Database) -> None:
        """Migrate, or wait until the runner that has it has done so: one that is begun becomes current step by step."""
        deadline = monotonic() + _BEGINS
        while (version := opening.version_of(database)) < len(migrations()):
            is_awaited = RunnerLock.is_held(self.path) and monotonic() < deadline
            if is_awaited:
                sleep(0.02)
            elif version == 0:
                raise Refused(f"{self.path}: is empty, no journal of fxrun; name another file with --journal")
            else:
                lock = RunnerLock(self.path, "a migration")
                try:
                    opening.migrate(database)
                finally:
                    lock.release()

    def close(self) -> None:
        """Let go of the file; does nothing the second time."""
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing

    def halt(self, reason: str, at: datetime, *, cancel: bool) -> int | None:
        """Stop all sending: no claim comes after it. With `cancel` a runner is asked to cancel all; returns that id.

        A halt that a runner made because it could not trust what it knew stays what it is, and closes nothing.
        """
        with self._db.transaction(durable=True):
            if not self._is_of_runner():
                self._db.do("put_stop", plan=ALL, reason=reason, at=moment(at))
                self._db.do("add_halt", reason=reason, at=moment(at))
            self._db.do("add_remark", order_ref=None, at=stamp(at), text=f"halted: {reason}")
            return self._ask("cancel", "--all", "", at) if cancel else None

    def _is_of_runner(self) -> bool:
        found = self._db.first(decoding.halt, "halt")
        return found is not None and self._db.do("is_declared", at=moment(found.at)).fetchone() is None

    def resume(self, at: datetime, plan: str | None) -> bool:
        """Lift the halt, or the pause of a plan; False if there was none."""
        with self._db.transaction(durable=True):
            is_lifted = self._db.do("lift_stop", plan=plan or ALL).rowcount > 0
            if is_lifted:
                self._db.do("add_remark", order_ref=None, at=stamp(at), text=f"resumed: {plan or 'all'}")
        return is_lifted

    def arm(self, arming: Arming) -> None:
        """Store that somebody has armed a plan; it replaces an earlier arming."""
        with self._db.transaction(durable=True):
            self._db.do(
                "put_arming",
                plan=arming.plan,
                digest=arming.digest,
                account=arming.account,
                at=moment(arming.at),
                until=moment(arming.until),
            )
            text = f"armed: {arming.plan} {arming.digest} until {stamp(arming.until)}"
            self._db.do("add_remark", order_ref=None, at=stamp(arming.at), text=text)

    def ask_cancel(self, target: str, at: datetime) -> int:
        """Ask the runner to cancel the orders of a plan, one order_ref, or --all; returns the request's id."""
        with self._db.transaction(durable=True):
            return self._ask("cancel", target, "", at)

    def _ask(self, kind: str, target: str, detail: str, at: datetime) -> int:
        return self._db.do("add_control", kind=kind, target=target, detail=detail, at=moment(at)).lastrowid or 0

    def resolve(self, order_ref: str, as_: str, at: datetime, by: str) -> int:
        """Decide by hand what became of an order whose outcome is unknown: filled or lost.

        Only its present state changes; a remark says who decided, and a running runner is told. Returns the id of
        that request. Raises UsageError for an order that is not unknown.
        """
        if (state := RESOLUTIONS.get(as_)) is None:
            raise UsageError(f"{as_}: an order is resolved as filled or as lost")
        with self._db.transaction(durable=True):
            row = self._db.first(decoding.open_order, "order_of", order_ref=order_ref)
            if row is None:
                raise UsageError(f"{order_ref}: no order of this journal; see fxrun orders")
            if row.state is not OrderState.UNKNOWN or row.closed_with_run:
                known = "closed with its simulated run" if row.closed_with_run else row.state.value
                raise UsageError(f"{order_ref}: is {known}, and only an order whose outcome is unknown is resolved")
            filled = row.ticket.quantity if state is OrderState.FILLED else row.filled
            text = f"resolved by hand as {as_} by {by}"
            self._db.do("resolve", order_ref=order_ref, state=state.value, filled=plain(filled), note=text)
            before = f"it was unknown, filled {plain(row.filled)}: {row.note}".rstrip(": ")
            self._db.do("add_remark", order_ref=order_ref, at=stamp(at), text=f"{text}; {before}")
            return self._ask("resolve", order_ref, as_, at)

    # --- reading

    def halted(self) -> Halt | None:
        """Return why all sending is halted and since when, None if it is not."""
        return self._db.first(decoding.halt, "halt")

    def pauses(self) -> Mapping[str, str]:
        """Return the plans that are paused, each with the reason."""
        return dict(self._db.read(_pair, "pauses"))

    def armings(self) -> tuple[Arming, ...]:
        """Return what is armed, by plan, expired ones included."""
        return self._db.read(decoding.arming, "armings")

    def plans(self) -> tuple[PlanRow, ...]:
        """Return the plans that a runner noted, by name."""
        return self._db.read(decoding.plan, "plans")

    def link(self) -> LinkRow | None:
        """Return how a runner's connection stood last, None if none noted it."""
        return self._db.first(decoding.link, "link")

    def orders(self, *, today: date | None = None, states: Collection[OrderState] | None = None) -> tuple[OpenRow, ...]:
        """Return orders as they were intended, oldest first: those claimed or denied in a UTC day, those in a state.

        With both, an order needs only one of them; with neither, all are returned.
        """
        if today is None and states is None:
            return self._db.read(decoding.open_order, "all_orders")
        found: dict[str, OpenRow] = {}
        if states is not None:
            names = json.dumps([state.value for state in states])
            found.update(_by_ref(self._db.read(decoding.open_order, "orders_in", states=names)))
        if today is not None:
            start = datetime.combine(today, time.min, UTC)
            span = {"start": moment(start), "until": moment(start + timedelta(days=1))}
            found.update(_by_ref(self._db.read(decoding.open_order, "orders_claimed", **span)))
        return tuple(sorted(found.values(), key=lambda row: row.claimed_at))

    def everything(self) -> Iterator[OpenRow | ExecutionRow]:
        """Yield all orders as they were intended, oldest first, then all executions, all of one moment."""
        with self._db.snapshot():
            yield from self._db.each(decoding.open_order, "all_orders")
            yield from self._db.each(decoding.execution, "all_executions")

    def history(self) -> History:
        """Return everything that a report is made from, of one moment."""
        return history.read(self._db, run=None)

    def fires(self, plan: str, limit: int) -> tuple[FireRow, ...]:
        """Return the last fires of a plan, latest first."""
        return self._db.read(decoding.fire, "fires_of", plan=plan, limit=limit)

    def fires_since(self, since: datetime, state: FireState, limit: int) -> tuple[FireRow, ...]:
        """Return the fires of the runner's plans that came to a state and were due from an instant on, latest first."""
        return self._db.read(decoding.fire, "fires_since", since=moment(since), state=state.value, limit=limit)

    def count_fires(self, since: datetime) -> Mapping[str, int]:
        """Return how many fires of the runner's plans came to each state, of those due from an instant on."""
        return dict(self._db.read(_counted, "count_fires", since=moment(since)))

    def count_fires_of(self, plans: Collection[str], since: datetime) -> Mapping[tuple[str, str], int]:
        """Return how many fires of some plans due from an instant on came to each state, by plan and state."""
        named = json.dumps(list(plans))
        return dict(self._db.read(_counted_of, "count_fires_of", plans=named, since=moment(since)))

    def count_all_fires(self) -> Mapping[str, int]:
        """Return how many fires have come to each state since the journal's birth."""
        return dict(self._db.read(_counted, "count_all_fires"))

    def count_orders(self) -> Mapping[str, int]:
        """Return how many orders are in each state, without those whose simulated gateway is gone."""
        return dict(self._db.read(_counted, "count_all_orders"))

    def rejected(self, since: datetime, limit: int) -> tuple[OpenRow, ...]:
        """Return the orders claimed from an instant on that the broker has refused, latest first."""
        return self._db.read(decoding.open_order, "rejected_since", since=moment(since), limit=limit)

    def fills(self, limit: int | None = None) -> tuple[ExecutionRow, ...]:
        """Return the executions that were recorded last, by their times, latest first; all of them without a limit."""
        return self._db.read(decoding.execution, "last_executions", limit=-1 if limit is None else limit)

    def runs(self) -> tuple[PastRun, ...]:
        """Return the runs that were begun, oldest first."""
        return self._db.read(decoding.run, "runs")

    def control(self, id: int) -> ControlRow:
        """Return a request, done or not; raises UsageError for one that does not exist."""
        found = self._db.first(decoding.control, "control_of", id=id)
        if found is None:
            raise UsageError(f"{id}: nothing was asked under this number")
        return found

    def controls(self) -> tuple[ControlRow, ...]:
        """Return what was asked for and has not been done, oldest first."""
        return self._db.read(decoding.control, "controls")

    def unlisted(self, since: datetime) -> tuple[Unlisted, ...]:
        """Return the executions that the broker stopped telling of since an instant."""
        return still_gone(self._db.read(decoding.remark, "unlisted", since=stamp(since)))

    def has_runner(self) -> bool:
        """Tell whether a runner has this journal now."""
        return RunnerLock.is_held(self.path)

    def mode_and_account(self) -> tuple[str, str] | None:
        """Return what the journal was bound to at its birth, None if it has not been yet."""
        mode, account = (self._db.first(_text, "get_meta", key=key) for key in ("mode", "account"))
        return None if mode is None or account is None else (mode, account)


def _by_ref(rows: tuple[OpenRow, ...]) -> dict[str, OpenRow]:
    return {row.ticket.order_ref: row for row in rows}


def _pair(row: Row) -> tuple[str, str]:
    return row[0], row[1]


def _counted(row: Row) -> tuple[str, int]:
    return row[0], row[1]


def _counted_of(row: Row) -> tuple[tuple[str, str], int]:
    return (row[0], row[1]), row[2]


def _text(row: Row) -> str:
    return str(row[0])
