"""The loop on a real gateway over a socket: what it makes of a connection that dies, of a restart, of its own end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue

import pytest

from runner.cli.carrying import make_desk
from runner.cli.session import Session
from runner.core.clock import VirtualTime
from runner.core.contract import ContractSpec
from runner.core.events import Commissioned, Event, Filled, FireDone, OrderChanged
from runner.core.facts import ConnectionLost, Fact
from runner.core.order_state import OrderState
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.engine.clock import EngineClock, Inbox, VirtualClock, WallClock
from runner.engine.desk import Rules
from runner.engine.renewal import Change
from runner.engine.run import Run
from runner.engine.span import Span
from runner.gateway.anomalies import Anomalies
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection
from runner.journal.store import Journal
from runner.plan.model import Instruction, Mode, Plan
from runner.schedule.spec import ScheduleSpec

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
CASH = {"USD": Decimal(10**9)}
FXRUN = [sys.executable, "-m", "runner"]
ONCE = Instruction(
    plan="p",
    order="main",
    contract=ContractSpec(symbol="EUR", currency="USD"),
    side=Side.BUY,
    size=units(Decimal(25_000)),
    order_type=OrderType.MARKET,
    time_in_force=TimeInForce.DAY,
)
HOURLY = replace(ONCE, schedule=ScheduleSpec(zone=UTC, every=timedelta(hours=1)))  # type: ignore[arg-type]
RESTING = replace(ONCE, order_type=OrderType.LIMIT, limit_price=fixed(Decimal("0.5")), time_in_force=TimeInForce.GTC)


class Rig:
    """A gateway in virtual time, and one client of it."""

    def __init__(self, gateway: Gateway, port: int, time_: VirtualTime, journal: Journal) -> None:
        self.gateway, self.port, self.time, self.journal = gateway, port, time_, journal
        self.events: list[Event] = []
        self.react: Callable[[Event], None] = lambda _: None
        self.connection: Connection | None = None
        self.clock: EngineClock | None = None

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.react(event)

    def run(
        self,
        *instructions: Instruction,
        until: timedelta | None = None,
        wall: bool = False,
        persistent: bool = False,
        changes: Callable[[], Change | None] | None = None,
    ) -> Run:
        """Return a run that has not begun: connected and on virtual time, or supervised and on the wall's."""
        inbox: Inbox = SimpleQueue()
        self.connection = Connection("127.0.0.1", self.port, client_id=1, publish=inbox.put)
        self.clock = WallClock(inbox) if wall else VirtualClock(self.time, self.gateway, self.connection, inbox)
        account = "DU1234567" if wall else self.connection.open().accounts[0]
        self.journal.open_run(self.clock.now())
        session = Session(connection=self.connection, account=account, clock=self.clock)
        desk = make_desk(session, self.journal, self.emit, rules=Rules(), supervised=wall, persistent=persistent)
        if wall:
            self.journal.adopt_open_orders()
            desk.tracker.adopt(self.journal.open_orders())
        plan = Plan(name="p", mode=Mode.SIMULATE, file="p", digest="", instructions=instructions)
        start = self.clock.now()
        span = Span(start=start, until=None if until is None else start + until)
        return Run([plan], span, self.clock, desk, lambda _: None, changes=changes)

    def leave(self) -> None:
        if self.connection is not None:
            self.connection.close()
        if self.clock is not None:
            self.clock.close()

    def states(self) -> list[OrderState]:
        return [row.state for row in self.journal.orders()]


@contextmanager
def rig(**anomalies: int) -> Iterator[Rig]:
    time_ = VirtualTime(START)
    gateway = Gateway(SyntheticMarket(1), time_, GatewaySettings(cash=CASH, anomalies=Anomalies(**anomalies)))
    journal = Journal(":memory:")
    made = Rig(gateway, gateway.start(), time_, journal)
    try:
        yield made
    finally:
        made.leave()
        gateway.stop()
        journal.close()


# --- the connection dies


@pytest.mark.parametrize("kind", [FireDone, OrderChanged, Filled, Commissioned])
def test_a_gateway_that_dies_in_virtual_time_ends_the_run_at_once(kind: type[Event]) -> None:
    with rig() as r:
        run = r.run(HOURLY, until=timedelta(hours=5))
        r.react = lambda event: r.gateway.stop() if isinstance(event, kind) else None
        began = time.monotonic()
        run.go()
        run.finish()
        assert time.monotonic() - began < 3
        assert run.lost is not None
        (state,) = r.states()
        assert state in (OrderState.UNKNOWN, OrderState.FILLED, OrderState.WORKING, OrderState.HELD)


def test_a_gateway_that_died_before_a_fire_leaves_an_unknown_order() -> None:
    with rig() as r:
        run = r.run(ONCE, until=timedelta(hours=5))
        r.gateway.stop()
        run.go()
        run.finish()
        assert run.lost is not None
        assert set(r.states()) <= {OrderState.UNKNOWN}


# --- a restart


def test_a_restart_on_a_dead_connection_is_lost_and_asks_again_next_time() -> None:
    with rig() as r:
        first = r.run(RESTING, until=timedelta(hours=1))
        first.go()
        first.finish()
        assert r.states() == [OrderState.WORKING]
        r.leave()
        second = r.run(RESTING, until=timedelta(seconds=3), wall=True)
        r.gateway.stop()
        second.go()
        second.finish()
        assert second.lost is not None
        assert r.states() == [OrderState.WORKING]


