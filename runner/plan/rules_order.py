"""Rules about how an order enters: each type with its own prices, spans with their life, expressions where they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.core.contract import ContractSpec
from runner.core.money import plain
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeKind
from runner.core.ticket import OrderType, TimeInForce
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.model import Remedy

_WANTS: Mapping[str, tuple[Callable[[OrderType], bool], str, str]] = {  # key: which types, what is missing, what it is
    "price": (lambda kind: kind.has_limit, "a price", "its limit"),
    "stop": (lambda kind: kind.has_stop, "a price", "the price that triggers it"),
    "trail": (lambda kind: kind.trails, "a distance", "its distance from the market"),
    "limit_offset": (
        lambda kind: kind is OrderType.TRAILING_LIMIT, "a distance", "the distance of its limit from its trigger"
    ),
}  # fmt: skip
_STOPS = ("stop_loss", "trailing_stop")


def _prices_fit_type(draft: Draft, findings: Findings) -> None:
    kind = draft.order.order_type
    if kind is None or "order.type" not in draft.places:
        return
    name = kind.word
    for key, (wants, what, meaning) in _WANTS.items():
        is_there = f"order.{key}" in draft.places
        if wants(kind) and not is_there:
            expected = f"expected {key}: with {meaning}"
            findings.at_value(
                draft.places["order.type"], f'a {name} order without {what}: found no "{key}"; {expected}'
            )
        elif is_there and not wants(kind):
            types = " or ".join(one.word for one in OrderType if wants(one))
            expected = f"expected an order of type {types} for it, or no such key"
            findings.at_key(draft.places[f"order.{key}"], f'a {name} order with {what}: found "{key}"; {expected}')


def _life(draft: Draft, findings: Findings) -> None:
    tif, places = draft.order.time_in_force, draft.places
    if tif is TimeInForce.GTD and "order.until" not in places:
        expected = "expected until: with a time, or so long after the fire, such as 2h"
        findings.at_value(places["order.tif"], f'a GTD order without end: found no "until"; {expected}')
    elif tif not in (None, TimeInForce.GTD) and "order.until" in places:
        found = f'found "until" with tif {tif.value if tif else ""}'
        findings.at_key(places["order.until"], f"an end that is not kept: {found}; expected tif: GTD beside it")
    begins, ends = draft.order.terms.good_after, draft.order.terms.until
    if type(begins) is type(ends) and begins is not None and begins >= ends:  # type: ignore[operator]
        message = "an order that never works: found good_after not before until; expected a later end"
        findings.at_value(places["order.good_after"], message)


def _expressions(draft: Draft, findings: Findings) -> None:
    for key, price in (("price", draft.order.limit_price), ("stop", draft.order.stop_price)):
        if price is None:
            continue
        if price.is_distance:
            _misplaced(draft, findings, key, f"{price.text} is a distance; expected a price such as bid - {price.text}")
        elif price.anchor is Anchor.ENTRY or price.unit is Unit.R:
            expected = "an entry itself has none to count from; expected bid, ask or mid"
            _misplaced(draft, findings, key, f"{price.text} counts from an entry, and {expected}")
    for key, distance in (("trail", draft.order.terms.trail), ("limit_offset", draft.order.terms.limit_offset)):
        fitting = (Unit.PIPS, Unit.PERCENT) if key == "trail" else (Unit.PIPS,)
        is_amount = distance is not None and distance.number is not None
        if distance is not None and not is_amount and (not distance.is_distance or distance.unit not in fitting):
            expected = " or ".join(f"15 {unit.value}" if unit is Unit.PIPS else "0.3%" for unit in fitting)
            _misplaced(draft, findings, key, f"expected a distance such as {expected}, or an amount")


def _misplaced(draft: Draft, findings: Findings, key: str, message: str) -> None:
    findings.at_value(draft.places[f"order.{key}"], f"order.{key} does not fit here: {message}")


def _size_fits(draft: Draft, findings: Findings) -> None:
    size, contract = draft.size, draft.contract
    if size is None:
        return
    where = draft.places["size"]
    currencies = [] if contract is None else currencies_of(contract)
    if size.kind is SizeKind.MONEY and currencies and size.currency not in currencies:
        whose = "expected one of the pair's" if len(currencies) > 1 else "expected the one it is traded in"
        expected = f"{whose}: {' or '.join(currencies)}"
        findings.at_value(where, f"size is in a currency that is not traded: found {size.currency}; {expected}")
    if size.kind is SizeKind.RISK and not _has_stop(draft):
        expected = "expected a stop_loss, whose distance says what is lost, or another size"
        findings.at_value(where, f"a size of risk without a stop: found {size.text}; {expected}")
    least, units = draft.order.terms.min_quantity, size.units
    if least is not None and least != least.to_integral_value():
        message = (
            f"order.min_quantity is no whole number: found {plain(least)}; expected whole units, as IB counts them"
        )
        findings.at_value(draft.places["order.min_quantity"], message)
    if least is not None and units is not None and least > units:
        found = f"found {plain(least)}; expected at most the size of {plain(units)}"
        findings.at_value(draft.places["order.min_quantity"], f"order.min_quantity is above the size: {found}")


def currencies_of(contract: ContractSpec) -> list[str]:
    """Return the currencies in which a size of a contract may be written; nothing where only the broker knows."""
    if contract.is_pair:
        return [contract.symbol, contract.currency]
    return [contract.currency] if contract.currency else []


def _has_stop(draft: Draft) -> bool:
    return any(f"{key}.{stop}" in draft.places for key in draft.strategy.keys for stop in _STOPS)


def _remedy_fits(draft: Draft, findings: Findings) -> None:
    if draft.unfilled is None or draft.order.order_type is None:
        return
    where, kind = draft.places["unfilled.then"], draft.order.order_type
    price: PriceExpr | None = draft.order.limit_price if kind.has_limit else draft.order.stop_price
    if draft.unfilled.then is Remedy.REPRICE and price is not None and not price.wants_quote:
        expected = "expected an order.price that counts from the market, such as bid - 5 pips, or then: cross"
        findings.at_value(where, f"reprice has nothing to work out: found a price of {price.text}; {expected}")
    if kind is OrderType.MARKET and draft.unfilled.then in (Remedy.REPRICE, Remedy.CROSS):
        expected = "expected an order of another type, or then: cancel"
        findings.at_value(where, f"a market order has no better price: found {draft.unfilled.then.value}; {expected}")


INSIDE = (_prices_fit_type, _life, _expressions)
BETWEEN = (_size_fits, _remedy_fits)
