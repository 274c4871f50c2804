"""ib_async and ib_insync, whichever is installed, against a simulated gateway.

    python ib_async_cases.py PORT [CASE ...]

One JSON line a case; exit 1 if one failed. What the gateway has to be like: see ibapi_cases.py.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cases import Complaints, NotHere, run

try:
    import ib_async as lib
except ImportError:
    import ib_insync as lib

PORT = int(sys.argv[1])
ACCOUNT = "DU1234567"
EURUSD = lib.Forex("EURUSD")
AAPL = lib.Stock("AAPL", "SMART", "USD")
GREETING = {2104, 2106, 2158}


class Desk:
    """A connection, its errors and what it logs."""

    def __init__(self) -> None:
        self.ib = lib.IB()
        self.ib.RequestTimeout = 15
        self.errors: list[tuple[int, int, str]] = []
        self.expected: set[int] = set()
        self.complaints = Complaints()
        self.ib.errorEvent += lambda about, code, text, *_: self.errors.append((about, code, text))

    def join(self, client_id: int, timeout: float = 4) -> None:
        """Connect."""
        rest = {"raiseSyncErrors": True} if lib.__name__ == "ib_async" else {}
        self.ib.connect("127.0.0.1", PORT, clientId=client_id, timeout=timeout, **rest)

    def verdict(self) -> list[str]:
        """Return what this case should not have left behind, and begin with the next case."""
        left = [f"{about}: {code} {text}" for about, code, text in self.errors if code not in self.expected | GREETING]
        if not self.expected:
            left += self.complaints.texts
        self.errors, self.complaints.texts, self.expected = [], [], set()
        return left

    def until(self, what: str, told: Callable[[], Any], seconds: float = 15.0) -> Any:
        """Let the client work until told() is true."""
        deadline = time.monotonic() + seconds
        while not (found := told()):
            if time.monotonic() > deadline or not self.ib.isConnected():
                raise AssertionError(f"never came: {what}; {self.errors[-3:]}")
            self.ib.sleep(0.005)
        return found

    def refused(self, about: int, *codes: int) -> str:
        """Wait for an error about an id, and expect it; without codes any will do."""

        def find() -> list[tuple[int, int, str]]:
            return [one for one in self.errors if one[0] == about and (not codes or one[1] in codes)]

        found = self.until(f"{codes or 'a refusal'} of {about}", find)[0]
        self.expected.add(found[1])
        return str(found[2])

    # --- orders

    def place(self, contract: Any, order: Any) -> Any:
        """Place an order."""
        return self.ib.placeOrder(contract, order)

    def status(self, trade: Any, *statuses: str) -> None:
        """Wait for a status, be it over already."""
        self.until(f"{statuses} of {trade.order}", lambda: any(entry.status in statuses for entry in trade.log))

    def filled(self, trade: Any, quantity: int = 25000) -> None:
        """Wait until a trade is filled and each of its fills has a commission."""

        def paid() -> bool:
            reports = [fill.commissionReport for fill in trade.fills]
            return trade.filled() == quantity and all(one.execId and one.commission > 0 for one in reports)

        self.until(f"the fill of {trade.order}, {trade.orderStatus}", lambda: trade.orderStatus.status == "Filled")
        self.until(f"the commission of {trade.order}", paid)
        assert trade.orderStatus.remaining == 0, trade.orderStatus

    def cancelled(self, trade: Any) -> None:
        """Wait for the end of a trade and its 202."""
        self.status(trade, "Cancelled")
        self.refused(trade.order.orderId, 202)

    def cancel(self, trade: Any) -> None:
        """Cancel a trade and see it end."""
        self.ib.cancelOrder(trade.order)
        self.cancelled(trade)

    def later(self, seconds: int) -> str:
        """Return a gateway's instant to come, as UTC."""
        instant = self.ib.reqCurrentTime().astimezone(UTC) + timedelta(seconds=seconds)
        return instant.strftime("%Y%m%d-%H:%M:%S")


desk = Desk()


def order(action: str, kind: str, quantity: float = 25000, **fields: Any) -> Any:
    """Return an order."""
    return lib.Order(action=action, orderType=kind, totalQuantity=quantity, **fields)


def resting(price: float = 0.5, **fields: Any) -> Any:
    """Place an order that rests."""
    trade = desk.place(EURUSD, order("BUY", "LMT", lmtPrice=price, **fields))
    desk.status(trade, "Submitted")
    return trade


