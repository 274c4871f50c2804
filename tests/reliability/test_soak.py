"""A sample of `python -m tests.reliability.soak`: half a day of plan time with a fault every few minutes of it."""

from __future__ import annotations

from pathlib import Path

from tests.reliability.soak import Pace, campaign

SEED = 1
DAY = 86_400.0


def test_l03_half_a_day_of_faults_on_virtual_time(tmp_path: Path) -> None:
    """One process, one journal, several runs: every promise holds, and the process takes no more than before."""
    soak, found = campaign(Pace(lasts=DAY / 2, restart=DAY / 12), SEED, tmp_path, print)
    print(*soak.table(), *found.report(), sep="\n")
    assert found.faults == ()
    assert found.verdict.orders > 100
    assert soak.runs > 3
    assert sum(soak.mischief.counts.values()) > 100
