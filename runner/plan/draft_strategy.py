"""The strategy of an order: the one key that says how it is worked, and what stands below it, typed by its schema.

A strategy is a file of `schemas/strategies`, or a plug-in: a module that an installed package names in the entry points
of the group `fxrun.strategies`, with its schema in `SCHEMA`. In a schema, `"x-fxrun": "price" | "size" | "duration" |
"time"` beside a property says what its texts are read as, numbers too where it is price or size; `"x-fxrun-form":
"price" | "distance"` beside a price that it is no distance, or nothing else (`#/$defs/price` and `#/$defs/distance` of
the plan's schema say so); `"x-fxrun-optional"` at its top lists what an order of that strategy need not have: side or
size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import schemas
from runner.core.money import plain
from runner.core.plugins import Plugin
from runner.core.price import Anchor, PriceExpr, Unit, fixed
from runner.core.size import SizeExpr, units
from runner.core.times import parse_duration, parse_time
from runner.plan.draft_order import price_of, size_of
from runner.plan.findings import Findings
from runner.plan.limits import parse_clock
from runner.plan.model import Parameter
from runner.plan.shape import document
from runner.plan.source import Where
from runner.plan.text import Misread, quote
from runner.plan.values import Values

SINGLE = "single"  # an order without a strategy key
_MAX_PRICE = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """A price below a strategy's key, with its dotted name and its place."""

    name: str
    where: Where
    value: PriceExpr


@dataclass(frozen=True, slots=True)
class Size:
    """A size below a strategy's key, with its dotted name and its place."""

    name: str
    where: Where
    value: SizeExpr


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyDraft:
    """What is sound of a strategy; `keys` are those that are written, of which one is too many with two."""

    keys: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    sizes: tuple[Size, ...] = ()
    optional: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.keys[0] if self.keys else SINGLE

    def price(self, key: str) -> PriceExpr | None:
        """Return the price directly below the strategy's key."""
        return next((price.value for price in self.prices if price.name == f"{self.name}.{key}"), None)

    def number(self, key: str) -> Decimal | None:
        """Return the price directly below the strategy's key where it is a plain number."""
        found = self.price(key)
        return None if found is None else found.number


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Mapping[str, Any]]:
    """Return the schemas of the strategies that fxrun brings, by key."""
    definitions = document("plan")["$defs"]
    return {key: definitions[key] for key in schemas.strategies()}


def read_strategy(values: Values, plugins: Mapping[str, Plugin], zone: tzinfo) -> StrategyDraft:
    """Return what is sound below an order's strategy key, noting what cannot be read; zone is that of local times."""
    known = {**shipped(), **{key: plugin.schema for key, plugin in plugins.items()}}
    keys = tuple(key for key in known if key in values)
    if not keys:
        return StrategyDraft()
    schema, written = known[keys[0]], values.get(keys[0])
    reading = _Reading(document("plan")["$defs"] | schema.get("$defs", {}), values.findings, zone)
    found = reading.read(schema, written, values.places[keys[0]], keys[0])
    return StrategyDraft(
        keys=keys,
        parameters=found if isinstance(found, Mapping) else {},
        prices=tuple(reading.prices),
        sizes=tuple(reading.sizes),
        optional=frozenset(schema.get("x-fxrun-optional", ())),
    )


class _Reading:
    """Walks data and schema side by side."""

    def __init__(self, definitions: Mapping[str, Any], findings: Findings, zone: tzinfo) -> None:
        self._definitions, self._findings, self._zone = definitions, findings, zone
        self.prices: list[Price] = []
        self.sizes: list[Size] = []

    def read(self, schema: Mapping[str, Any], value: object, where: Where, name: str) -> Parameter | None:
        """Return the value as its schema types it; None where it has no meaning, which is noted."""
        schema = self._resolved(schema)
        kind = schema.get("x-fxrun")
        if kind == "size" and self._findings.is_environmental(where):
            message = f"{name} may not come from the environment; expected the size itself, or a variable of vars:"
            self._findings.at_value(where, message)
            return None
        match value:
            case bool():
                return value
            case Decimal():
                return self._number(kind, value, where, name) if schema.get("type") != "string" else None
            case str():
                return self._text(schema, value, where, name)
            case list():
                items = [self.read(schema.get("items", {}), v, (*where, n), name) for n, v in enumerate(value)]
                return tuple(item for item in items if item is not None)
            case dict():
                return self._mapping(schema.get("properties", {}), value, where, name)
        return None

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        """Follow references; what stands beside one goes before what it refers to."""
        if not isinstance(schema, Mapping):
            return {}
        found = dict(schema)
        while isinstance(reference := found.pop("$ref", None), str):
            found = {**self._definitions.get(reference.rsplit("/", 1)[-1], {}), **found}
        return found

    def _mapping(
        self, properties: Mapping[str, Any], value: Mapping[str, object], where: Where, name: str
    ) -> Mapping[str, Parameter]:
        read = {key: self.read(properties.get(key, {}), v, (*where, key), f"{name}.{key}") for key, v in value.items()}
        return {key: item for key, item in read.items() if item is not None}

    def _number(self, kind: object, value: Decimal, where: Where, name: str) -> Parameter | None:
        if kind not in ("price", "size"):
            return value
        if value <= 0:
            found = f"found {plain(value)}; expected a number greater than 0"
            self._findings.at_value(where, f"{name} is not positive: {found}")
            return None
        if kind == "size":
            return self._sized(name, where, units(value))
        if value > _MAX_PRICE:
            found = f"found {plain(value)}; expected at most {plain(_MAX_PRICE)}"
            self._findings.at_value(where, f"{name} is too large: {found}")
            return None
        return self._priced(name, where, fixed(value))

    def _text(self, schema: Mapping[str, Any], value: str, where: Where, name: str) -> Parameter | None:
        kind, form = schema.get("x-fxrun"), schema.get("x-fxrun-form")
        try:
            match kind:
                case "price":
                    return self._priced(name, where, _formed(price_of(value), form))
                case "size":
                    return self._sized(name, where, size_of(value))
                case "duration":
                    return parse_duration(value)
                case "time":
                    return self._time(value)
        except ValueError as error:
            message = f"{name} cannot be used: found {quote(value)}; {error}"
            self._findings.at_character(where, error.index if isinstance(error, Misread) else 0, message)
            return None
        return value

    def _priced(self, name: str, where: Where, price: PriceExpr) -> PriceExpr:
        self.prices.append(Price(name, where, price))
        return price

    def _sized(self, name: str, where: Where, size: SizeExpr) -> SizeExpr:
        self.sizes.append(Size(name, where, size))
        return size

    def _time(self, text: str) -> datetime | time:
        return parse_time(text, self._zone) if "-" in text else parse_clock(text)


def _formed(price: PriceExpr, form: object) -> PriceExpr:
    """Return a price that is of the form its schema wants; raises ValueError."""
    is_exit = price.is_distance or price.anchor is Anchor.ENTRY or price.unit is Unit.R
    if form == "price" and is_exit:
        raise ValueError("expected a price that does not count from an entry, such as 1.085 or bid - 5 pips")
    if form == "distance" and (not price.is_distance or price.unit is Unit.R):
        raise ValueError("expected a distance such as 15 pips or 0.3%")
    return price