def test_an_order_without_an_answer_is_asked_about_after_a_restart() -> None:
    with rig() as r:
        first = r.run(RESTING, until=timedelta(hours=1))
        r.react = lambda event: first.stop() if isinstance(event, FireDone) else None
        first.go()
        first.give_up()
        r.journal.set_order(replace(r.journal.orders()[0], state=OrderState.UNKNOWN))
        r.leave()
        second = r.run(RESTING, until=timedelta(seconds=3), wall=True)
        second.go()
        assert r.states() == [OrderState.WORKING]


def test_orders_that_ended_in_between_are_found_among_the_completed() -> None:
    day = replace(RESTING, time_in_force=TimeInForce.DAY)
    with rig() as r:
        first = r.run(day, until=timedelta(hours=1))
        first.go()
        first.finish()
        assert r.states() == [OrderState.WORKING]
        r.leave()
        r.time.set(START + timedelta(hours=14, seconds=30))  # 17:00 New York has passed
        r.gateway.wake()
        second = r.run(day, until=timedelta(seconds=3), wall=True)
        second.go()
        assert r.states() == [OrderState.EXPIRED]


# --- the end of a run


def test_a_run_on_the_wall_waits_a_moment_for_what_is_owed() -> None:
    inbox: Inbox = SimpleQueue()
    clock = WallClock(inbox)
    late = ConnectionLost(reason="late")
    timer = threading.Timer(0.2, inbox.put, [late])
    timer.start()
    came: list[Fact] = []
    clock.linger(came.append, lambda: not came)
    clock.close()
    timer.join()
    assert came == [late]


def test_a_clock_that_is_closed_at_the_very_instant_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler's thread used to stumble over a job that the end had taken away."""
    ended: list[object] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    for delay in range(40):
        clock = WallClock(SimpleQueue())
        clock.advance(clock.now() + timedelta(microseconds=50 * delay), lambda _: None)
        clock.close()
    assert ended == []


def test_what_happens_at_until_is_not_part_of_the_run() -> None:
    """A DAY order lapses at 22:00 UTC: a run that ends there leaves it working."""
    day = replace(RESTING, time_in_force=TimeInForce.DAY)
    for hours, expected in ((14, OrderState.WORKING), (15, OrderState.EXPIRED)):
        with rig() as r:
            run = r.run(day, until=timedelta(hours=hours))
            run.go()
            run.finish()
            assert r.states() == [expected]


# --- signals


def _interrupted(
    tmp_path: Path, number: int, options: list[str], wait: float, presses: int = 1
) -> tuple[int, str, str]:
    plan = tmp_path / "p.yaml"
    plan.write_text("plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 1h}\n")
    out = tmp_path / "out"
    with out.open("wb") as sink:
        process = subprocess.Popen(
            [*FXRUN, str(plan), "--simulate", "--json", *options], stdout=sink, stderr=subprocess.PIPE, text=True
        )
        limit = time.monotonic() + 20
        while not out.stat().st_size and time.monotonic() < limit and process.poll() is None:
            time.sleep(0.01)
        time.sleep(wait)
        for _ in range(presses):
            process.send_signal(number)
        _, told = process.communicate(timeout=30)
    return process.returncode, out.read_text(), told


@pytest.mark.parametrize("wait", [0.0, 0.13, 0.37])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_virtual_time_ends_with_a_summary_that_adds_up(
    tmp_path: Path, number: int, wait: float
) -> None:
    options = ["--from", "2000-01-01", "--until", "2025-01-01"]
    code, said, told = _interrupted(tmp_path, number, options, wait)
    assert (code, told) == (130, "")
    lines = [json.loads(line) for line in said.splitlines()]
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert summary["unknown"] == 0
    assert summary["orders"] == len({line["order_ref"] for line in lines if line["type"] == "order"})
    assert summary["fires"] == len([line for line in lines if line["type"] == "fire"])


@pytest.mark.parametrize(("number", "presses"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_an_interrupt_on_the_wall_clock_does_too(tmp_path: Path, number: int, presses: int) -> None:
    code, said, told = _interrupted(tmp_path, number, ["--realtime"], 0.3, presses)
    assert (code, told) == (130, "")
    assert json.loads(said.splitlines()[-1])["type"] == "summary"


# --- a rehearsal whose gateway dies


def test_a_gateway_that_is_killed_costs_exit_5_and_a_summary(tmp_path: Path) -> None:
    plan = tmp_path / "p.yaml"
    plan.write_text("plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 1s}\n")
    with subprocess.Popen([*FXRUN, "gateway", "--port", "0"], stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        port = gateway.stdout.readline().strip().rpartition(":")[2]
        command = [*FXRUN, str(plan), "--rehearsal", f"127.0.0.1:{port}", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            lines = []
            for text in run.stdout:
                lines.append(json.loads(text))
                if lines[-1]["type"] == "fire":
                    gateway.kill()
            assert run.wait(20) == 5
            assert run.stderr is not None
            told = run.stderr.read()
    assert "the connection is gone: " in told
    assert "Traceback" not in told
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert summary["fires"] == summary["orders"] == 1
    assert summary["unknown"] + summary["filled"] + summary["working"] == 1


def test_a_long_run_keeps_the_orders_of_the_last_days_alone() -> None:
    """Two weeks of an order an hour and one that rests: what has ended is let go of, what works is not."""
    with rig() as made:
        run = made.run(HOURLY, replace(RESTING, order="rests"), until=timedelta(days=14))
        kept = run._desk.tracker
        run.go()
        run.finish()
        filled = made.states().count(OrderState.FILLED)
        assert filled > 200
        assert len(kept._orders) < 5 * 24
        assert [kept.row(ref).state for ref in kept.open_refs()] == [OrderState.WORKING]
