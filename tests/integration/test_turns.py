"""A gateway and its client on one thread: over a socket, in turns, and never waiting for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from queue import SimpleQueue

import pytest

from runner.core.clock import VirtualTime
from runner.core.facts import ConnectionLost, Fact, Handled, OpenOrdersEnd
from runner.engine.clock import Inbox, VirtualClock
from runner.errors import ConnectionFailed
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection

START = datetime(2025, 1, 6, 15, 0, tzinfo=UTC)


class Stage:
    """Both sides, and what the client heard."""

    def __init__(self, settings: GatewaySettings, timeout: float) -> None:
        inbox: Inbox = SimpleQueue()
        time = VirtualTime(START)
        self.facts: list[Fact] = []
        self.gateway = Gateway(SyntheticMarket(1), time, settings)
        port = self.gateway.start(takes_turns=True)
        self.connection = Connection(
            "127.0.0.1", port, client_id=1, publish=inbox.put, timeout=timeout, turn=self.gateway.turn
        )
        self.clock = VirtualClock(time, self.gateway, self.connection, inbox)

    def settle(self) -> list[Fact]:
        self.facts.clear()
        self.clock.settle(self.facts.append)
        return [fact for fact in self.facts if not isinstance(fact, Handled)]


@contextmanager
def staged(settings: GatewaySettings | None = None, timeout: float = 5) -> Iterator[Stage]:
    stage = Stage(settings or GatewaySettings(cash={"USD": Decimal(10**9)}), timeout)
    try:
        yield stage
    finally:
        stage.connection.close()
        stage.gateway.stop()


def test_neither_side_starts_a_thread() -> None:
    before = threading.active_count()
    with staged() as stage:
        assert stage.connection.open().accounts == ("DU1234567",)
        stage.connection.request_open_orders()
        assert isinstance(stage.settle()[-1], OpenOrdersEnd)
        assert threading.active_count() == before


def test_a_burst_goes_through_both_ways() -> None:
    with staged() as stage:
        stage.connection.open()
        stage.settle()
        for _ in range(20_000):  # before anybody reads an answer
            stage.connection.request_open_orders()
        told = stage.settle()
        assert [type(fact) for fact in told] == [OpenOrdersEnd] * 20_000


def test_nothing_is_sent_to_a_gateway_that_has_ended() -> None:
    with staged() as stage:
        stage.connection.open()
        stage.settle()
        stage.gateway.stop()
        assert stage.gateway.is_gone
        with suppress(ConnectionFailed):  # the network may take the first
            stage.connection.request_open_orders()
        with pytest.raises(ConnectionFailed):
            stage.connection.request_open_orders()


def test_a_gateway_that_ends_while_something_is_under_way_is_a_lost_session() -> None:
    with staged() as stage:
        stage.connection.open()
        stage.settle()
        stage.connection.request_open_orders()
        stage.gateway.stop()
        (fact,) = stage.settle()
        assert isinstance(fact, ConnectionLost)


def test_a_silent_gateway_is_given_up_in_time() -> None:
    with staged(GatewaySettings(silent=True), timeout=0.3) as stage, pytest.raises(ConnectionFailed):
        stage.connection.open()


def test_what_is_asked_of_the_gateway_is_done_at_once() -> None:
    with staged() as stage:
        stage.connection.open()
        assert stage.gateway.call(lambda venue: venue.account.number) == "DU1234567"
