"""Rules between the fields of a plan: each speaks as soon as the values it needs are sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from runner.core.money import is_multiple, nearest_multiples, plain
from runner.core.ticket import Side
from runner.plan.draft import TYPES, Draft
from runner.plan.findings import Findings
from runner.plan.rules_schedule import check_schedule
from runner.plan.shape import missing_key
from runner.plan.source import Source

_REQUIRED = ("contract", "side", "size")
_DECIMAL_PLACES = 8
_TYPE_NAMES = {value: name for name, value in TYPES.items()}
_PRICES = {
    "order.price": "limit_price",
    "order.stop": "stop_price",
    "bracket.take_profit": "take_profit",
    "bracket.stop_loss": "stop_loss",
}


def check_rules(drafts: Sequence[Draft], top: Draft | None, source: Source, findings: Findings) -> None:
    """Note every rule that the orders of a plan break; top is what stands above a list of orders."""
    for draft in (*drafts, *([top] if top else [])):
        for rule in INSIDE_ONE_KEY:
            rule(draft, source, findings)
        check_schedule(draft.schedule, draft.places, findings)
    for draft in drafts:
        for rule in BETWEEN_KEYS:
            rule(draft, source, findings)
    _ids_repeat(drafts, source, findings)


def _required(draft: Draft, _source: Source, findings: Findings) -> None:
    owner = f'order "{draft.order_id}", nor at the top level' if draft.where else "the plan"
    for key in _REQUIRED:
        if key not in draft.places:
            findings.at_value(draft.where, missing_key(key, owner))


def _size_digits(draft: Draft, _source: Source, findings: Findings) -> None:
    if draft.quantity is not None and _places(draft.quantity) > _DECIMAL_PLACES:
        found = f"found {_places(draft.quantity)} decimal places; expected at most {_DECIMAL_PLACES}"
        findings.at_value(draft.places["size"], f"size is finer than any market trades: {found}")


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _prices_fit_type(draft: Draft, _source: Source, findings: Findings) -> None:
    if draft.order_type is None or "order.type" not in draft.places:
        return
    kind = _TYPE_NAMES[draft.order_type]
    wants = {"order.price": draft.order_type.has_limit, "order.stop": draft.order_type.has_stop}
    for name, wanted in wants.items():
        key = name.removeprefix("order.")
        if wanted and name not in draft.places:
            expected = f"expected {key}: with {'its limit' if key == 'price' else 'the price that triggers it'}"
            findings.at_value(
                draft.places["order.type"], f'a {kind} order without a price: found no "{key}"; {expected}'
            )
        elif not wanted and name in draft.places:
            expected = _instead(key)
            findings.at_key(draft.places[name], f'a {kind} order with a price: found "{key}"; expected {expected}')


def _instead(key: str) -> str:
    types = "limit or stop_limit" if key == "price" else "stop or stop_limit"
    return f"an order of type {types} for it, or no such key"


def _on_grid(draft: Draft, _source: Source, findings: Findings) -> None:
    if draft.contract is None:
        return
    pair = draft.contract.pair
    for name, attribute in _PRICES.items():
        price: Decimal | None = getattr(draft, attribute)
        if price is None or is_multiple(price, pair.tick_size):
            continue
        near = " or ".join(plain(p) for p in nearest_multiples(price, pair.tick_size) if p > 0)
        grid = f"{pair.name} moves in half pips of {plain(pair.tick_size)}"
        findings.at_value(
            draft.places[name], f"{name} is off the half-pip grid: found {plain(price)}; {grid}, expected {near}"
        )


def _bracket_side(draft: Draft, source: Source, findings: Findings) -> None:
    if draft.side is None:
        return
    entry = draft.limit_price or draft.stop_price
    wrong = False
    for name, exit_price, sign in (
        ("take_profit", draft.take_profit, draft.side.sign),
        ("stop_loss", draft.stop_loss, -draft.side.sign),
    ):
        if entry is not None and exit_price is not None and (exit_price - entry) * sign <= 0:
            wrong = True
            _wrong_side(draft, findings, name, sign)
    if not wrong and draft.take_profit is not None and draft.stop_loss is not None:
        _exits_cross(draft, source, findings)


def _wrong_side(draft: Draft, findings: Findings, name: str, sign: int) -> None:
    exit_price, entry = getattr(draft, name), draft.limit_price or draft.stop_price
    label = "limit price" if draft.limit_price is not None else "stop price"
    side = "buy" if draft.side is Side.BUY else "sell"
    expected = (
        f"expected a price {'above' if sign > 0 else 'below'} the {label} {plain(entry or Decimal())} of the {side}"
    )
    findings.at_value(
        draft.places[f"bracket.{name}"], f"bracket.{name} is on the wrong side: found {plain(exit_price)}; {expected}"
    )


def _exits_cross(draft: Draft, source: Source, findings: Findings) -> None:
    profit, loss = draft.take_profit, draft.stop_loss
    if profit is None or loss is None or draft.side is None or (profit - loss) * draft.side.sign > 0:
        return
    relation = "above" if draft.side is Side.BUY else "below"
    side = "buy" if draft.side is Side.BUY else "sell"
    line = source.value_mark(draft.places["bracket.stop_loss"]).line
    expected = f"expected a price {relation} the stop_loss {plain(loss)} (line {line}) for a {side}"
    message = f"bracket.take_profit is on the wrong side: found {plain(profit)}; {expected}"
    findings.at_value(draft.places["bracket.take_profit"], message)


def _ids_repeat(drafts: Iterable[Draft], source: Source, findings: Findings) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        if draft.order_id is None:
            continue
        if (other := first.setdefault(draft.order_id, draft)) is not draft:
            line = source.value_mark(other.places["id"]).line
            message = f'an id that repeats: found "{draft.order_id}" again, first in line {line}; expected unique ids'
            findings.at_value(draft.places["id"], message)


Rule = Callable[[Draft, Source, Findings], None]
INSIDE_ONE_KEY: tuple[Rule, ...] = (_size_digits, _prices_fit_type)
BETWEEN_KEYS: tuple[Rule, ...] = (_required, _on_grid, _bracket_side)
