"""A supervised run in a thread of this process, a real gateway on a socket, a journal on the disk."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from runner.cli.carrying import make_desk
from runner.cli.session import supervised
from runner.core.contract import ContractSpec
from runner.core.events import Event, FireDone, FireState, Noticed
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.engine.desk import Desk, Rules
from runner.engine.run import Run
from runner.engine.span import Span
from runner.gateway.plugin_gateway import TwsGateway, running
from runner.journal.rows import OrderRow
from runner.journal.store import Journal
from runner.lifecycle.link import LinkState
from runner.plan.model import Instruction, Mode, Plan
from runner.schedule.spec import ScheduleSpec

MARKET = Instruction(
    plan="p",
    order="main",
    contract=ContractSpec(symbol="EUR", currency="USD"),
    side=Side.BUY,
    size=units(Decimal(25_000)),
    order_type=OrderType.MARKET,
)
RESTING = replace(
    MARKET, order_type=OrderType.LIMIT, limit_price=fixed(Decimal("0.5")), time_in_force=TimeInForce.GTC
)  # never fills
T = TypeVar("T")
PATIENCE = 45.0  # seconds that a story may take to come to where it is awaited


def every(seconds: float, instruction: Instruction = MARKET, *, order: str = "main", plan: str = "p") -> Instruction:
    """Return an order that is due over and over."""
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), every=timedelta(seconds=seconds))
    return replace(instruction, schedule=spec, order=order, plan=plan)


def at(*instants: datetime, instruction: Instruction = MARKET, order: str = "main", plan: str = "p") -> Instruction:
    """Return an order that is due at instants."""
    spec = ScheduleSpec(zone=ZoneInfo("UTC"), at=tuple(instants))
    return replace(instruction, schedule=spec, order=order, plan=plan)


def soon(seconds: float) -> datetime:
    """Return an instant from now, on a whole second."""
    return (datetime.now(UTC) + timedelta(seconds=seconds + 0.5)).replace(microsecond=0)


@dataclass
class Runner:
    """One run of `Field`: ask it what happened while it goes, `end` it, then read the journal."""

    events: list[Event] = field(default_factory=list)
    links: list[tuple[LinkState, str]] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    run: Run | None = None
    desk: Desk | None = None
    thread: threading.Thread | None = None
    fault: BaseException | None = None

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds; fails with what was awaited."""
        limit = time.monotonic() + PATIENCE
        while not condition():
            assert self.fault is None, self.fault
            assert time.monotonic() < limit, f"waited in vain for {what}: {self.links[-3:]} {self.events[-3:]}"
            time.sleep(0.01)

    def wait_ready(self) -> None:
        """Wait until orders may be sent."""
        self.wait(lambda: self.links and self.links[-1][0] is LinkState.READY, "a session that is ready")

    def fires(self, state: FireState) -> list[FireDone]:
        """Return the fires that came to that, so far."""
        return [event for event in list(self.events) if isinstance(event, FireDone) and event.state is state]

    def notices(self) -> list[str]:
        """Return what was said."""
        return [event.text for event in list(self.events) if isinstance(event, Noticed)]

    def end(self) -> None:
        """Stop the run between two steps and wait for its end."""
        assert self.run is not None
        assert self.thread is not None
        self.run.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        assert self.fault is None, self.fault


