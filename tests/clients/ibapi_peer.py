"""The official client of any generation from 9.81 to 10.51 behind one face: their differences end here."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from cases import Complaints, NotHere
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper

GREETING = {2104, 2106, 2158}
Test = Callable[..., object]


class Status(NamedTuple):
    """One orderStatus."""

    order_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average: float
    perm_id: int
    parent_id: int
    last: float
    client_id: int
    why_held: str


def _anything(*what: Any) -> bool:
    return True


class App(EWrapper, EClient):  # type: ignore[misc]
    """A connection that writes down every callback."""

    def __init__(self, complaints: Complaints) -> None:
        EClient.__init__(self, self)
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.mark = 0
        self.expected: set[int] = set()
        self.complaints = complaints
        self.next_id = 0
        self.request_id = 5000
        self._came = threading.Condition()

    # --- the connection

    def join(self, port: int, client_id: int) -> None:
        """Connect."""
        self.connect("127.0.0.1", port, client_id)
        threading.Thread(target=self.run, daemon=True).start()
        self.welcome()

    def welcome(self) -> None:
        """Wait for what a client waits for."""
        self.next_id = self.first("nextValidId")[0]
        self.first("managedAccounts", lambda accounts: accounts)

    def note(self, name: str, args: tuple[Any, ...]) -> None:
        """Keep one callback."""
        with self._came:
            self.events.append((name, args))
            self._came.notify_all()

    def error(self, reqId: int, *rest: Any) -> None:
        self.note("error", (reqId, *(rest if isinstance(rest[1], str) else rest[1:])))  # a time comes first from 10.37

    def commissionReport(self, report: Any) -> None:
        self.note("commission", (report.execId, report.commission, report.realizedPNL))

    def commissionAndFeesReport(self, report: Any) -> None:
        self.note("commission", (report.execId, report.commissionAndFees, report.realizedPNL))

    def orderStatus(self, orderId: int, status: str, filled: Any, remaining: Any, *rest: Any) -> None:
        told = Status(orderId, status, Decimal(str(filled)), Decimal(str(remaining)), *rest[:6])
        self.note("status", tuple(told))

    def verdict(self) -> list[str]:
        """Return the errors and warnings that this case did not expect, and begin with the next case."""
        told = [args for name, args in self.seen() if name == "error"]
        left = [f"{about}: {code} {text}" for about, code, text, *_ in told if code not in self.expected | GREETING]
        left += self.complaints.texts
        self.complaints.texts = []
        self.mark, self.expected = len(self.events), set()
        return left

    # --- what came

    def seen(self, *names: str) -> list[tuple[str, tuple[Any, ...]]]:
        """Return what came during this case."""
        return [one for one in self.events[self.mark :] if not names or one[0] in names]

    def all(self, name: str, test: Test = _anything) -> list[tuple[Any, ...]]:
        """Return all callbacks of a name that came during this case."""
        return [args for _, args in self.seen(name) if test(*args)]

    def first(self, name: str, test: Test = _anything, *, seconds: float = 15.0, what: str = "") -> tuple[Any, ...]:
        """Return the first callback of this case that test accepts; wait for it."""
        deadline = time.monotonic() + (seconds if self.isConnected() else 1)  # its last words may still be queued
        place = self.mark
        while True:
            with self._came:
                if place == len(self.events) and not self._came.wait(deadline - time.monotonic()):
                    raise AssertionError(f"never came: {what or name}; {self._orders()}")
                fresh = self.events[place:]
                place = len(self.events)
            for one, args in fresh:
                if one == name and test(*args):
                    return args
            if time.monotonic() > deadline:
                raise AssertionError(f"never came: {what or name}; {self._orders()}")

    def _orders(self) -> list[tuple[Any, ...]]:
        return [args[:4] for name, args in self.seen() if name in ("error", "status")][-6:]

    def refused(self, about: int, *codes: int) -> str:
        """Wait for an error about an id, and expect it; without codes any will do."""
        told = self.first("error", lambda at, code, *_: at == about and (not codes or code in codes), what=f"{codes}")
        self.expected.add(told[1])
        return str(told[2])

    def status(self, order_id: int, *statuses: str) -> Status:
        """Wait for a status of an order."""
        told = self.first("status", lambda at, status, *_: at == order_id and status in statuses, what=f"{statuses}")
        return Status(*told)

    def executions(self, order_id: int) -> list[Any]:
        """Return the executions of an order that came unasked."""
        told = [args[2] for name, args in self.events if name == "execDetails" and args[0] == -1]
        return [one for one in told if one.orderId == order_id]

    def filled(self, order_id: int, quantity: int = 25000) -> Status:
        """Wait until an order is filled; each of its executions has a commission, which follows it."""
        told = self.first("status", lambda at, status, *_: (at, status) == (order_id, "Filled"), what="Filled")
        total = lambda: sum(Decimal(str(one.shares)) for one in self.executions(order_id))  # noqa: E731
        self.first("execDetails", lambda *_: total() >= quantity, what="the executions")
        for execution in self.executions(order_id):
            self.first("commission", lambda exec_id, *_, one=execution: exec_id == one.execId)
        assert total() == quantity, total()
        assert Status(*told).remaining == 0, told
        assert Status(*told).filled == quantity, told
        return Status(*told)

    def cancelled(self, order_id: int) -> Status:
        """Wait for the end of an order and the 202 that follows it."""
        told = self.status(order_id, "Cancelled")
        self.refused(order_id, 202)
        ends = [name for name, args in self.seen() if args[:2] in ((order_id, "Cancelled"), (order_id, 202))]
        assert ends[0] == "status", "202 comes after Cancelled"
        return told

    def opened(self, order_id: int, test: Callable[[Any], object] = _anything) -> Any:
        """Wait for an openOrder whose order test accepts; returns the order."""
        return self.first("openOrder", lambda at, _, order, *__: at == order_id and test(order), what="openOrder")[2]

    # --- requests

    def id(self) -> int:
        """Return an id for a request."""
        self.request_id += 1
        return self.request_id

    def place(self, contract: Contract, order: Order) -> int:
        """Place an order under a new id."""
        order_id, self.next_id = self.next_id, self.next_id + 1
        self.placeOrder(order_id, contract, order)
        return order_id

    def cancel(self, order_id: int) -> None:
        """Cancel an order with the arguments that this generation wants."""
        self.cancelOrder(order_id, *_extras(EClient.cancelOrder, skip=2))

    def cancel_all(self) -> None:
        """Cancel every order."""
        self.reqGlobalCancel(*_extras(EClient.reqGlobalCancel, skip=1))

    def now(self) -> int:
        """Return the gateway's time."""
        before = len(self.all("currentTime"))
        self.reqCurrentTime()
        self.first("currentTime", lambda _: len(self.all("currentTime")) > before)
        return int(self.all("currentTime")[-1][0])

    def later(self, seconds: int) -> str:
        """Return a gateway's instant to come, as UTC."""
        return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime(self.now() + seconds))

    def quote(self, contract: Contract) -> tuple[float, float]:
        """Return bid and ask."""
        request_id = self.id()
        self.reqMktData(request_id, contract, "", True, False, [])
        self.first("tickSnapshotEnd", lambda at: at == request_id)
        ticks = {kind: price for at, kind, price, *_ in self.all("tickPrice") if at == request_id}
        return ticks[1], ticks[2]

    def need(self, method: str, version: int = 0) -> Any:
        """Return a method, unless this generation, or the version it speaks, has no such request."""
        found = getattr(self, method, None)
        if found is None:
            raise NotHere(f"this ibapi has no {method}")
        if self.serverVersion() < version:
            raise NotHere(f"{method} needs version {version}")
        return found


