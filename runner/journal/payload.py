"""A ticket as text and back: what recovery reads instead of expanding a plan again."""

from __future__ import annotations

import json
from decimal import Decimal

from runner.core.contract import ContractSpec
from runner.core.ids import OrderKey
from runner.core.money import plain
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce


def dump(ticket: OrderTicket) -> str:
    """Write a ticket as JSON; numbers are exact decimal text."""
    key, contract = ticket.key, ticket.contract
    fields = {
        "key": [key.plan, key.order, key.fire, key.role, key.attempt],
        "contract": [contract.symbol, contract.currency, contract.sec_type, contract.exchange],
        "side": ticket.side.value,
        "quantity": plain(ticket.quantity),
        "order_type": ticket.order_type.value,
        "limit_price": _text(ticket.limit_price),
        "stop_price": _text(ticket.stop_price),
        "time_in_force": ticket.time_in_force.value,
    }
    return json.dumps(fields, separators=(",", ":"))


def load(text: str) -> OrderTicket:
    """Read back what `dump` wrote."""
    fields = json.loads(text)
    plan, order, fire, role, attempt = fields["key"]
    symbol, currency, sec_type, exchange = fields["contract"]
    return OrderTicket(
        key=OrderKey(plan=plan, order=order, fire=fire, role=role, attempt=attempt),
        role=Role(role),
        contract=ContractSpec(symbol=symbol, currency=currency, sec_type=sec_type, exchange=exchange),
        side=Side(fields["side"]),
        quantity=Decimal(fields["quantity"]),
        order_type=OrderType(fields["order_type"]),
        limit_price=_number(fields["limit_price"]),
        stop_price=_number(fields["stop_price"]),
        time_in_force=TimeInForce(fields["time_in_force"]),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
