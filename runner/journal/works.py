"""Fires that somebody goes on with: what was known at them, their further orders, and that they are done."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from runner.core.crashpoints import crashpoint
from runner.core.money import EXACT
from runner.core.ticket import OrderTicket, Side
from runner.journal import decoding, snapshots
from runner.journal.claiming import Claimant, extend
from runner.journal.database import Database
from runner.journal.decoding import Row
from runner.journal.gate import Claimed, Gate
from runner.journal.rows import FireRow, OpenRow, WorkRow


class Works:
    """Of one open journal; used by the engine thread alone."""

    def __init__(self, database: Database, who: Claimant, *, of_run: int | None) -> None:
        """With `of_run`, positions count what that run did alone: the gateway of a simulated run begins anew."""
        self._db = database
        self._who = who
        self._run = of_run
        self._counted: dict[tuple[str, str], tuple[int, Decimal]] = {}  # plan, pair -> last row that was added, total

    def open(self) -> tuple[WorkRow, ...]:
        """Return the fires that are being worked, oldest first."""
        return self._db.read(work_row, "open_works")

    def is_open(self, row: FireRow) -> bool:
        """Tell whether a fire is being worked."""
        found = self._db.do("is_worked", plan=row.plan, order_name=row.order, fire=row.fire).fetchone()
        return found is not None

    def is_stopped(self, plan: str) -> bool:
        """Tell whether all sending is halted, or that of a plan."""
        return self._db.do("stops_of", plan=plan).fetchone() is not None

    def is_busy(self, plan: str, order: str) -> bool:
        """Tell whether a fire of an order is being worked."""
        return self._db.do("is_busy", plan=plan, order_name=order).fetchone() is not None

    def has_filled(self, plan: str, order: str) -> bool:
        """Tell whether the latest fire of an order has filled: no entry of it is open, and its last one is filled."""
        _, is_filled, is_over = self._db.do("latest_filled", plan=plan, order_name=order).fetchone()
        return bool(is_filled and is_over)

    def kept(self, plan: str) -> tuple[WorkRow, ...]:
        """Return the fires of a plan of which is kept what was known, oldest first."""
        return self._db.read(work_row, "works_of", plan=plan)

    def orders(self, row: FireRow) -> tuple[OpenRow, ...]:
        """Return the orders of a fire in the order in which they were claimed."""
        return self._db.read(decoding.open_order, "orders_of_fire", plan=row.plan, order_name=row.order, fire=row.fire)

    def claim(self, row: FireRow, tickets: Sequence[OrderTicket], gate: Gate | None) -> Claimed:
        """Commit further orders of a fire, or why they may not be sent; those it has already are an error.

        Raises JournalFailed: nothing was claimed.
        """
        crashpoint("before_claim")
        with self._db.transaction(durable=True):
            claimed = extend(self._db, self._who, row, tickets, gate)
            crashpoint("in_claim")
        if claimed:
            crashpoint("after_claim_commit")
        return claimed

    def finish(self, row: FireRow, note: str) -> None:
        """Note that nothing more is done about a fire, and what was left undone."""
        with self._db.transaction(durable=True):
            self._db.do("finish_work", plan=row.plan, order_name=row.order, fire=row.fire, note=note)

    def position(self, plan: str, pair: str) -> Decimal:
        """Add up what a plan's own fills came to in a pair: base units, short is negative."""
        last, total = self._counted.get((plan, pair), (0, Decimal(0)))
        rows = self._db.read(_fill, "fills_after", plan=plan, contract=pair, last=last, run=self._run)
        for number, side, quantity in rows:
            last, total = number, EXACT.add(total, quantity * side.sign)
        self._counted[plan, pair] = (last, total)
        return total

    def comes(self, root: str) -> None:
        """Count positions anew if an execution that is about to be recorded corrects one."""
        if self._counted and self._db.do("has_execution", root=root).fetchone() is not None:
            self._counted.clear()


def work_row(row: Row) -> WorkRow:
    """Read a fire that is being worked."""
    plan, order, fire, due, state, reason, digest, snapshot = row
    return WorkRow(
        fire=decoding.fire((plan, order, fire, due, state, reason)),
        digest=digest,
        snapshot=snapshots.load(snapshot),
    )


def _fill(row: Row) -> tuple[int, Side, Decimal]:
    return int(row[0]), Side(row[1]), Decimal(row[2])
