"""What goes wrong in a soak: drawn from a seed, done through the gateway as its control socket does it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from runner.gateway.faults_trouble import Agenda
from runner.gateway.reports import day_start
from runner.gateway.server import Gateway
from runner.gateway.venue import Venue

Told = Mapping[str, object]
ENDS = ("OpenOrdersEnd", "CompletedOrdersEnd", "ExecutionDetailsEnd")
ANSWERS = ("OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionReport", "CurrentTime")
LISTED = ("OpenOrder", "CompletedOrder", "ExecutionDetails")
OURS = "fx1:*"
NO_LISTS = "lists and ends lost"
REJECTIONS = (201, 110, 203, 10289)
US = 1  # the client id of the run


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that goes wrong: how often, out of the sum of all, and as which lines to the control socket."""

    name: str
    weight: float
    tell: Callable[[random.Random, float], list[Told]]


def _plain(do: str) -> Callable[[random.Random, float], list[Told]]:
    return lambda _draw, _longest: [{"do": do, "client": US}]


def _lasting(do: str, least: float, share: float) -> Callable[[random.Random, float], list[Told]]:
    """Return one that lasts from `least` seconds to a share of the longest."""
    return lambda draw, longest: [{"do": do, "client": US, "for": _seconds(draw, least, longest * share)}]


def _seconds(draw: random.Random, least: float, most: float) -> Decimal:
    return Decimal(str(round(draw.uniform(least, max(least, most)), 1)))


def _cut(draw: random.Random, _longest: float) -> list[Told]:
    if draw.random() < 0.4:
        cut = {"do": "cut", "direction": "in", "frame": draw.randint(3, 12), "byte": draw.randint(0, 200)}
        return [cut, {"do": "reset", "client": US}]  # frames are counted on each connection
    return [{"do": "cut", "message": draw.choice(ANSWERS), "byte": draw.randint(0, 60)}]


def _no_end(draw: random.Random, _longest: float) -> list[Told]:
    lost = [{"do": "drop", "message": name} for name in draw.sample(ENDS, draw.randint(1, 2))]
    return [*lost, {"do": "reset", "client": US}]


def _frame(do: str) -> Callable[[random.Random, float], list[Told]]:
    def tell(draw: random.Random, longest: float) -> list[Told]:
        if do != "drop" and draw.random() < 0.25:
            told: dict[str, object] = {"do": do, "message": "PlaceOrder", "direction": "in"}
        else:
            told = {"do": do, "message": draw.choice(ANSWERS)}
        return [{**told, "for": _seconds(draw, 0.2, longest / 15)} if do == "delay" else told]

    return tell


def _at_an_order(do: str) -> Callable[[random.Random, float], list[Told]]:
    """Return one that comes when the next order does, so that the order arrives and its answer does not."""

    def tell(draw: random.Random, longest: float) -> list[Told]:
        told: dict[str, object] = {"do": do, "client": US, "order": OURS}
        return [{**told, "for": _seconds(draw, 1, longest * 0.06)} if do == "mute" else told]

    return tell


def _no_lists(draw: random.Random, _longest: float) -> list[Told]:
    """Restart with an order, its number free again, and lose every list with its End, until it is calm again."""
    lost = [{"do": "drop", "message": name, "times": 1_000_000} for name in (*ENDS, *LISTED)]
    return [{"do": "restart", "order": OURS, "for": _seconds(draw, 0, 2), "ids_back": 40}, *lost]


def _connectivity(draw: random.Random, longest: float) -> list[Told]:
    return [{"do": "connectivity_lost", "for": _seconds(draw, 1, longest / 2), "data_lost": draw.random() < 0.5}]


def _held(draw: random.Random, longest: float) -> list[Told]:
    held = {"do": "client_id_held", "client": US, "for": _seconds(draw, 1, longest / 4)}
    return [held, {"do": "reset", "client": US}]


def _restart(draw: random.Random, longest: float) -> list[Told]:
    back = draw.choice((0, 0, 1, 5, 40))
    return [{"do": "restart", "for": _seconds(draw, 0, longest / 4), "state_lost": False, "ids_back": back}]


def _amnesia(draw: random.Random, longest: float) -> list[Told]:
    return [{"do": "restart", "for": _seconds(draw, 0, longest / 4), "state_lost": True, "ids_back": 0}]


def _late(draw: random.Random, _longest: float) -> list[Told]:
    return [{"do": "fill_after_cancel", "order": OURS, "for": _seconds(draw, 0, 5)}]


