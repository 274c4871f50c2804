"""How fast the simulated gateway is and how much memory it takes, each figure beside its aim, in one run.

    python -m tests.bench.gateway                    # about three minutes
    python -m tests.bench.gateway --only raw orders  # some of it
    python -m tests.bench.gateway --json figures.json

The gateway and the server it is held against are processes of their own, and a client takes turns between them, so
that a busy machine slows both; ratios are of medians. What is wall time says so. Exit 1 if something falls short.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.server_versions import MAX_CLIENT_VER
from ibapi.wrapper import EWrapper

from runner.wire.messages import GlobalCancel, RequestHistoricalData, RequestOpenOrders, WireContract
from tests.bench.canned import COMMISSION, STATUS, CannedServer, RawClient, record
from tests.bench.own_gateway import OwnGateway
from tests.integration.gateway_peer import order

VERSION = 178
TURN = 20  # orders in a row on one side
BARS = 17
WORKING = 1000
EURUSD = WireContract(symbol="EUR", currency="USD", security_type="CASH", exchange="IDEALPRO")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured figure and its aim; at_least: more is better."""

    name: str
    value: float
    unit: str
    aim: float
    details: str
    at_least: bool = False

    @property
    def passes(self) -> bool:
        """Tell whether the aim is met."""
        return self.value >= self.aim if self.at_least else self.value <= self.aim


