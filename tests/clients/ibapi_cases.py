"""The official client, of whatever generation is installed, against a simulated gateway.

    python ibapi_cases.py PORT [CASE ...]

One JSON line a case; exit 1 if one failed. The gateway's time should run some 240 times as fast as the wall's, in hours
in which currencies trade and stocks only outside their regular hours.
"""

from __future__ import annotations

import logging
import sys
import time
from decimal import Decimal
from threading import Thread
from typing import Any

from cases import Complaints, run, wait_for
from ibapi.order_condition import PriceCondition, TimeCondition
from ibapi.scanner import ScannerSubscription
from ibapi_peer import App, contract, executed, names, order, ticks

PORT = int(sys.argv[1])
COMPLAINTS = Complaints()
EURUSD = contract()
STOCK = {"secType": "STK", "exchange": "SMART", "currency": "USD"}
AAPL = contract(symbol="AAPL", **STOCK)
app = App(COMPLAINTS)


def connect() -> None:
    began = time.monotonic()
    app.join(PORT, 71)
    assert app.serverVersion() >= 100
    assert time.monotonic() - began < 4


# --- what is traded


def _details(**fields: Any) -> list[Any]:
    request_id = app.id()
    app.reqContractDetails(request_id, contract(**fields))
    app.first("contractDetailsEnd", lambda at: at == request_id)
    return [found for at, found in app.all("contractDetails") if at == request_id]


def details() -> None:
    (found,) = _details(symbol="EUR", currency="USD", secType="CASH", exchange="IDEALPRO")
    assert found.contract.conId == 12087792
    assert found.contract.localSymbol == "EUR.USD"
    assert (found.minTick, found.marketRuleIds) == (0.00005, "239")
    assert found.tradingHours
    assert found.timeZoneId
    assert _details(conId=12087792)[0].contract.symbol == "EUR"
    assert _details(localSymbol="EUR.USD", secType="CASH", exchange="IDEALPRO")[0].contract.conId == 12087792


def ambiguous() -> None:
    found = _details(symbol="EUR", secType="CASH", exchange="IDEALPRO")
    assert len({one.contract.conId for one in found}) > 3, found


def unknown() -> None:
    app.reqContractDetails(app.id(), contract(symbol="QQQQX", **STOCK))
    assert "No security definition" in app.refused(app.request_id, 200)
    app.refused(app.place(contract(symbol="QQQQX", **STOCK), order("BUY", "MKT", 1)), 200)


def no_exchange() -> None:
    assert "exchange" in app.refused(app.place(contract(conId=12087792), order("BUY", "MKT")), 321)


def stock() -> None:
    assert [_details(symbol=one, **STOCK)[0].contract.conId for one in ("AAPL", "SPY")] == [265598, 756733]
    one = app.place(AAPL, order("BUY", "LMT", 10, lmtPrice=1.0, outsideRth=True))
    app.status(one, "Submitted")
    app.cancel(one)
    app.cancelled(one)


def future() -> None:
    found = _details(symbol="EUR", secType="FUT", exchange="CME", currency="USD")
    assert len(found) > 1, found
    near = min(found, key=lambda one: one.contract.lastTradeDateOrContractMonth).contract
    assert near.multiplier == "125000", near
    app.filled(app.place(contract(conId=near.conId, exchange="CME"), order("BUY", "MKT", 1)), 1)


def gold() -> None:
    app.filled(app.place(contract(symbol="XAUUSD", secType="CMDTY", exchange="SMART"), order("BUY", "MKT", 10)), 10)


# --- kinds of orders


def market() -> None:
    one = app.place(EURUSD, order("BUY", "MKT", orderRef="a reference"))
    assert app.filled(one).perm_id > 0
    assert [told.orderRef for told in app.executions(one)] == ["a reference"]


def limit() -> None:
    app.filled(app.place(EURUSD, order("BUY", "LMT", lmtPrice=5.0)))
    told = app.filled(app.place(EURUSD, order("SELL", "LMT", lmtPrice=0.5)))
    assert told.average > 0.9, told


def _armed(resting: Any, electing: Any) -> None:
    """Let one order wait for its trigger, and another one find it met."""
    one = app.place(EURUSD, resting)
    assert app.status(one, "PreSubmitted").why_held == "trigger"
    app.cancel(one)
    app.cancelled(one)
    app.filled(app.place(EURUSD, electing))


