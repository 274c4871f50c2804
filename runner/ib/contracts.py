"""What a TWS tells of a contract, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from ibapi.contract import Contract, ContractDetails

from runner.core.contract import Increment
from runner.core.facts import ContractSeen
from runner.ib import values

# 20261201:0930-20261201:1600; older ones write 20261201:0930-1600, and a day without a session is CLOSED
_PLACES = {"EST": "America/New_York", "EST5EDT": "America/New_York", "JST": "Asia/Tokyo"}
_WHOLE = ("MET", "GB-Eire", "Japan", "Hongkong", "Singapore", "UTC")  # the others without a slash have no clock changes
_CLOSE = re.compile(r"\d{8}:\d{4}-(?:\d{8}:)?([01]\d|2[0-3])([0-5]\d)", re.ASCII)


def contract_seen(request_id: int, details: ContractDetails) -> ContractSeen:
    """Return a contract as it is told; fields that an older ibapi does not have are None. Raises ValueError."""
    contract: Contract = details.contract
    return ContractSeen(
        request_id=request_id,
        con_id=values.integer(contract.conId),
        sec_type=values.text(contract.secType),
        symbol=values.text(contract.symbol),
        currency=values.text(contract.currency),
        exchange=values.text(contract.exchange),
        primary_exchange=values.text(contract.primaryExchange),
        local_symbol=values.text(contract.localSymbol),
        trading_class=values.text(contract.tradingClass),
        last_trade_date=values.text(contract.lastTradeDateOrContractMonth).partition(" ")[0],
        multiplier=values.number(contract.multiplier or None),
        strike=values.number(contract.strike) or None,
        right=values.text(contract.right)[:1].strip("0?"),
        long_name=values.text(details.longName),
        min_tick=values.number(details.minTick) or None,
        price_magnifier=values.integer(details.priceMagnifier or 1),
        rules=_rules(details),
        least=values.number(getattr(details, "minSize", None)),
        size_step=values.number(getattr(details, "sizeIncrement", None)),
        time_zone=_zone(values.text(details.timeZoneId).partition(" ")[0]),  # EST (Eastern Standard Time)
        closes=tuple(_closes(values.text(details.liquidHours))),
        late_closes=tuple(_closes(values.text(details.tradingHours))),
    )


def _rules(details: ContractDetails) -> dict[str, int]:
    """Return the number of the market rule of each exchange."""
    exchanges, numbers = (values.text(text).split(",") for text in (details.validExchanges, details.marketRuleIds))
    return {name: int(number) for name, number in zip(exchanges, numbers, strict=False) if number.isdecimal()}


def _zone(name: str) -> str:
    """Return an IANA name with the clock changes of its place, "" where it is not clear which one is meant."""
    name = _PLACES.get(name, name)
    try:
        return name if ("/" in name or name in _WHOLE) and ZoneInfo(name) else ""
    except (OSError, ValueError, KeyError):
        return ""


def _closes(hours: str) -> Iterator[time]:
    found = {(int(hour), int(minute)) for hour, minute in _CLOSE.findall(hours)}
    return (time(*one) for one in sorted(found))


def increments(told: Any) -> tuple[Increment, ...]:
    """Return the steps of a market rule, by rising edge. Raises ValueError."""
    steps = (
        Increment(values.required(one.lowEdge, "edge"), values.required(one.increment, "increment")) for one in told
    )
    return tuple(sorted(step for step in steps if step.step > 0))
