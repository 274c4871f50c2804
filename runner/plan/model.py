"""A plan as frozen values: what travels after the last dict has been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from runner.core.contract import ContractSpec
from runner.core.limits import NO_LIMITS, Limits
from runner.core.price import PriceExpr
from runner.core.size import SizeExpr
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.schedule.policy import DEFAULT_POLICY, FirePolicy
from runner.schedule.spec import ScheduleSpec


class Mode(Enum):
    """What the plan may touch: the simulated gateway, or a TWS."""

    SIMULATE = "simulate"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a plan; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTerms:
    """What `order:` says beside its type and prices; spans count from the fire."""

    trail: PriceExpr | None = None  # a distance
    limit_offset: PriceExpr | None = None  # a distance, of a trailing_limit
    until: datetime | timedelta | None = None  # with GTD
    good_after: datetime | timedelta | None = None
    outside_rth: bool = False
    all_or_none: bool = False
    min_quantity: Decimal | None = None
    extra: tuple[tuple[str, str | bool | int | Decimal], ...] = ()  # `ib:`, fields of ibapi's Order by their own names


class Remedy(Enum):
    """What is done about an order that has not filled after a while."""

    LEAVE = "leave"
    CANCEL = "cancel"
    REPRICE = "reprice"
    CROSS = "cross"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfilled:
    """`unfilled: {after: 10m, then: reprice}`."""

    after: timedelta
    then: Remedy


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """Conditions of a fire, all of which must hold; it waits for them until `within` after it was due."""

    above: Decimal | None = None  # the mid price is above
    below: Decimal | None = None
    spread: PriceExpr | None = None  # at most so far apart: pips, or an amount
    position: str | None = None  # flat or open: of this plan in this contract
    opens: time | None = None  # a window of the day, in `zone`
    closes: time | None = None
    zone: ZoneInfo | None = None
    after: str | None = None  # another order of the plan, whose latest fire has filled
    within: timedelta = timedelta()


Parameter = (
    str | bool | Decimal | timedelta | datetime | time | PriceExpr | SizeExpr | tuple[Any, ...] | Mapping[str, Any]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One order of a plan; `marks` says where each plan key (side, size, order.price, ...) stands.

    `parameters` is what stands below the strategy's key, each value as its schema types it. A strategy that decides
    side or size itself need not be given them: then they are BUY and 0 units, which it does not look at.
    """

    plan: str
    order: str
    contract: ContractSpec
    side: Side
    size: SizeExpr
    order_type: OrderType
    limit_price: PriceExpr | None = None
    stop_price: PriceExpr | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    terms: OrderTerms = OrderTerms()
    strategy: str = "single"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    unfilled: Unfilled | None = None
    when: When | None = None
    schedule: ScheduleSpec | None = None
    policy: FirePolicy = DEFAULT_POLICY
    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One file."""

    name: str
    mode: Mode
    file: str
    digest: str  # sha256 of the file, and of what --set and the environment gave it; hexadecimal
    instructions: tuple[Instruction, ...]
    account: str | None = None  # the only one its orders may be for
    limits: Limits = NO_LIMITS  # of the plan alone; `stricter` joins them with those of the settings
    resend: bool = False  # whether an order that is proven absent may be sent again inside its deadline
