"""A report as one JSON object, by report.schema.json: money, prices and quantities are strings, counts integers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from runner.core.money import cents, plain
from runner.core.times import stamp
from runner.report.csv_files import exact
from runner.report.lines import FillLine, FireLine, Outcome, PlanLine, Report

Record = dict[str, object]


def text(report: Report) -> str:
    """Return the object as one line, without the line end."""
    return json.dumps(record(report), ensure_ascii=True)  # a reader may split lines at what a broker's text holds


def record(report: Report) -> Record:
    """Return a report as JSON values."""
    totals = report.totals
    return {
        "type": "report",
        "source": report.source,
        "mode": report.mode,
        "account": report.account,
        "from": _stamp(report.period.start),
        "until": _stamp(report.period.until),
        "well": report.is_well,
        "verdict": [{"level": one.level, "text": one.text} for one in report.verdict],
        "account_currency": report.currency,
        "account_currency_told": report.currency_told,
        "outcomes": {outcome.value: count for outcome, count in totals.outcomes.items()},
        "realized": _amounts(totals.realized),
        "realized_in_account": None if report.currency is None else _cents(totals.realized_in_account),
        "commission": _amounts(totals.commission),
        "fills_without_commission": totals.without_commission,
        "plans": [_plan(line) for line in report.plans],
        "days": [
            {
                "plan": line.plan,
                "day": line.day.isoformat(),
                "outcome": line.outcome.value,
                "fires": {outcome.value: count for outcome in Outcome if (count := line.counts.get(outcome, 0))},
            }
            for line in report.days
        ],
        "fires": [_fire(line) for line in report.fires],
        "orders": [_order(report, place) for place in range(len(report.orders))],
        "fills": [_fill(line) for line in report.fills],
        "equity": {"currency": report.currency, "told": report.prices_told, "points": _points(report)},
        "drawdown": _trough(report),
        "exposure": [{"time": stamp(point.at), "amounts": _amounts(point.amounts)} for point in report.exposure],
        "without_rate": list(report.unrated),
    }


def _amounts(by_name: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: exact(amount) for name, amount in by_name.items()}


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _exact(number: Decimal | None) -> str | None:
    return None if number is None else exact(number)


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(cents(amount))


def _plan(line: PlanLine) -> Record:
    mark = line.mark
    return {
        "plan": line.plan,
        "run": line.run,
        "contract": line.contract,
        "currency": line.currency,
        "fills": line.fills,
        "bought": exact(line.bought),
        "sold": exact(line.sold),
        "position": exact(line.position),
        "average_price": _exact(line.average_price),
        "mark": None
        if mark is None
        else {"price": exact(mark.price), "time": stamp(mark.at), "source": mark.source.value},
        "realized": exact(line.realized),
        "unrealized": _exact(line.unrealized),
        "realized_in_account": _cents(line.realized_in_account),
        "commission": _amounts(line.commission),
        "slippage": _exact(line.slippage),
        "half_spread": _exact(line.half_spread),
        "fills_without_quote": line.unmeasured,
    }


def _fire(line: FireLine) -> Record:
    return {
        "plan": line.plan,
        "order": line.order,
        "fire": line.fire,
        "time": stamp(line.due),
        "outcome": line.outcome.value,
        "reason": line.reason or None,
        "left_at": _stamp(line.left_at),
        "seconds_late": _exact(line.seconds_late),
        "orders": line.orders,
        "filled": line.filled,
    }


def _order(report: Report, place: int) -> Record:
    row = report.orders[place]
    ticket = row.ticket
    return {
        "plan": ticket.key.plan,
        "order": ticket.key.order,
        "fire": ticket.key.fire,
        "role": ticket.key.role,
        "time": stamp(row.fire_due),
        "order_ref": ticket.order_ref,
        "perm_id": row.perm_id,
        "contract": ticket.contract.name,
        "side": ticket.side.value.lower(),
        "quantity": exact(ticket.quantity),
        "order_type": ticket.order_type.word,
        "limit_price": _exact(ticket.limit_price),
        "stop_price": _exact(ticket.stop_price),
        "state": row.state.value,
        "filled": exact(row.filled),
        "average_price": _exact(row.average_price),
        "note": row.note or None,
    }


def _fill(line: FillLine) -> Record:
    quote, rate = line.quote, line.rate
    return {
        "time": stamp(line.at),
        "plan": line.plan,
        "order": line.order,
        "fire": line.fire,
        "role": line.role,
        "order_ref": line.order_ref,
        "exec_id": line.exec_id,
        "contract": line.contract,
        "side": line.side.value.lower(),
        "effect": line.effect,
        "quantity": exact(line.quantity),
        "price": exact(line.price),
        "value": exact(line.value),
        "currency": line.currency,
        "quote": None if quote is None else {"bid": exact(quote.bid), "ask": exact(quote.ask), "time": stamp(quote.at)},
        "slippage": _exact(line.slippage),
        "slippage_amount": _exact(line.slippage_amount),
        "half_spread": _exact(line.half_spread),
        "half_spread_amount": _exact(line.half_spread_amount),
        "commission": _exact(line.commission),
        "commission_currency": line.commission_currency,
        "realized": exact(line.realized),
        "rate": None if rate is None else {"value": exact(rate.value), "time": stamp(rate.at), "told_by": rate.told_by},
        "realized_in_account": _cents(line.realized_in_account),
    }


def _points(report: Report) -> list[Record]:
    return [
        {"time": stamp(point.at), "equity": plain(cents(point.equity)), "drawdown": plain(cents(point.drawdown))}
        for point in report.equity
    ]


def _trough(report: Report) -> Record | None:
    trough = report.trough
    if trough is None:
        return None
    return {
        "amount": plain(cents(trough.amount)),
        "since": stamp(trough.since),
        "lowest": stamp(trough.at),
        "until": _stamp(trough.until),
    }
