"""The official client, of whatever generation is installed: a round of trades against a simulated gateway.

    python ibapi_round.py PORT

Exit 0 if every message came that a TWS sends and no warning; what came is printed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

INFORMATION = {2104, 2106, 2158}


class App(EWrapper, EClient):  # type: ignore[misc]
    """Writes down what arrives."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.seen: list[tuple[Any, ...]] = []

    def note(self, *what: Any) -> None:
        """Keep and print one message."""
        self.seen.append(what)
        print(*what, flush=True)

    def nextValidId(self, orderId: int) -> None:
        self.note("next", orderId)

    def managedAccounts(self, accountsList: str) -> None:
        self.note("accounts", accountsList)

    def error(self, reqId: int, *rest: Any) -> None:
        code = rest[0] if isinstance(rest[1], str) else rest[1]  # an errorTime comes first from 10.37 on
        self.note("error", reqId, code)

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        self.note("open", orderId, orderState.status, order.orderType, Decimal(str(order.lmtPrice)))

    def orderStatus(self, orderId: int, status: str, filled: Any, remaining: Any, *rest: Any) -> None:
        self.note("status", orderId, status, Decimal(str(filled)), Decimal(str(remaining)), rest[1], rest[5])

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        self.note("exec", execution.orderId, execution.execId, execution.side, Decimal(str(execution.shares)))

    def commissionReport(self, commissionReport: Any) -> None:
        self.note("commission", commissionReport.execId, commissionReport.commission)

    def commissionAndFeesReport(self, commissionAndFeesReport: Any) -> None:
        report = commissionAndFeesReport
        self.note("commission", report.execId, report.commissionAndFees)

    def historicalData(self, reqId: int, bar: Any) -> None:
        self.note("bar", reqId, bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.barCount)

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        self.note("bars", reqId, start, end)

    def until(self, what: str, told: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, ...]:
        """Return the first message that told accepts; wait for it."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for one in list(self.seen):
                if told(one):
                    return one
            time.sleep(0.01)
        raise SystemExit(f"never came: {what}")

    def status(self, order_id: int, status: str) -> tuple[Any, ...]:
        """Wait for a status of an order."""
        return self.until(f"{status} of {order_id}", lambda one: one[:3] == ("status", order_id, status))

    def executed(self, order_id: int) -> None:
        """Wait for the execution of an order and the commission of that."""
        found = self.until(f"execution of {order_id}", lambda one: one[:2] == ("exec", order_id))
        self.until(f"commission of {order_id}", lambda one: one[:2] == ("commission", found[2]))


def eurusd() -> Contract:
    """Return the contract."""
    contract = Contract()
    contract.symbol, contract.currency, contract.secType, contract.exchange = "EUR", "USD", "CASH", "IDEALPRO"
    return contract


def order(action: str, kind: str, **rest: Any) -> Order:
    """Return an order of 25,000 euros."""
    made = Order()
    made.action, made.orderType, made.totalQuantity, made.orderRef = action, kind, Decimal(25000), "round"
    for name, value in {"eTradeOnly": False, "firmQuoteOnly": False, **rest}.items():
        if hasattr(made, name):
            setattr(made, name, value)
    return made


def market_order(app: App, first: int) -> None:
    """Buy at the market."""
    app.placeOrder(first, eurusd(), order("BUY", "MKT"))
    app.status(first, "Filled")
    app.executed(first)


def resting_limit(app: App, first: int) -> None:
    """Place a limit that rests, modify it, cancel it."""
    app.placeOrder(first, eurusd(), order("BUY", "LMT", lmtPrice=0.5))
    app.status(first, "Submitted")
    app.placeOrder(first, eurusd(), order("BUY", "LMT", lmtPrice=0.51))
    app.until("the modified price", lambda one: one[:2] == ("open", first) and one[4] == Decimal("0.51"))
    cancel(app, first)
    assert app.status(first, "Cancelled")[4] == 25000, "remaining is what was not filled"
    app.until("202", lambda one: one == ("error", first, 202))


def cancel(app: App, order_id: int) -> None:
    """Cancel an order, with the arguments this generation wants."""
    try:
        app.cancelOrder(order_id)
    except TypeError:
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:
            app.cancelOrder(order_id, "")
        else:
            app.cancelOrder(order_id, OrderCancel())


def bracket(app: App, first: int) -> None:
    """Bring a bracket to its end: the parent rests, is filled, then its profit target is."""
    parent = {"parentId": first}
    app.placeOrder(first, eurusd(), order("BUY", "LMT", lmtPrice=0.5, transmit=False))
    app.placeOrder(first + 1, eurusd(), order("SELL", "LMT", lmtPrice=5.0, transmit=False, **parent))
    app.placeOrder(first + 2, eurusd(), order("SELL", "STP", auxPrice=0.4, **parent))
    app.until("child held", lambda one: one[:3] == ("status", first + 1, "PreSubmitted") and one[6] == "child")
    app.placeOrder(first, eurusd(), order("BUY", "LMT", lmtPrice=5.0))
    app.executed(first)
    app.status(first + 1, "Submitted")
    app.until("stop held", lambda one: one[:3] == ("status", first + 2, "PreSubmitted") and one[6] == "trigger")
    app.placeOrder(first + 1, eurusd(), order("SELL", "LMT", lmtPrice=0.5, **parent))
    app.executed(first + 1)
    app.status(first + 2, "Cancelled")
    app.until("202", lambda one: one == ("error", first + 2, 202))
    perm_ids = {app.status(one, "PreSubmitted" if one > first else "Submitted")[5] for one in range(first, first + 3)}
    assert len(perm_ids) == 3, perm_ids


def history(app: App) -> None:
    """Ask for bars, and for bars that are not there."""
    app.reqHistoricalData(901, eurusd(), "", "3600 S", "5 mins", "MIDPOINT", 1, 2, False, [])
    app.until("the end of the bars", lambda one: one[:2] == ("bars", 901))
    bars = [one for one in app.seen if one[:2] == ("bar", 901)]
    times = [int(one[2]) for one in bars]
    assert len(bars) == 12, bars
    assert times == list(range(times[0], times[0] + 3600, 300)), times
    assert all(0 < one[5] <= min(one[3], one[6]) <= max(one[3], one[6]) <= one[4] for one in bars), bars
    assert {(int(one[7]), one[8]) for one in bars} == {(-1, -1)}, bars
    app.reqHistoricalData(902, eurusd(), "", "1 D", "1 hour", "TRADES", 1, 1, False, [])
    app.until("162", lambda one: one == ("error", 902, 162))


def main(port: int) -> None:
    """Run the round."""
    app = App()
    app.connect("127.0.0.1", port, 71)
    threading.Thread(target=app.run, daemon=True).start()
    first = app.until("nextValidId", lambda one: one[0] == "next")[1]
    app.until("accounts", lambda one: one[0] == "accounts")
    version = app.serverVersion()
    market_order(app, first)
    resting_limit(app, first + 1)
    bracket(app, first + 2)
    history(app)
    unexpected = [one for one in app.seen if one[0] == "error" and one[2] not in INFORMATION | {202, 162}]
    assert not unexpected, unexpected
    app.disconnect()
    print("round complete at server version", version)


if __name__ == "__main__":
    main(int(sys.argv[1]))
