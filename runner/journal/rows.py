"""What the journal gives back: frozen rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class FireRow:
    """One fire; `state` is None while it is claimed and not yet sent."""

    plan: str
    order: str
    fire: str
    due: datetime
    state: FireState | None
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One order: the intent, and what is known of it."""

    ticket: OrderTicket
    state: OrderState
    filled: Decimal
    average_price: Decimal | None
    perm_id: int | None
    closed_with_run: bool  # a working order of a simulated run that ended: its gateway kept no state
    note: str  # the broker's or fxrun's reason for the state, "" for none


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionRow:
    """The latest revision of one execution, with its commission where it is known."""

    order_ref: str
    plan: str
    exec_id: str
    contract: str
    side: Side
    price: Decimal
    quantity: Decimal
    at: datetime
    commission: Decimal | None
    commission_currency: str | None
