"""ib_async, unchanged: a round of trades against a simulated gateway.

    python ib_async_round.py PORT

Exit 0 if every message came that a TWS sends and the client logged no warning.
"""

from __future__ import annotations

import logging
import sys
from itertools import pairwise
from typing import Any

import ib_async

_EXPECTED = ("Warning 202", "Error 202", "Canceled order")


class Complaints(logging.Handler):
    """Keeps what the client logs from warning upwards."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record, unless it tells of a cancel that was asked for."""
        text = record.getMessage()
        if not any(word in text for word in _EXPECTED):
            self.texts.append(text)


def wait(ib: Any, what: str, told: Any) -> None:
    """Let the client work until told() is true."""
    for _ in range(500):
        if told():
            return
        ib.sleep(0.01)
    raise SystemExit(f"never came: {what}")


def is_paid(trade: Any) -> bool:
    """Tell whether a trade is filled and its commission known."""
    reports = [fill.commissionReport for fill in trade.fills]
    return trade.orderStatus.status == "Filled" and bool(reports) and all(one.commission > 0 for one in reports)


def resting_limit(ib: Any, contract: Any) -> None:
    """Place a limit that rests, modify it, cancel it."""
    trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 25000, 0.5))
    wait(ib, "Submitted", lambda: trade.orderStatus.status == "Submitted")
    trade.order.lmtPrice = 0.51
    ib.placeOrder(contract, trade.order)
    wait(ib, "modified", lambda: any(entry.message == "Modify" for entry in trade.log))
    ib.cancelOrder(trade.order)
    wait(ib, "Cancelled", lambda: trade.orderStatus.status == "Cancelled")
    assert trade.orderStatus.remaining == 25000, trade.orderStatus


def bracket(ib: Any, contract: Any) -> None:
    """Bring a bracket to its end."""
    group = ib.bracketOrder("BUY", 25000, 0.5, 5.0, 0.4)
    parent, profit, loss = [ib.placeOrder(contract, order) for order in group]
    wait(ib, "held", lambda: all(trade.orderStatus.status == "PreSubmitted" for trade in (profit, loss)))
    parent.order.lmtPrice, parent.order.transmit = 5.0, True
    ib.placeOrder(contract, parent.order)
    wait(ib, "parent filled", lambda: is_paid(parent))
    wait(ib, "stop armed", lambda: loss.orderStatus.whyHeld == "trigger")
    profit.order.lmtPrice, profit.order.transmit = 0.5, True
    ib.placeOrder(contract, profit.order)
    wait(ib, "profit taken", lambda: is_paid(profit))
    wait(ib, "loss cancelled", lambda: loss.orderStatus.status == "Cancelled")
    assert len({trade.order.permId for trade in (parent, profit, loss)}) == 3


def history(ib: Any, contract: Any) -> None:
    """Look back over an hour and over a month."""
    bars = ib.reqHistoricalData(contract, "", "3600 S", "5 mins", "MIDPOINT", useRTH=True, formatDate=1)
    assert [bar.date.minute % 5 for bar in bars] == [0] * 12, bars
    assert all(after.date > before.date for before, after in pairwise(bars)), bars
    assert bars[0].date.utcoffset() is not None, bars
    assert all(bar.low <= bar.open <= bar.high and bar.volume == bar.barCount == -1 for bar in bars), bars
    days = ib.reqHistoricalData(contract, bars[-1].date, "1 M", "1 day", "BID", useRTH=True, formatDate=2)
    assert 18 <= len(days) <= 24, days
    day = ib.reqHistoricalData(contract, "", "1 D", "5 secs", "ASK", useRTH=False, formatDate=2)
    assert len(day) > 1000, len(day)


def main(port: int) -> None:
    """Run the round."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    ib = ib_async.IB()
    ib.connect("127.0.0.1", port, clientId=72, timeout=4, raiseSyncErrors=True)
    contract = ib_async.Forex("EURUSD")
    assert ib.qualifyContracts(contract)
    assert contract.conId == 12087792
    values = {value.tag: value for value in ib.accountSummary()}
    assert float(values["NetLiquidation"].value) > 0
    assert ib.reqCurrentTime()
    preview = ib.whatIfOrder(contract, ib_async.MarketOrder("BUY", 25000))
    assert float(preview.initMarginChange) > 0
    assert preview.commission == 2
    (ticker,) = ib.reqTickers(contract)
    assert 0 < ticker.bid < ticker.ask
    trade = ib.placeOrder(contract, ib_async.MarketOrder("BUY", 25000))
    wait(ib, "market order filled", lambda: is_paid(trade))
    resting_limit(ib, contract)
    bracket(ib, contract)
    assert [held.contract.localSymbol for held in ib.positions()] == ["EUR.USD"]
    assert len(ib.reqExecutions()) == 3
    assert {trade.orderStatus.status for trade in ib.reqCompletedOrders(apiOnly=False)} == {"Filled", "Cancelled"}
    history(ib, contract)
    version = ib.client.serverVersion()
    ib.disconnect()
    assert not complaints.texts, complaints.texts
    print("round complete at server version", version)


if __name__ == "__main__":
    main(int(sys.argv[1]))
