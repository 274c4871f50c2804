"""Saying the same thing in ibapi's words and in ours, and telling where the two differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from runner.wire import messages as m

UNSET = {1.7976931348623157e308, 2147483647, 9223372036854775807}
MARGINS = {"init_margin": "initMargin", "maint_margin": "maintMargin", "equity_with_loan": "equityWithLoan"}
WHENS = ("before", "change", "after")
NAMES = {
    "contract_id": "conId",
    "security_type": "secType",
    "last_trade_date": "lastTradeDateOrContractMonth",
    "security_id_type": "secIdType",
    "security_id": "secId",
    "combo_legs_description": "comboLegsDescrip",
    "delta_neutral": "deltaNeutralContract",
    "limit_price": "lmtPrice",
    "time_in_force": "tif",
    "discretionary_amount": "discretionaryAmt",
    "rule_80a": "rule80A",
    "min_quantity": "minQty",
    "delta_neutral_contract_id": "deltaNeutralConId",
    "scale_init_fill_quantity": "scaleInitFillQty",
    "reference_exchange": "referenceExchangeId",
    "limit_price_offset": "lmtPriceOffset",
    "cash_quantity": "cashQty",
    "min_trade_quantity": "minTradeQty",
    "reference_futures_contract_id": "refFuturesConId",
    "cumulative_quantity": "cumQty",
    "average_price": "avgPrice",
    "execution_id": "execId",
    "allocations": "orderAllocations",
    "desired_quantity": "desiredAllocQty",
    "allowed_quantity": "allowedAllocQty",
    **{
        f"{what}_{when}_outside_rth": f"{theirs}{when.title()}OutsideRTH"
        for what, theirs in MARGINS.items()
        for when in WHENS
    },
}
ORDER_NAMES = {**NAMES, "contract_id": "conId"}
CONDITIONS = {
    1: "PriceCondition",
    3: "TimeCondition",
    4: "MarginCondition",
    5: "ExecutionCondition",
    6: "VolumeCondition",
    7: "PercentChangeCondition",
}
CONDITION_FIELDS = {
    1: "is_more price contract_id exchange trigger_method",
    3: "is_more time",
    4: "is_more percent",
    5: "security_type exchange symbol",
    6: "is_more volume contract_id exchange",
    7: "is_more percent contract_id exchange",
}
CLASSES = {
    m.WireContract: "Contract",
    m.WireOrder: "Order",
    m.ComboLeg: "ComboLeg",
    m.OrderComboLeg: "OrderComboLeg",
    m.TagValue: "TagValue",
    m.DeltaNeutralContract: "DeltaNeutralContract",
}
READ_AS_ZERO = {"volatility_type", "reference_price_type"}  # ibapi knows no unset for them in an answer
WHOLE_DECIMALS = {"total_quantity"}


def their_name(name: str) -> str:
    """Return ibapi's word for our word."""
    return NAMES.get(name) or re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def to_ibapi(value: Any) -> Any:
    """Return one of our values as the oracle takes it; None is left out, for ibapi's default is its unset."""
    if isinstance(value, m.OrderCondition):
        return _condition(value)
    if isinstance(value, tuple):
        return [to_ibapi(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if not is_dataclass(value):
        return value
    given = {"~": CLASSES[type(value)]}
    for field in fields(value):
        item = getattr(value, field.name)
        if item is not None:
            given[their_name(field.name)] = _exact(item) if field.name in WHOLE_DECIMALS else to_ibapi(item)
    return _order(value, given) if isinstance(value, m.WireOrder) else given


def _exact(value: Decimal) -> dict[str, str]:
    return {"~": "Decimal", "value": str(value)}


def _order(order: m.WireOrder, given: dict[str, Any]) -> dict[str, Any]:
    given["softDollarTier"] = {"~": "SoftDollarTier", "name": order.soft_dollar_name, "val": order.soft_dollar_value}
    tag, _, value = order.misc_options.rstrip(";").partition("=")
    given["orderMiscOptions"] = [{"~": "TagValue", "tag": tag, "value": value}] if order.misc_options else []
    return {name: item for name, item in given.items() if not name.startswith("softDollar") or name == "softDollarTier"}


def _condition(value: m.OrderCondition) -> dict[str, Any]:
    given: dict[str, Any] = {"~": CONDITIONS[value.kind], "isConjunctionConnection": value.conjunction == "a"}
    for name in CONDITION_FIELDS[value.kind].split():
        theirs = "changePercent" if name == "percent" and value.kind == 7 else their_name(name)
        item = getattr(value, name)
        # protobuf has whole percents of margin only, and ibapi does not make them whole
        is_whole = name == "percent" and value.kind == 4 and item is not None and item.as_tuple().exponent == 0
        given[theirs] = int(item) if is_whole else to_ibapi(item)
    return given


@dataclass(frozen=True)
class Besides:
    """A value of ours that is compared but for some of its fields."""

    value: Any
    skip: frozenset[str]


def agrees(ours: Any, theirs: Any) -> bool:
    """Tell whether a value of ours and one of ibapi's mean the same."""
    if isinstance(theirs, dict) and theirs.get("~") == "Decimal":
        theirs = Decimal(theirs["value"])
        return theirs == 2**127 - 1 if ours is None else bool(theirs == ours)
    if ours is None:
        return _is_nothing(theirs)
    if isinstance(ours, Decimal):
        return float(ours) == float(theirs)  # 10.37 writes out the double that protobuf had
    if isinstance(ours, tuple):
        return _same_items(ours, theirs)
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(theirs[name] == item for name, item in ours.items())
    if is_dataclass(ours):
        return not differences(ours, theirs)
    # protobuf has some flags as whole numbers, and one whole number as a double
    return bool(ours == theirs) and (type(ours) in (type(theirs), bool) or isinstance(theirs, float))


def _is_nothing(theirs: Any) -> bool:
    if isinstance(theirs, dict):  # 10.37 makes a message that is missing one of which nothing is said
        return not any(item for name, item in theirs.items() if name != "~")
    return theirs in UNSET or theirs in (None, "", "1.7976931348623157E308")


def _same_items(ours: tuple[Any, ...], theirs: Any) -> bool:
    theirs = theirs or []
    return len(ours) == len(theirs) and all(map(agrees, ours, theirs))


NAMES_OF: dict[type, dict[str, tuple[str, ...]]] = {
    m.Bar: {"time": ("date",), "average": ("wap", "average"), "count": ("barCount",)},
    m.FamilyCode: {"account": ("accountID",), "code": ("familyCodeStr",)},
    m.PriceIncrement: {},
    m.Ineligibility: {"reason": ("id_",)},
    m.CommissionReport: {
        "commission": ("commission", "commissionAndFees"),
        "realized_pnl": ("realizedPNL",),
        "yield_": ("yield_", "bondYield"),
    },
    m.WireExecution: {"account": ("acctNumber",)},
    m.ContractData: {
        "size_multiplier": ("mdSizeMultiplier",),
        "under_contract_id": ("underConId",),
        "time_zone": ("timeZoneId",),
        "security_ids": ("secIdList",),
        "under_security_type": ("underSecType",),
        "ineligibilities": ("ineligibilityReasonList",),
        "fund_minimum_subsequent_purchase": ("fundSubsequentMinimumPurchase",),
        "fund_distribution_policy": ("fundDistributionPolicyIndicator",),
    },
}
# said by ibapi in words of its own or by the newer generations only; told apart in tests of their own
UNNAMED = {
    m.ContractData: {
        *("request_id", "last_trade_day", "fund_distribution_policy", "fund_asset_type", "size_min_tick"),
        *("min_size", "size_increment", "suggested_size_increment", "stock_type", "ineligibilities", "size_multiplier"),
        *(name for name in m.ContractData.__dataclass_fields__ if name.startswith("fund_")),
    },
    m.WireExecution: {"pending_price_revision", "submitter"},
}


def _known_differences(ours: Any, theirs: dict[str, Any], skip: frozenset[str]) -> list[str]:
    """Return where the two differ, in which ibapi has a name for every field of ours."""
    found = []
    for field in fields(ours):
        if field.name in skip:
            continue
        candidates = NAMES_OF[type(ours)].get(field.name, (their_name(field.name),))
        name = next((name for name in candidates if name in theirs), None)
        if name is None and field.name not in UNNAMED.get(type(ours), set()):
            found.append(f"{field.name}: no {candidates}")
        elif name is not None and not agrees(getattr(ours, field.name), theirs[name]):
            found.append(f"{field.name}: {getattr(ours, field.name)!r} != {theirs[name]!r}")
    return found


def _sample_differences(ours: m.SymbolSample, theirs: dict[str, Any]) -> list[str]:
    contract = m.WireContract(
        contract_id=ours.contract_id,
        symbol=ours.symbol,
        security_type=ours.security_type,
        primary_exchange=ours.primary_exchange,
        currency=ours.currency,
        issuer_id=ours.issuer_id,
    )
    found = differences(contract, theirs["contract"], frozenset({"strike"}))
    if theirs["contract"].get("description", "") != ours.description:
        found.append("description")
    kinds = [item.security_type for item in ours.derivatives]
    return found if theirs["derivativeSecTypes"] == kinds else [*found, "derivatives"]


def differences(ours: Any, theirs: dict[str, Any], skip: frozenset[str] = frozenset()) -> list[str]:
    """Return where an object of ours and one of ibapi's differ, field by field of ours."""
    if isinstance(ours, Besides):
        return differences(ours.value, theirs, ours.skip)
    if isinstance(ours, m.SymbolSample):
        return _sample_differences(ours, theirs)
    if isinstance(ours, m.OrderCondition):
        expected = _condition(ours)
        return [f"{n}: {v!r} != {theirs.get(n)!r}" for n, v in expected.items() if (theirs.get(n) or type(v)()) != v]
    return (_known_differences if type(ours) in NAMES_OF else _shared_differences)(ours, theirs, skip)


def _shared_differences(ours: Any, theirs: dict[str, Any], skip: frozenset[str]) -> list[str]:
    """Return where the two differ, in the fields that this generation has."""
    found = []
    for field in fields(ours):
        theirs_name = their_name(field.name)
        if field.name in skip or theirs_name not in theirs:
            continue
        mine, other = getattr(ours, field.name), theirs[theirs_name]
        if mine is None and field.name in READ_AS_ZERO and other == 0:
            continue
        if not agrees(mine, other):
            found.append(f"{field.name}: {mine!r} != {other!r}")
    return found


def defaulted(value: Any, names: set[str]) -> Any:
    """Return value with these fields as they are when nothing was said of them."""
    defaults = {field.name: field.default for field in fields(value)}
    return replace(value, **{name: defaults[name] for name in names})
