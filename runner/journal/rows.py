"""What the journal gives back: frozen rows. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, Side

WAITS = 0  # the order id of what is claimed with others and has not been let go: no TWS gives that one


@dataclass(frozen=True, kw_only=True, slots=True)
class FireRow:
    """One fire; `state` is None while it is claimed and not yet sent."""

    plan: str
    order: str
    fire: str
    due: datetime
    state: FireState | None
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a fire is decided from, and whether somebody goes on with it after its orders were sent."""

    digest: str  # of the plan's file
    snapshot: Snapshot
    goes_on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkRow:
    """A fire that is being worked."""

    fire: FireRow
    digest: str
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One order: the intent, and what is known of it."""

    ticket: OrderTicket
    state: OrderState
    filled: Decimal
    average_price: Decimal | None
    perm_id: int | None
    closed_with_run: bool  # a working order of a simulated run that ended: its gateway kept no state
    note: str  # the broker's or fxrun's reason for the state, "" for none


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRow(OrderRow):
    """An order with all that finds it at the broker again."""

    client_id: int | None  # with order_id: the route it was claimed with or sent on last, None if it never had one
    order_id: int | None
    claimed_at: datetime  # where nothing judged its claim, the time it was due
    fire_due: datetime
    perm_ids: tuple[int, ...]  # every permId ever told for it

    @property
    def waits(self) -> bool:
        """True if it was claimed with others and has not been let go: the broker cannot have it."""
        return self.state is OrderState.PLANNED and self.order_id == WAITS


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionRow:
    """The latest revision of one execution, with its commission where it is known."""

    order_ref: str
    plan: str
    exec_id: str
    contract: str
    side: Side
    price: Decimal
    quantity: Decimal
    at: datetime
    commission: Decimal | None
    commission_currency: str | None
    multiplier: Decimal = Decimal(1)  # what a price of 1 is worth for one unit, in the contract's currency
    run: int = 0  # that of its order; 0 where only the runner has told of it yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Halt:
    """Why nothing is sent, and since when."""

    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlRow:
    """What a command asked of the runner.

    `kind` is cancel (`target`: a plan, an order_ref or --all) or resolve (`target`: an order_ref, `detail`: filled or
    lost). `done_at` is None until the runner has obeyed; `note` is its answer.
    """

    id: int
    kind: str
    target: str
    detail: str
    at: datetime
    done_at: datetime | None
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRow:
    """A plan that a runner carries out, or did last."""

    plan: str
    file: str
    digest: str
    next_fire: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkRow:
    """How the runner's connection stood when it last changed."""

    state: str
    detail: str
    at: datetime


# --- for reports


@dataclass(frozen=True, kw_only=True, slots=True)
class PastRun:
    """A run that was begun, and the instant of its plans' time at which."""

    id: int
    started: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PastFire(FireRow):
    """A fire of any run; `claimed_at` is None where nothing judged its claim."""

    run: int
    claimed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PastOrder(OrderRow):
    """An order of any run, with the instant at which its fire was due."""

    run: int
    fire_due: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """When the orders of a fire left, and the market then; `quote` is None where nobody told one in time."""

    plan: str
    order: str
    fire: str
    attempt: int
    at: datetime
    quote: Quote | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RateRow:
    """What one unit of a currency was worth in the currency of the account, as the account told it."""

    at: datetime
    currency: str
    rate: Decimal
    account_currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Everything that a report is made from, of one moment; each list oldest first."""

    mode: str | None  # simulate, rehearsal or live; None for a journal that no run has bound yet
    account: str | None
    runs: tuple[PastRun, ...]
    fires: tuple[PastFire, ...]
    orders: tuple[PastOrder, ...]
    executions: tuple[ExecutionRow, ...]
    arrivals: tuple[Arrival, ...]
    works: tuple[WorkRow, ...]
    rates: tuple[RateRow, ...]
    unlisted: tuple[str, ...]  # exec_ids that the broker stopped telling of
