"""Where a run's orders go: the only place that knows a simulated gateway of our own from one at an address.

A session is an address with a clock; everything after it is the same code whatever stands at the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from queue import SimpleQueue

from runner.core.clock import Clock, VirtualTime
from runner.engine.clock import EngineClock, Inbox, VirtualClock, WallClock
from runner.errors import Refused
from runner.gateway.market import QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection, Login

LOOPBACK = "127.0.0.1"
CLIENT_ID = 1
EMBEDDED_CASH = {"USD": Decimal(100_000_000)}  # so that the plan decides, and not margin


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A logged-in connection, and how time passes on it."""

    connection: Connection
    login: Login
    clock: EngineClock

    @property
    def account(self) -> str:
        """The account that orders are sent for."""
        return self.login.accounts[0]


@contextmanager
def virtual(quotes: str | None, *, seed: int, start: datetime) -> Iterator[Session]:
    """Open a session on a simulated gateway of this process, on virtual time from `start`.

    `quotes` is a CSV file in place of the synthetic market.
    """
    inbox: Inbox = SimpleQueue()
    time = VirtualTime(start)
    gateway = _gateway(quotes, seed, time)
    connection = Connection(LOOPBACK, gateway.start(), client_id=CLIENT_ID, publish=inbox.put)
    try:
        login = connection.open()
        yield Session(connection=connection, login=login, clock=VirtualClock(time, gateway, connection, inbox))
    finally:
        connection.close()
        gateway.stop()


@contextmanager
def realtime(quotes: str | None, *, seed: int) -> Iterator[Session]:
    """Open a session on a simulated gateway of this process, on the wall clock."""
    inbox: Inbox = SimpleQueue()
    with closing(WallClock(inbox)) as clock:
        gateway = _gateway(quotes, seed, clock)
        connection = Connection(LOOPBACK, gateway.start(), client_id=CLIENT_ID, publish=inbox.put)
        try:
            yield Session(connection=connection, login=connection.open(), clock=clock)
        finally:
            connection.close()
            gateway.stop()


def _gateway(quotes: str | None, seed: int, clock: Clock) -> Gateway:
    market = SyntheticMarket(seed) if quotes is None else QuotesMarket(quotes)
    return Gateway(market, clock, GatewaySettings(cash=EMBEDDED_CASH, seed=seed))


@contextmanager
def rehearsal(host: str, port: int, *, attempts: int = 1) -> Iterator[Session]:
    """Open a session on a separately started simulated gateway; raises Refused at anything else."""
    inbox: Inbox = SimpleQueue()
    connection = Connection(host, port, client_id=CLIENT_ID, publish=inbox.put, attempts=attempts)
    clock = WallClock(inbox)
    try:
        login = connection.open()
        if not login.simulated:
            raise Refused(
                f"{host}:{port} is not a simulated gateway of fxrun (its handshake says {login.server_time!r}); "
                "--rehearsal sends orders to nothing else. Start one with: fxrun gateway --port PORT"
            )
        yield Session(connection=connection, login=login, clock=clock)
    finally:
        connection.close()
        clock.close()
