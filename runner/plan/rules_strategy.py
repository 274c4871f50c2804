"""Rules about strategies: one of them at most, its prices on the grid, exits on the side on which they are exits."""

from __future__ import annotations

from decimal import Decimal

from runner.core.fx import CURRENCIES
from runner.core.money import is_multiple, nearest_multiples, plain
from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeKind
from runner.core.ticket import Side
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.rules_order import currencies_of
from runner.plan.source import Source, Where
from runner.plan.text import quote

_COUNTED = (SizeKind.UNITS, SizeKind.LOTS, SizeKind.MONEY)
_WORDS = {Side.BUY: "buy", Side.SELL: "sell"}


def _one_strategy(draft: Draft, findings: Findings) -> None:
    first, *more = draft.strategy.keys or ("",)
    for key in more:
        message = f'an order with two strategies: found "{key}" beside "{first}"; expected one of them'
        findings.at_key(draft.places[key], message)


def _on_grid(draft: Draft, findings: Findings) -> None:
    if draft.contract is None:
        return
    if not draft.contract.is_pair:
        return  # only the broker knows its grid
    pair = draft.contract.pair
    for name, where, price in _prices(draft):
        number = price.number
        if number is None or is_multiple(number, pair.tick_size):
            continue
        near = " or ".join(plain(p) for p in nearest_multiples(number, pair.tick_size) if p > 0)
        grid = f"{pair.name} moves in half pips of {plain(pair.tick_size)}"
        findings.at_value(where, f"{name} is off the half-pip grid: found {plain(number)}; {grid}, expected {near}")


def _prices(draft: Draft) -> list[tuple[str, Where, PriceExpr]]:
    own = {"order.price": draft.order.limit_price, "order.stop": draft.order.stop_price}
    return [
        *((name, draft.places[name], price) for name, price in own.items() if price is not None),
        *((price.name, price.where, price.value) for price in draft.strategy.prices),
    ]


def _money_fits(draft: Draft, findings: Findings) -> None:
    """Money below a strategy is of the pair, and sizes are such as strategies count with: told here, not at a fire."""
    if draft.contract is None:
        return
    all_of_it = currencies_of(draft.contract)
    for size in draft.strategy.sizes if all_of_it else ():
        is_sum = size.name == "invest.amount"
        fitting = all_of_it[-1:] if is_sum else all_of_it
        counts = size.value.kind in ((SizeKind.MONEY,) if is_sum else _COUNTED)
        if not counts or (size.value.kind is SizeKind.MONEY and size.value.currency not in fitting):
            units = "units, lots" if draft.contract.is_pair else "units"
            example = " or ".join(f"500 {currency}" for currency in fitting)
            expected = f"expected an amount such as {example}" if is_sum else f"expected {units}, or such as {example}"
            findings.at_value(
                size.where, f"{size.name} does not fit {draft.contract.name}: found {size.value.text}; {expected}"
            )
    if draft.strategy.name == "convert" and draft.contract.is_pair:
        _converts_within(draft, findings, (draft.contract.symbol, draft.contract.currency))


def _converts_within(draft: Draft, findings: Findings, pair: tuple[str, str]) -> None:
    source, goal = (draft.strategy.parameters.get(name) for name in ("from", "to"))
    if source in CURRENCIES and source not in pair:
        message = f"convert.from is not of the pair: found {quote(str(source))}; expected {pair[0]} or {pair[1]}"
        findings.at_value(draft.places["convert.from"], message)
    elif source in pair and goal is not None and goal != (other := pair[source == pair[0]]):
        message = f"convert.to is not the other one of the pair: found {quote(str(goal))}; expected {other}"
        findings.at_value(draft.places["convert.to"], message)


