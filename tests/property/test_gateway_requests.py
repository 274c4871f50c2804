"""Requests that were tampered with: whatever arrives, the gateway answers and goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.desk import Desk
from runner.gateway.faults_trouble import Trouble
from runner.gateway.market import SyntheticMarket
from runner.gateway.session import Session
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.frames import FrameBuffer, frame
from runner.wire.messages import (
    CancelHistoricalData,
    CancelMarketData,
    CancelOrder,
    CurrentTime,
    GlobalCancel,
    Request,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestContractDetails,
    RequestCurrentTime,
    RequestExecutions,
    RequestHeadTimestamp,
    RequestHistoricalData,
    RequestIds,
    RequestMarketData,
    RequestMarketRule,
    RequestMatchingSymbols,
    RequestOpenOrders,
    RequestPnl,
    RequestPnlSingle,
    RequestPositions,
    RequestPositionsMulti,
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
    RequestHistoricalData(request_id=5, contract=EURUSD), RequestPnl(request_id=6, account="DU1234567"),
    RequestPnlSingle(request_id=7, account="DU1234567", contract_id=12087792), StartApi(client_id=2),
    RequestMatchingSymbols(request_id=8, pattern="E"), RequestPositionsMulti(request_id=9),
    RequestAccountUpdatesMulti(request_id=10), RequestHeadTimestamp(request_id=11, contract=EURUSD, what_to_show="BID"),
    RequestHistoricalData(request_id=12, contract=EURUSD, bar_size="1 min", duration="1 D", what_to_show="BID",
                          keep_up_to_date=True), CancelHistoricalData(request_id=12),
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
    now = START
    session, client = Session(Desk(venue), Trouble(venue.settings.faults, lambda: now), 1), ClientSession()
    session.receive(client.greeting(), now)
    assert list(client.receive(session.take())) == []
    session.receive(client.start(1), now)
    for request, changes, cut, seconds in steps:
        now += timedelta(seconds=seconds)
        venue.advance(now)
        session.tick(int(now.timestamp()))
        session.receive(_tampered(client.encode(request), changes, cut), now)
        upcoming = venue.next_event()
        assert upcoming is None or upcoming > now
    session.receive(client.encode(RequestCurrentTime()), now)
    told = list(client.receive(session.take()))
    assert told[-1] == CurrentTime(time=int(now.timestamp()))
    assert not session.is_over
    trades = [fill.details.execution for fill in venue.fills_since(0)]
    filled = sum((one.shares * (1 if one.side == "BOT" else -1) for one in trades), Decimal(0))
    assert filled == sum((holding.units for holding in venue.account.holdings.values()), Decimal(0))
