"""The golden plan of every strategy on a real gateway: filled in parts, denied by a limit, the same in virtual and real
time, and not doubled by a restart in its middle.
"""

from __future__ import annotations

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
from runner.core.events import Event, FireDone, FireState
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.snapshot import Need
from runner.core.ticket import Role
from runner.engine.clock import Inbox, VirtualClock
from runner.engine.desk import Desk as EngineDesk
from runner.engine.desk import Rules
from runner.engine.run import Run
from runner.engine.span import Span
from runner.gateway.fills import FillModel
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection
from runner.journal.rows import OrderRow
from runner.journal.store import Journal
from runner.plan import load
from runner.plan.model import Plan
from strategies import STRATEGIES, expand, needs
from tests.reliability.field import Field, open_field, soon
from tests.unit.test_strategies_golden import GOLDEN

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEAD = "plan: p\nlimits: {pairs: [EUR.USD]}\n"
BUYS_FIRST = """\
orders:
  - {id: first, contract: EUR.USD, side: buy, size: 30_000, schedule: {at: "2026-03-02T09:00Z"}}
  - {id: main, contract: EUR.USD, schedule: {at: "2026-03-02T10:00Z"}, %s}
"""
CASH = {"USD": Decimal(10**7), "EUR": Decimal(4000)}


class Desk:
    """A gateway on virtual time that outlives runs, and a journal."""

    def __init__(self, gateway: Gateway, port: int, clock: VirtualTime, journal: Journal) -> None:
        self.gateway, self.port, self.time, self.journal = gateway, port, clock, journal
        self.events: list[Event] = []
        self.on_event: Callable[[Event], object] = lambda _: None
        self.made: EngineDesk | None = None

    def run(self, plan: Plan, until: timedelta | None, limits: Limits | None = None) -> list[OrderRow]:
        inbox: Inbox = SimpleQueue()
        connection = Connection("127.0.0.1", self.port, client_id=1, publish=inbox.put, turn=self.gateway.turn)
        clock = VirtualClock(self.time, self.gateway, connection, inbox)
        account = connection.open().accounts[0]
        self.journal.open_run(clock.now())
        rules = Rules() if limits is None else Rules(limits={plan.name: limits})
        desk = make_desk(
            Session(connection=connection, account=account, clock=clock), self.journal, self.emit, rules=rules
        )
        self.made = desk
        run = Run(
            [plan],
            Span(start=clock.now(), until=None if until is None else clock.now() + until),
            clock,
            desk,
            lambda _: None,
        )
        run.go()
        run.finish()
        connection.close()
        return list(self.journal.orders())

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def fires(self, order: str = "main") -> list[FireDone]:
        return [one for one in self.events if isinstance(one, FireDone) and one.order == order]


@contextmanager
def at_work(fills: FillModel | None = None) -> Iterator[Desk]:
    clock = VirtualTime(START)
    settings = GatewaySettings(cash=CASH, fill_model=fills or FillModel())
    gateway = Gateway(SyntheticMarket(1), clock, settings)
    journal = Journal(":memory:")
    try:
        yield Desk(gateway, gateway.start(takes_turns=True), clock, journal)
    finally:
        gateway.stop()
        journal.close()


def read(text: str, folder: Path) -> Plan:
    file = folder / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))


def golden(name: str, folder: Path) -> Plan:
    """The golden plan, due after the plan has bought 30,000 euros, as its numbers suppose."""
    own = ", ".join(GOLDEN[name][0].splitlines())
    return read(HEAD + BUYS_FIRST % own, folder)


def of_main(rows: list[OrderRow]) -> list[OrderRow]:
    return [row for row in rows if row.ticket.key.order == "main"]


