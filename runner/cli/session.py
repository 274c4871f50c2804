"""Where a run's orders go: the only place that knows a simulated gateway of our own from one at an address.

A session is an address with a clock; everything after it is the same code whatever stands at the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from queue import SimpleQueue

from runner.core.clock import Clock, VirtualTime
from runner.core.facts import ConnectionLost, Fact, LoggedIn, LoginFailed
from runner.engine.clock import EngineClock, Inbox, VirtualClock, WallClock
from runner.engine.patient import PatientClock
from runner.errors import ConnectionFailed
from runner.gateway.faults import Faults
from runner.gateway.market import Market, QuotesMarket, SyntheticMarket
from runner.gateway.overlay import Overlay
from runner.gateway.scenario import Scenario
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection

LOOPBACK = "127.0.0.1"
CLIENT_ID = 1
QUOTES = 1 << 15  # kept for the report, which asks for those of all fills again: 26 years of weekdays have 6,800
_AWAY = ("the simulated gateway is away", "it comes back when the scenario says so")
EMBEDDED_CASH = {"USD": Decimal(100_000_000)}  # so that the plan decides, and not margin


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A connection, and how time passes on it; `first` is the login that the account was learnt from."""

    connection: Connection
    account: str
    clock: EngineClock
    first: LoggedIn | None = None
    market: Market | None = None  # of a gateway of this process
    reopens: PatientClock | None = None  # its clock, where that gateway goes away and comes back


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """What a simulated gateway of this process serves: a CSV file in place of the synthetic market, and a scenario."""

    quotes: str | None
    seed: int
    scenario: Scenario | None

    def market(self) -> Market:
        """Make the market."""
        base = SyntheticMarket(self.seed, kept=QUOTES) if self.quotes is None else QuotesMarket(self.quotes)
        return base if self.scenario is None or self.scenario.pair is None else Overlay(base, self.scenario)

    def gateway(self, market: Market, clock: Clock) -> Gateway:
        """Make the gateway; what the scenario has of it happens from now on."""
        faults = () if self.scenario is None else self.scenario.faults(clock.now())
        return Gateway(market, clock, GatewaySettings(cash=EMBEDDED_CASH, seed=self.seed, faults=Faults(faults=faults)))


def simulated(prices: Prices, *, start: datetime) -> AbstractContextManager[Session]:
    """Return a session on a simulated gateway of this process, on virtual time from `start`."""
    is_left = prices.scenario is not None and prices.scenario.has_restart
    return _reopened(prices, start) if is_left else _virtual(prices, start)


@contextmanager
def _virtual(prices: Prices, start: datetime) -> Iterator[Session]:
    inbox: Inbox = SimpleQueue()
    time = VirtualTime(start)
    market = prices.market()
    gateway = prices.gateway(market, time)
    port = gateway.start(takes_turns=True)
    connection = Connection(LOOPBACK, port, client_id=CLIENT_ID, publish=inbox.put, turn=gateway.turn)
    try:
        account = connection.open().accounts[0]
        clock = VirtualClock(time, gateway, connection, inbox)
        yield Session(connection=connection, account=account, clock=clock, market=market)
    finally:
        connection.close()
        gateway.stop()


@contextmanager
def _reopened(prices: Prices, start: datetime) -> Iterator[Session]:
    """Prepare a session that the run opens, again and again, as it does with a TWS."""
    inbox: Inbox = SimpleQueue()
    time = VirtualTime(start)
    market = prices.market()
    gateway = prices.gateway(market, time)
    port = gateway.start()
    connection = Connection(LOOPBACK, port, client_id=CLIENT_ID, publish=lambda fact: inbox.put(_of_scenario(fact)))
    clock = PatientClock(time, gateway, connection, inbox)
    account = gateway.venue.account.number
    try:
        yield Session(connection=connection, account=account, clock=clock, market=market, reopens=clock)
    finally:
        connection.close()
        gateway.stop()


def _of_scenario(fact: Fact) -> Fact:
    """Return a fact; one of a session that is lost without its port, which is another one in every run."""
    match fact:
        case ConnectionLost():
            return ConnectionLost(reason=": ".join(_AWAY))
        case LoginFailed():
            return LoginFailed(what=_AWAY[0], advice=_AWAY[1], is_final=False)
    return fact


@contextmanager
def realtime(prices: Prices) -> Iterator[Session]:
    """Open a session on a simulated gateway of this process, on the wall clock."""
    inbox: Inbox = SimpleQueue()
    with closing(WallClock(inbox)) as clock:
        gateway = prices.gateway(prices.market(), clock)
        connection = Connection(LOOPBACK, gateway.start(), client_id=CLIENT_ID, publish=inbox.put)
        try:
            yield Session(connection=connection, account=connection.open().accounts[0], clock=clock)
        finally:
            connection.close()
            gateway.stop()


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