def _multiples_of_risk(draft: Draft, findings: Findings) -> None:
    """R is the distance from the entry to the stop, so it needs one, and counts from the entry."""
    keys = draft.strategy.keys
    stops = [f"{key}.{stop}" for key in keys for stop in ("stop_loss", "trailing_stop")]
    for price in draft.strategy.prices:
        if price.value.unit is not Unit.R:
            continue
        if price.name in stops:
            problem = "is counted in what it decides", "expected a price, or a distance such as 25 pips"
        elif price.value.anchor not in (None, Anchor.ENTRY):
            problem = "does not count from the entry", "expected entry, or the multiple alone, such as 2R"
        elif not any(stop in draft.places for stop in stops):
            problem = "has no risk to count", "expected a stop_loss beside it: R is its distance from the entry"
        else:
            continue
        findings.at_value(price.where, f"{price.name} {problem[0]}: found {price.value.text}; {problem[1]}")


def _trails(draft: Draft, findings: Findings) -> None:
    trail = draft.strategy.price("trailing_stop") if draft.strategy.name == "bracket" else None
    if trail is not None and trail.number is None and not trail.is_distance:
        expected = "expected a distance such as 25 pips, 0.3%, or an amount"
        message = f"bracket.trailing_stop is not a distance: found {trail.text}; {expected}"
        findings.at_value(draft.places["bracket.trailing_stop"], message)


def _exits_side(draft: Draft, source: Source, findings: Findings) -> None:
    if draft.side is None or draft.strategy.name != "bracket":
        return
    wrong = False
    for name, sign in (("take_profit", draft.side.sign), ("stop_loss", -draft.side.sign)):
        exit_price = draft.strategy.price(name)
        if exit_price is not None and _is_beyond(draft, exit_price, sign):
            wrong = True
            _wrong_side(draft, findings, name, sign)
    profit, loss = draft.strategy.number("take_profit"), draft.strategy.number("stop_loss")
    if not wrong and profit is not None and loss is not None and (profit - loss) * draft.side.sign <= 0:
        _exits_cross(draft, source, findings, profit, loss)


def _is_beyond(draft: Draft, price: PriceExpr, sign: int) -> bool:
    """Tell whether an exit lies on the wrong side of the entry as far as the plan alone says so."""
    if price.anchor is Anchor.ENTRY:
        return price.offset * sign <= 0
    entry, number = draft.order.entry, price.number
    return entry is not None and number is not None and (number - entry) * sign <= 0


def _wrong_side(draft: Draft, findings: Findings, name: str, sign: int) -> None:
    side, found = _WORDS[draft.side or Side.BUY], draft.strategy.price(name)
    above = "above" if sign > 0 else "below"
    label = "limit price" if draft.order.limit_price is not None else "stop price"
    entry = f"the {label} {plain(draft.order.entry)} of" if draft.order.entry is not None else "the entry of"
    expected = f"expected a price {above} {entry} the {side}"
    shown = "" if found is None else found.text
    findings.at_value(
        draft.places[f"bracket.{name}"], f"bracket.{name} is on the wrong side: found {shown}; {expected}"
    )


def _exits_cross(draft: Draft, source: Source, findings: Findings, profit: Decimal, loss: Decimal) -> None:
    side = draft.side or Side.BUY
    relation = "above" if side is Side.BUY else "below"
    line = source.value_mark(draft.places["bracket.stop_loss"]).line
    expected = f"expected a price {relation} the stop_loss {plain(loss)} (line {line}) for a {_WORDS[side]}"
    message = f"bracket.take_profit is on the wrong side: found {plain(profit)}; {expected}"
    findings.at_value(draft.places["bracket.take_profit"], message)


def _ends_orders_on_halt(draft: Draft, findings: Findings) -> None:
    """An exit that works on while a halt is answered could fill beside the order that closes the position."""
    if "flatten.on" in draft.places and draft.strategy.parameters.get("open_orders") == "leave":
        message = "flatten.open_orders does not fit on: halt: found leave; expected cancel, or no on:"
        findings.at_value(draft.places["flatten.open_orders"], message)


INSIDE = (_ends_orders_on_halt, _trails, _multiples_of_risk)
BETWEEN = (_one_strategy, _on_grid, _money_fits)
WITH_LINES = (_exits_side,)
