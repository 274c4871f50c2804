"""Which fields of a Contract and an Order say something: our own table of the values that say nothing.

ibapi's defaults differ from version to version, this table does not, so the same order reads the same on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ibapi.contract import Contract
from ibapi.order import Order

from runner.core.money import plain
from runner.ib.compile import CompiledOrder

UNSET_INTEGER = 2**31 - 1
UNSET_LONG = 2**63 - 1
UNSET_DECIMAL = Decimal(2**127 - 1)
UNSET_FLOAT = 1.7e308  # and above: ibapi's own is the largest float, but it has been through text

_FIRST = {
    "Contract": ("symbol", "secType", "exchange", "currency"),
    "Order": (
        "orderId", "parentId", "action", "totalQuantity", "orderType", "lmtPrice", "auxPrice", "tif", "orderRef",
        "account", "transmit",
    ),
}  # fmt: skip
# 0 is a real price and a real quantity of units shown, so these are neutral only when they are unset
_ZERO_COUNTS = {
    "lmtPrice", "auxPrice", "trailStopPrice", "trailingPercent", "percentOffset", "minQty", "cashQty", "triggerPrice",
    "adjustedStopPrice", "adjustedStopLimitPrice", "adjustedTrailingAmount", "lmtPriceOffset", "startingPrice",
    "stockRefPrice", "delta", "nbboPriceCap", "volatility", "volatilityType", "referencePriceType", "duration",
    "deltaNeutralAuxPrice", "basisPoints", "stockRangeLower", "stockRangeUpper", "usePriceMgmtAlgo", "postToAts",
}  # fmt: skip
_OWN_NEUTRAL: Mapping[str, object] = {"transmit": True, "exemptCode": -1}


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field that says something, as exact text."""

    owner: str
    name: str
    value: str


def changed(compiled: CompiledOrder) -> tuple[FieldValue, ...]:
    """Return the fields that are not neutral, Contract before Order, in the same order on every ibapi."""
    return (*_changed("Contract", compiled.contract), *_changed("Order", compiled.order))


def _changed(owner: str, thing: Contract | Order) -> Iterator[FieldValue]:
    fields = vars(thing)
    first = [name for name in _FIRST[owner] if name in fields]
    for name in (*first, *sorted(fields.keys() - set(first))):
        if not _is_neutral(name, fields[name]):
            yield FieldValue(owner, name, _text(fields[name]))


def _is_neutral(name: str, value: object) -> bool:
    if name in _OWN_NEUTRAL:
        return value == _OWN_NEUTRAL[name]
    if is_unset(value):
        return True
    if name in _ZERO_COUNTS:
        return False
    if name == "softDollarTier":
        return not any(vars(value).values())
    return not value


def is_unset(value: object) -> bool:
    """Tell whether value is one of the ways in which ibapi says nothing."""
    if value is None or value == "":
        return True
    match value:
        case bool():
            return False
        case int():
            return value in (UNSET_INTEGER, UNSET_LONG)
        case float():
            return value >= UNSET_FLOAT or value != value
        case Decimal():
            return value.is_nan() or value == UNSET_DECIMAL
        case _:
            return False


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return plain(Decimal(repr(value)))
        case Decimal():
            return plain(value)
        case _:
            return str(value)
