"""One order as far as its values are sound: read once, checked by `crossrules`, frozen by `build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from runner.core.contract import ContractSpec
from runner.core.plugins import Plugin
from runner.core.size import SizeExpr
from runner.core.ticket import Side
from runner.plan.draft_conditions import read_unfilled, read_when
from runner.plan.draft_contract import read_contract
from runner.plan.draft_order import OrderDraft, read_order, read_size
from runner.plan.draft_policy import KEYS as POLICY_KEYS
from runner.plan.draft_policy import read_policy
from runner.plan.draft_schedule import ScheduleDraft, read_schedule
from runner.plan.draft_strategy import StrategyDraft, read_strategy, shipped
from runner.plan.findings import Findings
from runner.plan.model import Unfilled, When
from runner.plan.source import Where
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
        contract=read_contract(values),
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
