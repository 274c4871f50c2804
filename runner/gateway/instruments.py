"""The simulated broker's own list of what can be traded, and how a contract finds its place in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from types import MappingProxyType

from runner.gateway.instruments_kinds import Instrument
from runner.gateway.instruments_listed import futures, metals, stocks
from runner.gateway.instruments_pairs import CURRENCIES, pairs
from runner.wire.values import WireContract

__all__ = ["CURRENCIES", "EXCHANGE", "INSTRUMENTS", "Instrument", "find", "find_all"]

EXCHANGE = "IDEALPRO"
_RENAMED = {"ISLAND": "NASDAQ"}  # what older programs call it

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {one.local_symbol: one for one in chain(pairs(), stocks(), futures(), metals())}
)
_BY_ID = {instrument.con_id: instrument for instrument in INSTRUMENTS.values()}
_BY_TYPE: dict[str, list[Instrument]] = {}
_BY_SYMBOL: dict[tuple[str, str], list[Instrument]] = {}
for _one in INSTRUMENTS.values():
    _BY_TYPE.setdefault(_one.security_type, []).append(_one)
    _BY_SYMBOL.setdefault((_one.security_type, _one.symbol), []).append(_one)


def find_all(contract: WireContract, at: int | None = None) -> list[Instrument]:
    """Return every instrument that fits what a contract says: none, one, or several if it says too little.

    It is named by its number, by its local symbol, or by its security type and whatever else is given; all of that
    must agree. An expired future is only there for a contract that includes expired ones; at None looks at no dates.
    """
    return [one for one in _candidates(contract) if _fits(one, contract) and _is_there(one, contract, at)]


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
        return _BY_SYMBOL.get((contract.security_type, contract.symbol), ())
    else:
        is_partial = bool(contract.currency or contract.trading_class)
        return _BY_TYPE.get(contract.security_type, ()) if is_partial else ()
    return () if one is None else (one,)


def _fits(one: Instrument, contract: WireContract) -> bool:
    return (
        contract.symbol in ("", one.symbol)
        and contract.security_type in ("", one.security_type)
        and contract.currency in ("", one.currency)
        and contract.local_symbol in ("", one.local_symbol)
        and contract.trading_class in ("", one.trading_class)
        and _is_traded_on(one, contract.exchange)
        and _is_primary(one, contract.primary_exchange)
        and contract.last_trade_date in ("", one.last_trade_date, one.contract_month)
        and _is_multiplier(one, contract.multiplier)
    )


def _is_traded_on(one: Instrument, exchange: str) -> bool:
    if exchange in ("", one.exchange):
        return True
    routed = exchange == "SMART" and one.security_type != "FUT"
    return routed or _RENAMED.get(exchange, exchange) in one.valid_exchanges


def _is_primary(one: Instrument, exchange: str) -> bool:
    return exchange in ("", one.primary_exchange, one.exchange) or _RENAMED.get(exchange) == one.primary_exchange


def _is_multiplier(one: Instrument, text: str) -> bool:
    if not text:
        return True
    try:
        return Decimal(text) == one.multiplier
    except InvalidOperation:
        return False


def _is_there(one: Instrument, contract: WireContract, at: int | None) -> bool:
    if at is None or one.trades_until is None:
        return True
    return one.trades_from <= at and (contract.include_expired or not one.is_expired(at))
