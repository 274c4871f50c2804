"""One order as far as its values are sound: read once, checked by `crossrules`, frozen by `build`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from runner.core.contract import ContractSpec
from runner.core.fx import IDEALPRO_PAIRS, parse_pair
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.core.times import is_bare_date, parse_duration, parse_time, to_utc
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.suggest import for_pair, for_zone
from runner.plan.text import quote
from runner.plan.zones import find_zone

_Choice = TypeVar("_Choice", bound=Enum)
_Value = TypeVar("_Value")
OWN = ("id", "contract", "side", "size", "order", "bracket", "schedule")
TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop_limit": OrderType.STOP_LIMIT,
}
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_TIFS = {tif.value.lower(): tif for tif in TimeInForce}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDraft:
    """A schedule as far as it is sound."""

    zone: ZoneInfo | None
    cron: str | None
    every: timedelta | None
    at: tuple[datetime, ...]
    start: datetime | None
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is sound of an order; `places` has every key that is written, sound or not, by its dotted name."""

    where: Where
    order_id: str | None
    contract: ContractSpec | None
    side: Side | None
    quantity: Decimal | None
    order_type: OrderType | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: TimeInForce | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    schedule: ScheduleDraft | None
    places: Mapping[str, Where] = field(default_factory=dict)


def drafts(data: Mapping[str, object], findings: Findings) -> list[Draft]:
    """Return every order of a plan, noting values that cannot be read."""
    entries = data.get("orders")
    if "orders" not in data:
        return [_Reading(data, {}, (), findings).draft()]
    if not isinstance(entries, list):
        return []
    pairs = [(entry, ("orders", number)) for number, entry in enumerate(entries) if isinstance(entry, dict)]
    return [_Reading(data, entry, where, findings).draft() for entry, where in pairs]


def top_level(data: Mapping[str, object], findings: Findings) -> Draft | None:
    """Return what stands above `orders:` as a draft, so that it is checked even where no order uses it."""
    return _Reading(data, {}, (), findings).draft() if "orders" in data else None


class _Reading:
    """Reads the values of one order: an entry's own, else the plan's."""

    def __init__(
        self, top: Mapping[str, object], entry: Mapping[str, object], where: Where, findings: Findings
    ) -> None:
        self._where, self._findings = where, findings
        self._values: dict[str, object] = {}
        self.places: dict[str, Where] = {}
        for key in OWN:
            if key in entry:
                self._keep(key, entry[key], (*where, key))
            elif key in top and key != "id":
                self._keep(key, top[key], (key,))

    def _keep(self, name: str, value: object, where: Where) -> None:
        self._values[name], self.places[name] = value, where
        if isinstance(value, dict):
            for key, inner in value.items():
                self._keep(f"{name}.{key}", inner, (*where, key))

    def draft(self) -> Draft:
        """Return what is sound."""
        return Draft(
            where=self._where,
            order_id=self._text("id") if self._where else "main",
            contract=self._contract(),
            side=self._choice("side", _SIDES),
            quantity=self._number("size"),
            order_type=self._choice("order.type", TYPES) if "order" in self._values else OrderType.MARKET,
            limit_price=self._number("order.price"),
            stop_price=self._number("order.stop"),
            time_in_force=self._choice("order.tif", _TIFS) if "order.tif" in self._values else TimeInForce.DAY,
            take_profit=self._number("bracket.take_profit"),
            stop_loss=self._number("bracket.stop_loss"),
            schedule=self._schedule(),
            places=self.places,
        )

    def _text(self, name: str) -> str | None:
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def _number(self, name: str) -> Decimal | None:
        value = self._values.get(name)
        return value if isinstance(value, Decimal) and value > 0 else None

    def _choice(self, name: str, choices: Mapping[str, _Choice]) -> _Choice | None:
        text = self._text(name)
        return None if text is None else choices.get(text.lower())

    def _contract(self) -> ContractSpec | None:
        name = "contract"
        text = self._text(name)
        if text is None:
            symbol, currency = self._text("contract.symbol"), self._text("contract.currency")
            if symbol is None or currency is None:
                return None
            is_base = any(pair.startswith(f"{symbol.upper()}.") for pair in IDEALPRO_PAIRS)
            name, text = f"contract.{'currency' if is_base else 'symbol'}", f"{symbol}.{currency}"
        if (pair := parse_pair(text)) is None:
            hint = self._findings.hint(lambda: for_pair(text))
            expected = "expected a pair that IDEALPRO quotes, such as EUR.USD, EUR/USD or EURUSD"
            self._findings.at_value(self.places[name], f"an unknown pair: found {quote(text)}; {expected}{hint}")
            return None
        return ContractSpec(symbol=pair.base, currency=pair.quote)

    def _schedule(self) -> ScheduleDraft | None:
        if not isinstance(self._values.get("schedule"), dict):
            return None
        zone = self._zone()
        local = zone or ZoneInfo("UTC")  # with an unknown zone the form of the times is still checked
        return ScheduleDraft(
            zone=zone,
            cron=self._parsed("schedule.cron", _sound_cron),
            every=self._parsed("schedule.every", parse_duration),
            at=self._times(local),
            start=self._parsed("schedule.from", lambda text: parse_time(text, local)),
            until=self._parsed("schedule.until", lambda text: _end(text, local)),
        )

    def _zone(self) -> ZoneInfo | None:
        if "schedule.timezone" not in self._values:
            return ZoneInfo("UTC")
        if (text := self._text("schedule.timezone")) is None:
            return None
        if (zone := find_zone(text)) is None:
            hint = self._findings.hint(lambda: for_zone(text))
            expected = "expected an IANA name such as America/New_York"
            message = f"an unknown time zone: found {quote(text)}; {expected}{hint}"
            self._findings.at_value(self.places["schedule.timezone"], message)
        return zone

    def _times(self, zone: ZoneInfo) -> tuple[datetime, ...]:
        value = self._values.get("schedule.at")
        if isinstance(value, list):
            base = self.places["schedule.at"]
            for number, item in enumerate(value):
                self._keep(f"schedule.at.{number}", item, (*base, number))
            names = [f"schedule.at.{number}" for number in range(len(value))]
        else:
            names = ["schedule.at"]
        read = [self._parsed(name, lambda text: parse_time(text, zone)) for name in names]
        return tuple(time for time in read if time is not None)

    def _parsed(self, name: str, parse: Callable[[str], _Value]) -> _Value | None:
        if (text := self._text(name)) is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self._findings.at_value(self.places[name], f"{name} cannot be used: found {quote(text)}; {error}")
            return None


def _sound_cron(text: str) -> str:
    from runner.schedule import check_cron

    if (message := check_cron(text)) is not None:
        raise ValueError(message)
    return text


def _end(text: str, zone: ZoneInfo) -> datetime:
    """Return the first instant after until: the next local midnight where it is a bare date."""
    instant = parse_time(text, zone)
    if not is_bare_date(text):
        return instant
    return to_utc(datetime.fromisoformat(text) + timedelta(days=1), zone).astimezone(UTC)
