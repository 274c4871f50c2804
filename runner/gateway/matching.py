"""When an order is filled and at what price: pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

from runner.gateway.book import Entry, Stage
from runner.gateway.market import Quote, Touch

ZERO = Decimal(0)
_TRAILING = frozenset({"TRAIL", "TRAIL LIMIT"})
_STOPS = frozenset({"STP", "STP LMT"}) | _TRAILING
_TOUCHED = frozenset({"MIT", "LIT"})
_LIMITED = frozenset({"LMT", "STP LMT", "TRAIL LIMIT", "LIT"})
TYPES = frozenset({"MKT"}) | _STOPS | _TOUCHED | _LIMITED


class Step(Enum):
    """What a quote does to an order."""

    NOTHING = "nothing"
    TRIGGER = "trigger"  # it becomes a limit
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step, and the price of a fill."""

    step: Step
    price: Decimal = ZERO


_NOTHING = Outcome(Step.NOTHING)
_TRIGGERED = Outcome(Step.TRIGGER)


def has_trigger(kind: str) -> bool:
    """Tell whether orders of this type wait for a price before they are market or limit orders."""
    return kind in _STOPS or kind in _TOUCHED


def has_stop(kind: str) -> bool:
    """Tell whether orders of this type carry a trigger price."""
    return has_trigger(kind) and kind not in _TRAILING


def is_trailing(kind: str) -> bool:
    """Tell whether the trigger price of orders of this type follows the market."""
    return kind in _TRAILING


def has_limit(kind: str) -> bool:
    """Tell whether orders of this type carry a limit price, from the beginning or once they are triggered."""
    return kind in _LIMITED


def rises(entry: Entry) -> bool:
    """Tell whether an order is triggered at its trigger price or above."""
    return entry.is_buy is not (entry.order.order_type in _TOUCHED)


def trigger_price(entry: Entry) -> Decimal:
    """Return the price that an order waits for before anything else."""
    return (entry.stop if is_trailing(entry.order.order_type) else entry.order.aux_price) or ZERO


def meet(entry: Entry, quote: Quote, edge: Decimal = ZERO) -> Outcome:
    """Return what an order does at a quote; edge: how much worse than quoted it is served."""
    order, is_buy = entry.order, entry.is_buy
    quoted = quote.ask if is_buy else quote.bid
    far = quoted if not edge else quoted + edge if is_buy else quoted - edge
    limited = has_limit(order.order_type)
    if has_trigger(order.order_type) and not entry.is_triggered:
        trigger = trigger_price(entry)
        if not (quoted >= trigger if rises(entry) else quoted <= trigger):
            return _NOTHING
        return _TRIGGERED if limited else Outcome(Step.FILL, far)
    limit = order.limit_price or ZERO
    if limited and not (far <= limit if is_buy else far >= limit):
        return _NOTHING
    return Outcome(Step.FILL, far)


def awaited(entry: Entry, edge: Decimal = ZERO) -> Touch:
    """Return what the market has to do before anything happens to an order that rests."""
    side: Literal["bid", "ask"] = "ask" if entry.is_buy else "bid"
    order = entry.order
    if entry.stage is Stage.TRIGGER:
        return Touch(side=side, above=rises(entry), level=trigger_price(entry))
    if has_limit(order.order_type):
        limit = order.limit_price or ZERO
        return Touch(side=side, above=not entry.is_buy, level=limit - edge if entry.is_buy else limit + edge)
    return Touch(side=side, above=True, level=ZERO)  # a market order that met no quote takes the next there is