def entered(rows: list[OrderRow]) -> Decimal:
    return sum((row.filled for row in rows if row.ticket.role is Role.ENTRY), Decimal(0))


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("partial", [0, 100])
def test_filled_whole_or_in_parts_it_comes_to_no_more_than_was_written(name: str, partial: int, tmp_path: Path) -> None:
    with at_work(FillModel(partial=partial)) as desk:
        plan = golden(name, tmp_path)
        rows = desk.run(plan, timedelta(hours=3))
        (fire,) = desk.fires()
        assert fire.state is FireState.SENT, fire.reason
        mine = of_main(rows)
        works = desk.journal.works.kept("p")
        known = [work.snapshot for work in works if work.fire.order == "main"]
        if known and name != "slices":  # what the journal kept gives the same orders once more
            again = expand(plan.instructions[1], fire.fire, known[0])
            assert tuple(row.ticket for row in mine) == again
        total = sum((row.ticket.quantity for row in mine if row.ticket.role is Role.ENTRY), Decimal(0))
        assert entered(mine) <= total
        if name == "slices":
            assert [row.ticket.quantity for row in mine] == [33_333, 33_333, 33_334]
        if not {row.ticket.order_type.value for row in mine} & {"LMT", "STP"}:
            assert {row.state for row in mine} == {OrderState.FILLED}
            assert entered(mine) == total
        assert desk.journal.works.open() == ()
        if name == "flatten":
            assert desk.journal.works.position("p", "EUR.USD") == 0
        if name == "target":
            assert desk.journal.works.position("p", "EUR.USD") == 50_000


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_limit_denies_and_nothing_is_sent(name: str, tmp_path: Path) -> None:
    with at_work() as desk:
        plan = golden(name, tmp_path)
        plan = replace(plan, instructions=plan.instructions[1:])  # the position would be closed otherwise
        if name == "flatten":
            plan = golden(name, tmp_path)
        rows = of_main(desk.run(plan, timedelta(hours=3), Limits(max_quantity=Decimal(100))))
        if name == "flatten":  # the first order was denied as well, so there is nothing to close
            assert [fire.state for fire in desk.fires()] == [FireState.SKIPPED]
        else:
            assert [fire.state for fire in desk.fires()] == [FireState.DENIED]
            assert {row.state for row in rows} == {OrderState.DENIED}
        assert desk.journal.executions() == ()
        assert desk.journal.works.open() == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_restart_in_its_middle_doubles_nothing_and_loses_nothing(name: str, tmp_path: Path) -> None:
    """The first run ends as soon as orders of the fire have left; the second one, on the wall's clock too, goes on."""
    with open_field(tmp_path, cash={"USD": "400000", "EUR": "4000"}) as field:
        wants_position = Need.POSITION in needs(golden(name, tmp_path).instructions[1])
        due = soon(4 if wants_position else 1)
        own = ", ".join(GOLDEN[name][0].replace("30m", "6s").splitlines())
        text = (HEAD + BUYS_FIRST % own).replace("2026-03-02T10:00Z", f"{due:%Y-%m-%dT%H:%M:%SZ}")
        first = soon(1) if wants_position else due - timedelta(days=1)
        plan = read(text.replace("2026-03-02T09:00Z", f"{first:%Y-%m-%dT%H:%M:%SZ}"), tmp_path)
        children = 3 if name == "slices" else 1
        with field.runner(*plan.instructions) as runner:
            runner.wait(lambda: field.gateway.orders() and sent(runner.events), "the first orders")
        with field.runner(*plan.instructions) as runner:
            runner.wait_ready()
            runner.wait(lambda: entries(field) >= children + wants_position, "all orders")
            runner.wait(lambda: runner.desk is not None and is_at_rest(runner.desk), "the end of what is worked")
            time.sleep(0.5)
        assert field.doubled() == []
        orders = [order for order in field.gateway.orders() if order.order_ref]
        taken = [order for order in orders if of_main_ref(field, order.order_ref)]
        rows = [row for order in taken if (row := field.order(order.order_ref)) is not None]
        if name == "slices":
            assert sorted(row.ticket.quantity for row in rows) == [33_333, 33_333, 33_334]
            assert sum(row.filled for row in rows) == 100_000
        else:
            names = [line.split()[0] for line in GOLDEN[name][1]]
            assert sorted(row.ticket.key.role for row in rows) == sorted(names)


def sent(events: list[Event]) -> bool:
    return any(isinstance(one, FireDone) and one.order == "main" and one.state is FireState.SENT for one in events)


def entries(field: Field) -> int:
    return len({order.order_ref for order in field.gateway.orders()})


def is_at_rest(desk: EngineDesk) -> bool:
    return not desk.tracker.unresolved()


def of_main_ref(field: Field, ref: str) -> bool:
    row = field.order(ref)
    return row is not None and row.ticket.key.order == "main"
