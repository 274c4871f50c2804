"""A scenario as values: a declared path of one pair's price, laid over the market from an instant on.

Each point says where the middle of the quote is at its instant, and how the market is from there to the next point.
Between two points with a price the middle goes in a straight line; a gap holds the price before it until its instant.
From the last price on the market's own moves are added to it, so a last move of nothing leads back to the market. The
last point ends the scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from runner.gateway.faults import Fault, Verb, When
from runner.gateway.instruments import INSTRUMENTS

MADE = "made"
LONGEST = 7 * 86_400  # seconds from the first point to the last


def pip_of(pair: str) -> Decimal:
    """Return the pip of a pair: ten of the steps in which it is quoted."""
    return Decimal(10).scaleb(-INSTRUMENTS[pair].decimals)


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """How far the price is from the market's own: an amount of quote currency, or percent of the market's."""

    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)

    def of(self, price: Decimal) -> Decimal:
        """Return the price that is so far from another."""
        return price + self.amount + price * self.percent / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One instant of a scenario, in epoch seconds; of price and move at most one is given."""

    at: int
    price: Decimal | None = None  # the middle of the quote
    move: Move | None = None
    gap: bool = False
    spread: Decimal | None = None  # quote currency; None: the market's own
    is_liquid: bool = True  # False: no quotes, so nothing fills
    restart: int | None = None  # the gateway goes away for that many seconds

    @property
    def has_price(self) -> bool:
        """True if the path goes through it."""
        return self.price is not None or self.move is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A declared path; points ascend. `source` says whose prices they are, `made` if nobody's."""

    name: str
    source: str
    pair: str | None
    points: tuple[Point, ...]

    @property
    def start(self) -> int:
        """The first second in which it says anything."""
        return self.points[0].at

    @property
    def end(self) -> int:
        """The instant from which the market goes on by itself."""
        return self.points[-1].at

    @property
    def has_restart(self) -> bool:
        """True if the gateway goes away in it."""
        return any(point.restart is not None for point in self.points)

    def faults(self, since: datetime) -> tuple[Fault, ...]:
        """Return its restarts of the gateway as faults, without those before an instant."""
        return tuple(
            Fault(do=Verb.RESTART, seconds=point.restart, when=When(at=datetime.fromtimestamp(point.at, UTC)))
            for point in self.points
            if point.restart is not None and point.at >= since.timestamp()
        )