def stop() -> None:
    _armed(order("BUY", "STP", auxPrice=5.0), order("BUY", "STP", auxPrice=0.5))


def stop_limit() -> None:
    _armed(order("SELL", "STP LMT", auxPrice=0.5, lmtPrice=0.4), order("SELL", "STP LMT", auxPrice=5.0, lmtPrice=0.5))


def trail() -> None:
    _armed(order("SELL", "TRAIL", auxPrice=0.2), order("SELL", "TRAIL", auxPrice=0.0001))
    one = app.place(EURUSD, order("BUY", "TRAIL", trailingPercent=10.0))
    app.status(one, "PreSubmitted")
    app.cancel(one)
    app.cancelled(one)


def trail_limit() -> None:
    bid, _ = app.quote(EURUSD)
    far = {"auxPrice": 0.2, "trailStopPrice": ticks(bid - 0.2), "lmtPriceOffset": 0.01}
    near = {"auxPrice": 0.0001, "trailStopPrice": ticks(bid, -2), "lmtPriceOffset": 0.01}
    _armed(order("SELL", "TRAIL LIMIT", **far), order("SELL", "TRAIL LIMIT", **near))


def market_if_touched() -> None:
    _armed(order("BUY", "MIT", auxPrice=0.5), order("BUY", "MIT", auxPrice=5.0))


def limit_if_touched() -> None:
    _armed(order("SELL", "LIT", auxPrice=5.0, lmtPrice=5.0), order("SELL", "LIT", auxPrice=0.5, lmtPrice=0.5))


# --- how long they are good


def good_till_cancelled() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, tif="GTC"))
    app.status(one, "Submitted")
    assert app.opened(one).tif == "GTC"
    app.cancel(one)
    app.cancelled(one)


def immediate_or_cancel() -> None:
    app.filled(app.place(EURUSD, order("BUY", "LMT", lmtPrice=5.0, tif="IOC")))
    app.cancelled(app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, tif="IOC")))


def fill_or_kill() -> None:
    app.filled(app.place(EURUSD, order("BUY", "LMT", lmtPrice=5.0, tif="FOK")))
    app.cancelled(app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, tif="FOK")))


def good_till_date() -> None:
    until = app.later(90).replace("-", " ") + " UTC"
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, tif="GTD", goodTillDate=until))
    app.status(one, "Submitted")
    assert app.status(one, "Cancelled").remaining == 25000
    app.expected.add(202)


def good_after_time() -> None:
    one = app.place(EURUSD, order("BUY", "MKT", goodAfterTime=app.later(90)))
    app.status(one, "PreSubmitted")
    assert not app.executions(one)
    app.filled(one)


def outside_hours() -> None:
    app.expected.add(399)
    held = app.place(AAPL, order("BUY", "LMT", 10, lmtPrice=2000.0))
    app.status(held, "PreSubmitted")
    app.filled(app.place(AAPL, order("BUY", "LMT", 10, lmtPrice=2000.0, outsideRth=True)), 10)
    assert not app.executions(held)
    app.cancel(held)
    app.cancelled(held)


# --- quantities


def cash_quantity() -> None:
    one = app.place(EURUSD, order("BUY", "MKT", 0, cashQty=50000.0))
    app.status(one, "Filled")
    app.first("execDetails", lambda _, __, execution: execution.orderId == one)
    units = sum(Decimal(str(told.shares)) for told in app.executions(one))
    price = app.executions(one)[0].price
    assert abs(float(units) * price - 50000) < 2 * price, (units, price)


def all_or_none() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", 40000, lmtPrice=5.0, allOrNone=True))
    app.filled(one, 40000)
    assert len(app.executions(one)) == 1
    assert app.opened(one).allOrNone


def minimum_quantity() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", 40000, lmtPrice=5.0, minQty=20000))
    app.filled(one, 40000)
    assert min(Decimal(str(told.shares)) for told in app.executions(one)) >= 20000


def part_fills() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", 12_000_000, lmtPrice=5.0))
    app.filled(one, 12_000_000)
    told = app.executions(one)
    assert len(told) > 1, told
    assert len({execution.execId for execution in told}) == len(told)
    sums = [sum(Decimal(str(each.shares)) for each in told[: place + 1]) for place in range(len(told))]
    assert [Decimal(str(execution.cumQty)) for execution in told] == sums
    app.filled(app.place(EURUSD, order("SELL", "MKT", 12_000_000)), 12_000_000)


