"""The simulated broker's own list of what can be traded, and how a contract finds its place in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from types import MappingProxyType

from runner.gateway.instruments_derived import cfds, options
from runner.gateway.instruments_kinds import Instrument
from runner.gateway.instruments_listed import futures, metals, stocks
from runner.gateway.instruments_pairs import CURRENCIES, pairs
from runner.wire.values import WireContract

__all__ = ["CURRENCIES", "FXCONV", "INSTRUMENTS", "Instrument", "find", "find_all"]

_LONGEST_NUMBER = 20
FXCONV = "FXCONV"  # where a pair is converted: cash moves, and no virtual position comes of it
_RENAMED = {"ISLAND": "NASDAQ"}  # what older programs call it

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {one.local_symbol: one for one in chain(pairs(), stocks(), futures(), metals(), cfds(), options())}
)
_BY_ID = {instrument.con_id: instrument for instrument in INSTRUMENTS.values()}
_BY_TYPE: dict[str, list[Instrument]] = {}
_BY_SYMBOL: dict[tuple[str, str, str], list[Instrument]] = {}  # the currency may be left out
for _one in INSTRUMENTS.values():
    _BY_TYPE.setdefault(_one.security_type, []).append(_one)
    for _currency in ("", _one.currency):
        _BY_SYMBOL.setdefault((_one.security_type, _one.symbol, _currency), []).append(_one)


def find_all(contract: WireContract, at: int | None = None) -> list[Instrument]:
    """Return every instrument that fits what a contract says: none, one, or several if it says too little.

    It is named by its number, by its local symbol, or by its security type and whatever else is given; all of that
    must agree. An expired future is only there for a contract that includes expired ones; at None looks at no dates.
    """
    found = [one for one in _candidates(contract) if _fits(one, contract)]
    if at is None or not found or found[0].trades_until is None:
        return found
    return [one for one in found if one.is_listed(at) or (contract.include_expired and one.is_expired(at))]


def find(contract: WireContract, at: int | None = None) -> Instrument | None:
    """Return the one instrument that a contract names, None if there is none or more than one."""
    found = find_all(contract, at)
    return found[0] if len(found) == 1 else None


def _candidates(contract: WireContract) -> Iterable[Instrument]:
    if contract.contract_id:
        one = _BY_ID.get(contract.contract_id)
    elif contract.local_symbol:
        one = INSTRUMENTS.get(contract.local_symbol)
    elif contract.symbol:
        return _BY_SYMBOL.get((contract.security_type, contract.symbol, contract.currency), ())
    else:
        is_partial = bool(contract.currency or contract.trading_class)
        return _BY_TYPE.get(contract.security_type, ()) if is_partial else ()
    return () if one is None else (one,)


def _fits(one: Instrument, given: WireContract) -> bool:
    """Tell whether all that is given agrees. Orders ask this all the time: what is left out costs next to nothing."""
    return (
        (not given.symbol or given.symbol == one.symbol)
        and (not given.security_type or given.security_type == one.security_type)
        and (not given.currency or given.currency == one.currency)
        and (not given.local_symbol or given.local_symbol == one.local_symbol)
        and (not given.trading_class or given.trading_class == one.trading_class)
        and (not given.exchange or given.exchange == one.exchange or _is_traded_on(one, given.exchange))
        and (not given.primary_exchange or _is_primary(one, given.primary_exchange))
        and (not given.last_trade_date or given.last_trade_date in (one.last_trade_date, one.contract_month))
        and (not given.multiplier or _is_multiplier(one, given.multiplier))
        and (not given.strike or given.strike == one.strike)
        and (not given.right or given.right[:1] == one.right)
    )


def _is_traded_on(one: Instrument, exchange: str) -> bool:
    routed = (exchange == "SMART" and one.security_type != "FUT") or (exchange == FXCONV and one.is_pair)
    return routed or _RENAMED.get(exchange, exchange) in one.valid_exchanges


def _is_primary(one: Instrument, exchange: str) -> bool:
    return _RENAMED.get(exchange, exchange) in (one.primary_exchange, one.exchange)


def _is_multiplier(one: Instrument, text: str) -> bool:
    try:
        return len(text) <= _LONGEST_NUMBER and Decimal(text) == one.multiplier
    except InvalidOperation:
        return False
