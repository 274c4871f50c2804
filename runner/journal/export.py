"""A journal as JSON lines: every order, then every execution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.core.money import plain
from runner.core.times import stamp
from runner.journal.control import Ledger
from runner.journal.rows import ExecutionRow, OpenRow


def lines(path: Path) -> Iterator[dict[str, object]]:
    """Yield one object an order, oldest first, then one an execution; all of one moment.

    Quantities and prices are exact decimal text, times UTC with Z. Raises what `Ledger` raises, JournalFailed for a
    row that cannot be read.
    """
    with Ledger(path) as ledger:
        for row in ledger.everything():
            yield _order(row) if isinstance(row, OpenRow) else _execution(row)


def _order(row: OpenRow) -> dict[str, object]:
    key = row.ticket.key
    return {
        "type": "order",
        "plan": key.plan,
        "order": key.order,
        "fire_time": stamp(row.fire_due),
        "order_ref": row.ticket.order_ref,
        "perm_id": row.perm_id,
        "state": row.state.value,
        "quantity": plain(row.ticket.quantity),
        "filled": plain(row.filled),
    }


def _execution(row: ExecutionRow) -> dict[str, object]:
    return {
        "type": "execution",
        "order_ref": row.order_ref,
        "exec_id": row.exec_id,
        "price": plain(row.price),
        "quantity": plain(row.quantity),
        "time": stamp(row.at),
    }
