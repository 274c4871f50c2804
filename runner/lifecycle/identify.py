"""Which contract a plan means, by what the broker told of it: one, or why it is none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from runner.core.contract import CASH, LISTED, ContractSpec, Details, Increment
from runner.core.facts import ContractSeen
from runner.core.fx import IDEALPRO_PAIRS
from runner.core.money import plain
from runner.core.times import stamp

MOST_SHOWN = 20
_ONE = Decimal(1)
_TOLD_APART = ("last_trade_date", "strike", "right", "multiplier", "trading_class", "primary_exchange", "exchange")


class Unidentified(Exception):
    """A contract that is none, or several; the text says what to write."""


def chosen(asked: ContractSpec, told: Iterable[ContractSeen]) -> ContractSeen:
    """Return the only contract that fits; raises Unidentified."""
    found = list({one.con_id: one for one in told}.values())
    if not found:
        wrong = "look at its symbol, its currency and its dates in the TWS, or name it by its con_id"
        raise Unidentified(f"the broker knows no such contract: asked for {words(asked)}; {wrong}")
    if len(found) > 1:
        raise Unidentified("\n".join(_several(asked, found)))
    return found[0]


def rule_of(asked: ContractSpec, one: ContractSeen) -> int | None:
    """Return the number of the market rule that its prices follow where it is traded."""
    return one.rules.get(asked.exchange or one.exchange)


def identified(
    asked: ContractSpec, one: ContractSeen, rules: Mapping[int, tuple[Increment, ...]], at: datetime
) -> ContractSpec:
    """Return the contract as orders carry it; raises Unidentified for what fxrun does not trade."""
    if one.sec_type == CASH:
        return _pair(asked, one)
    if one.sec_type not in LISTED:
        raise Unidentified(f"{words(asked)} is of the type {one.sec_type}; expected {', '.join((CASH, *LISTED))}")
    if one.price_magnifier != 1:
        parts = f"prices of {words(asked)} are told in parts of its currency, {one.price_magnifier} to one"
        raise Unidentified(f"{parts}, and fxrun counts in whole ones only")
    steps = rules.get(rule_of(asked, one) or 0) or _least_steps(one)
    if not steps:
        raise Unidentified(f"the broker does not tell in what steps {words(asked)} is priced; nothing can be sent")
    return ContractSpec(
        symbol=one.symbol,
        currency=one.currency,
        sec_type=one.sec_type,
        exchange=asked.exchange or one.exchange,
        primary_exchange=one.primary_exchange,
        local_symbol=one.local_symbol,
        trading_class=one.trading_class,
        last_trade_date=one.last_trade_date,
        multiplier=None if one.multiplier in (None, 0, _ONE) else one.multiplier,
        strike=one.strike,
        right=one.right,
        con_id=one.con_id,
        details=_details(one, steps, at),
    )


def _pair(asked: ContractSpec, one: ContractSeen) -> ContractSpec:
    name = f"{one.symbol}.{one.currency}"
    if name not in IDEALPRO_PAIRS:
        raise Unidentified(f"{words(asked)} is the pair {name}; expected one that IDEALPRO quotes, such as EUR.USD")
    return ContractSpec(symbol=one.symbol, currency=one.currency)


def _least_steps(one: ContractSeen) -> tuple[Increment, ...]:
    return () if one.min_tick is None else (Increment(Decimal(0), one.min_tick),)


def _details(one: ContractSeen, steps: Sequence[Increment], at: datetime) -> Details:
    """Return what pricing needs; sizes are whole, whatever the broker tells: the API takes no fractions (10243)."""
    return Details(
        long_name=one.long_name,
        increments=tuple(steps),
        least=max(one.least or _ONE, _ONE),
        size_step=max(one.size_step or _ONE, _ONE),
        at=at.replace(microsecond=0),
        time_zone=one.time_zone,
        closes=one.closes,
        late_closes=one.late_closes,
    )


def changed(asked: ContractSpec, before: ContractSpec, now: ContractSpec) -> str | None:
    """Return why an answer is refused that names another contract than the one before it did."""
    if before.con_id == now.con_id:
        return None
    since = "" if before.details is None else f" on {stamp(before.details.at)}"
    told = f"{words(asked)} was con_id {before.con_id}{since} and is con_id {now.con_id} now"
    meant = f"{{con_id: {now.con_id}, exchange: {now.exchange}}}"
    return f"{told}; if that is the one that is meant, name it by that: {meant}"


# --- words


def words(spec: ContractSpec) -> str:
    """Write a contract as a plan does: {sec_type: FUT, symbol: EUR, currency: USD, last_trade_date: 2026-12}."""
    names = [field.name for field in fields(spec) if field.name not in ("sec_type", "details")]
    parts = {name: _value(name, getattr(spec, name)) for name in ("sec_type", *names)}
    return "{" + ", ".join(f"{name}: {value}" for name, value in parts.items() if value) + "}"


def _value(name: str, value: object) -> str:
    if name == "last_trade_date" and isinstance(value, str) and value:
        return "-".join(part for part in (value[:4], value[4:6], value[6:8]) if part)
    return plain(value) if isinstance(value, Decimal) else str(value or "")


def _several(asked: ContractSpec, found: Sequence[ContractSeen]) -> list[str]:
    """Name the contracts that fit, each in the words that tell it from the others."""
    apart = [name for name in _TOLD_APART if len({getattr(one, name) for one in found}) > 1]
    ordered = sorted(found, key=lambda one: (one.last_trade_date, one.strike or 0, one.right, one.con_id))
    lines = [_line(one, apart) for one in ordered]
    more = [f"  and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else []
    first = f"{len(found)} contracts fit {words(asked)}; expected one of them, or its con_id:"
    return [first, *lines[:MOST_SHOWN], *more]


def _line(one: ContractSeen, apart: Sequence[str]) -> str:
    named = {"sec_type": one.sec_type, "symbol": one.symbol, "currency": one.currency}
    named |= {name: _value(name, getattr(one, name)) for name in apart}
    shown = ", ".join(f"{name}: {value}" for name, value in named.items() if value)
    return f"  {{{shown}}}  # con_id: {one.con_id}, {one.local_symbol}, {one.long_name}"