class Field:
    """A gateway, and a journal that one run after the other uses."""

    def __init__(self, gateway: TwsGateway, journal: Path) -> None:
        self.gateway, self.path = gateway, journal

    @contextmanager
    def runner(
        self,
        *instructions: Instruction,
        until: timedelta | None = None,
        rules: Rules | None = None,
        port: int | None = None,
        client_id: int = 1,
        stops_at_foreign: bool = False,
    ) -> Iterator[Runner]:
        """Start a run on the journal; it is stopped at the end of the block."""
        made = Runner()
        begun = threading.Event()
        made.thread = threading.Thread(
            target=self._go,
            args=(
                made,
                begun,
                instructions,
                until,
                rules or Rules(),
                port or self.gateway.port,
                client_id,
                stops_at_foreign,
            ),
            daemon=True,
        )
        made.thread.start()
        begun.wait(10)
        assert made.fault is None, made.fault
        try:
            yield made
        finally:
            if made.run is not None:
                made.run.stop()
            made.thread.join(30)
        assert made.fault is None, made.fault

    def _go(
        self,
        made: Runner,
        begun: threading.Event,
        instructions: tuple[Instruction, ...],
        until: timedelta | None,
        rules: Rules,
        port: int,
        client_id: int,
        stops_at_foreign: bool,
    ) -> None:
        journal = Journal(str(self.path), private=True)
        try:
            journal.bind("rehearsal", self.gateway.account)
            with supervised("127.0.0.1", port, self.gateway.account, client_id=client_id, timeout=5.0) as session:
                start = session.clock.now()
                journal.open_run(start)
                made.desk = make_desk(
                    session,
                    journal,
                    made.events.append,
                    rules=rules,
                    supervised=True,
                    watches_foreign=rules.counts_foreign or stops_at_foreign,
                    on_change=lambda state, detail: made.links.append((state, detail)),
                )
                made.desk.stops_at_foreign = stops_at_foreign
                made.desk.alarm = lambda event, _: made.alarms.append(event)
                journal.adopt_open_orders()
                made.desk.tracker.adopt(journal.open_orders())
                names = sorted({one.plan for one in instructions})
                plans = [
                    Plan(
                        name=name,
                        mode=Mode.LIVE,
                        file=f"{name}.yaml",
                        digest="",
                        instructions=tuple(one for one in instructions if one.plan == name),
                    )
                    for name in names
                ]
                span = Span(start=start, until=None if until is None else start + until)
                made.run = Run(plans, span, session.clock, made.desk, lambda _: None)
                begun.set()
                made.run.go()
                made.run.finish()
        except BaseException as fault:
            made.fault = fault
        finally:
            begun.set()
            journal.close()

    # --- what is known afterwards

    def rows(self) -> list[OrderRow]:
        """Return every order of the journal; no run may be under way."""
        return self._read(lambda journal: list(journal.open_orders()))

    def order(self, order_ref: str) -> OrderRow | None:
        """Return one order of the journal; no run may be under way."""
        return self._read(lambda journal: journal.order(order_ref))

    def state_of_fire(self, key: OrderKey) -> FireState | None:
        """Return what the journal says of the fire of an order; no run may be under way."""
        row = self._read(lambda journal: journal.fire(key.plan, key.order, key.fire))
        return None if row is None else row.state

    def evaluated(self, plan: str, order: str) -> datetime | None:
        """Return up to when the journal says that fires were looked at; no run may be under way."""
        return self._read(lambda journal: journal.evaluated(plan, order))

    def _read(self, look: Callable[[Journal], T]) -> T:
        journal = Journal(str(self.path), private=True)
        try:
            return look(journal)
        finally:
            journal.close()

    def created(self) -> Counter[str]:
        """Count the orders that the gateway has taken, by orderRef."""
        return Counter(order.order_ref for order in self.gateway.orders())

    def doubled(self) -> list[str]:
        """Return the orderRefs that the gateway has taken more than once."""
        return [ref for ref, count in self.created().items() if count > 1]


@contextmanager
def open_field(folder: Path, **settings: object) -> Iterator[Field]:
    """Start a gateway in open market hours, with a journal of its own; settings as of the fixture tws_gateway.

    Not within two minutes of midnight, where nothing can be proven absent: waits for the new day.
    """
    now = datetime.now(UTC)
    if (now + timedelta(minutes=2)).date() != now.date() or now.time() < time_of_day(0, 1, 5):
        time.sleep(200 if now.hour == 23 else 65)
    gateway = running({"cash": {"USD": "100000000"}, **settings})
    try:
        yield Field(gateway, folder / "journal.db")
    finally:
        gateway.close()


def states(rows: list[OrderRow]) -> Counter[OrderState]:
    """Count orders by their state."""
    return Counter(row.state for row in rows)
