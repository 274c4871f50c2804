"""A contract as text and back: a pair by its four words, anything else by all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, time
from decimal import Decimal
from typing import Any

from runner.core.contract import ContractSpec, Details, Increment
from runner.core.money import plain
from runner.core.times import parse_time, stamp

_DECIMALS = ("multiplier", "strike")
_NAMES = tuple(field.name for field in fields(ContractSpec) if field.name not in (*_DECIMALS, "details"))
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def told(contract: ContractSpec) -> list[str] | dict[str, object]:
    """Return a contract as JSON has it."""
    if contract.is_pair:
        return [contract.symbol, contract.currency, contract.sec_type, contract.exchange]
    found: dict[str, object] = {name: value for name in _NAMES if (value := getattr(contract, name))}
    found |= {name: plain(value) for name in _DECIMALS if (value := getattr(contract, name)) is not None}
    if contract.details is not None:
        found["details"] = _details(contract.details)
    return found


def read(data: Sequence[str] | Mapping[str, Any]) -> ContractSpec:
    """Return the contract that `told` was given."""
    if not isinstance(data, Mapping):
        symbol, currency, sec_type, exchange = data
        return ContractSpec(symbol=symbol, currency=currency, sec_type=sec_type, exchange=exchange)
    known: dict[str, Any] = {"symbol": "", "currency": "", "sec_type": "", "exchange": "", **data}
    known |= {name: Decimal(known[name]) for name in _DECIMALS if name in known}
    if "details" in known:
        known["details"] = _read_details(known["details"])
    return ContractSpec(**known)


def dump(contract: ContractSpec) -> str:
    """Write a contract as text; the same contract is the same text."""
    return _ENCODER.encode(told(contract))


def load(text: str) -> ContractSpec:
    """Read back what `dump` wrote."""
    return read(json.loads(text))


def _details(details: Details) -> dict[str, object]:
    return {
        "long_name": details.long_name,
        "increments": [[plain(one.low_edge), plain(one.step)] for one in details.increments],
        "least": plain(details.least),
        "size_step": plain(details.size_step),
        "at": stamp(details.at),
        "time_zone": details.time_zone,
        "closes": [f"{one:%H:%M}" for one in details.closes],
        "late_closes": [f"{one:%H:%M}" for one in details.late_closes],
    }


def _read_details(data: Mapping[str, Any]) -> Details:
    return Details(
        long_name=data["long_name"],
        increments=tuple(Increment(Decimal(edge), Decimal(step)) for edge, step in data["increments"]),
        least=Decimal(data["least"]),
        size_step=Decimal(data["size_step"]),
        at=parse_time(data["at"], UTC),
        time_zone=data["time_zone"],
        closes=tuple(map(time.fromisoformat, data["closes"])),
        late_closes=tuple(map(time.fromisoformat, data["late_closes"])),
    )
