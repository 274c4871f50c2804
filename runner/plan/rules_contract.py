"""Rules about what belongs to currency pairs alone: lots, pips, broken units, conversions."""

from __future__ import annotations

from collections.abc import Iterator

from runner.core.contract import ContractSpec
from runner.core.money import plain
from runner.core.price import PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.source import Where

_DISTANCES = ("order.trail", "order.limit_offset", "when.spread", "bracket.trailing_stop")


def _of_pairs(draft: Draft, findings: Findings) -> None:
    contract = draft.contract
    if contract is None:
        return
    if contract.is_pair:
        _in_pips(draft, findings)
        return
    for name, where, price in _prices(draft):
        if price.unit is Unit.PIPS:
            is_exit = name in ("bracket.take_profit", "bracket.stop_loss")
            amount = "entry - 0.05" if is_exit and price.anchor is None else _in_place(price)
            expected = f"expected an amount, such as {amount}, or a percentage"
            findings.at_value(where, f"{name} is in pips, which only pairs have: found {price.text}; {expected}")
    _whole_units(draft, contract, findings)
    if draft.strategy.name == "convert":
        where = draft.places.get("contract", draft.where)
        findings.at_value(where, f"convert needs a currency pair: found {contract.name}; expected such as EUR.USD")


def _whole_units(draft: Draft, contract: ContractSpec, findings: Findings) -> None:
    for name, where, size in _sizes(draft):
        if size.kind is SizeKind.LOTS:
            expected = "expected a number of units: shares, contracts or ounces"
            findings.at_value(where, f"{name} is in lots, which only pairs have: found {size.text}; {expected}")
        elif size.kind is SizeKind.UNITS and size.amount != size.amount.to_integral_value():
            message = f"{name} is no whole number: found {plain(size.amount)}; expected whole units of {contract.name}"
            findings.at_value(where, message)


def _in_pips(draft: Draft, findings: Findings) -> None:
    """Refuse an amount as a distance of a pair: 1.085 would be one of ten thousand pips."""
    for name, where, price in _prices(draft):
        if name in _DISTANCES and price.number is not None:
            expected = f"expected pips, such as {plain(price.number)} pips"
            findings.at_value(where, f"{name} is an amount: found {plain(price.number)}; {expected}")


def _in_place(price: PriceExpr) -> str:
    """Write an amount where pips stand; the figure is only there to show the form."""
    if price.anchor is None:
        return "0.05"
    return f"{price.anchor.value} {'-' if price.offset < 0 else '+'} 0.05"


def _prices(draft: Draft) -> Iterator[tuple[str, Where, PriceExpr]]:
    terms, when = draft.order.terms, draft.when
    own = {
        "order.price": draft.order.limit_price,
        "order.stop": draft.order.stop_price,
        "order.trail": terms.trail,
        "order.limit_offset": terms.limit_offset,
        "when.spread": None if when is None else when.spread,
    }
    yield from ((name, draft.places[name], price) for name, price in own.items() if price is not None)
    yield from ((price.name, price.where, price.value) for price in draft.strategy.prices)


def _sizes(draft: Draft) -> Iterator[tuple[str, Where, SizeExpr]]:
    if draft.size is not None:
        yield "size", draft.places["size"], draft.size
    yield from ((size.name, size.where, size.value) for size in draft.strategy.sizes)


BETWEEN = (_of_pairs,)