def odd_lot() -> None:
    one = app.place(EURUSD, order("BUY", "MKT", 5000))
    assert "odd lot" in app.refused(one, 399)
    app.filled(one, 5000)


# --- orders that belong together


def _bracket(**exits: Any) -> tuple[int, int, int]:
    """Place a bracket whose parent rests, then let the parent be filled."""
    parent = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, transmit=False))
    child = {"parentId": parent}
    profit = app.place(EURUSD, order("SELL", "LMT", lmtPrice=5.0, transmit=False, **child))
    loss = app.place(EURUSD, order("SELL", "STP", auxPrice=0.4, **child))
    app.status(parent, "Submitted")
    assert {app.status(one, "PreSubmitted").why_held for one in (profit, loss)} <= {"child", "child,trigger"}
    app.placeOrder(parent, EURUSD, order("BUY", "LMT", lmtPrice=5.0))
    app.filled(parent)
    app.status(profit, "Submitted")
    app.first("status", lambda *told: (told[0], told[1], told[9]) == (loss, "PreSubmitted", "trigger"), what="armed")
    perm_ids = {told[5] for told in app.all("status", lambda at, *_: at in (parent, profit, loss))}
    assert len(perm_ids) == 3, perm_ids
    return parent, profit, loss


def bracket_profit() -> None:
    parent, profit, loss = _bracket()
    app.placeOrder(profit, EURUSD, order("SELL", "LMT", lmtPrice=0.5, parentId=parent))
    app.filled(profit)
    app.cancelled(loss)


def bracket_loss() -> None:
    parent, profit, loss = _bracket()
    app.placeOrder(loss, EURUSD, order("SELL", "STP", auxPrice=5.0, parentId=parent))
    app.filled(loss)
    app.cancelled(profit)


def _oca(kind: int) -> None:
    group = {"ocaGroup": f"group {kind} of {app.next_id}", "ocaType": kind}
    one, other = (app.place(EURUSD, order("BUY", "LMT", lmtPrice=price, **group)) for price in (0.5, 0.51))
    app.status(one, "Submitted")
    app.status(other, "Submitted")
    app.placeOrder(one, EURUSD, order("BUY", "LMT", lmtPrice=5.0, **group))
    app.filled(one)
    app.cancelled(other)
    app.cancel(other)
    assert "state: Cancelled" in app.refused(other, 10148)


def modify() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    before = app.status(one, "Submitted")
    app.placeOrder(one, EURUSD, order("BUY", "LMT", 30000, lmtPrice=0.51))
    changed = app.opened(one, lambda told: told.lmtPrice == 0.51)
    assert Decimal(str(changed.totalQuantity)) == 30000
    app.placeOrder(one, EURUSD, order("BUY", "LMT", 30000, lmtPrice=5.0))
    assert app.filled(one, 30000).perm_id == before.perm_id


def condition_time() -> None:
    wanted = order("BUY", "MKT")
    wanted.conditions = [TimeCondition(True, app.later(90))]
    one = app.place(EURUSD, wanted)
    app.status(one, "PreSubmitted")
    assert not app.executions(one)
    app.filled(one)
    assert app.opened(one).conditions[0].time == wanted.conditions[0].time


def condition_price() -> None:
    wanted = order("BUY", "MKT")
    wanted.conditions = [PriceCondition(0, 12087792, "IDEALPRO", True, 5.0)]
    one = app.place(EURUSD, wanted)
    app.status(one, "PreSubmitted")
    wanted.conditions = [PriceCondition(0, 12087792, "IDEALPRO", True, 0.5)]
    app.placeOrder(one, EURUSD, wanted)
    app.filled(one)


# --- ends and refusals


def cancel() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    app.status(one, "Submitted")
    app.cancel(one)
    assert app.cancelled(one).remaining == 25000
    held = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, transmit=False))
    app.cancel(held)
    app.status(held, "ApiCancelled")
    app.expected.add(202)


def cancel_unknown() -> None:
    app.cancel(app.next_id + 1000)
    assert "is not found" in app.refused(app.next_id + 1000, 10147)