def connect() -> None:
    began = time.monotonic()
    desk.join(71)
    assert time.monotonic() - began < 4
    assert desk.ib.managedAccounts() == [ACCOUNT]
    assert desk.ib.accountValues()
    assert desk.ib.qualifyContracts(EURUSD)
    desk.until("the account", lambda: [one for one in desk.ib.accountValues() if one.tag == "NetLiquidation"])


# --- what is traded


def details() -> None:
    (found,) = desk.ib.reqContractDetails(EURUSD)
    assert found.contract.conId == 12087792
    assert (found.minTick, found.marketRuleIds, found.contract.localSymbol) == (0.00005, "239", "EUR.USD")
    assert found.tradingHours
    assert found.timeZoneId
    assert desk.ib.qualifyContracts(lib.Contract(conId=12087792))
    assert desk.ib.qualifyContracts(lib.Forex("EURUSD"), lib.Forex("USDJPY"))[1].symbol == "USD"


def ambiguous() -> None:
    assert len(desk.ib.reqContractDetails(lib.Contract(symbol="EUR", secType="CASH", exchange="IDEALPRO"))) > 3


def unknown() -> None:
    assert desk.ib.reqContractDetails(lib.Stock("QQQQX", "SMART", "USD")) == []
    assert [code for _, code, _ in desk.errors] == [200]
    desk.expected.add(200)
    trade = desk.place(lib.Stock("QQQQX", "SMART", "USD"), order("BUY", "MKT", 1))
    desk.refused(trade.order.orderId, 200)
    desk.status(trade, "Cancelled")


def no_exchange() -> None:
    trade = desk.place(lib.Contract(conId=12087792), order("BUY", "MKT"))
    assert "exchange" in desk.refused(trade.order.orderId, 321)


def stock() -> None:
    found = [lib.Stock(one, "SMART", "USD") for one in ("AAPL", "SPY")]
    assert [one.conId for one in desk.ib.qualifyContracts(*found)] == [265598, 756733]
    trade = desk.place(AAPL, order("BUY", "LMT", 10, lmtPrice=1.0, outsideRth=True))
    desk.status(trade, "Submitted")
    desk.cancel(trade)


def future() -> None:
    found = desk.ib.reqContractDetails(lib.Future("EUR", exchange="CME", currency="USD"))
    assert len(found) > 1, found
    near = min((one.contract for one in found), key=lambda one: one.lastTradeDateOrContractMonth)
    assert near.multiplier == "125000", near
    desk.filled(desk.place(near, order("BUY", "MKT", 1)), 1)


def gold() -> None:
    desk.filled(desk.place(lib.Commodity("XAUUSD", "SMART", "USD"), order("BUY", "MKT", 10)), 10)


# --- kinds of orders


def market() -> None:
    trade = desk.place(EURUSD, lib.MarketOrder("BUY", 25000, orderRef="a reference"))
    desk.filled(trade)
    assert trade.order.permId > 0
    assert trade.fills[0].execution.orderRef == "a reference"


def limit() -> None:
    desk.filled(desk.place(EURUSD, lib.LimitOrder("BUY", 25000, 5.0)))
    trade = desk.place(EURUSD, lib.LimitOrder("SELL", 25000, 0.5))
    desk.filled(trade)
    assert trade.orderStatus.avgFillPrice > 0.9


def _armed(waiting: Any, electing: Any) -> None:
    """Let one order wait for its trigger, and another one find it met."""
    trade = desk.place(EURUSD, waiting)
    desk.status(trade, "PreSubmitted")
    desk.until("trigger", lambda: trade.orderStatus.whyHeld == "trigger")
    desk.cancel(trade)
    desk.filled(desk.place(EURUSD, electing))


def stop() -> None:
    _armed(lib.StopOrder("BUY", 25000, 5.0), lib.StopOrder("BUY", 25000, 0.5))


def stop_limit() -> None:
    _armed(lib.StopLimitOrder("SELL", 25000, 0.4, 0.5), lib.StopLimitOrder("SELL", 25000, 0.5, 5.0))


def trail() -> None:
    _armed(order("SELL", "TRAIL", auxPrice=0.2), order("SELL", "TRAIL", auxPrice=0.0001))
    trade = desk.place(EURUSD, order("BUY", "TRAIL", trailingPercent=10.0))
    desk.status(trade, "PreSubmitted")
    desk.cancel(trade)


