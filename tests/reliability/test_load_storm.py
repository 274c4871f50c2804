"""L05: callbacks by the ten thousand on a real socket: none lost or told twice, memory holds, a halt gets through.

Nothing here is timed. `STORM` messages come as fast as the peer can write them; more come with
`python -m tests.reliability.test_load_storm --messages 1200000`, which is 20,000 a second for a minute.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from runner.core.clock import VirtualTime
from runner.core.contract import ContractSpec
from runner.core.events import Event, Filled, OrderChanged
from runner.core.facts import ConnectionLost, Fact
from runner.core.ids import OrderKey, fire_key
from runner.core.limits import NO_LIMITS
from runner.core.order_state import OrderState
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.ib.connection import Connection
from runner.journal.control import Ledger
from runner.journal.gate import Gate, Outcome
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from runner.lifecycle.tracker import Tracker
from runner.risk.checks import Proposal, denial
from runner.wire.messages import (
    ErrorMessage,
    ExecutionDetails,
    ManagedAccounts,
    NextValidId,
    OrderStatus,
    WireContract,
    WireExecution,
)
from runner.wire.session import ServerSession

STORM = 40_000
NOW = datetime(2026, 7, 1, 15, tzinfo=UTC)
EUR = WireContract(symbol="EUR", currency="USD", security_type="CASH", exchange="IDEALPRO", local_symbol="EUR.USD")


def ticket(number: int) -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="p", order=f"o{number}", fire=fire_key(NOW), role=Role.ENTRY.value),
        role=Role.ENTRY, contract=ContractSpec(symbol="EUR", currency="USD"), side=Side.BUY, quantity=Decimal(25_000),
        order_type=OrderType.MARKET,
    )  # fmt: skip


def fire(number: int) -> FireRow:
    return FireRow(plan="p", order=f"o{number}", fire=fire_key(NOW), due=NOW, state=None, reason=None)


class Flood:
    """A peer that greets as a TWS, then says so many things at once, and at last that the order was filled."""

    def __init__(self, messages: int, order_ref: str) -> None:
        self._messages = messages
        self._ref = order_ref
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        line, _ = self._listener.accept()
        session = ServerSession(max_version=157)
        with line:
            while not session.started:
                list(session.receive(line.recv(65536)))
                if session.version is not None and not session.started:
                    line.sendall(session.handshake_reply("20260701 15:00:00 UTC"))
                    while not session.started:
                        list(session.receive(line.recv(65536)))
            line.sendall(session.encode(ManagedAccounts(accounts="DU1234567"), NextValidId(order_id=1)))
            self._storm(line, session)
            line.settimeout(60)
            while line.recv(65536):
                pass

    def _storm(self, line: socket.socket, session: ServerSession) -> None:
        status = OrderStatus(order_id=1, status="Submitted", remaining=Decimal(25_000), perm_id=77, client_id=5)
        farm = ErrorMessage(about=-1, code=2104, text="Market data farm connection is OK:usfarm")
        foreign = OrderStatus(order_id=900, status="Submitted", remaining=Decimal(1), perm_id=99, client_id=8)
        block = session.encode(*[status] * 5, farm, *[foreign] * 4)
        for _ in range(self._messages // 10):
            line.sendall(block)
        line.sendall(
            session.encode(
                ExecutionDetails(
                    request_id=-1,
                    contract=EUR,
                    execution=WireExecution(
                        order_id=1, execution_id="0001.01.01.01", time="20260701 15:00:01", account="DU1234567",
                        exchange="IDEALPRO", side="BOT", shares=Decimal(25_000), price=Decimal("1.1"), perm_id=77,
                        client_id=5, cumulative_quantity=Decimal(25_000), average_price=Decimal("1.1"),
                        order_ref=self._ref,
                    ),
                ),
                OrderStatus(
                    order_id=1, status="Filled", filled=Decimal(25_000), remaining=Decimal(0), perm_id=77, client_id=5,
                    average_fill_price=Decimal("1.1"),
                ),
            )
        )  # fmt: skip

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


class Engine:
    """A journal on the disk, a tracker, and a queue that a connection fills: what a runner handles facts with."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(str(path), private=True)
        self.journal.bind("rehearsal", "DU1234567")
        self.journal.open_run(NOW)
        self.events: list[Event] = []
        self.tracker = Tracker(self.journal, VirtualTime(NOW), self.events.append, client_id=5)
        self.inbox: SimpleQueue[Fact] = SimpleQueue()
        self.facts = 0

    def send(self, number: int) -> Outcome:
        """Claim an order as a run does, and follow it as if its bytes had left."""
        one = ticket(number)
        gate = Gate(
            now=lambda: NOW, deadline=None, judge=self._judge(one), client_id=5, first_order_id=number, price=None
        )
        claimed = self.journal.claim(fire(number), (one,), gate=gate)
        if claimed:
            self.tracker.follow(
                OrderRow(
                    ticket=one, state=OrderState.PLANNED, filled=Decimal(0), average_price=None, perm_id=None,
                    closed_with_run=False, note="",
                )
            )  # fmt: skip
            self.journal.record_sent([(one, number)], client_id=5)
            self.tracker.sent([one], {number: one.order_ref})
        return claimed.outcome

    def _judge(self, one: OrderTicket) -> Callable[[Standing], str | None]:
        def judge(standing: Standing) -> str | None:
            return denial(Proposal(tickets=(one,), limits=NO_LIMITS, standing=standing, quote=None))

        return judge

    def handle_until(self, state: OrderState, limit: float = 300.0) -> None:
        """Handle facts until the first order is in a state."""
        deadline = time.monotonic() + limit
        while not any(isinstance(e, OrderChanged) and e.state is state for e in self.events):
            assert time.monotonic() < deadline, f"{self.facts} facts and no {state}"
            try:
                fact = self.inbox.get(timeout=1)
            except Empty:
                continue
            assert not isinstance(fact, ConnectionLost), fact
            self.facts += 1
            self.tracker.handle(fact)


