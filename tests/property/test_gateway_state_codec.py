"""What is kept of orders, executions and the account comes back as it was, whatever its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.gateway.account import Holding
from runner.gateway.book import Entry
from runner.gateway.reports import Fill
from runner.gateway.state_codec import CodecError, from_text, to_text
from runner.wire.messages import (
    CommissionReport,
    ExecutionDetails,
    OrderCondition,
    WireExecution,
    WireOrder,
)

DECIMALS = st.one_of(
    st.decimals(allow_nan=False), st.sampled_from([Decimal("0.0"), Decimal("1E-9"), Decimal("25000.00")])
)
st.register_type_strategy(Decimal, DECIMALS)


@pytest.mark.parametrize("kind", [Entry, Fill, Holding, WireOrder, ExecutionDetails, CommissionReport])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_kept_comes_back(kind: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert from_text(kind, to_text(value)) == value


def test_only_what_differs_is_written() -> None:
    order = WireOrder(limit_price=Decimal("1.0850"), conditions=(OrderCondition(kind=3, time="x"),))
    assert to_text(order) == '{"limit_price":"1.0850","conditions":[{"kind":3,"time":"x"}]}'
    assert str(from_text(WireOrder, to_text(order)).limit_price) == "1.0850"
    assert to_text(WireExecution()) == "{}"


class Colour(Enum):
    """An Enum whose values are no JSON."""

    RED = object()


@dataclass(frozen=True, slots=True)
class Square:
    """One class of two."""

    side: int = 1


@dataclass(frozen=True, slots=True)
class Circle:
    """The other."""

    radius: int = 1


@dataclass(slots=True)
class Everything:
    """What an order may gain one day."""

    shape: Square | Circle | None = None
    colour: Colour = Colour.RED
    seen: datetime | None = None
    prices: dict[str, Decimal] = field(default_factory=dict)
    by_key: dict[tuple[int, int], list[Square]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    share: float = 0.5
    is_new: bool = False
    cache: object = field(default=None, metadata={"transient": True})


def test_what_an_order_may_gain_is_kept_too() -> None:
    for value in (
        Everything(),
        Everything(shape=Circle(2)),
        Everything(shape=Square()),
        Everything(seen=datetime(2025, 3, 5, tzinfo=UTC), prices={"USD": Decimal("1.10")}, is_new=True, share=1.0),
        Everything(by_key={(1, 2): [Square(3)]}, names=frozenset({"a", "\0\udc80"})),
    ):
        assert from_text(Everything, to_text(value)) == value
    assert "cache" not in to_text(Everything(cache=object()))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"nothing": 1}', '{"share": "x"}', '{"colour": "BLUE"}', '{"is_new": 1}',
     '{"prices": [["USD", "x"]]}', '{"prices": [["USD", 1]]}', '{"shape": {"~": "Cube", "value": {}}}',
     '{"by_key": 3}'],
)  # fmt: skip
def test_what_is_no_such_value_is_said(text: str) -> None:
    with pytest.raises(CodecError, match="not a Everything"):
        from_text(Everything, text)
