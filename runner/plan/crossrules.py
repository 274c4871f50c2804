"""Rules between the fields of a plan: each speaks as soon as the values it needs are sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from runner.core.size import SizeKind
from runner.plan import rules_contract, rules_order, rules_strategy
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.rules_conditions import check_after, check_when
from runner.plan.rules_schedule import check_schedule
from runner.plan.shape import missing_key
from runner.plan.source import Source

_REQUIRED = ("contract", "side", "size")
_DECIMAL_PLACES = 8


def check_rules(drafts: Sequence[Draft], top: Draft | None, source: Source, findings: Findings) -> None:
    """Note every rule that the orders of a plan break; top is what stands above a list of orders."""
    for draft in (*drafts, *([top] if top else [])):
        for rule in (_size_digits, check_when, *rules_order.INSIDE, *rules_strategy.INSIDE):
            rule(draft, findings)
        check_schedule(draft.schedule, draft.places, findings)
    for draft in drafts:
        for rule in (_required, *rules_contract.BETWEEN, *rules_order.BETWEEN, *rules_strategy.BETWEEN):
            rule(draft, findings)
        for between in rules_strategy.WITH_LINES:
            between(draft, source, findings)
    check_after(drafts, findings)
    _ids_repeat(drafts, source, findings)


def _required(draft: Draft, findings: Findings) -> None:
    owner = f'order "{draft.order_id}", nor at the top level' if draft.where else "the plan"
    for key in _REQUIRED:
        is_told = key in draft.strategy.optional and (key != "contract" or "convert.to" in draft.places)
        if key not in draft.places and not is_told:
            findings.at_value(draft.where, missing_key(key, owner))


def _size_digits(draft: Draft, findings: Findings) -> None:
    size = draft.size
    if size is not None and size.kind is SizeKind.UNITS and _places(size.amount) > _DECIMAL_PLACES:
        found = f"found {_places(size.amount)} decimal places; expected at most {_DECIMAL_PLACES}"
        findings.at_value(draft.places["size"], f"size is finer than any market trades: {found}")


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _ids_repeat(drafts: Iterable[Draft], source: Source, findings: Findings) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        if draft.order_id is None:
            continue
        if (other := first.setdefault(draft.order_id, draft)) is not draft:
            line = source.value_mark(other.places["id"]).line
            message = f'an id that repeats: found "{draft.order_id}" again, first in line {line}; expected unique ids'
            findings.at_value(draft.places["id"], message)
