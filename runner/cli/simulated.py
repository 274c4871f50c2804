"""What holds a simulated run back: the limits that a live one would have, as far as somebody wrote them down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from runner.cli import files
from runner.core.limits import NO_LIMITS
from runner.engine.desk import Rules
from runner.plan.model import Plan
from runner.settings.load import NAME
from runner.settings.model import Settings


def settings_beside(folders: Collection[Path], settings_file: str | None) -> Settings | None:
    """Return the settings that bind simulated plans: those named, or beside them; never the user's own.

    So a simulated run is the same wherever it runs.
    """
    if settings_file is None and not any((folder / NAME).exists() for folder in folders):
        return None
    return files.settings_for([str(folder / NAME) for folder in folders], settings_file)


def rules(plans: Sequence[Plan], settings: Settings | None) -> Rules:
    """Return the limits that live would hold a simulated run to: those of the plans, and of settings that bind them."""
    if settings is None:
        return Rules(limits={plan.name: plan.limits for plan in plans if plan.limits != NO_LIMITS})
    return Rules(limits={plan.name: settings.limits.stricter(plan.limits) for plan in plans})
