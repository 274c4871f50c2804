"""What a test may ask a gateway about: its orders and executions, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from runner.gateway.book import Entry
from runner.gateway.reports import Fill

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One order as the gateway has it now."""

    client_id: int
    order_id: int
    perm_id: int  # 0 before it was transmitted
    order_ref: str
    instrument: str  # EUR.USD, AAPL
    side: str  # BUY or SELL
    quantity: Decimal
    filled: Decimal
    remaining: Decimal
    order_type: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    status: str  # as the last orderStatus says


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One fill, with what it cost."""

    exec_id: str
    client_id: int
    order_id: int
    perm_id: int
    order_ref: str
    instrument: str
    side: str  # BUY or SELL
    quantity: Decimal
    price: Decimal
    time: datetime
    commission: Decimal
    currency: str  # of the commission


def order(entry: Entry) -> Order:
    """Show an order."""
    terms = entry.order
    return Order(
        client_id=entry.client_id,
        order_id=entry.order_id,
        perm_id=entry.perm_id,
        order_ref=terms.order_ref,
        instrument=entry.pair,
        side=terms.action,
        quantity=entry.quantity,
        filled=entry.filled,
        remaining=entry.remaining,
        order_type=terms.order_type,
        limit_price=terms.limit_price,
        stop_price=terms.aux_price,
        time_in_force=terms.time_in_force,
        status=entry.status,
    )


def execution(fill: Fill) -> Execution:
    """Show a fill."""
    told, contract = fill.details.execution, fill.details.contract
    return Execution(
        exec_id=told.execution_id,
        client_id=told.client_id,
        order_id=told.order_id,
        perm_id=told.perm_id,
        order_ref=told.order_ref,
        instrument=contract.local_symbol,
        side="BUY" if told.side == "BOT" else "SELL",
        quantity=told.shares or ZERO,
        price=told.price or ZERO,
        time=datetime.fromtimestamp(fill.at, UTC),
        commission=fill.commission.commission or ZERO,
        currency=fill.commission.currency,
    )