def cancel_filled() -> None:
    one = app.place(EURUSD, order("BUY", "MKT"))
    app.filled(one)
    app.cancel(one)
    assert "state: Filled" in app.refused(one, 10148)


def cancel_twice() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    app.status(one, "Submitted")
    app.cancel(one)
    app.cancel(one)
    app.refused(one, 10148)
    app.cancelled(one)
    assert len([told for told in app.all("error") if told[:2] == (one, 202)]) == 1


def duplicate_id() -> None:
    one = app.place(EURUSD, order("BUY", "MKT"))
    app.filled(one)
    app.placeOrder(one, EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    app.refused(one, 104)
    other = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    app.status(other, "Submitted")
    app.cancel(other)
    app.cancelled(other)
    app.placeOrder(other, EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    app.refused(other, 103)


def price_off_the_tick() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.500013))
    app.refused(one, 110)
    assert not app.all("status", lambda at, *_: at == one)


def margin() -> None:
    one = app.place(EURUSD, order("BUY", "LMT", 900_000_000, lmtPrice=0.5))
    app.status(one, "Inactive")
    assert "margin" in app.refused(one, 201).lower()


def what_if() -> None:
    one = app.place(EURUSD, order("BUY", "MKT", whatIf=True))
    told = app.first("openOrder", lambda at, *_: at == one)
    assert float(told[3].initMarginChange) > 0
    assert getattr(told[3], "commissionAndFees", getattr(told[3], "commission", 0)) == 2
    app.reqOpenOrders()
    app.first("openOrderEnd")
    assert not app.all("status", lambda at, *_: at == one)


def global_cancel() -> None:
    resting = [app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5 + place / 100)) for place in range(3)]
    for one in resting:
        app.status(one, "Submitted")
    app.cancel_all()
    for one in resting:
        app.cancelled(one)
    app.reqAllOpenOrders()
    app.first("openOrderEnd")
    ends = [told[:2] for told in app.all("error") if told[1] == 202]
    assert len(ends) == len(set(ends)), ends
    app.filled(app.place(EURUSD, order("BUY", "MKT")))


def kind_refused() -> None:
    one = app.place(EURUSD, order("BUY", "PASSV REL", lmtPrice=0.5))
    app.refused(one, 387)


# --- other clients


def two_clients() -> None:
    other = App(COMPLAINTS)
    other.join(PORT, 72)
    one = other.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, orderRef="the other's"))
    other.status(one, "Submitted")
    app.reqOpenOrders()
    app.first("openOrderEnd")
    assert "the other's" not in [told[2].orderRef for told in app.all("openOrder")]
    app.reqAllOpenOrders()
    app.first("openOrder", lambda _, __, told, ___: told.orderRef == "the other's" and told.clientId == 72)
    app.cancel(one + 5000)
    app.refused(one + 5000, 10147)
    other.filled(other.place(EURUSD, order("BUY", "MKT")))
    app.reqPositions()
    app.first("positionEnd")
    assert not app.all("execDetails"), "executions of others came unasked"
    other.cancel(one)
    other.cancelled(one)
    assert not other.verdict()
    other.disconnect()


def id_in_use() -> None:
    other = App(COMPLAINTS)
    other.connect("127.0.0.1", PORT, 71)
    Thread(target=other.run, daemon=True).start()
    assert "already in use" in other.refused(-1, 326)
    other.first("connectionClosed")
    assert app.now()


def client_0() -> None:
    other = App(COMPLAINTS)
    other.join(PORT, 0)
    other.reqAutoOpenOrders(True)
    other.filled(other.place(EURUSD, order("BUY", "MKT")))
    assert not other.verdict()
    other.disconnect()
    app.reqAutoOpenOrders(True)
    app.refused(-1, 321)


# --- data


def streaming() -> None:
    request_id = app.id()
    app.reqMktData(request_id, EURUSD, "", False, False, [])
    for kind in (1, 2):
        app.first("tickPrice", lambda at, told, price, *_, one=kind: (at, told) == (request_id, one) and price > 0)
    for kind in (0, 3):
        app.first("tickSize", lambda at, told, size, one=kind: (at, told) == (request_id, one) and size > 0)
    app.first("tickPrice", lambda *_: len(app.all("tickPrice")) > 6, what="more ticks")
    app.cancelMktData(request_id)
    app.now()
    count = len(app.all("tickPrice"))
    time.sleep(0.1)
    assert len(app.all("tickPrice")) == count


