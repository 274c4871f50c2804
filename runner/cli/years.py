"""What the report of a simulated run of more than a year is made from: reference rates, and the quotes that it met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.gateway.market import Market
    from runner.journal.rows import ExecutionRow
    from runner.report.years import Performance

YEAR = timedelta(days=366)
_ONE_DAY = timedelta(days=1)


def performance(
    executions: Sequence[ExecutionRow], start: datetime, until: datetime, market: Market, *, is_synthetic: bool
) -> Performance | None:
    """Work out what a run over [start, until) came to; None if it was a year or less, or filled no currency pair."""
    if until - start <= YEAR:
        return None
    from runner.gateway.reference import Reference
    from runner.report import years

    def middle(contract: str, at: datetime) -> Decimal | None:
        quote = market.quote(contract, int(at.timestamp()), extended=True)
        return None if quote is None else (quote.bid + quote.ask) / 2

    end = (until - timedelta.resolution).date() + _ONE_DAY
    reference = Reference()
    return years.performance(executions, start.date(), end, rates=reference, middle=middle, is_synthetic=is_synthetic)