def _by_hand(draw: random.Random, _longest: float) -> list[Told]:
    pair, side = draw.choice(("EUR.USD", "USD.CAD")), draw.choice(("BUY", "SELL"))
    return [{"do": "hand_order", "pair": pair, "side": side, "quantity": Decimal(20_000), "type": "MKT"}]


KINDS = (
    Kind("reset", 8, _plain("reset")),
    Kind("close", 8, _plain("close")),
    Kind("cut", 9, _cut),
    Kind("reset at an order", 5, _at_an_order("reset")),
    Kind("close at an order", 5, _at_an_order("close")),
    Kind("mute at an order", 3, _at_an_order("mute")),
    Kind("drop an end", 6, _no_end),
    Kind(NO_LISTS, 3, _no_lists),
    Kind("drop", 6, _frame("drop")),
    Kind("duplicate", 5, _frame("duplicate")),
    Kind("reorder", 5, _frame("reorder")),
    Kind("delay", 6, _frame("delay")),
    Kind("swallow", 3, lambda *_: [{"do": "swallow", "use_id": True}]),
    Kind("swallow, id unused", 4, lambda *_: [{"do": "swallow", "use_id": False}]),
    Kind("reject", 3, lambda draw, _: [{"do": "reject", "code": draw.choice(REJECTIONS), "text": "no"}]),
    Kind("mute", 5, _lasting("mute", 0.5, 0.06)),
    Kind("stop_reading", 5, _lasting("stop_reading", 0.5, 0.06)),
    Kind("connectivity_lost", 5, _connectivity),
    Kind("client_id_held", 3, _held),
    Kind("restart", 5, _restart),
    Kind("restart, state lost", 0.3, _amnesia),
    Kind("day_rollover", 0.5, lambda *_: [{"do": "day_rollover"}]),
    Kind("correct", 3, lambda draw, _: [{"do": "correct", "by": draw.choice((Decimal("0.0001"), Decimal("-0.0001")))}]),
    Kind("fill_after_cancel", 3, _late),
    Kind("hand_order", 1, _by_hand),
)


class Mischief:
    """Lets one thing after the other go wrong, and keeps what a judge has to know of it."""

    def __init__(self, gateway: Gateway, errands: Agenda, seed: int, longest: float, apart: float) -> None:
        """`apart`: seconds between two orders of the plan that sends most, at its multiples."""
        self._gateway = gateway
        self._errands = errands
        self._apart = apart
        self._draw = random.Random(seed)
        self._longest = longest
        self.forgotten: list[datetime] = []  # when the gateway forgot its day
        self.restarted: list[datetime] = []  # when it was restarted and kept what it had
        self.emptied: list[datetime] = []  # when it was restarted and had nothing any more
        self.counts: dict[str, int] = {}

    def happen(self, now: datetime) -> None:
        """Let the next thing go wrong."""
        kind = self._draw.choices(KINDS, [kind.weight for kind in KINDS])[0]
        told = kind.tell(self._draw, self._longest)
        if kind.name == "correct" and not self._has_executions(now):
            return
        for line in told:
            self.tell(line)
        self.counts[kind.name] = self.counts.get(kind.name, 0) + 1
        if kind.name == NO_LISTS:
            order = (now.timestamp() // self._apart + 1) * self._apart
            calm = datetime.fromtimestamp(order + self._draw.uniform(30, 90), UTC)
            self._errands.plan(calm, lambda: self.tell({"do": "calm"}))
            self.restarted.append(calm)  # it was at some time before
        if kind.name == "restart, state lost":
            self.emptied.append(now)
        if kind.name in ("restart, state lost", "day_rollover"):
            self.forgotten.append(now)
        elif kind.name == "restart":
            self.restarted.append(now)

    def tell(self, line: Told) -> None:
        """Say one line to the gateway."""
        self._gateway.call(lambda _: self._gateway.command(line))

    def _has_executions(self, now: datetime) -> bool:
        """Tell whether there is one of today: a TWS corrects none of a day that is over without being asked."""
        since = day_start(int(now.timestamp()))

        def look(venue: Venue) -> bool:
            return any(fill.client_id == US for fill in venue.fills_since(since))

        return self._gateway.call(look)


def midnights(start: datetime, end: datetime) -> list[datetime]:
    """Return the ends of the days of a gateway, which keeps UTC."""
    first, last = (at.astimezone(UTC).timestamp() // 86400 for at in (start, end))
    return [datetime.fromtimestamp(day * 86400, UTC) for day in range(int(first) + 1, int(last) + 1)]