def _extras(method: Callable[..., None], *, skip: int) -> list[object]:
    """Return what a generation wants beside the id: nothing, a text, or an OrderCancel."""
    wanted = list(inspect.signature(method).parameters.values())[skip:]
    if not wanted:
        return []
    if wanted[0].annotation is str:
        return [""]
    from ibapi.order_cancel import OrderCancel

    return [OrderCancel()]


def _recorder(name: str) -> Callable[..., None]:
    def record(self: App, *args: Any) -> None:
        self.note(name, args)

    return record


_OWN = vars(App).keys() | {"logAnswer", "connectAck"}
for _name, _ in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_") and _name not in _OWN and not _name.lower().endswith("protobuf"):
        setattr(App, _name, _recorder(_name))


def contract(**fields: Any) -> Contract:
    """Return a contract; EUR.USD without fields."""
    made = Contract()
    wanted = fields or {"symbol": "EUR", "currency": "USD", "secType": "CASH", "exchange": "IDEALPRO"}
    for name, value in wanted.items():
        setattr(made, name, value)
    return made


def order(action: str, kind: str, quantity: int = 25000, **fields: Any) -> Order:
    """Return an order; the attributes that make a TWS refuse an old ibapi's default are off."""
    made = Order()
    made.action, made.orderType, made.totalQuantity = action, kind, Decimal(quantity)
    for name, value in {"eTradeOnly": False, "firmQuoteOnly": False, **fields}.items():
        if hasattr(made, name):
            setattr(made, name, value)
    return made


def executed(**fields: Any) -> ExecutionFilter:
    """Return a filter of executions."""
    made = ExecutionFilter()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def ticks(price: float, offset: int = 0, tick: float = 0.00005) -> float:
    """Return a price on the tick, so many ticks away."""
    return round((round(price / tick) + offset) * tick, 8)


def names(events: Iterable[tuple[str, tuple[Any, ...]]]) -> list[str]:
    """Return the names of callbacks."""
    return [name for name, _ in events]
