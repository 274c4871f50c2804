"""What is kept of orders, executions and the account comes back as it was, whatever its values."""

from __future__ import annotations

from decimal import Decimal

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


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", "{}", '{"nothing": 1}', '{"client_id": "x", "order_id": 1}', '{"stage": "nowhere"}',
     '{"client_id": 1, "order_id": 1, "contract": {}, "order": {"limit_price": 1.5}, "pair": "EUR.USD"}',
     '{"client_id": 1, "order_id": 1, "contract": 3, "order": {}, "pair": "EUR.USD"}'],
)  # fmt: skip
def test_what_is_no_such_value_is_said(text: str) -> None:
    with pytest.raises(CodecError, match="not a Entry"):
        from_text(Entry, text)
