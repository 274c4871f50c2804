"""Change the code that decides in small ways, one at a time, and see whether the tests that belong to it notice.

    python -m tests.reliability.mutants [MODULE...] [--share 100] [--seed 1]

Everything happens in a copy of the tree. A mutant is killed if a test fails, if it cannot be imported, or if its tests
take far longer than they do on the code as it is. Exit 1 if less than 90 % of a module's are killed. Unlike mutmut it
also changes what stands outside of functions, which is all that a table of states is.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WANTED = 90  # percent
PATIENCE = 5  # times as long as the tests take on the code as it is, and 20 s more: then it hangs
NAMES = ("order_state", "reconcile", "claiming", "recurrence", "local", "days", "cron", "agenda")
SOURCES = {
    "order_state": "runner/core/order_state.py",
    "reconcile": "runner/lifecycle/reconcile.py",
    "claiming": "runner/journal/claiming.py",
    "recurrence": "runner/schedule/recurrence.py",
    "local": "runner/schedule/local.py",
    "days": "runner/schedule/days.py",
    "cron": "runner/schedule/cron.py",
    "agenda": "runner/schedule/agenda.py",
}
_SCHEDULE = ("tests/unit/test_schedule_cron.py", "tests/unit/test_schedule.py")
_WORDS = ("tests/unit/test_schedule_phrase.py", "tests/unit/test_schedule_calendar.py")
_CHANGES = "tests/unit/test_schedule_clock_changes.py::test_"
_SCAN = f"{_CHANGES}fires_equal_a_scan_of_every_minute_around_each_clock_change"  # in all zones it takes a minute
TESTS = {
    "order_state": ("tests/unit/test_order_state.py",),
    "reconcile": ("tests/unit/test_reconcile.py",),
    "claiming": (
        "tests/reliability/test_journal_standing.py",
        "tests/integration/test_journal.py",
        "tests/reliability/test_journal_claims.py",
    ),
    "recurrence": (*_SCHEDULE, "tests/unit/test_schedule_spans.py", *_WORDS),
    "days": _WORDS,
    "local": (
        *_SCHEDULE,
        "tests/unit/test_schedule_spans.py",
        f"{_CHANGES}the_examples_of_the_manual",
        f"{_CHANGES}a_day_that_never_was_is_made_up_for_at_its_end",
        f"{_CHANGES}a_change_across_midnight_keeps_order",
        f"{_SCAN}[America/New_York]",
        f"{_SCAN}[Australia/Lord_Howe]",
        f"{_CHANGES}a_span_may_begin_at_any_minute_of_a_change[America/Havana]",
    ),
    "cron": _SCHEDULE,
    "agenda": _SCHEDULE,
}
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_REPLACED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A module's source with one change, and what that is."""

    line: int
    was: str
    now: str
    source: str

    @property
    def diff(self) -> str:
        """What was changed, as a line."""
        return f"line {self.line}: {self.was}  ->  {self.now}"


# --- making them


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    _without_words(tree)
    found = []
    for site in sorted(_sites(tree), key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))):
        was = ast.unparse(site)
        for new in _changes(site, _constants(tree)):
            kept = dict(site.__dict__)
            before = site.__class__
            _become(site, new)
            now = ast.unparse(site)
            text = ast.unparse(ast.fix_missing_locations(tree))
            site.__class__ = before
            site.__dict__.clear()
            site.__dict__.update(kept)
            found.append(Mutant(line=getattr(site, "lineno", 0), was=_short(was), now=_short(now), source=text))
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def _become(node: ast.AST, new: ast.AST) -> None:
    """Let a node of a tree be another one; it stays where it is."""
    place = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")
             if hasattr(node, name)}  # fmt: skip
    fields = dict(new.__dict__)
    node.__class__ = new.__class__
    node.__dict__.clear()
    node.__dict__.update({**fields, **place})


def _without_words(tree: ast.AST) -> None:
    """Take away what runs nowhere: docstrings and annotations of values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]


def _sites(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that may be changed: no annotations, no imports."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns") or isinstance(node, ast.ImportFrom | ast.Import):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _sites(child)


def _constants(tree: ast.AST) -> dict[str, list[str]]:
    """Return the names in capitals that are asked of each name, such as the members of an enumeration."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper():
            members = found.setdefault(node.value.id, [])
            if node.attr not in members:
                members.append(node.attr)
    return found


def _changes(node: ast.AST, members: dict[str, list[str]]) -> Iterator[ast.AST]:
    """Yield what a node may become."""
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp():
            yield ast.BoolOp(op=ast.And() if isinstance(node.op, ast.Or) else ast.Or(), values=node.values)
            yield from (_without(node, place) for place in range(len(node.values)))
        case ast.UnaryOp(op=ast.Not()):
            yield copy.copy(node.operand)
        case ast.BinOp() if type(node.op) in _REPLACED:
            yield ast.BinOp(left=node.left, op=_REPLACED[type(node.op)](), right=node.right)
        case ast.Constant():
            yield from _other_constant(node)
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if len(members.get(name, ())) > 1 and attr.isupper():
            known = members[name]
            if attr in known:
                yield ast.Attribute(value=node.value, attr=known[known.index(attr) - 1], ctx=node.ctx)
        case _:
            yield from _other_statement(node)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)


