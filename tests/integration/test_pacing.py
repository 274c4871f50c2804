"""At most 45 messages in any second: by arithmetic for any arrivals, and as a gateway counts what it receives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.facts import ConnectionLost, CurrentTimeSeen, NoticeSeen
from runner.engine.clock import WallClock
from runner.errors import ConnectionFailed
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.notices import Disposition, classify
from runner.ib.pacing import LIMIT, WINDOW, Pacer
from runner.wire.messages import CancelOrder, PlaceOrder, RequestCurrentTime
from tests.reliability.connection_peer import Live, compiled, faulty, live
from tests.reliability.truth_peer import Witness

gaps = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 3)), min_size=1, max_size=400)


class Time:
    """Time that passes when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.slept = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds
        self.slept += seconds


def most(sent: list[float], window: float) -> int:
    """Return the largest number of instants in any window, both ends counted."""
    largest = first = 0
    for last, at in enumerate(sent):
        while at - sent[first] > window:
            first += 1
        largest = max(largest, last - first + 1)
    return largest


@settings(max_examples=300, deadline=None)
@given(gaps)
def test_c19_no_window_holds_more_than_the_limit(waits: list[float]) -> None:
    time = Time()
    pacer = Pacer(now=time.now, sleep=time.sleep)
    sent = []
    for gap in waits:
        time.at += gap
        pacer.wait()
        sent.append(time.at)
    assert most(sent, WINDOW - 1e-6) <= LIMIT


@given(st.lists(st.floats(WINDOW / LIMIT + 0.001, 1), max_size=100))
def test_who_is_slow_enough_never_waits(waits: list[float]) -> None:
    time = Time()
    pacer = Pacer(now=time.now, sleep=time.sleep)
    for gap in waits:
        time.at += gap
        assert pacer.delay() == 0
        pacer.wait()
    assert time.slept == 0


@given(st.integers(0, 150))
def test_the_delay_that_is_told_is_the_one_that_comes(count: int) -> None:
    time = Time()
    pacer = Pacer(now=time.now, sleep=time.sleep)
    for _ in range(count):
        pacer.wait()
    told, before = pacer.delay(), time.at
    pacer.wait()
    assert time.at - before == pytest.approx(told, abs=0.002)


def test_c18_slowing_down_halves_the_limit_at_once_and_stops_at_five() -> None:
    time = Time()
    pacer = Pacer(now=time.now, sleep=time.sleep)
    sent = []
    for _ in range(LIMIT):
        pacer.wait()
    pacer.slow_down()
    for _ in range(100):
        pacer.wait()
        sent.append(time.at)
    assert most(sent, WINDOW - 1e-6) == 22
    for _ in range(9):
        pacer.slow_down()
    assert pacer.limit == 5


def test_threads_share_one_limit() -> None:
    time, sent, lock = Time(), [], threading.Lock()
    pacer = Pacer(now=time.now, sleep=time.sleep)

    def run() -> None:
        for _ in range(200):
            with lock:  # so that the instant is the one at which it was let through
                pacer.wait()
                sent.append(time.at)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 800
    assert most(sorted(sent), WINDOW - 1e-6) <= LIMIT


@contextmanager
def on_the_wall(settings: GatewaySettings, witness: Witness) -> Iterator[int]:
    """Run a gateway on the time of the wall."""
    clock = WallClock(SimpleQueue())
    gateway = Gateway(SyntheticMarket(1), clock, settings, truth=witness)
    try:
        yield gateway.start()
    finally:
        gateway.stop()
        clock.close()


@pytest.mark.slow
def test_c19_a_thousand_messages_of_all_kinds_never_strike_at_the_gateway() -> None:
    """Two threads send as fast as they can; the gateway counts what it receives in any second."""
    witness, kinds = Witness(), 3
    with on_the_wall(faulty({"do": "pacing", "rate": 50}), witness) as port, live(port, paced=True) as client:
        client.log_in()
        first = client.connection.take_order_ids(1000)

        def burst(start: int) -> None:
            for index in range(start, start + 500, kinds):
                client.connection.place(compiled(first + index))
                client.connection.cancel(first + index)
                client.connection.request_current_time()

        threads = [threading.Thread(target=burst, args=(start,)) for start in (0, 500)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        assert 100 not in {notice.code for notice in client.of(NoticeSeen)}
        assert client.of(ConnectionLost) == []
    sent = witness.of(PlaceOrder, CancelOrder, RequestCurrentTime)
    received = [at for at, _ in witness.requests]
    print(f"{len(sent)} messages, at most {most(received, 0.999)} received in a second")
    assert len(sent) == 2 * kinds * 167
    assert most(received, 0.999) <= 50


def ask_often(client: Live, count: int) -> None:
    for _ in range(count):
        client.connection.request_current_time()


def test_c18_error_100_and_a_hang_up_are_told_and_the_next_session_is_slower() -> None:
    pacing = {"do": "pacing", "rate": 30, "strikes": 1}
    assert classify(100, about_order=False) is Disposition.PACING
    with on_the_wall(faulty(pacing), Witness()) as port, live(port, paced=True) as client:
        client.log_in()
        after = len(client.facts)
        with pytest.raises(ConnectionFailed):
            ask_often(client, 200)
        notice = client.wait(NoticeSeen, after=after)
        assert (notice.about, notice.code) == (-1, 100)
        client.wait(ConnectionLost, after=after)
        after = len(client.facts)
        client.log_in()
        ask_often(client, 60)
        client.wait(CurrentTimeSeen, after=after, count=60)
        assert 100 not in {notice.code for notice in client.of(NoticeSeen, after)}
