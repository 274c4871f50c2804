"""A plan as frozen values: what travels after the last dict has been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from runner.core.contract import ContractSpec
from runner.core.limits import NO_LIMITS, Limits
from runner.core.ticket import OrderType, Side, TimeInForce
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
class Bracket:
    """Exits of an entry; either may be absent, not both."""

    take_profit: Decimal | None
    stop_loss: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One order of a plan; `marks` says where each plan key (side, size, order.price, ...) stands."""

    plan: str
    order: str
    contract: ContractSpec
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    bracket: Bracket | None = None
    schedule: ScheduleSpec | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One file."""

    name: str
    mode: Mode
    file: str
    digest: str  # sha256 of the bytes of the file, hexadecimal
    instructions: tuple[Instruction, ...]
    account: str | None = None  # the only one its orders may be for
    limits: Limits = NO_LIMITS  # of the plan alone; `stricter` joins them with those of the settings
    resend: bool = False  # whether an order that is proven absent may be sent again inside its deadline
