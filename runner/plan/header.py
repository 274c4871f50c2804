"""What a plan says of all its orders at once: for which account, within which limits, and whether one is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.core.limits import Limits
from runner.plan.findings import Findings
from runner.plan.limits import read_limits

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