def _without(node: ast.BoolOp, place: int) -> ast.AST:
    left = [*node.values[:place], *node.values[place + 1 :]]
    return copy.copy(left[0]) if len(left) == 1 else ast.BoolOp(op=node.op, values=left)


def _other_constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(value=not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value=value + 1)
    elif isinstance(value, str):
        yield ast.Constant(value=f"XX{value}")


def _other_statement(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(value=ast.Constant(value=None))
        case ast.Assign() if not isinstance(node.value, ast.Constant):
            yield ast.Assign(targets=node.targets, value=ast.Constant(value=None), type_comment=None)
        case ast.If() | ast.While() | ast.IfExp() if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            changed = copy.copy(node)
            changed.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
            yield changed
        case _:
            yield from _left_out(node)


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node without what it does, or without one of its parts."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Dict() if len(node.keys) > 1:
            for place in range(len(node.keys)):
                keys, values = list(node.keys), list(node.values)
                del keys[place], values[place]
                yield ast.Dict(keys=keys, values=values)
        case ast.Set() if len(node.elts) > 1:
            yield from (ast.Set(elts=[*node.elts[:n], *node.elts[n + 1 :]]) for n in range(len(node.elts)))
        case ast.match_case() if node.guard is not None:
            yield ast.match_case(pattern=node.pattern, guard=None, body=node.body)
        case ast.Continue():
            yield ast.Break()


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


# --- trying them


@dataclass(slots=True)
class Tally:
    """What became of the mutants of one module."""

    module: str
    mutants: int = 0
    survived: list[str] | None = None

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return self.mutants - len(self.survived or ())

    @property
    def percent(self) -> float:
        """The share of those that were noticed."""
        return 100 * self.killed / max(1, self.mutants)

    @property
    def line(self) -> str:
        """The figures as a line."""
        return f"{self.module}: {self.mutants} mutants, {self.killed} killed, {self.percent:.1f} %"


class Bench:
    """A copy of the tree in which one module is changed, and its tests are run."""

    def __init__(self, folder: Path, module: str) -> None:
        self._folder = folder
        self._module = module
        self._target = folder / SOURCES[module]
        self.source = self._target.read_text()
        self._stamp = int(time.time())
        self._longest = 600.0

    def begin(self) -> None:
        """Run the tests on the code as it is, through the same mill as a mutant; they must pass."""
        began = time.monotonic()
        if not self.passes(ast.unparse(ast.parse(self.source))):
            raise SystemExit(f"{self._module}: its tests fail on the code as it is: {' '.join(TESTS[self._module])}")
        self._longest = 20 + PATIENCE * (time.monotonic() - began)

    def passes(self, source: str) -> bool:
        """Tell whether all tests of the module pass with this source."""
        self._target.write_text(source)
        self._stamp += 2  # compiled code is known by its source's second, and mutants come faster
        os.utime(self._target, (self._stamp, self._stamp))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--assert=plain", "-p", "no:cacheprovider"]
        process = subprocess.Popen(
            [*command, *TESTS[self._module]],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(self._folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(self._longest) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a run of tests with all that it started."""
    if hasattr(os, "killpg") and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait(20)


@contextmanager
def copied(module: str) -> Iterator[Bench]:
    """Copy what the tests of a module need."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for name in ("runner", "tests", "strategies", "schemas", "examples"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(ROOT / "pyproject.toml", Path(folder, "pyproject.toml"))
        yield Bench(Path(folder), module)


def chosen(mutants: Sequence[Mutant], share: float, seed: int) -> list[Mutant]:
    """Draw that many percent of them, in their order."""
    count = round(len(mutants) * share / 100)
    places = random.Random(seed).sample(range(len(mutants)), count)
    return [mutants[place] for place in sorted(places)]


def try_module(module: str, share: float, seed: int, *, told: bool = False) -> Tally:
    """Try the mutants of one module."""
    tally = Tally(module, survived=[])
    assert tally.survived is not None
    with copied(module) as bench:
        bench.begin()
        for mutant in chosen(mutants_of(bench.source), share, seed):
            tally.mutants += 1
            if bench.passes(mutant.source):
                tally.survived.append(mutant.diff)
                if told:
                    print(f"{module} survived, {mutant.diff}", flush=True)
    return tally


def main(words: Sequence[str] | None = None) -> int:
    """Try the modules and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--share", type=float, default=100, metavar="PERCENT")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    if unknown := sorted(set(given.modules) - set(NAMES)):
        parser.error(f"no such module: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    print(f"seed {given.seed}")
    code = 0
    for module in given.modules or NAMES:
        tally = try_module(module, given.share, given.seed, told=True)
        print(tally.line, flush=True)
        code |= tally.percent < WANTED
    return code


if __name__ == "__main__":
    sys.exit(main())