def snapshot() -> None:
    bid, ask = app.quote(EURUSD)
    assert 0 < bid < ask
    assert app.seen("tickPrice", "tickSnapshotEnd")[-1][0] == "tickSnapshotEnd"


def quotes_of_a_stock() -> None:
    request_id = app.id()
    app.reqMktData(request_id, AAPL, "", False, False, [])
    for kind in (1, 2, 4, 9):  # bid, ask, last, close of the day before
        app.first("tickPrice", lambda at, told, price, *_, one=kind: (at, told) == (request_id, one) and price > 10)
    app.first("tickSize", lambda at, kind, size: (at, kind) == (request_id, 8) and size >= 0, what="volume")
    app.cancelMktData(request_id)


def no_subscription() -> None:
    ibm = contract(symbol="IBM", **STOCK)
    request_id = app.id()
    app.reqMktData(request_id, ibm, "", False, False, [])
    app.refused(request_id, 10089)
    app.reqMarketDataType(3)
    app.reqMktData(app.id(), ibm, "", False, False, [])
    app.refused(app.request_id, 10167)
    app.first("marketDataType", lambda at, kind: (at, kind) == (app.request_id, 3))
    app.first("tickPrice", lambda at, kind, *_: (at, kind) == (app.request_id, 66), what="delayed bid")
    app.cancelMktData(app.request_id)
    app.reqMarketDataType(1)


def duplicate_ticker() -> None:
    request_id = app.id()
    for _ in range(2):
        app.reqMktData(request_id, EURUSD, "", False, False, [])
    app.refused(request_id, 102)
    app.cancelMktData(request_id)


def unknown_ticker() -> None:
    app.cancelMktData(99999)
    app.refused(99999, 300)


def _history(what: str, *, keep: bool = False, duration: str = "3600 S", size: str = "5 mins", shape: int = 2) -> int:
    request_id = app.id()
    app.reqHistoricalData(request_id, EURUSD, "", duration, size, what, 0, shape, keep, [])
    return request_id


