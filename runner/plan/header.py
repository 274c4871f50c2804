"""What a plan says of all its orders at once: for which account, within which limits, and whether one is sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.core.limits import Limits
from runner.core.money import plain
from runner.plan.draft import Draft
from runner.plan.findings import Findings
from runner.plan.limits import read_limits
from runner.plan.source import Source

KEYS = ("plan", "mode", "account", "limits", "resend")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What is sound of it."""

    account: str | None
    limits: Limits
    resend: bool


def read_header(data: Mapping[str, object], findings: Findings) -> Header:
    """Return what stands above the orders, noting values that cannot be used."""
    account = data.get("account")
    return Header(
        account=account if isinstance(account, str) else None,
        limits=read_limits(data.get("limits"), ("limits",), findings),
        resend=data.get("resend") == "proven_absent",
    )


def check_limits(drafts: Sequence[Draft], limits: Limits, source: Source, findings: Findings) -> None:
    """Note orders that the plan's own limits would deny whenever they are due."""
    for draft in drafts:
        most, size = limits.max_quantity, None if draft.size is None else draft.size.units
        if most is not None and size is not None and size > most:
            line = source.key_mark(("limits", "max_quantity")).line
            expected = f"expected at most the limits.max_quantity of {plain(most)} (line {line})"
            findings.at_value(
                draft.places["size"], f"size is above the plan's own limit: found {plain(size)}; {expected}"
            )
        is_named = draft.contract is not None and (draft.contract.is_pair or draft.contract.local_symbol)
        if limits.pairs is not None and draft.contract and is_named and draft.contract.name not in limits.pairs:
            line = source.key_mark(("limits", "pairs")).line
            expected = f"expected one of limits.pairs (line {line}): {', '.join(sorted(limits.pairs))}"
            message = f"contract is not among the plan's own pairs: found {draft.contract.name}; {expected}"
            findings.at_value(draft.places["contract"], message)
