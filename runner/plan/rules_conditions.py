"""Rules about the conditions of a fire: that they can come true, and that the orders they name are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from runner.core.money import plain
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.suggest import for_choice
from runner.plan.text import quote


def check_when(draft: Draft, findings: Findings) -> None:
    """Note conditions that can never hold."""
    when, places = draft.when, draft.places
    if when is None:
        return
    if when.above is not None and when.below is not None and when.above >= when.below:
        found = f"found above {plain(when.above)} and below {plain(when.below)}"
        findings.at_value(places["when.below"], f"a price that cannot be: {found}; expected below to be the larger one")
    if when.opens is not None and when.opens == when.closes:
        message = f"an empty window: found {when.opens:%H:%M} for opens and closes; expected two times of day"
        findings.at_value(places["when.window.closes"], message)


def check_after(drafts: Sequence[Draft], findings: Findings) -> None:
    """Note orders that wait for one that is not there, or for one another in a circle."""
    waits = {draft.order_id: draft.when.after for draft in drafts if draft.when is not None and draft.when.after}
    ids = [draft.order_id for draft in drafts if draft.order_id is not None]
    for draft in drafts:
        after = None if draft.when is None else draft.when.after
        if after is None:
            continue
        if after not in ids:
            hint = findings.hint(partial(for_choice, after, ids))
            expected = "expected the id of another order of this plan"
            findings.at_value(
                draft.places["when.after"], f"when.after names no order: found {quote(after)}; {expected}{hint}"
            )
        elif _comes_back(draft.order_id, waits):
            message = (
                f"orders that wait for one another: found {quote(after)}; expected one that does not wait for this"
            )
            findings.at_value(draft.places["when.after"], message)


def _comes_back(start: str | None, waits: Mapping[str | None, str]) -> bool:
    seen: set[str | None] = set()
    order = waits.get(start)
    while order is not None and order not in seen:
        if order == start:
            return True
        seen.add(order)
        order = waits.get(order)
    return False
