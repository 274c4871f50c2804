"""What holds a simulated run back: the limits that a live one would have, as far as somebody wrote them down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.cli import files
from runner.core.limits import NO_LIMITS
from runner.engine.desk import Rules
from runner.plan.model import Plan
from runner.settings.load import NAME


def rules(plans: Sequence[Plan], settings_file: str | None) -> Rules:
    """Return the limits that live would hold a simulated run to: those of the plans, and of settings beside them."""
    found = [plan for plan in plans if plan.limits != NO_LIMITS]
    folders = {Path(plan.file).parent for plan in plans}
    if settings_file is None and not any((folder / NAME).exists() for folder in folders):  # nobody's own: same anywhere
        return Rules(limits={plan.name: plan.limits for plan in found})
    settings = files.settings_for([plan.file for plan in plans], settings_file)
    return Rules(limits={plan.name: settings.limits.stricter(plan.limits) for plan in plans})
