"""`--faults FILE`: YAML or JSON, checked like a plan, handed to the gateway as values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.cli import documents
from runner.gateway.faults import Faults
from runner.gateway.faults_read import BadFaults, read_faults
from runner.gateway.settings import GatewaySettings
from runner.plan.findings import Findings


def with_faults(settings: GatewaySettings, path: Path) -> GatewaySettings:
    """Return settings with the faults of a file, its shares among them; raises PlanInvalid as load_faults does."""
    faults = load_faults(path)
    return replace(settings, faults=faults, anomalies=faults.shares)


def load_faults(path: Path) -> Faults:
    """Return the faults of a file; raises PlanInvalid with everything that is wrong with it, each with its place."""
    return documents.load(path, "faults", _make)


def _make(data: dict[str, object], findings: Findings) -> Faults | None:
    try:
        return read_faults(data)
    except BadFaults as bad:
        for problem in bad.problems:
            note = findings.at_key if problem.is_key else findings.at_value
            note(problem.place, problem.message)
        return None
