"""A sample of `python -m tests.reliability.mutants`: L06, changes of the code that decides do not go unnoticed."""

from __future__ import annotations

import ast
import random

import pytest

from tests.reliability.mutants import NAMES, ROOT, SOURCES, Bench, chosen, copied, mutants_of

SEED = 1
COUNTS = {
    "order_state": 3,
    "reconcile": 3,
    "cron": 2,
    "recurrence": 2,
    "local": 2,
    "days": 2,
    "agenda": 1,
    "claiming": 1,
}
UNNOTICED = 1  # of a sample: one in ten of all may be


@pytest.mark.long
def test_l06_a_sample_of_mutants_is_killed() -> None:
    """A dozen of them; what none of the modules' tests notices is told."""
    print(f"seed {SEED}")
    survived = []
    for name in NAMES:
        with copied(name) as bench:
            mutants = mutants_of(bench.source)
            sample = chosen(mutants, 100 * COUNTS[name] / len(mutants), SEED)
            survived += [f"{name} {mutant.diff}" for mutant in sample if bench.passes(mutant.source)]
    assert len(survived) <= UNNOTICED, survived


@pytest.mark.long
def test_the_code_as_it_is_passes() -> None:
    with copied("order_state") as bench:
        assert bench.passes(bench.source)
        bench.begin()


def test_a_mutant_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    with copied("agenda") as bench:
        monkeypatch.setattr(bench, "_longest", 5.0)
        assert not bench.passes(f"while True: pass\n{bench.source}")


@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_is_one_change_that_python_can_read(name: str) -> None:
    source = (ROOT / SOURCES[name]).read_text()
    mutants = mutants_of(source)
    plain = {ast.dump(ast.parse(one.source)) for one in mutants}
    assert len(plain) == len(mutants)
    assert ast.dump(ast.parse(source)) not in plain
    assert ast.dump(ast.parse(source)) not in plain


def test_a_share_is_drawn_by_its_seed() -> None:
    mutants = mutants_of("a = 1 + 2\nb = a < 3 and a != 4\n")
    assert {(one.was, one.now) for one in mutants} >= {("1 + 2", "1 - 2"), ("a < 3", "a <= 3"), ("a != 4", "a == 4")}
    share = random.Random(SEED).choice((25, 50))
    assert chosen(mutants, share, 1) == chosen(mutants, share, 1)
    assert chosen(mutants, 100, 1) == mutants
    assert len(chosen(mutants, share, 1)) == round(len(mutants) * share / 100)


def test_a_bench_changes_nothing_of_the_tree_it_was_copied_from() -> None:
    before = (ROOT / SOURCES["agenda"]).read_bytes()
    with copied("agenda") as bench:
        assert isinstance(bench, Bench)
        bench.passes("raise SystemExit\n")
    assert (ROOT / SOURCES["agenda"]).read_bytes() == before