@contextmanager
def storm(folder: Path, messages: int) -> Iterator[Engine]:
    """Send one order, and let so many messages loose on it."""
    engine = Engine(folder / "j.db")
    flood = Flood(messages, ticket(1).order_ref)
    connection = Connection("127.0.0.1", flood.port, client_id=5, publish=engine.inbox.put)
    assert engine.send(1) is Outcome.CLAIMED
    connection.open()
    try:
        yield engine
    finally:
        connection.close()
        flood.close()
        engine.journal.close()


def peak() -> int:
    """Return the most memory that this process has held, in bytes; 0 where the system does not tell."""
    path = Path("/proc/self/status")
    return int(path.read_text().partition("VmHWM:")[2].split()[0]) * 1024 if path.exists() else 0


def check(folder: Path, messages: int) -> None:
    """Let a storm come, and hold what was made of it against what was said; a halt comes in the middle of it."""
    before = peak()
    with storm(folder, messages) as engine:
        engine.handle_until(OrderState.WORKING)
        with closing(Ledger(folder / "j.db")) as ledger:  # as `fxrun halt` does in another process
            ledger.halt("in the storm", NOW, cancel=False)
        assert engine.send(2) is Outcome.DENIED
        assert engine.facts < messages, "the storm was over before the halt"
        engine.handle_until(OrderState.FILLED)
        assert engine.facts >= messages
        states = [e.state for e in engine.events if isinstance(e, OrderChanged)]
        assert states == [OrderState.SENT, OrderState.WORKING, OrderState.FILLED]
        assert sum(isinstance(e, Filled) for e in engine.events) == 1
        (row,) = (r for r in engine.journal.orders() if r.ticket.order_ref == ticket(1).order_ref)
        assert (row.state, row.filled, row.perm_id) == (OrderState.FILLED, Decimal(25_000), 77)
        remarks = (folder / "j.db").stat().st_size
        assert remarks < 1 << 20, "what is said over and over must not fill the journal"
    grown = peak() - before
    assert grown < 200 << 20, f"{grown >> 20} MB more"


def test_l05_a_storm_of_callbacks_is_taken_in_whole_and_a_halt_gets_through(tmp_path: Path) -> None:
    check(tmp_path, STORM)


@pytest.mark.parametrize("messages", [10, 100])
def test_l05_a_breeze_as_well(messages: int, tmp_path: Path) -> None:
    with storm(tmp_path, messages) as engine:
        engine.handle_until(OrderState.FILLED)
        assert engine.facts >= messages


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Let a storm of callbacks loose on a connection and a tracker.")
    parser.add_argument("--messages", type=int, default=1_200_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        check(Path(name), chosen.messages)
        seconds = time.perf_counter() - begun
    print(f"{chosen.messages} messages in {seconds:.1f} s, {chosen.messages / seconds:,.0f} a second, none lost")
    sys.exit(0)
