"""What the journal says at the moment of a claim, read inside the transaction that may write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """Entries of one pair that were claimed in a UTC day: base units, and their value in the quote currency.

    `notional` is None if one of them was claimed without a price.
    """

    quantity: Decimal
    notional: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arming:
    """That somebody has armed a plan: the sha256 of the file as it was, for which account and until when."""

    plan: str
    digest: str
    account: str
    at: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Counts are made from claims, so that a crash forgets none of them."""

    now: datetime  # read after the transaction got its lock
    is_owner: bool = True  # False: another runner has taken the journal since
    halt: str | None = None  # why all sending is halted
    halted_at: datetime | None = None  # since when
    pause: str | None = None  # why this plan is paused
    arming: Arming | None = None  # of this plan
    unknown: tuple[str, ...] = ()  # orders of this plan, as order_refs, whose outcome is unknown
    today: Mapping[str, Tally] = field(default_factory=dict)  # by pair
    open_orders: int = 0  # of this pair and the side of the entry, that may work
    open_opposite: int = 0  # of this pair and the other side, where exits work
    fires_today: int = 0  # of this plan, claimed
    last_minute: int = 0  # orders claimed within sixty seconds


@dataclass(frozen=True, slots=True)
class Quote:
    """The last bid and ask of a pair."""

    bid: Decimal
    ask: Decimal
    at: datetime
