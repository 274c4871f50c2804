"""`ib:` below `order:`: further fields of the installed ibapi's Order, under their own names.

Every field of the class is either allowed here or refused with the reason; one that a newer ibapi brings is refused
until somebody has looked at it. What is refused carries identity, size, prices, groups or limits, which
fxrun sets or checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from ibapi.order import Order

from runner.core.money import plain
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.suggest import for_choice
from runner.plan.text import quote

Extra = str | bool | int | Decimal
_LARGEST = 2**31 - 2  # one more is ibapi's word for unset

ALLOWED = frozenset({
    "activeStartTime", "activeStopTime", "allowPreOpen", "auctionStrategy", "blockOrder", "bondAccruedInterest",
    "designatedLocation", "discretionaryUpToLimitPrice", "displaySize", "duration", "exemptCode", "extOperator",
    "hidden", "ignoreOpenAuction", "imbalanceOnly", "includeOvernight", "manualOrderIndicator", "manualOrderTime",
    "mifid2DecisionAlgo", "mifid2DecisionMaker", "mifid2ExecutionAlgo", "mifid2ExecutionTrader", "minCompeteSize",
    "minTradeQty", "nbboPriceCap", "notHeld", "openClose", "optOutSmartRouting", "postOnly", "postToAts",
    "professionalCustomer", "randomizePrice", "randomizeSize", "routeMarketableToBbo", "rule80A",
    "seekPriceImprovement", "shortSaleSlot", "solicited", "sweepToFill", "triggerMethod", "usePriceMgmtAlgo",
})  # fmt: skip
_HAS_KEY = {
    "action": "side", "totalQuantity": "size", "cashQty": "size", "orderType": "order.type", "lmtPrice": "order.price",
    "auxPrice": "order.stop", "tif": "order.tif", "goodTillDate": "order.until", "goodAfterTime": "order.good_after",
    "outsideRth": "order.outside_rth", "allOrNone": "order.all_or_none", "minQty": "order.min_quantity",
    "trailingPercent": "order.trail", "lmtPriceOffset": "order.limit_offset", "account": "account",
}  # fmt: skip
_REASONS = {
    "is the order's identity, which fxrun sets": (
        "orderRef orderId permId clientId parentPermId submitter externalUserId"
    ),
    "ties the order to others, which a strategy of the plan does": (
        "parentId transmit ocaGroup ocaType autoCancelParent isOmsContainer slOrderId slOrderType ptOrderId ptOrderType"
    ),
    "decides whether the order is one, or what becomes of it": "whatIf whatIfType deactivate autoCancelDate",
    "says for whom the order is, which the plan's account does": (
        "faGroup faProfile faMethod faPercentage modelCode origin clearingAccount clearingIntent settlingFirm"
        " customerAccount shareholder"
    ),
    "would order more than the plan's size, which limits are held against": (
        "hedgeType hedgeParam hedgeMaxSize dontUseAutoPriceForHedge deltaNeutralOrderType deltaNeutralAuxPrice"
        " deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent"
        " deltaNeutralOpenClose deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
        " scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement scalePriceAdjustValue scalePriceAdjustInterval"
        " scaleProfitOffset scaleAutoReset scaleInitPosition scaleInitFillQty scaleRandomPercent scaleTable"
    ),
    "changes the price that the plan states, which limits are held against": (
        "discretionaryAmt trailStopPrice percentOffset adjustedOrderType triggerPrice adjustedStopPrice"
        " adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit"
    ),
    "belongs to an order type that plans do not have": (
        "startingPrice stockRefPrice delta stockRangeLower stockRangeUpper volatility volatilityType continuousUpdate"
        " referencePriceType basisPoints basisPointsType referenceContractId peggedChangeAmount"
        " isPeggedChangeAmountDecrease referenceChangeAmount referenceExchangeId competeAgainstBestOffset"
        " midOffsetAtWhole midOffsetAtHalf algoStrategy algoId refFuturesConId"
    ),
    "is a list, or says how one is read": (
        "algoParams smartComboRoutingParams orderComboLegs orderMiscOptions conditions conditionsCancelOrder"
        " conditionsIgnoreRth conditionsIncludeOvernight softDollarTier"
    ),
    "switches off checks of TWS": "overridePercentageConstraints advancedErrorOverride",
    "is refused by every TWS of today": "eTradeOnly firmQuoteOnly",
    "is what the broker says of an order": "filledQuantity",
}
FORBIDDEN = {name: f"has a key of the plan: {key}" for name, key in _HAS_KEY.items()} | {
    name: reason for reason, names in _REASONS.items() for name in names.split()
}


def read_fields(written: Mapping[str, object], where: Where, findings: Findings) -> tuple[tuple[str, Extra], ...]:
    """Return the fields that may be set, by name; notes those that may not, do not exist or are of another type."""
    known = vars(Order())
    read = {name: _read(name, value, known, (*where, name), findings) for name, value in sorted(written.items())}
    return tuple((name, value) for name, value in read.items() if value is not None)


def _read(name: str, value: object, known: Mapping[str, object], where: Where, findings: Findings) -> Extra | None:
    if name in FORBIDDEN:
        findings.at_key(where, f"ib.{name} may not be set: found {quote(name)}; it {FORBIDDEN[name]}")
        return None
    if name not in known or name not in ALLOWED:
        hint = findings.hint(partial(for_choice, name, sorted(ALLOWED & known.keys())))
        expected = "expected a field of the installed ibapi's Order that a plan may set"
        findings.at_key(where, f"an unknown field of Order: found {quote(name)}; {expected}{hint}")
        return None
    found = _fitting(value, known[name])
    if found is None and value is not None:
        message = f"ib.{name} is of the wrong kind: found {_shown(value)}; expected {_wanted(known[name])}"
        findings.at_value(where, message)
    return found


def _fitting(value: object, default: object) -> Extra | None:
    """Return value as the type of the field's default; None if it is none. A default of None is yes, no or neither."""
    match value, default:
        case bool(), bool() | None:
            return value
        case str(), str() if value.isascii() and value.isprintable() and len(value) <= 100:
            return value
        case Decimal(), bool() | None | str():
            return None
        case Decimal(), int() if value == value.to_integral_value() and abs(value) <= _LARGEST:
            return int(value)
        case Decimal(), float() | Decimal():
            return value
    return None


def _wanted(default: object) -> str:
    match default:
        case bool() | None:
            return "true or false"
        case int():
            return f"a whole number of at most {_LARGEST}"
        case str():
            return "text of at most 100 plain characters; in quotes if it looks like a number"
    return "a number"


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
    return quote(str(value))
