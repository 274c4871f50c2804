"""Files in, plans out, or every problem of every file."""

from __future__ import annotations

from collections.abc import Sequence

from runner.errors import PlanInvalid, Problem, UsageError
from runner.plan.build import build
from runner.plan.model import Plan
from runner.plan.source import Source, parse, read
from runner.plan.suggest import for_choice
from runner.plan.validate import validate
from runner.plan.variables import NOTHING, Given, fill, names


def load(path: str, given: Given = NOTHING) -> Plan:
    """Return the plan in the file at path; raises PlanInvalid with all that is wrong with it."""
    return load_all((path,), given)[0]


def load_all(paths: Sequence[str], given: Given = NOTHING) -> tuple[Plan, ...]:
    """Return the plans of several files, with what their variables are given.

    Raises PlanInvalid with the problems of all of them, and UsageError for a value that none of them has a variable
    for.
    """
    found = [read(path) for path in paths]
    _refuse_unknown(found, given)
    sources = [fill(source, given) for source in found]
    checked = [(source, *validate(source)) for source in sources]
    problems = [problem for _source, _drafts, found in checked for problem in found]
    problems += _repeated_names(sources)
    if problems:
        raise PlanInvalid(sorted(problems))
    return tuple(build(source, drafts) for source, drafts, _problems in checked)


def problems_of(file: str, text: str) -> list[Problem]:
    """Return what is wrong with a text that is to become the plan in a file; empty if nothing is."""
    return validate(fill(parse(file, text, text.encode()), NOTHING))[1]


def _refuse_unknown(sources: Sequence[Source], given: Given) -> None:
    known = {name for source in sources for name in names(source)}
    for name in given.values:
        if name not in known and not any(source.data is None for source in sources):
            have = f"they have {', '.join(sorted(known))}" if known else "they have none"
            raise UsageError(f"--set {name}: no plan here has a variable of that name; {have}{for_choice(name, known)}")


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
