"""Files in, plans out, or every problem of every file."""

from __future__ import annotations

from collections.abc import Sequence

from runner.errors import PlanInvalid, Problem
from runner.plan.build import build
from runner.plan.model import Plan
from runner.plan.source import Source, parse, read
from runner.plan.validate import validate


def load(path: str) -> Plan:
    """Return the plan in the file at path; raises PlanInvalid with all that is wrong with it."""
    return load_all((path,))[0]


def load_all(paths: Sequence[str]) -> tuple[Plan, ...]:
    """Return the plans of several files; raises PlanInvalid with the problems of all of them."""
    sources = [read(path) for path in paths]
    checked = [(source, *validate(source)) for source in sources]
    problems = [problem for _source, _drafts, found in checked for problem in found]
    problems += _repeated_names(sources)
    if problems:
        raise PlanInvalid(sorted(problems))
    return tuple(build(source, drafts) for source, drafts, _problems in checked)


def problems_of(file: str, text: str) -> list[Problem]:
    """Return what is wrong with a text that is to become the plan in a file; empty if nothing is."""
    return validate(parse(file, text, text.encode()))[1]


def _repeated_names(sources: Sequence[Source]) -> list[Problem]:
    first: dict[str, Source] = {}
    problems = []
    for source in sources:
        name = source.data.get("plan") if isinstance(source.data, dict) else None
        if not isinstance(name, str):
            continue
        if (other := first.setdefault(name, source)) is not source:
            mark = source.value_mark(("plan",))
            message = f'a plan name that repeats: found "{name}", also the plan in {other.file}; expected unique names'
            problems.append(Problem(source.file, mark.line, mark.column, message))
    return problems
