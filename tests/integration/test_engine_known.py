"""What a fire needs to know is asked for at a real gateway, kept with the fire, and its lack denies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from runner.core.events import FireDone, FireState
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.core.ticket import OrderType, Side
from runner.report.summary import exit_code, summarize
from tests.integration.test_engine import HOURLY, ONCE, Rig, rig

PIPS = Unit.PIPS


def told(r: Rig) -> list[FireDone]:
    return [event for event in r.events if isinstance(event, FireDone)]


@pytest.mark.parametrize("wall", [False, True])
def test_a_price_counts_from_the_quote_and_the_journal_keeps_what_was_known(*, wall: bool) -> None:
    with rig() as r:
        written = replace(
            ONCE,
            order_type=OrderType.LIMIT,
            limit_price=PriceExpr(Anchor.BID, Decimal(-5), PIPS),
            size=SizeExpr(Decimal(20_000), SizeKind.MONEY, "USD"),
        )
        run = r.run(written, until=timedelta(seconds=4), wall=wall)
        run.go()
        run.finish()
        (row,) = r.journal.orders()
        (known,) = r.journal.works.kept("p")
        quote = known.snapshot.quote
        assert quote is not None
        assert row.ticket.limit_price is not None
        below = quote.bid - Decimal("0.0005")
        assert below - Decimal("0.00005") < row.ticket.limit_price <= below
        assert row.ticket.quantity == int(20_000 / row.ticket.limit_price)


def test_a_share_of_the_cash_is_asked_for_once_a_minute_and_anew_after_a_fill() -> None:
    with rig() as r:
        written = replace(HOURLY, size=SizeExpr(Decimal("0.01"), SizeKind.CASH))
        run = r.run(written, until=timedelta(hours=2))
        run.go()
        run.finish()
        first, second = (row.ticket.quantity for row in r.journal.orders())
        snapshots = [work.snapshot for work in r.journal.works.kept("p")]
        assert snapshots[0].cash["USD"] == Decimal(10**9)
        assert snapshots[1].cash["USD"] < Decimal(10**9) - 99_000  # what the first has spent is known to the second
        for bought, known in zip((first, second), snapshots, strict=True):
            assert known.quote is not None
            assert bought == int(known.cash["USD"] / 10_000 / known.quote.ask)


def test_a_fire_that_comes_to_nothing_is_a_row_with_its_reason_and_denies_the_run() -> None:
    with rig() as r:
        run = r.run(replace(ONCE, side=Side.SELL, size=SizeExpr(Decimal(50), SizeKind.CASH)), until=timedelta(hours=1))
        run.go()
        run.finish()
        (done,) = told(r)
        assert done.state is FireState.DENIED
        assert done.reason == "the account has no EUR to pay with: its cash is 0"
        (row,) = r.journal.fires()
        assert (row.state, row.reason) == (FireState.DENIED, done.reason)
        assert r.journal.orders() == ()
        assert exit_code(summarize(["p"], r.journal.fires(), (), ())) == 3
