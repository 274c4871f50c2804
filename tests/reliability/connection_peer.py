"""What the tests of the connection share: one that is listened to, gateways for it, and a wire that keeps the bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from runner.core.contract import ContractSpec
from runner.core.facts import ConnectionLost, Fact, LoggedIn, LoginFailed
from runner.core.ids import OrderKey
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.gateway.faults_read import read_faults
from runner.gateway.settings import GatewaySettings
from runner.ib.compile import CompiledOrder, compile_group
from runner.ib.connection import Connection
from runner.ib.linked import number

F = TypeVar("F", bound=Fact)
CLIENT_ID = 5
ACCOUNT = "DU1234567"


class Live:
    """A connection and all the facts that came from it, in their order."""

    def __init__(self, port: int, *, client_id: int = CLIENT_ID, timeout: float = 5.0, paced: bool = False) -> None:
        self.facts: list[Fact] = []
        self._came = threading.Condition()
        self.connection = Connection(
            "127.0.0.1", port, client_id=client_id, publish=self._publish, timeout=timeout, paced=paced
        )

    def _publish(self, fact: Fact) -> None:
        with self._came:
            self.facts.append(fact)
            self._came.notify_all()

    def of(self, kind: type[F], after: int = 0) -> list[F]:
        """Return the facts of a kind so far, from a place in the list on."""
        with self._came:
            return [fact for fact in self.facts[after:] if isinstance(fact, kind)]

    def wait(self, kind: type[F], *, after: int = 0, count: int = 1, timeout: float = 10) -> F:
        """Wait for the count-th fact of a kind, from a place in the list on, and return it."""
        with self._came:
            came = self._came.wait_for(lambda: len(self.of(kind, after)) >= count, timeout)
            assert came, f"no {kind.__name__} came, but {self.facts[after:][-20:]}"
            return self.of(kind, after)[count - 1]

    def begin(self) -> LoggedIn | LoginFailed:
        """Begin a session and return what came of it."""
        after = len(self.facts)
        self.connection.begin()
        with self._came:
            assert self._came.wait_for(lambda: self._outcomes(after), 20), "neither a login nor a failure came"
            return self._outcomes(after)[0]

    def _outcomes(self, after: int) -> list[LoggedIn | LoginFailed]:
        return [fact for fact in self.facts[after:] if isinstance(fact, LoggedIn | LoginFailed)]

    def log_in(self) -> LoggedIn:
        """Begin a session that is expected to come about."""
        outcome = self.begin()
        assert isinstance(outcome, LoggedIn), outcome
        return outcome

    def ask(self, ask: Callable[[], object], kind: type[F]) -> F:
        """Ask, and return the first answer of a kind that comes after it."""
        after = len(self.facts)
        ask()
        return self.wait(kind, after=after)

    def drop(self) -> None:
        """Drop the session."""
        after = len(self.facts)
        self.connection.drop("dropped by the test")
        assert self.of(ConnectionLost, after)


@contextmanager
def live(port: int, **options: object) -> Iterator[Live]:
    """Listen to a connection that is not yet open; at its end none of its threads may be left."""
    made = Live(port, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.connection.close()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("fxrun-ib")]
    assert left == [], left


def faulty(*faults: dict[str, object], **settings: object) -> GatewaySettings:
    """Return the settings of a gateway with faults as a file tells them."""
    return replace(GatewaySettings(faults=read_faults({"faults": [*faults]})), **settings)  # type: ignore[arg-type]


def compiled(order_id: int, *, order_ref: str | None = None, **changes: object) -> CompiledOrder:
    """Return an order to buy 25,000 EUR.USD at the market, ready to be placed."""
    values = {
        "key": OrderKey(plan="p", order="main", fire=str(order_id), role="entry"),
        "role": Role.ENTRY,
        "contract": ContractSpec(symbol="EUR", currency="USD"),
        "side": Side.BUY,
        "quantity": Decimal(25000),
        "order_type": OrderType.MARKET,
    } | changes
    (made,) = number(compile_group([OrderTicket(**values)]), order_id, ACCOUNT)  # type: ignore[arg-type]
    if order_ref is not None:
        made.order.orderRef = order_ref
    return made


class Wire:
    """Stands between a client and a gateway, and keeps what the client sends."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sent = bytearray()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            gateway = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += [client, gateway]
            self._threads += [
                threading.Thread(target=self._carry, args=(client, gateway, self._sent.extend), daemon=True),
                threading.Thread(target=self._carry, args=(gateway, client, len), daemon=True),
            ]
            for thread in self._threads[1:]:
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, keep: Callable[[bytes], object]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                keep(data)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def frames(self) -> list[bytes]:
        """Return the complete frames that the client sent after its `API` mark, without their lengths."""
        data, frames = bytes(self._sent)[4:], []
        while len(data) >= 4 and len(data) >= 4 + (size := int.from_bytes(data[:4], "big")):
            frames.append(data[4 : 4 + size])
            data = data[4 + size :]
        return frames

    def close(self) -> None:
        """Hang up both ways."""
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(5)
        for one in self._sockets:
            one.close()


@contextmanager
def wired(port: int) -> Iterator[Wire]:
    """Keep the bytes of one client of a gateway."""
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()


def open_files() -> int:
    """Return how many file handles this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the system does not tell")


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Return True as soon as something holds, False if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
