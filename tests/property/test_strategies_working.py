"""Strategies that go on, against a broker that does whatever it likes: what is open and filled never exceeds the size.

The strategy is asked anew from what the journal would hold, so every step is a restart as well.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.contract import ContractSpec
from runner.core.order_state import OrderState
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import units
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, OrderType, Side
from runner.plan.model import Instruction, Remedy, Unfilled
from strategies import expand, on_fact
from strategies.base import Cancel, Fact, Finish, Leg, Place, State, Wait

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIZE = Decimal(60_000)
ENTRY = Instruction(
    plan="p",
    order="main",
    contract=ContractSpec(symbol="EUR", currency="USD"),
    side=Side.BUY,
    size=units(SIZE),
    order_type=OrderType.LIMIT,
    limit_price=PriceExpr(Anchor.BID, Decimal(-5), Unit.PIPS),
)
UNFILLED = st.sampled_from(Remedy).map(
    lambda then: replace(ENTRY, unfilled=Unfilled(after=timedelta(minutes=10), then=then))
)
SLICES = st.builds(
    lambda rest, count, vary: replace(
        ENTRY,
        strategy="slices",
        parameters={
            "rest": rest,
            "count": Decimal(count),
            "vary": Decimal(vary),
            "over": timedelta(hours=1),
        },
    ),
    st.sampled_from(["carry", "cross", "drop"]),
    st.integers(2, 7),
    st.sampled_from([0, 0, 40]),
)
WHIMS = st.sampled_from(["fill", "part", "reject", "expire", "cancel", "deny", "lose", "nothing", "nothing", "nothing"])


def quote(at: datetime, bid: int) -> Quote:
    return Quote(Decimal(bid) / 100_000, Decimal(bid + 8) / 100_000, at)


class Broker:
    """Holds the orders of one fire, and does to them what is drawn."""

    def __init__(self, written: Instruction) -> None:
        self.written, self.now = written, START
        self.started = Snapshot(now=START, quote=quote(START, 108_503))
        self.legs: list[Leg] = []
        self.is_finished = False

    def place(self, tickets: tuple[OrderTicket, ...]) -> None:
        known = {leg.ticket.order_ref for leg in self.legs}
        for ticket in tickets:
            if ticket.order_ref not in known:
                assert not any(leg.state is OrderState.UNKNOWN for leg in self.legs)
                self.legs.append(Leg(ticket=ticket, state=OrderState.WORKING, filled=Decimal(0), average_price=None))
        open_part = sum((leg.ticket.quantity - leg.filled for leg in self.legs if not leg.state.is_done), Decimal(0))
        assert open_part + self.filled <= SIZE
        assert len({leg.ticket.order_ref for leg in self.legs}) == len(self.legs)

    @property
    def filled(self) -> Decimal:
        return sum((leg.filled for leg in self.legs), Decimal(0))

    def turn(self, place: int, state: OrderState, filled: Decimal | None = None) -> None:
        leg = self.legs[place]
        self.legs[place] = replace(leg, state=state, filled=leg.filled if filled is None else filled)

    def act(self, whim: str, share: int) -> None:
        """Do something to the order that came last of those that are open."""
        places = [place for place, leg in enumerate(self.legs) if not leg.state.is_done]
        if not places:
            return
        leg = self.legs[places[-1]]
        part = leg.filled + ((leg.ticket.quantity - leg.filled) * share / 100).to_integral_value()
        states = {
            "reject": OrderState.REJECTED, "expire": OrderState.EXPIRED, "cancel": OrderState.CANCELLED,
            "deny": OrderState.DENIED, "lose": OrderState.NOT_RECEIVED,
        }  # fmt: skip
        if whim == "fill" or (whim == "part" and part >= leg.ticket.quantity):
            self.turn(places[-1], OrderState.FILLED, leg.ticket.quantity)
        elif whim == "part":
            self.turn(places[-1], leg.state, part)
        elif whim in states and (not leg.filled or whim in ("cancel", "expire")):
            self.turn(places[-1], states[whim])

    def ask(self, bid: int) -> None:
        state = State(instruction=self.written, fire="f", due=START, started=self.started, legs=tuple(self.legs))
        fact = Fact(now=self.now, quote=quote(self.now, bid))
        actions = on_fact(state, fact)
        assert actions == on_fact(state, fact)
        for action in actions:
            match action:
                case Place():
                    self.place(action.tickets)
                case Cancel():
                    (place,) = [n for n, leg in enumerate(self.legs) if leg.ticket.order_ref == action.order_ref]
                    if not self.legs[place].state.is_done:
                        self.turn(place, OrderState.CANCELLED)
                case Wait():
                    assert action.until > self.now
                    self.now = max(self.now, min(action.until, self.now + timedelta(minutes=10)))
                case Finish():
                    self.is_finished = True


@settings(max_examples=400, deadline=None)
@given(
    written=st.one_of(UNFILLED, SLICES),
    whims=st.lists(st.tuples(WHIMS, st.integers(1, 100), st.integers(108_000, 109_000)), min_size=60, max_size=60),
)
def test_what_is_open_and_filled_never_exceeds_the_size(
    written: Instruction, whims: list[tuple[str, int, int]]
) -> None:
    broker = Broker(written)
    broker.place(expand(written, "f", broker.started))
    for whim, share, bid in whims:
        broker.act(whim, share)
        broker.ask(bid)
        if broker.is_finished:
            break
        if whim == "nothing":
            broker.now += timedelta(minutes=3)
    if written.strategy == "slices" or written.unfilled.then is not Remedy.REPRICE:  # type: ignore[union-attr]
        assert broker.is_finished
    assert broker.filled <= SIZE


def test_an_unknown_order_is_waited_for() -> None:
    for written in (
        replace(ENTRY, unfilled=Unfilled(after=timedelta(minutes=10), then=Remedy.CROSS)),
        replace(ENTRY, strategy="slices", parameters={"count": Decimal(2), "over": timedelta(hours=1)}),
    ):
        broker = Broker(written)
        broker.place(expand(written, "f", broker.started))
        broker.turn(0, OrderState.UNKNOWN)
        broker.now += timedelta(hours=3)
        broker.ask(108_503)
        assert len(broker.legs) == 1
        assert not broker.is_finished
