"""What is known at a fire: all that a strategy may look at beside its instruction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Flag, auto

from runner.core.standing import Quote


class Need(Flag):
    """What a strategy cannot do without; what it names and nobody can tell denies the fire."""

    NOTHING = 0
    QUOTE = auto()  # bid and ask of the pair
    ACCOUNT = auto()  # cash, net liquidation and rates of the account
    POSITION = auto()  # what this plan's own fills add up to


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Read once, at the fire; kept in the journal, so that what follows from it is the same after a restart."""

    now: datetime
    quote: Quote | None = None
    cash: Mapping[str, Decimal] = field(default_factory=dict)  # by currency, as the account has it
    net_liquidation: Decimal | None = None  # in the account's currency
    account_currency: str | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)  # account currency for one unit of each currency
    position: Decimal = Decimal(0)  # of this plan in this pair, by its own fills: base units, short is negative
