"""A ticket as text and back: what recovery reads instead of expanding a plan again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from runner.core.ids import OrderKey
from runner.core.money import plain
from runner.core.ticket import PLAIN, OrderTicket, OrderType, Role, Side, Terms, TimeInForce, Trail
from runner.core.times import parse_time, stamp
from runner.journal import contracts

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def dump(ticket: OrderTicket) -> str:
    """Write a ticket as JSON; numbers are exact decimal text."""
    key = ticket.key
    fields = {
        "key": [key.plan, key.order, key.fire, key.role, key.attempt],
        "contract": contracts.told(ticket.contract),
        "side": ticket.side.value,
        "quantity": plain(ticket.quantity),
        "order_type": ticket.order_type.value,
        "limit_price": _text(ticket.limit_price),
        "stop_price": _text(ticket.stop_price),
        "time_in_force": ticket.time_in_force.value,
        **_rest(ticket),
    }
    return _ENCODER.encode(fields)


def load(text: str) -> OrderTicket:
    """Read back what `dump` wrote."""
    fields = json.loads(text)
    plan, order, fire, role, attempt = fields["key"]
    return OrderTicket(
        key=OrderKey(plan=plan, order=order, fire=fire, role=role, attempt=attempt),
        role=Role(fields.get("part", role)),
        contract=contracts.read(fields["contract"]),
        side=Side(fields["side"]),
        quantity=Decimal(fields["quantity"]),
        order_type=OrderType(fields["order_type"]),
        limit_price=_number(fields["limit_price"]),
        stop_price=_number(fields["stop_price"]),
        time_in_force=TimeInForce(fields["time_in_force"]),
        trail=_trail(fields.get("trail")),
        parent=fields.get("parent"),
        oca_group=fields.get("oca_group"),
        terms=_terms(fields.get("terms")),
    )


def _rest(ticket: OrderTicket) -> dict[str, object]:
    """Return what most orders do not have, as far as this one has it."""
    part = None if ticket.role.value == ticket.key.role else ticket.role.value
    trail = ticket.trail and [_text(ticket.trail.amount), _text(ticket.trail.percent), _text(ticket.trail.limit_offset)]
    terms = None if ticket.terms == PLAIN else _told(ticket.terms)
    rest = {"part": part, "trail": trail, "parent": ticket.parent, "oca_group": ticket.oca_group, "terms": terms}
    return {name: value for name, value in rest.items() if value is not None}


def _told(terms: Terms) -> dict[str, object]:
    return {
        "good_till": terms.good_till and stamp(terms.good_till),
        "good_after": terms.good_after and stamp(terms.good_after),
        "outside_rth": terms.outside_rth,
        "all_or_none": terms.all_or_none,
        "min_quantity": _text(terms.min_quantity),
        "cash_quantity": _text(terms.cash_quantity),
        "extra": [[name, type(value).__name__, _written(value)] for name, value in terms.extra],
    }


def _terms(fields: Mapping[str, Any] | None) -> Terms:
    if fields is None:
        return PLAIN
    return Terms(
        good_till=fields["good_till"] and parse_time(fields["good_till"], UTC),
        good_after=fields["good_after"] and parse_time(fields["good_after"], UTC),
        outside_rth=fields["outside_rth"],
        all_or_none=fields["all_or_none"],
        min_quantity=_number(fields["min_quantity"]),
        cash_quantity=_number(fields["cash_quantity"]),
        extra=tuple((name, _READ[kind](value)) for name, kind, value in fields["extra"]),
    )


def _written(value: str | bool | int | Decimal) -> str | bool | int:
    return plain(value) if isinstance(value, Decimal) else value


_READ: Mapping[str, Callable[[Any], str | bool | int | Decimal]] = {
    "str": str, "bool": bool, "int": int, "Decimal": Decimal,
}  # fmt: skip


def _trail(texts: Sequence[str | None] | None) -> Trail | None:
    if texts is None:
        return None
    amount, percent, limit_offset = (_number(text) for text in texts)
    return Trail(amount=amount, percent=percent, limit_offset=limit_offset)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
