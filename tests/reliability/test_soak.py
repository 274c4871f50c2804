"""A sample of `python -m tests.reliability.soak`: half a day of plan time with a fault every few minutes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.processes import ROOT
from tests.reliability.soak import PLANTED, Pace, campaign

SEED = 2
DAY = 86_400.0


def test_l03_half_a_day_of_faults_on_virtual_time(tmp_path: Path) -> None:
    """One process, one journal, several runs: every promise holds, and the process takes no more than before."""
    soak, found = campaign(Pace(lasts=DAY / 2, restart=DAY / 12), SEED, tmp_path, print)
    print(*soak.table(), *found.report(), sep="\n")
    assert found.faults == ()
    assert found.verdict.orders > 100
    assert soak.runs > 3
    assert sum(soak.mischief.counts.values()) > 100


@pytest.mark.long
@pytest.mark.parametrize("planted", PLANTED)
def test_planted_faults_are_found(planted: str) -> None:
    """A soak that finds nothing in a runner that is known to be wrong would prove nothing of one that is right."""
    command = [sys.executable, "-m", "tests.reliability.soak", "--days", "0.5", "--seed", str(SEED)]
    done = subprocess.run([*command, "--planted", planted], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 1, done.stdout + done.stderr
    signs = ("doubled: ", "lost: ", "journal check: ")  # nobody dies here: a claim that is late shows in the tallies
    assert any(line.startswith(signs) for line in done.stdout.splitlines()), done.stdout
