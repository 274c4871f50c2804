"""The figures of the whole: each is worked out here, and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from runner.core.money import EXACT
from runner.journal.rows import PastOrder
from runner.report.lines import FillLine, FireLine, Outcome, PlanLine, Totals
from runner.report.pnl import added_up
from runner.report.summary import commissions


def totals_of(
    fires: Sequence[FireLine],
    orders: Sequence[PastOrder],
    fills: Sequence[FillLine],
    *,
    plans: Sequence[PlanLine],
    exposure: Mapping[str, Decimal],
    unlisted: Collection[str],
) -> Totals:
    """Add the lines of a report up; `exposure` is that of its end, `unlisted` are exec_ids."""
    outcomes = Counter(fire.outcome for fire in fires)
    gone = set(unlisted)
    return Totals(
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        orders=Counter(order.state for order in orders),
        fills=len(fills),
        realized=added_up((line.currency, line.realized) for line in plans),
        realized_in_account=sum_known([line.realized_in_account for line in plans]),
        commission=commissions(fills),
        without_commission=sum(line.commission is None for line in fills),
        unmeasured=sum(line.is_unmeasured for line in fills),
        unlisted=sum(line.exec_id in gone for line in fills),
        held={currency: amount for currency, amount in exposure.items() if amount},
    )


def sum_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum, None if one of them is not known."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total = EXACT.add(total, amount)
    return total