def trail_limit() -> None:
    (ticker,) = desk.ib.reqTickers(EURUSD)
    base = round(ticker.bid / 0.00005) * 0.00005
    far = {"auxPrice": 0.2, "trailStopPrice": round(base - 0.2, 5), "lmtPriceOffset": 0.01}
    near = {"auxPrice": 0.0001, "trailStopPrice": round(base - 0.0001, 5), "lmtPriceOffset": 0.01}
    _armed(order("SELL", "TRAIL LIMIT", **far), order("SELL", "TRAIL LIMIT", **near))


def market_if_touched() -> None:
    _armed(order("BUY", "MIT", auxPrice=0.5), order("BUY", "MIT", auxPrice=5.0))


def limit_if_touched() -> None:
    _armed(order("SELL", "LIT", auxPrice=5.0, lmtPrice=5.0), order("SELL", "LIT", auxPrice=0.5, lmtPrice=0.5))


# --- how long they are good


def good_till_cancelled() -> None:
    trade = resting(tif="GTC")
    assert trade.order.tif == "GTC"
    desk.cancel(trade)


def _at_once(tif: str) -> None:
    desk.filled(desk.place(EURUSD, order("BUY", "LMT", lmtPrice=5.0, tif=tif)))
    desk.cancelled(desk.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, tif=tif)))


def immediate_or_cancel() -> None:
    _at_once("IOC")


def fill_or_kill() -> None:
    _at_once("FOK")


def good_till_date() -> None:
    trade = resting(tif="GTD", goodTillDate=desk.later(90).replace("-", " ") + " UTC")
    desk.status(trade, "Cancelled")
    assert trade.orderStatus.remaining == 25000
    desk.expected.add(202)


def good_after_time() -> None:
    trade = desk.place(EURUSD, order("BUY", "MKT", goodAfterTime=desk.later(90)))
    desk.status(trade, "PreSubmitted")
    assert not trade.fills
    desk.filled(trade)


def outside_hours() -> None:
    desk.expected.add(399)
    held = desk.place(AAPL, order("BUY", "LMT", 10, lmtPrice=2000.0))
    desk.status(held, "PreSubmitted")
    desk.filled(desk.place(AAPL, order("BUY", "LMT", 10, lmtPrice=2000.0, outsideRth=True)), 10)
    assert not held.fills
    desk.cancel(held)


# --- quantities


def cash_quantity() -> None:
    trade = desk.place(EURUSD, order("BUY", "MKT", 0, cashQty=50000.0))
    desk.until("filled", lambda: trade.orderStatus.status == "Filled" and trade.fills)
    units = sum(fill.execution.shares for fill in trade.fills)
    price = trade.orderStatus.avgFillPrice
    assert abs(units * price - 50000) < 2 * price, (units, price)


def all_or_none() -> None:
    trade = desk.place(EURUSD, order("BUY", "LMT", 40000, lmtPrice=5.0, allOrNone=True))
    desk.filled(trade, 40000)
    assert len(trade.fills) == 1


def minimum_quantity() -> None:
    trade = desk.place(EURUSD, order("BUY", "LMT", 40000, lmtPrice=5.0, minQty=20000))
    desk.filled(trade, 40000)
    assert min(fill.execution.shares for fill in trade.fills) >= 20000


def part_fills() -> None:
    trade = desk.place(EURUSD, order("BUY", "LMT", 12_000_000, lmtPrice=5.0))
    desk.filled(trade, 12_000_000)
    assert len(trade.fills) > 1
    desk.filled(desk.place(EURUSD, order("SELL", "MKT", 12_000_000)), 12_000_000)


def odd_lot() -> None:
    trade = desk.place(EURUSD, order("BUY", "MKT", 5000))
    assert "odd lot" in desk.refused(trade.order.orderId, 399)
    desk.filled(trade, 5000)


# --- orders that belong together


def _bracket() -> tuple[Any, Any, Any]:
    """Place a bracket whose parent rests, then let the parent be filled."""
    parent, profit, loss = (desk.place(EURUSD, one) for one in desk.ib.bracketOrder("BUY", 25000, 0.5, 5.0, 0.4))
    desk.status(parent, "Submitted")
    for child in (profit, loss):
        desk.status(child, "PreSubmitted")
    parent.order.lmtPrice, parent.order.transmit = 5.0, True
    desk.place(EURUSD, parent.order)
    desk.filled(parent)
    desk.until("the profit works", lambda: profit.orderStatus.status == "Submitted")
    desk.until("the loss is armed", lambda: loss.orderStatus.whyHeld == "trigger")
    assert len({trade.order.permId for trade in (parent, profit, loss)}) == 3
    return parent, profit, loss


