"""What an orderStatus means, word by word."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.core.contract import ContractSpec
from runner.core.facts import OrderStatusSeen
from runner.core.ids import OrderKey
from runner.core.order_state import Change
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce
from runner.lifecycle.reading import change_of

OPEN = datetime(2025, 1, 8, 15, 0, tzinfo=UTC)
BREAK = datetime(2025, 1, 8, 22, 0, tzinfo=UTC)  # 17:00 New York


def ticket(tif: TimeInForce = TimeInForce.DAY) -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="p", order="main", fire="once", role="entry"),
        role=Role.ENTRY,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=Decimal(25000),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.02"),
        time_in_force=tif,
    )


def status(text: str, filled: str = "0") -> OrderStatusSeen:
    return OrderStatusSeen(
        order_id=1,
        client_id=1,
        perm_id=2,
        status=text,
        filled=Decimal(filled),
        remaining=Decimal(25000) - Decimal(filled),
        average_price=None,
        why_held="",
    )


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("PreSubmitted", Change.HELD),
        ("Submitted", Change.ACKNOWLEDGED),
        ("PendingCancel", Change.CANCEL_REQUESTED),
        ("Cancelled", Change.CANCELLED),
        ("ApiCancelled", Change.CANCELLED),
        ("PendingSubmit", None),
        ("ApiPending", None),
        ("Inactive", None),
        ("NeverHeardOf", None),
        ("", None),
    ],
)
def test_each_word(text: str, change: Change | None) -> None:
    assert change_of(status(text), ticket(), OPEN, cancel_asked=False) is change


@pytest.mark.parametrize("text", ["Submitted", "Cancelled", "Inactive", "Filled", "odd"])
def test_a_full_quantity_is_a_fill_whatever_the_word(text: str) -> None:
    assert change_of(status(text, "25000"), ticket(), OPEN, cancel_asked=False) is Change.FULLY_FILLED


def test_a_day_order_that_lapses_is_expired() -> None:
    assert change_of(status("Cancelled"), ticket(), BREAK, cancel_asked=False) is Change.EXPIRED
    assert change_of(status("Cancelled"), ticket(), BREAK, cancel_asked=True) is Change.CANCELLED
    assert change_of(status("Cancelled"), ticket(TimeInForce.GTC), BREAK, cancel_asked=False) is Change.CANCELLED
