"""`--faults FILE`: YAML or JSON, checked like a plan, handed to the gateway as values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from runner.errors import PlanInvalid
from runner.gateway.faults import Faults
from runner.gateway.faults_read import BadFaults, read_faults
from runner.gateway.settings import GatewaySettings
from runner.plan.findings import Findings, TooMany
from runner.plan.shape import check_shape
from runner.plan.source import Source, read


def with_faults(settings: GatewaySettings, path: Path) -> GatewaySettings:
    """Return settings with the faults of a file, its shares among them; raises PlanInvalid as load_faults does."""
    faults = load_faults(path)
    return replace(settings, faults=faults, anomalies=faults.shares)


def load_faults(path: Path) -> Faults:
    """Return the faults of a file; raises PlanInvalid with everything that is wrong with it, each with its place."""
    source = read(str(path))
    if source.data is None and source.problems:
        raise PlanInvalid(sorted(source.problems))
    findings = Findings(source)
    faults = Faults()
    with suppress(TooMany):
        faults = _check(source, findings)
    if len(findings):
        raise PlanInvalid(findings.sorted())
    return faults


def _check(source: Source, findings: Findings) -> Faults:
    is_sound = check_shape(source.data, findings, "faults")
    if len(findings) or not isinstance(source.data, dict):
        return Faults()
    try:
        faults = read_faults(source.data)
    except BadFaults as bad:
        for problem in bad.problems:
            note = findings.at_key if problem.is_key else findings.at_value
            note(problem.place, problem.message)
        return Faults()
    if not is_sound:
        findings.at_value((), "the file does not fit its schema, and fxrun cannot say where; please report this")
    return faults