def bracket_profit() -> None:
    _, profit, loss = _bracket()
    profit.order.lmtPrice, profit.order.transmit = 0.5, True
    desk.place(EURUSD, profit.order)
    desk.filled(profit)
    desk.cancelled(loss)


def bracket_loss() -> None:
    _, profit, loss = _bracket()
    loss.order.auxPrice, loss.order.transmit = 5.0, True
    desk.place(EURUSD, loss.order)
    desk.filled(loss)
    desk.cancelled(profit)


def _oca(kind: int) -> None:
    group = f"group {kind} of {desk.ib.client.getReqId()}"
    orders = [order("BUY", "LMT", lmtPrice=price) for price in (0.5, 0.51)]
    one, other = (desk.place(EURUSD, made) for made in lib.IB.oneCancelsAll(orders, group, kind))
    desk.status(one, "Submitted")
    desk.status(other, "Submitted")
    one.order.lmtPrice = 5.0
    desk.place(EURUSD, one.order)
    desk.filled(one)
    desk.cancelled(other)


def modify() -> None:
    trade = resting()
    perm_id = trade.order.permId
    trade.order.lmtPrice, trade.order.totalQuantity = 0.51, 30000
    desk.place(EURUSD, trade.order)
    desk.until("modified", lambda: trade.orderStatus.remaining == 30000)
    trade.order.lmtPrice = 5.0
    desk.place(EURUSD, trade.order)
    desk.filled(trade, 30000)
    assert trade.order.permId == perm_id


def condition_time() -> None:
    wanted = order("BUY", "MKT", conditions=[lib.TimeCondition(isMore=True, time=desk.later(90))])
    trade = desk.place(EURUSD, wanted)
    desk.status(trade, "PreSubmitted")
    assert not trade.fills
    desk.filled(trade)


def condition_price() -> None:
    condition = lib.PriceCondition(isMore=True, price=5.0, conId=12087792, exch="IDEALPRO")
    trade = desk.place(EURUSD, order("BUY", "MKT", conditions=[condition]))
    desk.status(trade, "PreSubmitted")
    condition.price = 0.5
    trade.order.conditions = [condition]
    desk.place(EURUSD, trade.order)
    desk.filled(trade)


# --- ends and refusals


def cancel() -> None:
    trade = resting()
    desk.cancel(trade)
    assert trade.orderStatus.remaining == 25000
    held = desk.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, transmit=False))
    desk.ib.cancelOrder(held.order)
    desk.status(held, "ApiCancelled", "Cancelled")
    desk.expected.add(202)


def cancel_unknown() -> None:
    unheard = desk.ib.client.getReqId()
    desk.ib.client.cancelOrder(*[unheard, ""][: 1 + (desk.ib.client.serverVersion() >= 0)])
    assert "is not found" in desk.refused(unheard, 10147)


def cancel_filled() -> None:
    trade = desk.place(EURUSD, order("BUY", "MKT"))
    desk.filled(trade)
    desk.ib.client.cancelOrder(trade.order.orderId, "")
    assert "state: Filled" in desk.refused(trade.order.orderId, 10148)


def cancel_twice() -> None:
    trade = resting()
    for _ in range(2):
        desk.ib.client.cancelOrder(trade.order.orderId, "")
    desk.refused(trade.order.orderId, 10148)
    desk.cancelled(trade)


