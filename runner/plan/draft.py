"""One order as far as its values are sound: read once, checked by `crossrules`, frozen by `build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from runner.core.contract import ContractSpec
from runner.core.fx import IDEALPRO_PAIRS, parse_pair
from runner.core.plugins import Plugin
from runner.core.size import SizeExpr
from runner.core.ticket import Side
from runner.plan.draft_conditions import read_unfilled, read_when
from runner.plan.draft_order import OrderDraft, read_order, read_size
from runner.plan.draft_policy import KEYS as POLICY_KEYS
from runner.plan.draft_policy import read_policy
from runner.plan.draft_schedule import ScheduleDraft, read_schedule
from runner.plan.draft_strategy import StrategyDraft, read_strategy, shipped
from runner.plan.findings import Findings
from runner.plan.model import Unfilled, When
from runner.plan.source import Where
from runner.plan.suggest import for_pair
from runner.plan.text import quote
from runner.plan.values import Values
from runner.schedule.policy import FirePolicy

OWN = ("id", "contract", "side", "size", "order", "unfilled", "when", "schedule", *POLICY_KEYS)
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is sound of an order; `places` has every key that is written, sound or not, by its dotted name."""

    where: Where
    order_id: str | None
    contract: ContractSpec | None
    side: Side | None
    size: SizeExpr | None
    order: OrderDraft
    strategy: StrategyDraft
    unfilled: Unfilled | None
    when: When | None
    schedule: ScheduleDraft | None
    policy: FirePolicy
    places: Mapping[str, Where] = field(default_factory=dict)


def drafts(data: Mapping[str, object], findings: Findings, plugins: Mapping[str, Plugin]) -> list[Draft]:
    """Return every order of a plan, noting values that cannot be read."""
    entries = data.get("orders")
    if "orders" not in data:
        return [_draft(data, {}, (), findings, plugins)]
    if not isinstance(entries, list):
        return []
    pairs = [(entry, ("orders", number)) for number, entry in enumerate(entries) if isinstance(entry, dict)]
    return [_draft(data, entry, where, findings, plugins) for entry, where in pairs]


def top_level(data: Mapping[str, object], findings: Findings, plugins: Mapping[str, Plugin]) -> Draft | None:
    """Return what stands above `orders:` as a draft, so that it is checked even where no order uses it."""
    return _draft(data, {}, (), findings, plugins) if "orders" in data else None


def _draft(
    data: Mapping[str, object],
    entry: Mapping[str, object],
    where: Where,
    findings: Findings,
    plugins: Mapping[str, Plugin],
) -> Draft:
    strategies = (*shipped(), *plugins)
    own = [key for key in strategies if key in entry]  # an order that names a strategy has no other of the plan's
    values = Values(data, entry, where, findings, (*OWN, *(own or strategies)))
    schedule = read_schedule(values)
    zone = (schedule.zone if schedule is not None else None) or ZoneInfo("UTC")
    return Draft(
        where=values.where,
        order_id=values.text("id") if values.where else "main",
        contract=_contract(values),
        side=values.choice("side", _SIDES),
        size=read_size(values, "size"),
        order=read_order(values, zone),
        strategy=read_strategy(values, plugins, zone),
        unfilled=read_unfilled(values),
        when=read_when(values, zone),
        schedule=schedule,
        policy=read_policy(values),
        places=values.places,
    )


def _contract(values: Values) -> ContractSpec | None:
    name = "contract"
    if name not in values and "convert.to" in values:
        return _converted(values)
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


def _converted(values: Values) -> ContractSpec | None:
    """Return the pair that IDEALPRO quotes of the two currencies of a conversion."""
    given, wanted = values.text("convert.from"), values.text("convert.to")
    if given is None or wanted is None:
        return None
    if (pair := parse_pair(f"{given}.{wanted}") or parse_pair(f"{wanted}.{given}")) is None:
        expected = "expected two currencies that IDEALPRO quotes against each other, such as EUR and USD"
        values.note("convert.to", f"no pair to convert by: found {quote(given)} into {quote(wanted)}; {expected}")
        return None
    return ContractSpec(symbol=pair.base, currency=pair.quote)
