"""Events as JSON lines: the keys always in one order, money and quantities as strings, no wall clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from runner.core.events import Commissioned, Event, Filled, FireDone, Noticed, OrderChanged, PlanStarted, Summary
from runner.core.money import plain
from runner.core.times import stamp
from runner.report.years import Performance
from runner.report.years_json import record

Record = dict[str, object]


def line(event: Event) -> str:
    """Return one event as one line, without the line end; it validates against events.schema.json."""
    # ASCII: a reader that splits lines at U+2028 or U+0085 must not cut a broker's text in two
    return json.dumps(_RECORDS[type(event)](event), ensure_ascii=True)


def last_line(summary: Summary, performance: Performance | None) -> str:
    """Return the summary as `line` does, with the figures of a run of more than a year where there are any."""
    more = {} if performance is None else {"performance": record(performance)}
    return json.dumps({**_summary(summary), **more}, ensure_ascii=True)


def _plan(event: PlanStarted) -> Record:
    return {
        "type": "plan",
        "plan": event.plan,
        "file": event.file,
        "mode": event.mode,
        "account": event.account,
        "orders": event.orders,
        "from": stamp(event.start),
        "until": None if event.until is None else stamp(event.until),
    }


def _fire(event: FireDone) -> Record:
    return {
        "type": "fire",
        "plan": event.plan,
        "order": event.order,
        "fire": event.fire,
        "time": stamp(event.time),
        "state": event.state.value,
        "reason": event.reason,
    }


def _order(event: OrderChanged) -> Record:
    return {
        "type": "order",
        "plan": event.plan,
        "order": event.order,
        "fire": event.fire,
        "order_ref": event.order_ref,
        "role": event.role.value,
        "time": stamp(event.time),
        "state": event.state.value,
        "contract": event.contract,
        "side": event.side.value.lower(),
        "quantity": plain(event.quantity),
        "order_type": event.order_type.word,
        "filled": plain(event.filled),
        "remaining": plain(event.remaining),
    }


def _fill(event: Filled) -> Record:
    return {
        "type": "fill",
        "plan": event.plan,
        "order": event.order,
        "fire": event.fire,
        "order_ref": event.order_ref,
        "exec_id": event.exec_id,
        "contract": event.contract,
        "side": event.side.value.lower(),
        "price": plain(event.price),
        "quantity": plain(event.quantity),
        "time": stamp(event.time),
    }


def _commission(event: Commissioned) -> Record:
    return {
        "type": "commission",
        "plan": event.plan,
        "order": event.order,
        "fire": event.fire,
        "order_ref": event.order_ref,
        "exec_id": event.exec_id,
        "amount": plain(event.amount),
        "currency": event.currency,
    }


def _notice(event: Noticed) -> Record:
    about = {"order": event.order, "fire": event.fire, "order_ref": event.order_ref}
    return {
        "type": "notice",
        "plan": event.plan,
        **{key: value for key, value in about.items() if value is not None},
        "time": stamp(event.time),
        "code": event.code,
        "severity": event.severity.value,
        "text": event.text,
    }


def _summary(event: Summary) -> Record:
    return {
        "type": "summary",
        "plan": event.plan,
        "fires": event.fires,
        "orders": event.orders,
        "filled": event.filled,
        "working": event.working,
        "cancelled": event.cancelled,
        "expired": event.expired,
        "rejected": event.rejected,
        "denied": event.denied,
        "unknown": event.unknown,
        "skipped": event.skipped,
        "missed": event.missed,
        "commission": _amounts(event.commission),
        "realized_pnl": _amounts(event.realized_pnl),
        "positions": _amounts(event.positions),
    }


def _amounts(by_name: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(by_name[name]) for name in sorted(by_name)}


_RECORDS: Mapping[type, Callable[..., Record]] = {
    PlanStarted: _plan,
    FireDone: _fire,
    OrderChanged: _order,
    Filled: _fill,
    Commissioned: _commission,
    Noticed: _notice,
    Summary: _summary,
}
