"""The measures still measure; what they find depends on the machine and is not judged here."""

from __future__ import annotations

import pytest

from tests.bench.gateway import MEASURES, show
from tests.bench.own_gateway import memory

SMALL = {"ibapi": 10, "raw": 10, "orders": 200, "statuses": 1, "bars": 1, "memory": 200}


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_a_measure_gives_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "memory" and memory()[0] is None:
        pytest.skip("this system does not tell what a process takes")
    figures = list(MEASURES[name](SMALL[name]))
    show(figures)
    assert [line for line in capsys.readouterr().out.splitlines() if "PASS" in line or "FALLS SHORT" in line]
    assert all(figure.value >= 0 and figure.details for figure in figures)
