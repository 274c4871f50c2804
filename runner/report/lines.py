"""What a report says: frozen lines, each of one thing that happened or of one figure. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from runner.core.order_state import OrderState
from runner.core.standing import Quote
from runner.core.ticket import Role, Side
from runner.journal.rows import PastOrder

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
_STEPS = ((2 * HOUR, SECOND), (5 * DAY, MINUTE), (62 * DAY, HOUR))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def step_of(span: timedelta) -> timedelta:
    """Return by how much a span is shown: by the second, minute, hour or, where it is longer, day."""
    return next((step for longest, step in _STEPS if span <= longest), DAY)


def floor(at: datetime, step: timedelta) -> datetime:
    """Return the beginning of the second, minute, hour or day, UTC, that an instant lies in."""
    return at - (at - _EPOCH) % step


class Outcome(Enum):
    """What became of a fire, from well to worst."""

    DONE = "done"
    SKIPPED = "skipped"
    DENIED = "denied"
    REJECTED = "rejected"
    MISSED = "missed"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return list(Outcome).index(self)


class Source(Enum):
    """What told a price; of one instant a later one in this list counts."""

    FILL = "fill"
    REFERENCE = "reference rate of the day"
    PATH = "path of the simulated market"
    QUOTE = "quote at a fire"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """[start, until); None is open."""

    start: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return (self.start is None or at >= self.start) and self.is_before_end(at)

    def is_before_end(self, at: datetime) -> bool:
        """Tell whether an instant lies in it, or before it."""
        return self.until is None or at < self.until


@dataclass(frozen=True, slots=True)
class Mark:
    """A price that is known at an instant: of a quote its middle."""

    at: datetime
    price: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in the account's, since when, and what told it."""

    value: Decimal
    at: datetime
    told_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FireLine:
    """A fire; `left_at` is when its orders left, None if none did or the journal does not say."""

    run: int
    plan: str
    order: str
    fire: str
    due: datetime
    outcome: Outcome
    reason: str
    left_at: datetime | None
    orders: int
    filled: int  # of them, in full

    @property
    def seconds_late(self) -> Decimal | None:
        """By how much its orders left later than it was due."""
        if self.left_at is None:
            return None
        return Decimal(round((self.left_at - self.due).total_seconds() * 1000)) / 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class DayLine:
    """The fires of a plan that were due on a UTC day; `outcome` is the worst of them."""

    plan: str
    day: date
    outcome: Outcome
    counts: Mapping[Outcome, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class FillLine:
    """One execution, by its latest revision. Money is in `currency` unless its name says otherwise.

    `slippage` and `half_spread` are in price, against the quote at the fire; None where there is no quote, or the order
    is an exit, which does not deal at the fire. Worse is positive.
    """

    run: int
    at: datetime
    plan: str
    order: str
    fire: str
    role: str
    order_ref: str
    exec_id: str
    contract: str
    side: Side
    effect: str  # opens, closes, turns
    quantity: Decimal
    price: Decimal
    currency: str
    value: Decimal  # quantity times price times what a price of 1 is worth
    quote: Quote | None
    slippage: Decimal | None
    slippage_amount: Decimal | None
    half_spread: Decimal | None
    half_spread_amount: Decimal | None
    commission: Decimal | None
    commission_currency: str | None
    realized: Decimal
    rate: Rate | None  # of the currency, at the fill
    realized_in_account: Decimal | None  # None where no rate was known

    @property
    def is_unmeasured(self) -> bool:
        """True for the fill of an entry whose quote at the fire nobody told: it has no slippage, and should have."""
        return self.quote is None and self.role == Role.ENTRY.value


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanLine:
    """What a plan came to in a contract: in the period, and what is open at its end.

    Of a simulated run that has ended it is what was open then.
    """

    run: int | None  # None unless several simulated runs are in the journal, each a world of its own
    plan: str
    contract: str
    currency: str
    fills: int
    bought: Decimal
    sold: Decimal
    position: Decimal
    average_price: Decimal | None
    mark: Mark | None
    realized: Decimal
    unrealized: Decimal | None  # None when flat
    commission: Mapping[str, Decimal]
    slippage: Decimal | None  # of the fills that have one, added up
    half_spread: Decimal | None
    unmeasured: int  # fills of entries without a quote at their fire
    realized_in_account: Decimal | None  # None where a rate was missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What all plans had made by an instant, in the report's currency, and how far that is below its highest."""

    at: datetime
    equity: Decimal
    drawdown: Decimal  # zero or below


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposurePoint:
    """What is held by currency at an instant, signed."""

    at: datetime
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trough:
    """The deepest drawdown: from its highest to its lowest point, and when the highest was reached again."""

    amount: Decimal  # positive
    since: datetime
    at: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The whole in figures, wherever they are shown."""

    outcomes: Mapping[Outcome, int]  # of fires, each outcome
    orders: Mapping[OrderState, int]
    fills: int
    realized: Mapping[str, Decimal]  # by currency, before commission
    realized_in_account: Decimal | None  # None where a rate was missing
    commission: Mapping[str, Decimal]
    without_commission: int  # fills of which none was told
    unmeasured: int  # fills of entries without a quote at their fire
    unlisted: int  # fills that the broker stopped telling of
    held: Mapping[str, Decimal]  # exposure at the end, by currency


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A part of the verdict; `level` is bad, note or good."""

    level: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything; `currency` is that of equity and of what is said in account currency, None if none is known."""

    title: str
    source: str  # the journal, or the run
    mode: str | None
    account: str | None
    period: Period
    currency: str | None
    currency_told: str  # who told it, or why it is not known
    prices_told: str  # what equity is marked with
    fires: tuple[FireLine, ...]
    days: tuple[DayLine, ...]
    orders: tuple[PastOrder, ...]
    fills: tuple[FillLine, ...]
    plans: tuple[PlanLine, ...]
    totals: Totals
    equity: tuple[Point, ...]
    trough: Trough | None
    unrated: tuple[str, ...]  # currencies of which a rate was missing where one was needed
    exposure: tuple[ExposurePoint, ...]
    paths: Mapping[str, tuple[Mark, ...]]
    verdict: tuple[Sentence, ...]

    @property
    def is_well(self) -> bool:
        """True if nothing needs somebody's attention."""
        return not any(sentence.level == "bad" for sentence in self.verdict)
