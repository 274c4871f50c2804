"""Everything wrong with one source: form first, then the rules between fields, all at once and each once."""

from __future__ import annotations

from runner.errors import Problem
from runner.plan.crossrules import check_rules
from runner.plan.draft import Draft, drafts, top_level
from runner.plan.findings import Findings, TooMany
from runner.plan.header import check_limits, read_header
from runner.plan.plugged import separate
from runner.plan.shape import check_shape
from runner.plan.source import MAX_PROBLEMS, Source

MAX_ORDERS = 500


def validate(source: Source) -> tuple[list[Draft], list[Problem]]:
    """Return the orders as far as they are sound, and the problems in the order of the file."""
    if source.data is None and source.problems:
        return [], sorted(source.problems)
    findings = Findings(source)
    try:
        return _check(source, findings), findings.sorted()
    except TooMany:
        problems = findings.sorted()[:MAX_PROBLEMS]
        last = f"more than {MAX_PROBLEMS} problems: only these are shown; expected none"
        return [], [*problems, Problem(source.file, problems[-1].line, problems[-1].column, last)]


def _check(source: Source, findings: Findings) -> list[Draft]:
    data = source.data
    if isinstance(data, dict) and isinstance(data.get("orders"), list) and len(data["orders"]) > MAX_ORDERS:
        length = f"found {len(data['orders'])} orders; expected at most {MAX_ORDERS} in one plan"
        findings.at_value(("orders",), f"orders is too long: {length}")
        return []
    plugins, known = separate(data, findings)
    sound = check_shape(known, findings)
    found: list[Draft] = []
    if isinstance(data, dict):
        header = read_header(data, findings)
        found = drafts(data, findings, plugins)
        check_rules(found, top_level(data, findings, plugins), source, findings)
        check_limits(found, header.limits, source, findings)
    if not sound and not len(findings):
        findings.at_value((), "the plan does not fit its schema, and fxrun cannot say where; please report this")
    return found
