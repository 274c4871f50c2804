"""The whole of a journal for a report, read at one moment."""

from __future__ import annotations

from decimal import Decimal

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.standing import Quote
from runner.journal import decoding, payload
from runner.journal.database import Database
from runner.journal.decoding import Row, instant
from runner.journal.remarks import still_gone
from runner.journal.rows import Arrival, History, PastFire, PastOrder, RateRow
from runner.journal.works import work_row


def read(database: Database, *, run: int | None) -> History:
    """Return what a journal holds, of one run or (None) of all; raises JournalFailed."""
    with database.snapshot():
        mode, account = (database.first(_text, "get_meta", key=key) for key in ("mode", "account"))
        gone = still_gone(database.read(decoding.remark, "unlisted", since=""))
        return History(
            mode=mode,
            account=account,
            runs=database.read(decoding.run, "runs"),
            fires=database.read(past_fire, "report_fires", run=run),
            orders=database.read(_past_order, "report_orders", run=run),
            executions=database.read(decoding.execution, "report_executions", run=run),
            arrivals=database.read(arrival, "report_arrivals"),
            works=database.read(work_row, "all_works"),
            rates=database.read(rate, "report_rates"),
            unlisted=tuple(one.exec_id for one in gone),
        )


def _text(row: Row) -> str:
    return str(row[0])


def past_fire(row: Row) -> PastFire:
    """Read a row of fires with its run and the time of its claim."""
    run, plan, order, key, due, state, reason, claimed_at = row
    return PastFire(
        run=run,
        plan=plan,
        order=order,
        fire=key,
        due=instant(due),
        state=None if state is None else FireState(state),
        reason=reason,
        claimed_at=None if claimed_at is None else instant(claimed_at),
    )


def _past_order(row: Row) -> PastOrder:
    run, text, state, filled, average, perm_id, closed, note, due = row
    return PastOrder(
        run=run,
        ticket=payload.load(text),
        state=OrderState(state),
        filled=Decimal(filled),
        average_price=None if average is None else Decimal(average),
        perm_id=perm_id,
        closed_with_run=bool(closed),
        note=note,
        fire_due=instant(due),
    )


def arrival(row: Row) -> Arrival:
    """Read when the orders of a fire left."""
    plan, order, fire, attempt, at, bid, ask, quoted_at = row
    quote = None if bid is None else Quote(Decimal(bid), Decimal(ask), instant(quoted_at))
    return Arrival(plan=plan, order=order, fire=fire, attempt=attempt, at=instant(at), quote=quote)


def rate(row: Row) -> RateRow:
    """Read a rate that the account told."""
    at, currency, number, account_currency = row
    return RateRow(at=instant(at), currency=currency, rate=Decimal(number), account_currency=account_currency)
