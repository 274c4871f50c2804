"""Each oddity of a TWS, sent by the gateway over a socket on a seed: every order still ends right."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from queue import SimpleQueue

import pytest

from runner.cli.carrying import make_desk
from runner.cli.session import Session
from runner.core.clock import VirtualTime
from runner.core.contract import ContractSpec
from runner.core.events import Event, Filled, Noticed, Severity
from runner.core.order_state import OrderState
from runner.core.price import fixed
from runner.core.size import units
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.engine.clock import Inbox, VirtualClock
from runner.engine.desk import Rules
from runner.engine.run import Run
from runner.engine.span import Span
from runner.gateway.anomalies import Anomalies
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.ib.connection import Connection
from runner.journal.rows import ExecutionRow, OrderRow
from runner.journal.store import Journal
from runner.plan.model import Instruction, Mode, Plan
from runner.schedule.policy import FirePolicy
from runner.schedule.spec import ScheduleSpec

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
HOURS = 40


class Outcome:
    """One run over a real socket: what the journal holds at its end, and what was said on the way."""

    def __init__(self, instruction: Instruction, settings: GatewaySettings, hours: int = HOURS) -> None:
        self.events: list[Event] = []
        inbox: Inbox = SimpleQueue()
        time = VirtualTime(START)
        gateway = Gateway(SyntheticMarket(settings.seed), time, settings)
        connection = Connection(
            "127.0.0.1", gateway.start(takes_turns=True), client_id=1, publish=inbox.put, turn=gateway.turn
        )
        journal = Journal(":memory:")
        try:
            login = connection.open()
            journal.bind("simulate", login.accounts[0])
            journal.open_run(START)
            clock = VirtualClock(time, gateway, connection, inbox)
            session = Session(connection=connection, clock=clock, account=login.accounts[0])
            desk = make_desk(session, journal, self.events.append, rules=Rules())
            plan = Plan(name="p", mode=Mode.SIMULATE, file="p", digest="", instructions=(instruction,))
            run = Run([plan], Span(start=START, until=START + timedelta(hours=hours)), clock, desk, lambda _: None)
            run.go()
            run.finish()
            assert run.lost is None
            self.orders: tuple[OrderRow, ...] = journal.orders()
            self.executions: tuple[ExecutionRow, ...] = journal.executions()
        finally:
            connection.close()
            gateway.stop()
            journal.close()

    def states(self) -> Counter[OrderState]:
        return Counter(row.state for row in self.orders)


def hourly(order_type: OrderType = OrderType.MARKET, limit: str | None = None) -> Instruction:
    return Instruction(
        plan="p",
        order="main",
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        size=units(Decimal(25_000)),
        order_type=order_type,
        limit_price=None if limit is None else fixed(Decimal(limit)),
        time_in_force=TimeInForce.DAY,
        schedule=ScheduleSpec(zone=UTC, every=timedelta(hours=1)),  # type: ignore[arg-type]
        policy=FirePolicy(overlap=True),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "kind",
    [
        "duplicate_status",
        "duplicate_open_order",
        "duplicate_execution",
        "missing_status",
        "fill_before_acknowledgement",
        "warning",
        "commission_first",
    ],
)
def test_market_orders_fill_once_whatever_the_messages(kind: str, seed: int) -> None:
    settings = GatewaySettings(seed=seed, anomalies=Anomalies(**{kind: 60}), cash={"USD": Decimal(10**8)})
    outcome = Outcome(hourly(), settings)
    assert outcome.states() == {OrderState.FILLED: HOURS}
    assert len(outcome.executions) == HOURS
    assert sum(row.quantity for row in outcome.executions) == HOURS * 25_000
    assert all(row.commission is not None for row in outcome.executions)
    assert len([e for e in outcome.events if isinstance(e, Filled)]) == HOURS


def test_all_at_once() -> None:
    everything = Anomalies(**dict.fromkeys(set(Anomalies.__dataclass_fields__) - {"unanswered"}, 50))
    outcome = Outcome(hourly(), GatewaySettings(seed=5, anomalies=everything, cash={"USD": Decimal(10**8)}))
    assert outcome.states() == {OrderState.FILLED: HOURS}
    assert sum(row.quantity for row in outcome.executions) == HOURS * 25_000


def test_warnings_are_told_and_end_nothing() -> None:
    outcome = Outcome(hourly(), GatewaySettings(anomalies=Anomalies(warning=100), cash={"USD": Decimal(10**8)}))
    warned = Counter(e.code for e in outcome.events if isinstance(e, Noticed) and e.severity is Severity.WARNING)
    assert {399, 10349, 2109} <= set(warned)
    assert outcome.states() == {OrderState.FILLED: HOURS}


def test_a_fill_after_the_cancel_counts() -> None:
    """DAY limits out of reach lapse at 17:00 New York; then the broker reports that they filled after all."""
    quiet = Outcome(hourly(OrderType.LIMIT, "0.5"), GatewaySettings())
    late = Outcome(hourly(OrderType.LIMIT, "0.5"), GatewaySettings(anomalies=Anomalies(fill_after_cancel=100)))
    assert quiet.states()[OrderState.EXPIRED] > 10
    assert OrderState.FILLED not in quiet.states()
    assert late.states()[OrderState.FILLED] == quiet.states()[OrderState.EXPIRED]
    filled = [row for row in late.orders if row.state is OrderState.FILLED]
    assert sum(row.quantity for row in late.executions) == sum(row.filled for row in filled)


def test_silence_is_unknown() -> None:
    """The gateway reads and never answers an order: nobody may call that rejected, or done."""
    outcome = Outcome(hourly(), GatewaySettings(anomalies=Anomalies(unanswered=100)), hours=3)
    assert outcome.states() == {OrderState.UNKNOWN: 3}
