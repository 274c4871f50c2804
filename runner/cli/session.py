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
from runner.core.facts import LoggedIn, LoginFailed
from runner.engine.clock import EngineClock, Inbox, VirtualClock, WallClock
from runner.errors import ConnectionFailed
from runner.gateway.market import Market, QuotesMarket, SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection

LOOPBACK = "127.0.0.1"
CLIENT_ID = 1
EMBEDDED_CASH = {"USD": Decimal(100_000_000)}  # so that the plan decides, and not margin


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A connection, and how time passes on it; `first` is the login that the account was learnt from."""

    connection: Connection
    account: str
    clock: EngineClock
    first: LoggedIn | None = None
    market: Market | None = None  # of a gateway of this process


@contextmanager
def virtual(quotes: str | None, *, seed: int, start: datetime) -> Iterator[Session]:
    """Open a session on a simulated gateway of this process, on virtual time from `start`.

    `quotes` is a CSV file in place of the synthetic market.
    """
    inbox: Inbox = SimpleQueue()
    time = VirtualTime(start)
    market = _market(quotes, seed)
    gateway = _gateway(market, seed, time)
    connection = Connection(LOOPBACK, gateway.start(), client_id=CLIENT_ID, publish=inbox.put)
    try:
        account = connection.open().accounts[0]
        clock = VirtualClock(time, gateway, connection, inbox)
        yield Session(connection=connection, account=account, clock=clock, market=market)
    finally:
        connection.close()
        gateway.stop()


@contextmanager
def realtime(quotes: str | None, *, seed: int) -> Iterator[Session]:
    """Open a session on a simulated gateway of this process, on the wall clock."""
    inbox: Inbox = SimpleQueue()
    with closing(WallClock(inbox)) as clock:
        gateway = _gateway(_market(quotes, seed), seed, clock)
        connection = Connection(LOOPBACK, gateway.start(), client_id=CLIENT_ID, publish=inbox.put)
        try:
            yield Session(connection=connection, account=connection.open().accounts[0], clock=clock)
        finally:
            connection.close()
            gateway.stop()


def _market(quotes: str | None, seed: int) -> Market:
    return SyntheticMarket(seed) if quotes is None else QuotesMarket(quotes)


def _gateway(market: Market, seed: int, clock: Clock) -> Gateway:
    return Gateway(market, clock, GatewaySettings(cash=EMBEDDED_CASH, seed=seed))


@contextmanager
def supervised(host: str, port: int, account: str | None, *, client_id: int, timeout: float) -> Iterator[Session]:
    """Prepare a session on a TWS, or on a separately started simulated gateway; the run opens it, again and again.

    Without an account it is opened here, once, and the account is the first that it names; raises ConnectionFailed.
    """
    inbox: Inbox = SimpleQueue()
    connection = Connection(host, port, client_id=client_id, publish=inbox.put, timeout=timeout, paced=True)
    with closing(WallClock(inbox)) as clock:
        try:
            first = None if account is not None else _login(connection, inbox)
            name = account or (first.accounts[0] if first is not None else "")
            yield Session(connection=connection, account=name, clock=clock, first=first)
        finally:
            connection.close()


def _login(connection: Connection, inbox: Inbox) -> LoggedIn:
    connection.begin()
    while True:
        match inbox.get():
            case LoggedIn() as fact if fact.accounts:
                return fact
            case LoggedIn():
                raise ConnectionFailed(f"{connection.host}:{connection.port} names no account")
            case LoginFailed() as failed:
                raise ConnectionFailed(f"{failed.what}: {failed.advice}")
