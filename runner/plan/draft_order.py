"""How an order enters the market, as far as its values are sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from runner.core.price import PriceExpr, fixed
from runner.core.size import SizeExpr, units
from runner.core.ticket import OrderType, TimeInForce
from runner.core.times import parse_duration, parse_time
from runner.plan.draft_schedule import end_of
from runner.plan.model import OrderTerms
from runner.plan.values import Values

TYPES = {kind.word: kind for kind in OrderType}
_TIFS = {tif.value.lower(): tif for tif in TimeInForce}
_NOT_QUOTED = "without quotes, units or spaces"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderDraft:
    """What is sound of `order:`; a market order for a day without it."""

    order_type: OrderType | None
    limit_price: PriceExpr | None
    stop_price: PriceExpr | None
    time_in_force: TimeInForce | None
    terms: OrderTerms

    @property
    def entry(self) -> Decimal | None:
        """The price the order enters at, where it is a number: its limit, else its trigger."""
        written = self.limit_price or self.stop_price
        return None if written is None else written.number


def read_order(values: Values, zone: ZoneInfo) -> OrderDraft:
    """Return what is sound of `order:`, noting what cannot be read; zone is that of local times."""
    return OrderDraft(
        order_type=values.choice("order.type", TYPES) if "order" in values else OrderType.MARKET,
        limit_price=read_price(values, "order.price"),
        stop_price=read_price(values, "order.stop"),
        time_in_force=values.choice("order.tif", _TIFS) if "order.tif" in values else TimeInForce.DAY,
        terms=_terms(values, zone) if "order" in values else OrderTerms(),
    )


def _terms(values: Values, zone: ZoneInfo) -> OrderTerms:
    return OrderTerms(
        trail=read_price(values, "order.trail"),
        limit_offset=read_price(values, "order.limit_offset"),
        until=values.parsed("order.until", lambda text: moment(text, lambda day: end_of(day, zone))),
        good_after=values.parsed("order.good_after", lambda text: moment(text, lambda day: parse_time(day, zone))),
        outside_rth=values.get("order.outside_rth") is True,
        all_or_none=values.get("order.all_or_none") is True,
        min_quantity=values.number("order.min_quantity"),
        extra=_extra(values),
    )


def read_price(values: Values, name: str) -> PriceExpr | None:
    """Return a price or a distance, noting a text that is neither."""
    number = values.number(name)
    return fixed(number) if number is not None else values.parsed(name, price_of)


def read_size(values: Values, name: str) -> SizeExpr | None:
    """Return a size, noting a text that is none."""
    number = values.number(name)
    return units(number) if number is not None else values.parsed(name, size_of)


def price_of(text: str) -> PriceExpr:
    """Read a price that is more than a number; raises ValueError."""
    from runner.plan import grammar

    found = grammar.price(text)
    if found.number is not None:
        raise ValueError(f"expected a number {_NOT_QUOTED}")
    return found


def size_of(text: str) -> SizeExpr:
    """Read a size that is more than a number; raises ValueError."""
    from runner.plan import grammar

    found = grammar.size(text)
    if found == units(found.amount):
        raise ValueError(f"expected a number {_NOT_QUOTED}")
    return found


def moment(text: str, time: Callable[[str], datetime]) -> datetime | timedelta:
    """Read a time, or a duration, which counts from the fire; raises ValueError."""
    try:
        return time(text) if "-" in text else parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{error}; a time is written as 2027-03-01 17:00, a span from the fire on as 2h") from None


def _extra(values: Values) -> tuple[tuple[str, str | bool | int | Decimal], ...]:
    written = values.get("order.ib")
    if not isinstance(written, Mapping) or not written:
        return ()
    from runner.plan.ib_fields import read_fields  # imports ibapi

    return read_fields(written, values.places["order.ib"], values.findings)
