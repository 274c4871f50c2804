"""One order as far as its values are sound: read once, checked by `crossrules`, frozen by `build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from runner.core.contract import ContractSpec
from runner.core.fx import IDEALPRO_PAIRS, parse_pair
from runner.core.ticket import OrderType, Side, TimeInForce
from runner.plan.draft_policy import KEYS as POLICY_KEYS
from runner.plan.draft_policy import read_policy
from runner.plan.draft_schedule import ScheduleDraft, read_schedule
from runner.plan.findings import Findings
from runner.plan.source import Where
from runner.plan.suggest import for_pair
from runner.plan.text import quote
from runner.plan.values import Values
from runner.schedule.policy import FirePolicy

OWN = ("id", "contract", "side", "size", "order", "bracket", "schedule", *POLICY_KEYS)
TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop_limit": OrderType.STOP_LIMIT,
}
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_TIFS = {tif.value.lower(): tif for tif in TimeInForce}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is sound of an order; `places` has every key that is written, sound or not, by its dotted name."""

    where: Where
    order_id: str | None
    contract: ContractSpec | None
    side: Side | None
    quantity: Decimal | None
    order_type: OrderType | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: TimeInForce | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    schedule: ScheduleDraft | None
    policy: FirePolicy
    places: Mapping[str, Where] = field(default_factory=dict)


def drafts(data: Mapping[str, object], findings: Findings) -> list[Draft]:
    """Return every order of a plan, noting values that cannot be read."""
    entries = data.get("orders")
    if "orders" not in data:
        return [_draft(Values(data, {}, (), findings, OWN))]
    if not isinstance(entries, list):
        return []
    pairs = [(entry, ("orders", number)) for number, entry in enumerate(entries) if isinstance(entry, dict)]
    return [_draft(Values(data, entry, where, findings, OWN)) for entry, where in pairs]


def top_level(data: Mapping[str, object], findings: Findings) -> Draft | None:
    """Return what stands above `orders:` as a draft, so that it is checked even where no order uses it."""
    return _draft(Values(data, {}, (), findings, OWN)) if "orders" in data else None


def _draft(values: Values) -> Draft:
    return Draft(
        where=values.where,
        order_id=values.text("id") if values.where else "main",
        contract=_contract(values),
        side=values.choice("side", _SIDES),
        quantity=values.number("size"),
        order_type=values.choice("order.type", TYPES) if "order" in values else OrderType.MARKET,
        limit_price=values.number("order.price"),
        stop_price=values.number("order.stop"),
        time_in_force=values.choice("order.tif", _TIFS) if "order.tif" in values else TimeInForce.DAY,
        take_profit=values.number("bracket.take_profit"),
        stop_loss=values.number("bracket.stop_loss"),
        schedule=read_schedule(values),
        policy=read_policy(values),
        places=values.places,
    )


def _contract(values: Values) -> ContractSpec | None:
    name = "contract"
    text = values.text(name)
    if text is None:
        symbol, currency = values.text("contract.symbol"), values.text("contract.currency")
        if symbol is None or currency is None:
            return None
        is_base = any(pair.startswith(f"{symbol.upper()}.") for pair in IDEALPRO_PAIRS)
        name, text = f"contract.{'currency' if is_base else 'symbol'}", f"{symbol}.{currency}"
    if (pair := parse_pair(text)) is None:
        hint = values.findings.hint(lambda: for_pair(text))
        expected = "expected a pair that IDEALPRO quotes, such as EUR.USD, EUR/USD or EURUSD"
        values.note(name, f"an unknown pair: found {quote(text)}; {expected}{hint}")
        return None
    return ContractSpec(symbol=pair.base, currency=pair.quote)