def history() -> None:
    asked = _history("MIDPOINT")
    app.first("historicalDataEnd", lambda at, *_: at == asked)
    bars = [bar for at, bar in app.all("historicalData") if at == asked]
    assert len(bars) in (12, 13), bars
    times = [int(bar.date) for bar in bars]
    assert times[1:] == list(range(times[1], times[1] + 300 * (len(bars) - 1), 300)), times
    assert all(0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    asked = _history("BID", duration="1 M", size="1 day", shape=1)
    app.first("historicalDataEnd", lambda at, *_: at == asked)
    days = [bar.date for at, bar in app.all("historicalData") if at == asked]
    assert 18 <= len(days) <= 24, days
    assert days == sorted(days)


def history_kept_up() -> None:
    asked = _history("MIDPOINT", keep=True)
    app.first("historicalDataEnd", lambda at, *_: at == asked)
    app.first("historicalDataUpdate", lambda at, bar: at == asked and bar.close > 0)
    app.cancelHistoricalData(asked)


def head_timestamp() -> None:
    request_id = app.id()
    app.reqHeadTimeStamp(request_id, EURUSD, "MIDPOINT", 0, 1)
    told = app.first("headTimestamp", lambda at, _: at == request_id)
    assert "1990" < told[1] < "2025", told
    app.cancelHeadTimeStamp(request_id)


def no_trades_bars() -> None:
    app.refused(_history("TRADES"), 162)


def matching_symbols() -> None:
    request_id = app.id()
    app.reqMatchingSymbols(request_id, "AAP")
    found = app.first("symbolSamples", lambda at, _: at == request_id)[1]
    assert 265598 in [one.contract.conId for one in found], found


def market_rule() -> None:
    app.reqMarketRule(239)
    _, increments = app.first("marketRule", lambda rule, _: rule == 239)
    assert [(one.lowEdge, one.increment) for one in increments] == [(0, 0.00005)], increments


# --- account


def summary() -> None:
    request_id = app.id()
    tags = {"NetLiquidation", "BuyingPower", "AvailableFunds", "FullInitMarginReq", "AccountType", "Cushion"}
    app.reqAccountSummary(request_id, "All", ",".join(sorted(tags)))
    app.first("accountSummaryEnd", lambda at: at == request_id)
    told = {tag: value for at, _, tag, value, _ in app.all("accountSummary") if at == request_id}
    assert told.keys() == tags, told
    assert float(told["NetLiquidation"]) > 0
    app.cancelAccountSummary(request_id)


def ledger() -> None:
    request_id = app.id()
    app.reqAccountSummary(request_id, "All", "$LEDGER:ALL")
    app.first("accountSummaryEnd", lambda at: at == request_id)
    cash = {unit: value for at, _, tag, value, unit in app.all("accountSummary") if tag.endswith("TotalCashBalance")}
    assert {"BASE", "EUR", "USD"} <= cash.keys(), cash
    app.cancelAccountSummary(request_id)


def updates() -> None:
    app.reqAccountUpdates(True, "")
    app.first("accountDownloadEnd", lambda account: account)
    values = {(key, unit): value for key, value, unit, _ in app.all("updateAccountValue")}
    assert float(values["NetLiquidation", "USD"]) > 0
    assert "EUR.USD" in [told[0].localSymbol for told in app.all("updatePortfolio")]
    assert app.all("updateAccountTime")
    app.reqAccountUpdates(False, "")
    assert "unsubscribed" in app.refused(-1, 2100)


def updates_multi() -> None:
    request_id = app.id()
    app.reqAccountUpdatesMulti(request_id, "DU1234567", "", False)
    app.first("accountUpdateMultiEnd", lambda at: at == request_id)
    keys = {key for at, _, _, key, *_ in app.all("accountUpdateMulti") if at == request_id}
    assert {"NetLiquidation", "TotalCashBalance"} <= {key.removeprefix("$LEDGER-") for key in keys}, keys
    app.cancelAccountUpdatesMulti(request_id)


def positions() -> None:
    app.reqPositions()
    app.first("positionEnd")
    held = {told[1].localSymbol: Decimal(str(told[2])) for told in app.all("position")}
    app.filled(app.place(EURUSD, order("BUY", "MKT")))
    after = held.get("EUR.USD", 0) + 25000
    app.first("position", lambda _, what, units, __: what.localSymbol == "EUR.USD" and Decimal(str(units)) == after)
    app.cancelPositions()


def positions_multi() -> None:
    request_id = app.id()
    app.reqPositionsMulti(request_id, "DU1234567", "")
    app.first("positionMultiEnd", lambda at: at == request_id)
    assert "EUR.USD" in [told[3].localSymbol for told in app.all("positionMulti")]
    app.cancelPositionsMulti(request_id)


def profit() -> None:
    request_id = app.id()
    app.reqPnL(request_id, "DU1234567", "")
    app.first("pnl", lambda at, *_: at == request_id)
    app.cancelPnL(request_id)


def profit_of_one() -> None:
    request_id = app.id()
    app.reqPnLSingle(request_id, "DU1234567", "", 12087792)
    told = app.first("pnlSingle", lambda at, *_: at == request_id)
    assert Decimal(str(told[1])) > 0, told
    app.cancelPnLSingle(request_id)


def _executions(**filters: Any) -> list[Any]:
    request_id = app.id()
    app.reqExecutions(request_id, executed(**filters))
    app.first("execDetailsEnd", lambda at: at == request_id)
    return [execution for at, _, execution in app.all("execDetails") if at == request_id]


def executions() -> None:
    app.filled(app.place(EURUSD, order("SELL", "MKT")))
    app.filled(app.place(EURUSD, order("BUY", "MKT")))
    assert {"BOT", "SLD"} == {one.side for one in _executions()}
    assert {"SLD"} == {one.side for one in _executions(side="SELL", symbol="EUR", secType="CASH")}
    assert not _executions(symbol="GBP")
    assert not _executions(clientId=4711)


def completed_orders() -> None:
    app.filled(app.place(EURUSD, order("BUY", "MKT", orderRef="done")))
    app.reqCompletedOrders(True)
    app.first("completedOrdersEnd")
    told = [(what.orderRef, state.status) for _, what, state in app.all("completedOrder")]
    assert ("done", "Filled") in told, told


def family_codes() -> None:
    app.reqFamilyCodes()
    assert app.first("familyCodes")[0][0].accountID == "DU1234567"


def user_info() -> None:
    request_id = app.id()
    app.need("reqUserInfo", 165)(request_id)
    app.first("userInfo", lambda at, _: at == request_id)


def times() -> None:
    assert app.now() > 1_700_000_000
    if not hasattr(app, "reqCurrentTimeInMillis") or app.serverVersion() < 197:
        return
    app.reqCurrentTimeInMillis()
    assert abs(app.first("currentTimeInMillis")[0] / 1000 - app.now()) < 600


# --- the rest


def not_offered() -> None:
    wanted = ScannerSubscription()
    wanted.instrument, wanted.locationCode, wanted.scanCode = "STK", "STK.US", "TOP_PERC_GAIN"
    app.reqScannerSubscription(app.id(), wanted, [], [])
    app.refused(app.request_id)
    app.reqMktDepth(app.id(), EURUSD, 5, False, [])
    app.refused(app.request_id)
    app.reqTickByTickData(app.id(), EURUSD, "BidAsk", 0, False)
    app.refused(app.request_id)
    app.reqRealTimeBars(app.id(), EURUSD, 5, "MIDPOINT", False, [])
    app.refused(app.request_id)
    app.reqHistoricalTicks(app.id(), EURUSD, "", "20250304-12:00:00", 10, "MIDPOINT", 0, False, [])
    app.refused(app.request_id)
    if hasattr(app, "reqFundamentalData"):  # until 10.47
        app.reqFundamentalData(app.id(), AAPL, "ReportSnapshot", [])
        app.refused(app.request_id)
    app.reqSecDefOptParams(app.id(), "AAPL", "", "STK", 265598)
    app.first("securityDefinitionOptionParameterEnd", lambda at: at == app.request_id)
    app.reqSmartComponents(app.id(), "a")
    app.first("smartComponents", lambda at, found: at == app.request_id and not found)
    for request, answer in (
        (app.reqNewsProviders, "newsProviders"),
        (app.reqMktDepthExchanges, "mktDepthExchanges"),
        (app.reqScannerParameters, "scannerParameters"),
    ):
        request()
        app.first(answer)
    assert app.now()


def _join_again() -> App:
    """Connect until the id is free: an ibapi's socket is only closed once its reader's second is over."""
    for _ in range(30):
        again = App(COMPLAINTS)
        again.connect("127.0.0.1", PORT, 71)
        Thread(target=again.run, daemon=True).start()
        ends = {"nextValidId", "connectionClosed"}
        if wait_for("an answer", lambda one=again, ends=ends: ends & set(names(one.events))) == {"nextValidId"}:
            again.welcome()
            return again
        time.sleep(0.1)
    raise AssertionError("the id is still in use")


def reconnect() -> None:
    global app
    resting = app.place(EURUSD, order("BUY", "LMT", lmtPrice=0.55, tif="GTC", orderRef="stays"))
    perm_id = app.status(resting, "Submitted").perm_id
    filled = app.place(EURUSD, order("BUY", "MKT"))
    app.filled(filled)
    before = {one.execId for one in app.executions(filled)}
    left, next_id = app.verdict(), app.next_id
    app.disconnect()
    app = _join_again()
    assert not left, left
    assert app.next_id >= next_id, (app.next_id, next_id)
    app.reqOpenOrders()
    app.first("openOrderEnd")
    told = app.opened(resting)
    assert (told.permId, told.lmtPrice, told.orderRef, told.tif) == (perm_id, 0.55, "stays", "GTC")
    assert before <= {one.execId for one in _executions()}
    for exec_id in before:
        app.first("commission", lambda told, *_, one=exec_id: told == one)
    app.cancel(resting)
    app.cancelled(resting)
    app.filled(app.place(EURUSD, order("BUY", "MKT")))


def _name(function: str) -> str:
    return function.replace("_", " ").replace("bracket ", "bracket, ").replace("condition ", "condition: ")


FUNCTIONS = {
    _name(name): made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == "__main__"
}
FUNCTIONS |= {f"oca {kind}": lambda kind=kind: _oca(kind) for kind in (1, 2, 3)}
FUNCTIONS["history, kept up"] = history_kept_up

if __name__ == "__main__":
    logging.getLogger().addHandler(COMPLAINTS)
    code = run(FUNCTIONS, lambda: app.serverVersion() or 0, lambda: app.verdict())
    app.disconnect()
    sys.exit(code)
