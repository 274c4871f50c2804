"""What the gateway's tests share: a gateway on virtual time, prices given by hand, and a bare client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from runner.core.clock import Reading, VirtualTime
from runner.gateway.anomalies import Anomalies
from runner.gateway.framelog import FrameLog
from runner.gateway.market import Market, QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.state import Store
from runner.gateway.truth import Truth
from runner.wire.messages import (
    Answer,
    CurrentTime,
    ErrorMessage,
    OrderStatus,
    PlaceOrder,
    Request,
    RequestCurrentTime,
    WireContract,
    WireOrder,
)
from runner.wire.session import ClientSession

START = datetime(2025, 3, 5, 14, 30, tzinfo=UTC)  # a Wednesday
EURUSD = WireContract(symbol="EUR", currency="USD", security_type="CASH", exchange="IDEALPRO")
T = TypeVar("T")


class Client:
    """A client on a real socket that speaks through `runner.wire`."""

    def __init__(self, port: int, client_id: int = 1, *, max_version: int = 178, buffer: int = 0) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(5)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.connect(("127.0.0.1", port))
        self.wire = ClientSession(max_version=max_version)
        self.sent = 0
        self.send(self.wire.greeting())
        while self.wire.version is None:
            assert not list(self.wire.receive(self.sock.recv(65536)))
        self.send(self.wire.start(client_id))
        try:
            self.welcome = self.ask()
        except ConnectionAbortedError:
            self.close()
            raise

    def send(self, data: bytes) -> None:
        """Send bytes, and count them."""
        self.sent += len(data)
        self.sock.sendall(data)

    def ask(self, *requests: Request) -> list[Answer]:
        """Send requests and return everything that came up to the answer to a last one, which is added."""
        self.send(self.wire.encode(*requests, RequestCurrentTime()))
        told: list[Answer] = []
        while not (told and isinstance(told[-1], CurrentTime)):
            told += self.read()
        return told[:-1]

    def read(self) -> list[Answer]:
        """Return the next answers; an empty list when the server has closed."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionAbortedError
        return list(self.wire.receive(data))

    def close(self) -> None:
        """Hang up."""
        self.sock.close()


class Stage:
    """A gateway on virtual time and its clients."""

    def __init__(
        self,
        market: Market,
        settings: GatewaySettings,
        start: datetime = START,
        *,
        truth: Truth | None = None,
        store: Store | None = None,
        notes: Callable[[str], None] | None = None,
        log: FrameLog | None = None,
    ) -> None:
        self.time = VirtualTime(start)
        self.gateway = Gateway(market, self.time, settings, truth=truth, store=store, log=log, notes=notes)
        self.port = self.gateway.start()
        self.clients: list[Client] = []

    def client(self, client_id: int = 1, *, max_version: int = 178, buffer: int = 0) -> Client:
        """Connect one more client; buffer: how much its socket takes in unread."""
        self.clients.append(Client(self.port, client_id, max_version=max_version, buffer=buffer))
        return self.clients[-1]

    def pass_until(self, instant: datetime) -> list[datetime]:
        """Let virtual time pass, event by event; return the instants at which something happened."""
        stops: list[datetime] = []
        while (due := self.settled().next_event) is not None and due <= instant:
            stops.append(due)
            self._go(due)
        self._go(instant)
        return stops

    def settled(self) -> Reading:
        """Return the reading once the gateway has acted on all that its clients sent."""
        reading = self.gateway.meter.wait(consumed=sum(client.sent for client in self.clients), wakes=0, timeout=5)
        assert reading is not None
        return reading

    def _go(self, instant: datetime) -> None:
        self.settled()
        self.time.set(instant)
        wakes = self.gateway.wake()
        assert self.gateway.meter.wait(consumed=0, wakes=wakes, timeout=5) is not None

    def close(self) -> None:
        """Hang up everywhere."""
        for client in self.clients:
            client.close()
        self.gateway.stop()


@contextmanager
def staged(
    market: Market | None = None,
    *,
    start: datetime = START,
    anomalies: Anomalies | None = None,
    settings: GatewaySettings | None = None,
    truth: Truth | None = None,
    store: Store | None = None,
    notes: Callable[[str], None] | None = None,
) -> Iterator[Stage]:
    """Run a gateway for the length of a block."""
    settings = settings or GatewaySettings()
    stage = Stage(
        market or SyntheticMarket(1),
        replace(settings, anomalies=anomalies) if anomalies else settings,
        start,
        truth=truth,
        store=store,
        notes=notes,
    )
    try:
        yield stage
    finally:
        stage.close()


def prices(folder: Path, *quotes: tuple[int, str, str]) -> Market:
    """Return a market of the given quotes: seconds after START, bid, ask."""
    path = folder / "quotes.csv"
    rows = [f"{START + timedelta(seconds=at):%Y-%m-%dT%H:%M:%SZ},{bid},{ask}" for at, bid, ask in quotes]
    path.write_text("\n".join(["time,bid,ask", *rows, ""]))
    return QuotesMarket(path)


def order(order_id: int, action: str = "BUY", kind: str = "MKT", **rest: object) -> PlaceOrder:
    """Return a request to trade 25,000 EUR.USD; `limit` and `stop` are prices as text."""
    words = {"limit": "limit_price", "stop": "aux_price"}
    fields = {
        words.get(name, name): Decimal(value) if name in words and isinstance(value, str) else value
        for name, value in rest.items()
    }
    contract = fields.pop("contract", EURUSD)
    assert isinstance(contract, WireContract)
    base = WireOrder(action=action, order_type=kind, total_quantity=Decimal(25000), order_ref=f"ref-{order_id}")
    return PlaceOrder(order_id=order_id, contract=contract, order=replace(base, **fields))  # type: ignore[arg-type]


def only(kind: type[T], answers: list[Answer]) -> list[T]:
    """Return the answers of one type."""
    return [answer for answer in answers if isinstance(answer, kind)]


def statuses(answers: list[Answer]) -> list[tuple[int, str]]:
    """Return order id and status of every orderStatus."""
    return [(one.order_id, one.status) for one in only(OrderStatus, answers)]


def errors(answers: list[Answer]) -> list[tuple[int, int]]:
    """Return what each error is about, and its code."""
    return [(one.about, one.code) for one in only(ErrorMessage, answers)]


def kinds(answers: list[Answer]) -> list[str]:
    """Return the names of the messages."""
    return [type(one).__name__ for one in answers]
