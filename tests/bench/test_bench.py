"""The measures still measure; what they find depends on the machine and is not judged here."""

from __future__ import annotations

import pytest

from tests.bench.gateway import MEASURES, show
from tests.bench.own_gateway import memory
from tests.bench.validate import compare

SMALL = {"ibapi": 10, "raw": 10, "orders": 200, "statuses": 1, "bars": 1, "memory": 200}


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_a_measure_gives_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "memory" and memory()[0] is None:
        pytest.skip("this system does not tell what a process takes")
    figures = list(MEASURES[name](SMALL[name]))
    show(figures)
    assert [line for line in capsys.readouterr().out.splitlines() if "PASS" in line or "FALLS SHORT" in line]
    assert all(figure.value >= 0 and figure.details for figure in figures)


def test_plans_are_checked_in_little_more_than_it_takes_at_least() -> None:
    """On an idle machine the ratio is about 1.7 and at most 2 is wanted; a busy one has some more."""
    mine, other = compare(60, rounds=3)
    assert 0 < mine / other < 4