@contextlib.contextmanager
def both_sides(version: int, orders: int) -> Iterator[tuple[int, int, int]]:
    """Run a gateway and a server of its recorded answers; yields both ports and the mean length of an answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers"
        with OwnGateway() as gateway:
            length = record(gateway.port, version, orders, path)
        with OwnGateway() as gateway, CannedServer(path) as canned:
            yield gateway.port, canned.port, length


def in_turns(orders: int, ours: Callable[[int], float], theirs: Callable[[int], float]) -> tuple[float, float]:
    """Place orders on both sides in turns; returns the median microseconds of each, the first turns left out."""
    mine: list[float] = []
    other: list[float] = []
    for first in range(1, orders + 1, TURN):
        numbers = range(first, min(first + TURN, orders + 1))
        mine += [ours(number) for number in numbers]
        other += [theirs(number) for number in numbers]
    warm = min(5 * TURN, orders // 2)
    return statistics.median(mine[warm:]) * 1e6, statistics.median(other[warm:]) * 1e6


# --- one order at a time


class IbapiClient(EWrapper, EClient):  # type: ignore[misc]
    """Places a market order through ibapi and waits for its orderStatus Filled."""

    def __init__(self, port: int) -> None:
        EClient.__init__(self, self)
        self._filled = threading.Event()
        self._ready = threading.Event()
        self._number = 0
        self._contract = Contract()
        self._contract.symbol, self._contract.currency = "EUR", "USD"
        self._contract.secType, self._contract.exchange = "CASH", "IDEALPRO"
        self.connect("127.0.0.1", port, 0)
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def nextValidId(self, orderId: int) -> None:
        """Note that the session has begun."""
        self._ready.set()

    def orderStatus(self, orderId: int, status: str, *_: object) -> None:
        """Note that the order has filled."""
        if orderId == self._number and status == "Filled":
            self._filled.set()

    def error(self, *_: object) -> None:
        """Say nothing."""

    def fill(self, number: int) -> float:
        """Return the seconds from placing an order to its fill."""
        placed = Order()
        placed.action, placed.orderType, placed.totalQuantity = "BUY" if number % 2 else "SELL", "MKT", 25000
        placed.eTradeOnly = placed.firmQuoteOnly = False  # what 9.81.1 sets and no TWS takes any more
        self._number = number
        self._filled.clear()
        begun = time.perf_counter()
        self.placeOrder(number, self._contract, placed)
        assert self._filled.wait(10)
        return time.perf_counter() - begun

    def close(self) -> None:
        """Hang up."""
        self.disconnect()
        self._thread.join(5)


def through_ibapi(orders: int) -> Iterator[Figure]:
    """Hold the gateway against canned answers, both through ibapi."""
    with both_sides(MAX_CLIENT_VER, orders) as (port, canned, length):
        ours, theirs = IbapiClient(port), IbapiClient(canned)
        mine, other = in_turns(orders, ours.fill, theirs.fill)
        ours.close()
        theirs.close()
    details = f"{mine:.0f} us, canned answers {other:.0f} us; {orders} orders, version {MAX_CLIENT_VER}, {length} bytes"
    yield Figure(name="order to Filled through ibapi", value=mine / other, unit="x", aim=1.3, details=details)


def through_raw(orders: int) -> Iterator[Figure]:
    """Hold the gateway against an echo of the same bytes, both through a raw client; in text and in protobuf."""
    for version in (VERSION, 213):
        with both_sides(version, orders) as (port, canned, length):
            ours, theirs = RawClient(port, 0, version), RawClient(canned, 0, version)
            mine, other = in_turns(orders, _raw_fill(ours, orders), _raw_fill(theirs, orders))
            ours.close()
            theirs.close()
        details = f"{mine:.0f} us, echo {other:.0f} us; {orders} orders, version {version}, {length} bytes"
        yield Figure(name=f"order to Filled, raw, {version}", value=mine / other, unit="x", aim=4, details=details)


def _raw_fill(client: RawClient, orders: int) -> Callable[[int], float]:
    made = {number: client.order(number) for number in range(1, orders + 1)}

    def fill(number: int) -> float:
        begun = time.perf_counter()
        client.sock.sendall(made[number])
        client.until(STATUS, b"Filled")
        took = time.perf_counter() - begun
        if client.last_id != COMMISSION:
            client.until(COMMISSION)
        return took

    return fill


# --- many at once


def many_orders(orders: int) -> Iterator[Figure]:
    """Have one raw client place and fill orders, a hundred under way at any time."""
    for version in (VERSION, 213):
        with OwnGateway() as gateway:
            client = RawClient(gateway.port, 1, version)
            before = gateway.usage()
            took = flood(client, 1, orders)
            after = gateway.usage()
            client.close()
        seconds = took * 10_000 / orders
        cpu = (after.cpu - before.cpu) / orders * 1e6
        details = f"wall; {orders} orders, {cpu:.0f} us of the gateway's processor each"
        yield Figure(name=f"10,000 orders filled, {version}", value=seconds, unit="s", aim=4, details=details)


def flood(client: RawClient, first: int, orders: int, window: int = 100) -> float:
    """Place so many orders, each as soon as one is done; returns the seconds until the last is filled and charged."""
    made = [client.order(number) for number in range(first, first + orders)]
    sent = done = 0
    begun = time.perf_counter()
    while done < orders:
        while sent < min(orders, done + window):
            more = min(window // 2, orders - sent)
            client.sock.sendall(b"".join(made[sent : sent + more]))
            sent += more
        done += sum(client.id_of(body) == COMMISSION for body in client.frames())
    return time.perf_counter() - begun


def statuses(rounds: int) -> Iterator[Figure]:
    """Ask for the open orders with a thousand working, and cancel them all: how many orderStatus come a second."""
    with OwnGateway("--most-working", str(WORKING)) as gateway:
        client = RawClient(gateway.port, 1, VERSION)
        for number in range(1, WORKING + 1):
            resting = order(number, "BUY", "LMT", limit="0.9000", time_in_force="GTC", total_quantity=Decimal(1000))
            client.sock.sendall(client.wire.encode(resting))
        _count(client, STATUS, WORKING)
        rates = []
        for _ in range(rounds):
            begun = time.perf_counter()
            client.sock.sendall(client.wire.encode(RequestOpenOrders()))
            _count(client, STATUS, WORKING)
            rates.append(WORKING / (time.perf_counter() - begun))
        details = f"wall; reqOpenOrders with {WORKING} working, an openOrder before each; median of {rounds}"
        open_orders = statistics.median(rates)
        begun = time.perf_counter()
        client.sock.sendall(client.wire.encode(GlobalCancel()))
        _count(client, STATUS, WORKING)
        cancelled = WORKING / (time.perf_counter() - begun)
        client.close()
    name, aim = "orderStatus a second", 20_000
    yield Figure(name=name, value=open_orders, unit="/s", aim=aim, details=details, at_least=True)
    details = f"wall; reqGlobalCancel with {WORKING} working, a 202 after each"
    yield Figure(name=f"{name}, cancels", value=cancelled, unit="/s", aim=aim, details=details, at_least=True)


def _count(client: RawClient, message_id: int, wanted: int) -> None:
    while wanted > 0:
        wanted -= sum(client.id_of(body) == message_id for body in client.frames())


def bars(rounds: int) -> Iterator[Figure]:
    """Ask for a day of bars of five seconds, of another day each time."""
    with OwnGateway() as gateway:
        client = RawClient(gateway.port, 1, VERSION)
        asked = RequestHistoricalData(
            request_id=1,
            contract=EURUSD,
            bar_size="5 secs",
            duration="86400 S",
            what_to_show="MIDPOINT",
        )
        took = []
        for day in range(rounds):
            begun = time.perf_counter()
            client.sock.sendall(client.wire.encode(replace(asked, end=f"2025022{day + 4} 22:00:00 UTC")))
            told = client.until(BARS)
            took.append(time.perf_counter() - begun)
        client.close()
    details = f"wall; median of {rounds} days, {len(told) / 1e6:.1f} MB each"
    yield Figure(name="a day of 5-second bars", value=statistics.median(took), unit="s", aim=0.5, details=details)


# --- memory


def memory(orders: int) -> Iterator[Figure]:
    """Fill orders and see what the process takes; then let clients come, wait and go."""
    with OwnGateway() as gateway:
        start = gateway.usage().memory
        client = RawClient(gateway.port, 1, VERSION)
        for first in range(1, orders + 1, 5000):
            flood(client, first, min(5000, orders + 1 - first))
        full = gateway.usage().memory
        if start is None or full is None:
            return
        growth, idle = _of_idle_clients(gateway)
        client.close()
    details = f"{start:.0f} MB at its start, {(full - start) / orders * 1e6:.0f} bytes an order"
    yield Figure(name=f"memory after {orders:,} orders", value=full, unit="MB", aim=100, details=details)
    details = f"{idle:.0f} kB each while 30 are connected"
    yield Figure(name="memory kept per client that came and went", value=growth, unit="kB", aim=1, details=details)


def _of_idle_clients(gateway: OwnGateway) -> tuple[float, float]:
    """Return the kB kept per client that came and went, and what one takes while it is there."""

    def rss() -> float:
        return (gateway.usage().memory or 0.0) * 1024

    def come_and_go(times: int) -> None:
        for _ in range(times):
            clients = [_idle(gateway.port, number) for number in range(2, 32)]
            for client in clients:
                client.close()

    come_and_go(10)  # so that what is kept for reuse is there
    before = rss()
    clients = [_idle(gateway.port, number) for number in range(2, 32)]
    each = (rss() - before) / len(clients)
    for client in clients:
        client.close()
    come_and_go(20)
    return max(0.0, rss() - before) / (21 * 30), max(0.0, each)


def _idle(port: int, client_id: int) -> RawClient:
    return RawClient(port, client_id, VERSION)


MEASURES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "ibapi": through_ibapi,
    "raw": through_raw,
    "orders": many_orders,
    "statuses": statuses,
    "bars": bars,
    "memory": memory,
}
SIZES = {"ibapi": 1500, "raw": 2000, "orders": 10_000, "statuses": 21, "bars": 5, "memory": 100_000}


def show(figures: list[Figure]) -> None:
    """Print the table."""
    for one in figures:
        verdict = "PASS" if one.passes else "FALLS SHORT"
        aim = f"{'>=' if one.at_least else '<='} {one.aim:g} {one.unit}"
        value = f"{one.value:,.2f}" if one.value < 1000 else f"{one.value:,.0f}"
        print(f"{one.name:42} {value:>10} {one.unit:3} {aim:>12}  {verdict:11}  {one.details}")


def main() -> int:
    """Measure what is asked for; 1 if an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway", description="Measure the gateway.")
    parser.add_argument("--only", nargs="+", choices=sorted(MEASURES), default=list(MEASURES))
    parser.add_argument("--json", type=Path, help="write the figures to a file too")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of orders")
    asked = parser.parse_args()
    figures: list[Figure] = []
    for name in asked.only:
        found = list(MEASURES[name](max(5, int(SIZES[name] * asked.share))))
        show(found)
        figures += found
    if asked.json:
        told = [{**asdict(one), "passes": one.passes} for one in figures]
        asked.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0 if all(one.passes for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
