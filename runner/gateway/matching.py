"""When an order is filled and at what price: pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

from runner.gateway.book import Entry, Stage
from runner.gateway.market import Quote, Touch

ZERO = Decimal(0)


class Step(Enum):
    """What a quote does to an order."""

    NOTHING = "nothing"
    TRIGGER = "trigger"  # a stop limit becomes a limit
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step, and the price of a fill."""

    step: Step
    price: Decimal = ZERO


_NOTHING = Outcome(Step.NOTHING)


def has_stop(kind: str) -> bool:
    """Tell whether orders of this type wait for a stop price."""
    return kind in ("STP", "STP LMT")


def has_limit(kind: str) -> bool:
    """Tell whether orders of this type carry a limit price."""
    return kind in ("LMT", "STP LMT")


def meet(entry: Entry, quote: Quote) -> Outcome:
    """Return what an order does at a quote it has just met, by arriving or because the market opened."""
    order = entry.order
    far = quote.ask if entry.is_buy else quote.bid
    if has_stop(order.order_type) and not entry.is_triggered:
        stop = order.aux_price or ZERO
        if not (far >= stop if entry.is_buy else far <= stop):
            return _NOTHING
        return Outcome(Step.FILL, far) if order.order_type == "STP" else Outcome(Step.TRIGGER)
    limit = order.limit_price or ZERO
    if has_limit(order.order_type) and not (far <= limit if entry.is_buy else far >= limit):
        return _NOTHING
    return Outcome(Step.FILL, far)


def awaited(entry: Entry) -> Touch:
    """Return what the market has to do before anything happens to an order that rests."""
    side: Literal["bid", "ask"] = "ask" if entry.is_buy else "bid"
    order = entry.order
    if entry.stage is Stage.TRIGGER:
        return Touch(side=side, above=entry.is_buy, level=order.aux_price or ZERO)
    if has_limit(order.order_type):
        return Touch(side=side, above=not entry.is_buy, level=order.limit_price or ZERO)
    return Touch(side=side, above=True, level=ZERO)  # a market order that met no quote takes the next there is
