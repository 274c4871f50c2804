"""Requests that were tampered with: whatever arrives, the gateway answers and goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.desk import Desk
from runner.gateway.market import SyntheticMarket
from runner.gateway.session import Session
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.frames import FrameBuffer, frame
from runner.wire.messages import (
    CancelMarketData,
    CancelOrder,
    CurrentTime,
    GlobalCancel,
    Request,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestContractDetails,
    RequestCurrentTime,
    RequestExecutions,
    RequestHistoricalData,
    RequestIds,
    RequestMarketData,
    RequestMarketRule,
    RequestOpenOrders,
    RequestPnl,
    RequestPositions,
    StartApi,
)
from runner.wire.session import ClientSession
from tests.integration.gateway_peer import EURUSD, START, order

REQUESTS: tuple[Request, ...] = (
    order(1), order(2, "SELL", "LMT", limit="1.06"), order(3, "BUY", "STP LMT", stop="1.1", limit="1.2"),
    order(4, "BUY", "LMT", limit="1.0", transmit=False), order(5, "SELL", "STP", stop="0.9", parent_id=4),
    order(6, what_if=True), order(7, "BUY", "LMT", limit="1.05", oca_group="g", time_in_force="IOC"),
    CancelOrder(order_id=2), GlobalCancel(), RequestIds(), RequestOpenOrders(), RequestPositions(),
    RequestExecutions(request_id=1), RequestAccountSummary(request_id=2, tags="$LEDGER:ALL,NetLiquidation"),
    RequestAccountUpdates(subscribe=True), RequestContractDetails(request_id=3, contract=EURUSD),
    RequestMarketData(request_id=4, contract=EURUSD), CancelMarketData(request_id=4), RequestMarketRule(rule_id=239),
    RequestHistoricalData(request_id=5, contract=EURUSD), RequestPnl(request_id=6), StartApi(client_id=2),
)  # fmt: skip
NASTY = st.sampled_from(
    ["", "-1", "0", "1", "4", "NaN", "inf", "1e308", "1e-308", "-1e300", "9" * 40, "x", "1.00003", "1e12", "EUR", "USD",
     "CASH", "BUY", "SELL", "MKT", "LMT", "STP", "GTC", "IOC", "g", "é", "\n", "2147483648", "a" * 5000]
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(REQUESTS),
        st.lists(st.tuples(st.integers(1, 20), NASTY), max_size=3),
        st.integers(0, 3),  # fields cut off at the end
        st.sampled_from([0, 1, 3600, 86400]),  # seconds that pass
    ),
    max_size=12,
)


def _tampered(wire: bytes, changes: list[tuple[int, str]], cut: int) -> bytes:
    (fields,) = FrameBuffer().receive(wire)
    changed = list(fields)
    for place, value in changes:
        if place < len(changed):
            changed[place] = value
    return frame(changed[: max(1, len(changed) - cut)])


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_arrives_is_answered(
    steps: list[tuple[Request, list[tuple[int, str]], int, int]],
) -> None:
    venue = Venue(SyntheticMarket(1), GatewaySettings())
    session, client = Session(Desk(venue)), ClientSession()
    now = START
    session.receive(client.greeting(), now)
    assert list(client.receive(session.take())) == []
    session.receive(client.start(1), now)
    for request, changes, cut, seconds in steps:
        now += timedelta(seconds=seconds)
        venue.advance(now)
        session.receive(_tampered(client.encode(request), changes, cut), now)
        upcoming = venue.next_event()
        assert upcoming is None or upcoming > now
    session.receive(client.encode(RequestCurrentTime()), now)
    told = list(client.receive(session.take()))
    assert told[-1] == CurrentTime(time=int(now.timestamp()))
    assert not session.is_over
    filled = sum((entry.filled * (1 if entry.is_buy else -1) for entry in venue.book.entries.values()), Decimal(0))
    assert filled == sum((holding.units for holding in venue.account.holdings.values()), Decimal(0))
