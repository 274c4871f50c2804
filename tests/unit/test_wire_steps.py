"""Messages of one version share what was made ready for it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from runner.wire.bodies import read_request, write
from runner.wire.errors import WireError
from runner.wire.messages import PlaceOrder, StartApi, WireContract, WireOrder

ORDER = WireOrder(action="BUY", order_type="LMT", total_quantity=Decimal(1), limit_price=Decimal("1.0"))


def _placed(**changes: object) -> PlaceOrder:
    return PlaceOrder(order_id=1, contract=WireContract(symbol="EUR"), order=replace(ORDER, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [100, 178, 226])
def test_equal_numbers_keep_their_own_digits(version: int) -> None:
    first, second = (write(_placed(limit_price=Decimal(text)), version) for text in ("1.0", "1.25"))
    again = write(_placed(limit_price=Decimal("1.0")), version)
    assert again == first != second


def test_a_quantity_is_written_with_the_digits_it_has() -> None:
    assert b"\x001.0\0" in write(_placed(total_quantity=Decimal("1.0")), 178)
    assert b"\x001.00\0" in write(_placed(total_quantity=Decimal("1.00")), 178)


@pytest.mark.parametrize("version", [100, 178, 226])
def test_orders_read_one_after_the_other_keep_their_own_values(version: int) -> None:
    orders = [_placed(action=action, order_ref=ref) for action in ("BUY", "SELL") for ref in ("a", "b", "a")]
    read = [read_request(write(placed, version)[4:], version) for placed in orders]
    assert [(one.order.action, one.order.order_ref) for one in read if isinstance(one, PlaceOrder)] == [
        (placed.order.action, placed.order.order_ref) for placed in orders
    ]


def test_a_message_that_ends_early_is_none_however_often_it_comes() -> None:
    for _ in range(2):
        with pytest.raises(WireError, match="ends before this field"):
            read_request(b"71\x002\0", 178)
        assert read_request(b"71\x002\x005\0\0", 178) == StartApi(client_id=5)
