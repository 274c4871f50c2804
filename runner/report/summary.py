"""The end of a run in figures, and the exit code that follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from runner.core.events import FireState, Summary
from runner.core.order_state import OrderState
from runner.journal.rows import ExecutionRow, FireRow, OrderRow
from runner.report.pnl import added_up, positions, realized

# one word of the summary for each state, so that the counts add up to the orders
COUNTED_AS: Mapping[OrderState, str] = {
    OrderState.PLANNED: "unknown",  # written down, and no word whether the bytes left
    OrderState.SENT: "working",
    OrderState.WORKING: "working",
    OrderState.HELD: "working",
    OrderState.CANCEL_PENDING: "working",
    OrderState.FILLED: "filled",
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "expired",
    OrderState.REJECTED: "rejected",
    OrderState.DENIED: "denied",
    OrderState.UNKNOWN: "unknown",
    OrderState.NOT_RECEIVED: "unknown",
}


def summarize(
    plans: Sequence[str],
    fires: Sequence[FireRow],
    orders: Sequence[OrderRow],
    executions: Sequence[ExecutionRow],
    *,
    skipped: int = 0,
) -> Summary:
    """Count a run. `skipped` is the number of fires that an earlier run had recorded: they have no row in this one.

    The realized result is first in, first out for each plan and pair, in the quote currency, before commission.
    """
    counts = Counter(COUNTED_AS[order.state] for order in orders)
    states = Counter(fire.state for fire in fires)
    return Summary(
        plan=",".join(plans),
        fires=len(fires) + skipped,
        orders=len(orders),
        filled=counts["filled"],
        working=counts["working"],
        cancelled=counts["cancelled"],
        expired=counts["expired"],
        rejected=counts["rejected"],
        denied=counts["denied"],
        unknown=counts["unknown"],
        skipped=states[FireState.SKIPPED] + skipped,
        missed=states[FireState.MISSED],
        denied_fires=states[FireState.DENIED],
        commission=commissions(executions),
        realized_pnl=realized(executions),
        positions=positions(executions),
    )


class Charged(Protocol):
    """What a commission may be known of: an execution, or a line of a report."""

    @property
    def commission(self) -> Decimal | None: ...

    @property
    def commission_currency(self) -> str | None: ...


def commissions(executions: Iterable[Charged]) -> Mapping[str, Decimal]:
    """Add up the commissions that are known, by currency, sorted."""
    return added_up(
        (row.commission_currency, row.commission)
        for row in executions
        if row.commission is not None and row.commission_currency is not None
    )


def exit_code(summary: Summary, interrupted: bool = False) -> int:
    """Return the first exit code that applies: interrupted, unknown outcome, missed, rejected, denied, fine."""
    applies = (
        (interrupted, 130),
        (summary.unknown > 0, 6),
        (summary.missed > 0, 7),
        (summary.rejected > 0, 4),
        (summary.denied > 0 or summary.denied_fires > 0, 3),
    )
    return next((code for holds, code in applies if holds), 0)
