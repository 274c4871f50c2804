"""The `limits:` of a plan or of fxrun.yaml: what each key says, in the same words in both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from runner.core.contract import is_listed_name
from runner.core.fx import CURRENCIES, parse_pair
from runner.core.limits import Amount, Limits, Window
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.suggest import for_choice, for_pair, for_zone
from runner.plan.text import quote
from runner.plan.zones import find_zone

_Value = TypeVar("_Value")
_AMOUNT = re.compile(r"(?P<value>[0-9][0-9_]{0,17}(?:\.[0-9]{1,2})?) (?P<currency>[A-Z]{3})", re.ASCII)
_SHARE = re.compile(r"(?P<value>[0-9]{1,2}(?:\.[0-9]{1,4})?)%", re.ASCII)
_CLOCK = re.compile(r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])", re.ASCII)


def read_limits(data: object, where: Where, findings: Findings) -> Limits:
    """Return the limits at where as far as they are sound, noting values that have the right form and no sense."""
    return _Reading(data if isinstance(data, Mapping) else {}, where, findings).limits()


def parse_amount(text: str) -> Amount:
    """Read so much of a currency, such as `60_000 USD`; raises ValueError with what is wrong."""
    if (match := _AMOUNT.fullmatch(text)) is None:
        raise ValueError("expected an amount and a currency such as 60_000 USD")
    amount = Amount(Decimal(match["value"].replace("_", "")), match["currency"])
    if amount.currency not in CURRENCIES:
        hint = for_choice(amount.currency, CURRENCIES)
        raise ValueError(f"expected a currency that IDEALPRO trades, such as USD{hint}")
    if not amount.value:
        raise ValueError("expected more than 0")
    return amount


def parse_share(text: str) -> Decimal:
    """Read a percentage such as `2%` as a fraction, 0.02; raises ValueError with what is wrong."""
    if (match := _SHARE.fullmatch(text)) is None:
        raise ValueError("expected a percentage such as 2% or 0.5%")
    if not (share := Decimal(match["value"]) / 100):
        raise ValueError("expected more than 0%")
    return share


def parse_clock(text: str) -> time:
    """Read a time of day such as `08:00`; raises ValueError with what is wrong."""
    if (match := _CLOCK.fullmatch(text)) is None:
        raise ValueError("expected a time of day such as 08:00")
    return time(int(match["hour"]), int(match["minute"]))


def read_zone(text: object, where: Where, findings: Findings) -> ZoneInfo | None:
    """Return the zone of that name, UTC for none; a name that is no zone is noted, and so is None."""
    if text is None:
        return ZoneInfo("UTC")
    if not isinstance(text, str):
        return None
    if (zone := find_zone(text)) is None:
        hint = findings.hint(lambda: for_zone(text))
        expected = "expected an IANA name such as America/New_York"
        findings.at_value(where, f"an unknown time zone: found {quote(text)}; {expected}{hint}")
    return zone


def read_parsed(text: object, parse: Callable[[str], _Value], where: Where, findings: Findings) -> _Value | None:
    """Return what text says, None where it is no text or says nothing, which is noted."""
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except ValueError as error:
        name = ".".join(part for part in where if isinstance(part, str))
        findings.at_value(where, f"{name} cannot be used: found {quote(text)}; {error}")
        return None


class _Reading:
    """Reads the keys of one mapping; what the schema has refused already is left out."""

    def __init__(self, data: Mapping[str, object], where: Where, findings: Findings) -> None:
        self._data, self._where, self._findings = data, where, findings

    def limits(self) -> Limits:
        return Limits(
            max_quantity=self._quantity("max_quantity"),
            max_daily_quantity=self._quantity("max_daily_quantity"),
            max_notional=self._amounts("max_notional"),
            max_daily_notional=self._amounts("max_daily_notional"),
            max_open_orders=self._count("max_open_orders"),
            max_fires_per_day=self._count("max_fires_per_day"),
            max_orders_per_minute=self._count("max_orders_per_minute"),
            price_collar=self._parsed("price_collar", parse_share),
            pairs=self._pairs(),
            windows=self._windows(),
        )

    def _quantity(self, key: str) -> Decimal | None:
        value = self._data.get(key)
        return value if isinstance(value, Decimal) and value > 0 else None

    def _count(self, key: str) -> int | None:
        value = self._quantity(key)
        return None if value is None or value != value.to_integral_value() else int(value)

    def _amounts(self, key: str) -> tuple[Amount, ...]:
        amount = self._parsed(key, parse_amount)
        return () if amount is None else (amount,)

    def _parsed(self, key: str, parse: Callable[[str], _Value]) -> _Value | None:
        return read_parsed(self._data.get(key), parse, (*self._where, key), self._findings)

    def _pairs(self) -> frozenset[str] | None:
        texts = self._data.get("pairs")
        if not isinstance(texts, list):
            return None
        found = [self._pair(text, (*self._where, "pairs", n)) for n, text in enumerate(texts) if isinstance(text, str)]
        sound = frozenset(name for name in found if name is not None)
        return sound if len(found) == len(texts) and None not in found else None

    def _pair(self, text: str, where: Where) -> str | None:
        if (pair := parse_pair(text)) is not None:
            return pair.name
        if is_listed_name(text):
            return text
        hint = self._findings.hint(lambda: for_pair(text))
        expected = "expected a pair that IDEALPRO quotes, such as EUR.USD, or another contract, such as AAPL.STK.USD"
        self._findings.at_value(where, f"an unknown pair: found {quote(text)}; {expected}{hint}")
        return None

    def _windows(self) -> tuple[Window, ...]:
        data = self._data.get("window")
        if not isinstance(data, Mapping):
            return ()
        where = (*self._where, "window")
        zone = read_zone(data.get("timezone"), (*where, "timezone"), self._findings)
        opens, closes = (
            read_parsed(data.get(key), parse_clock, (*where, key), self._findings) for key in ("opens", "closes")
        )
        if zone is None or opens is None or closes is None:
            return ()
        if opens == closes:
            message = f"an empty window: found {opens:%H:%M} for opens and closes; expected two times of day"
            self._findings.at_value((*where, "closes"), message)
        return (Window(opens, closes, zone),)