def duplicate_id() -> None:
    trade = desk.place(EURUSD, order("BUY", "MKT"))
    desk.filled(trade)
    desk.ib.client.placeOrder(trade.order.orderId, EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    desk.refused(trade.order.orderId, 104)
    ended = resting()
    desk.cancel(ended)
    desk.ib.client.placeOrder(ended.order.orderId, EURUSD, order("BUY", "LMT", lmtPrice=0.5))
    desk.refused(ended.order.orderId, 103)


def price_off_the_tick() -> None:
    trade = desk.place(EURUSD, order("BUY", "LMT", lmtPrice=0.500013))
    desk.refused(trade.order.orderId, 110)
    desk.until("ended", lambda: trade.orderStatus.status in ("Cancelled", "ValidationError", "PendingSubmit"))
    assert trade.order.permId == 0


def margin() -> None:
    trade = desk.place(EURUSD, order("BUY", "LMT", 900_000_000, lmtPrice=0.5))
    assert "margin" in desk.refused(trade.order.orderId, 201).lower()
    assert [entry for entry in trade.log if entry.status == "Inactive"], trade.log


def what_if() -> None:
    before = len(desk.ib.openTrades())
    preview = desk.ib.whatIfOrder(EURUSD, lib.MarketOrder("BUY", 25000))
    assert float(preview.initMarginChange) > 0
    assert preview.commission == 2
    assert len(desk.ib.openTrades()) == before


def global_cancel() -> None:
    trades = [resting(0.5 + place / 100) for place in range(3)]
    desk.ib.reqGlobalCancel()
    for trade in trades:
        desk.cancelled(trade)
    ends = [about for about, code, _ in desk.errors if code == 202]
    assert len(ends) == len(set(ends)), ends
    desk.filled(desk.place(EURUSD, order("BUY", "MKT")))


def kind_refused() -> None:
    desk.refused(desk.place(EURUSD, order("BUY", "PASSV REL", lmtPrice=0.5)).order.orderId, 387)


# --- other clients


def two_clients() -> None:
    other = Desk()
    other.join(72)
    theirs = other.place(EURUSD, order("BUY", "LMT", lmtPrice=0.5, orderRef="the other's"))
    other.status(theirs, "Submitted")
    desk.ib.reqOpenOrders()
    assert "the other's" not in [trade.order.orderRef for trade in desk.ib.trades()]
    desk.ib.reqAllOpenOrders()
    assert ("the other's", 72) in [(trade.order.orderRef, trade.order.clientId) for trade in desk.ib.trades()]
    count = len(desk.ib.fills())
    other.filled(other.place(EURUSD, order("BUY", "MKT")))
    desk.until("shared positions", lambda: desk.ib.positions()[0].position == other.ib.positions()[0].position)
    assert len(desk.ib.fills()) == count, "executions of others came unasked"
    other.cancel(theirs)
    desk.expected.add(202)
    assert not other.verdict()
    other.ib.disconnect()


def id_in_use() -> None:
    other = Desk()
    logging.getLogger().removeHandler(desk.complaints)
    try:
        other.join(71, timeout=1)
    except (ConnectionError, TimeoutError):
        pass
    else:
        raise AssertionError("two clients have the same id")
    finally:
        logging.getLogger().addHandler(desk.complaints)
    assert [code for _, code, _ in other.errors] == [326]
    assert desk.ib.reqCurrentTime()


def client_0() -> None:
    other = Desk()
    other.join(0)
    other.filled(other.place(EURUSD, order("BUY", "MKT")))
    assert not other.verdict()
    other.ib.disconnect()


# --- data


def streaming() -> None:
    ticker = desk.ib.reqMktData(EURUSD)
    desk.until("a quote", lambda: 0 < ticker.bid < ticker.ask and ticker.bidSize > 0 and ticker.askSize > 0)
    first = (ticker.bid, ticker.ask)
    desk.until("a change", lambda: (ticker.bid, ticker.ask) != first)
    assert ticker.marketDataType == 1
    desk.ib.cancelMktData(EURUSD)
    desk.ib.reqCurrentTime()
    first = (ticker.bid, ticker.ask)
    desk.ib.sleep(0.1)
    assert (ticker.bid, ticker.ask) == first


def snapshot() -> None:
    (ticker,) = desk.ib.reqTickers(EURUSD)
    assert 0 < ticker.bid < ticker.ask


def quotes_of_a_stock() -> None:
    desk.ib.qualifyContracts(AAPL)
    ticker = desk.ib.reqMktData(AAPL)
    desk.until("quotes", lambda: 10 < ticker.bid < ticker.ask and ticker.last > 10 and ticker.close > 10)
    desk.until("volume", lambda: ticker.volume >= 0)
    desk.ib.cancelMktData(AAPL)


def no_subscription() -> None:
    ibm = lib.Stock("IBM", "SMART", "USD")
    desk.ib.qualifyContracts(ibm)
    desk.ib.reqMktData(ibm)
    desk.until("10089", lambda: 10089 in [code for _, code, _ in desk.errors])
    desk.ib.cancelMktData(ibm)
    desk.ib.reqMarketDataType(3)
    ticker = desk.ib.reqMktData(ibm)
    desk.until("delayed quotes", lambda: 10 < ticker.bid < ticker.ask and ticker.marketDataType == 3)
    desk.ib.cancelMktData(ibm)
    desk.ib.reqMarketDataType(1)
    desk.expected |= {10089, 10167, 300}  # the library cancels what was refused


def duplicate_ticker() -> None:
    number = desk.ib.client.getReqId()
    for _ in range(2):
        desk.ib.client.reqMktData(number, EURUSD, "", False, False, [])
    desk.refused(number, 102)
    desk.ib.client.cancelMktData(number)


def unknown_ticker() -> None:
    number = desk.ib.client.getReqId()
    desk.ib.client.cancelMktData(number)
    desk.refused(number, 300)


def history() -> None:
    bars = desk.ib.reqHistoricalData(EURUSD, "", "3600 S", "5 mins", "MIDPOINT", useRTH=False, formatDate=1)
    assert len(bars) in (12, 13), bars
    assert all(after.date - before.date == timedelta(minutes=5) for before, after in pairwise(bars[1:]))
    assert bars[0].date.utcoffset() is not None
    assert all(bar.low <= bar.open <= bar.high for bar in bars)
    days = desk.ib.reqHistoricalData(EURUSD, "", "1 M", "1 day", "BID", useRTH=True, formatDate=2)
    assert 18 <= len(days) <= 24, days


def history_kept_up() -> None:
    bars = desk.ib.reqHistoricalData(EURUSD, "", "3600 S", "5 mins", "MIDPOINT", useRTH=False, keepUpToDate=True)
    last = bars[-1]
    desk.until("an update", lambda: bars[-1] is not last or bars[-1].close != last.close, 3)
    desk.ib.cancelHistoricalData(bars)


def head_timestamp() -> None:
    told = desk.ib.reqHeadTimeStamp(EURUSD, "MIDPOINT", useRTH=False)
    assert isinstance(told, datetime)
    assert 1990 < told.year < 2025


def no_trades_bars() -> None:
    assert not desk.ib.reqHistoricalData(EURUSD, "", "1 D", "1 hour", "TRADES", useRTH=False)
    assert [code for _, code, _ in desk.errors] == [162]
    desk.expected.add(162)


def matching_symbols() -> None:
    assert 265598 in [one.contract.conId for one in desk.ib.reqMatchingSymbols("AAP") or []]


def market_rule() -> None:
    assert [(one.lowEdge, one.increment) for one in desk.ib.reqMarketRule(239)] == [(0, 0.00005)]


# --- account


def summary() -> None:
    values = {one.tag: one.value for one in desk.ib.accountSummary() if one.account == ACCOUNT}
    assert {"NetLiquidation", "BuyingPower", "AvailableFunds", "FullInitMarginReq", "Cushion"} <= values.keys()
    assert float(values["NetLiquidation"]) > 0


def ledger() -> None:
    found = {one.currency for one in desk.ib.accountSummary() if one.tag.endswith("TotalCashBalance")}
    assert {"BASE", "EUR", "USD"} <= found, found


def updates() -> None:
    held = {one.contract.localSymbol: one for one in desk.ib.portfolio()}
    assert held["EUR.USD"].marketPrice > 0
    values = {(one.tag, one.currency): one.value for one in desk.ib.accountValues()}
    assert float(values["NetLiquidation", "USD"]) > 0


def updates_multi() -> None:
    number = desk.ib.client.getReqId()
    before = len(desk.ib.accountValues())
    desk.ib.client.reqAccountUpdatesMulti(number, ACCOUNT, "", False)
    desk.ib.reqCurrentTime()
    assert len(desk.ib.accountValues()) >= before > 0
    desk.ib.client.cancelAccountUpdatesMulti(number)


def positions() -> None:
    def held() -> float:
        return sum(one.position for one in desk.ib.positions() if one.contract.localSymbol == "EUR.USD")

    before = held()
    desk.filled(desk.place(EURUSD, order("BUY", "MKT")))
    desk.until("the position", lambda: held() == before + 25000)


def positions_multi() -> None:
    if lib.__name__:
        raise NotHere("the library decodes no positionMulti")


def profit() -> None:
    told = desk.ib.reqPnL(ACCOUNT)
    desk.until("profit", lambda: told.dailyPnL == told.dailyPnL and told.realizedPnL == told.realizedPnL)
    desk.ib.cancelPnL(ACCOUNT)


def profit_of_one() -> None:
    told = desk.ib.reqPnLSingle(ACCOUNT, "", 12087792)
    desk.until("profit", lambda: told.dailyPnL == told.dailyPnL and told.position > 0)
    desk.ib.cancelPnLSingle(ACCOUNT, "", 12087792)


def executions() -> None:
    desk.filled(desk.place(EURUSD, order("SELL", "MKT")))
    desk.filled(desk.place(EURUSD, order("BUY", "MKT")))
    sides = lambda **wanted: {one.execution.side for one in desk.ib.reqExecutions(lib.ExecutionFilter(**wanted))}  # noqa: E731
    assert sides() == {"BOT", "SLD"}
    assert sides(side="SELL", symbol="EUR", secType="CASH") == {"SLD"}
    assert sides(symbol="GBP") == set()
    assert sides(clientId=4711) == set()


def completed_orders() -> None:
    desk.filled(desk.place(EURUSD, order("BUY", "MKT", orderRef="done")))
    told = desk.ib.reqCompletedOrders(apiOnly=True)
    assert ("done", "Filled") in [(trade.order.orderRef, trade.orderStatus.status) for trade in told]


def family_codes() -> None:
    raise NotHere("the library has no callback for family codes")


def user_info() -> None:
    if desk.ib.client.serverVersion() < 165:
        raise NotHere("reqUserInfo needs version 165")
    assert not desk.ib.reqUserInfo()  # the library waits for the answer and drops the text


def times() -> None:
    assert desk.ib.reqCurrentTime().year == 2025


# --- the rest


def not_offered() -> None:
    ib = desk.ib
    ib.reqScannerData(lib.ScannerSubscription(instrument="STK", locationCode="STK.US", scanCode="TOP_PERC_GAIN"))
    ib.reqHistoricalTicks(EURUSD, "", "20250304-12:00:00", 10, "MIDPOINT", False)
    ib.reqFundamentalData(AAPL, "ReportSnapshot")
    assert len(desk.errors) >= 3, desk.errors
    assert not ib.reqSecDefOptParams("AAPL", "", "STK", 265598)
    assert not ib.reqSmartComponents("a")
    assert not ib.reqNewsProviders()
    assert not ib.reqMktDepthExchanges()
    assert ib.reqScannerParameters()
    for ask, end in (
        (lambda: ib.reqMktDepth(EURUSD), lambda: ib.cancelMktDepth(EURUSD)),
        (lambda: ib.reqTickByTickData(EURUSD, "BidAsk"), lambda: ib.cancelTickByTickData(EURUSD, "BidAsk")),
    ):
        count = len(desk.errors)
        ask()
        desk.until("a refusal", lambda count=count: len(desk.errors) > count)
        end()
    bars = ib.reqRealTimeBars(EURUSD, 5, "MIDPOINT", False)
    desk.refused(bars.reqId)
    assert ib.reqCurrentTime()
    desk.expected |= {code for _, code, _ in desk.errors}


def reconnect() -> None:
    kept = resting(0.55, tif="GTC", orderRef="stays")
    done = desk.place(EURUSD, order("BUY", "MKT"))
    desk.filled(done)
    perm_id, exec_id = kept.order.permId, done.fills[0].execution.execId
    desk.ib.disconnect()
    began = time.monotonic()
    desk.join(71)
    assert time.monotonic() - began < 4
    (back,) = [trade for trade in desk.ib.openTrades() if trade.order.orderRef == "stays"]
    assert (back.order.permId, back.order.lmtPrice, back.order.tif) == (perm_id, 0.55, "GTC")
    assert back.orderStatus.status == "Submitted"
    fills = {fill.execution.execId: fill for fill in desk.ib.fills()}
    assert fills[exec_id].commissionReport.commission > 0
    assert desk.ib.client.getReqId() > max(kept.order.orderId, done.order.orderId)
    desk.cancel(back)
    desk.filled(desk.place(EURUSD, order("BUY", "MKT")))


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
    logging.getLogger().addHandler(desk.complaints)
    code = run(FUNCTIONS, lambda: desk.ib.client.serverVersion() if desk.ib.isConnected() else 0, desk.verdict)
    desk.ib.disconnect()
    sys.exit(code)
