"""A sample of `python -m tests.reliability.kills`: a runner dies while it trades, with faults in it and without."""

from __future__ import annotations

import pytest

from runner.core.crashpoints import POINTS
from tests.reliability.kills import AIMED, campaign, each_point, missing_end

SEED = 1


def test_r02_r03_r08_kills_at_any_time_and_at_named_points() -> None:
    """Runner and gateway are killed; whatever the moment, nothing is sent twice and nothing is lost."""
    found = campaign(5, 25, SEED, both=True, plans=8)
    print(found.report(SEED, 0), *found.histogram.lines(), sep="\n")
    assert found.all_faults() == []
    assert found.histogram.under_way, "that it is half of them is for the campaign to show: five are too few"


@pytest.mark.long
def test_r01_a_kill_at_each_named_point() -> None:
    found = each_point(SEED)
    print(found.report(SEED, 0), *found.histogram.lines(), sep="\n")
    assert found.all_faults() == []
    assert set(POINTS) <= set(found.histogram.at)


@pytest.mark.long
def test_r05_lists_without_their_end_prove_nothing() -> None:
    found = missing_end(SEED)
    assert found.all_faults() == []


@pytest.mark.long
@pytest.mark.parametrize("planted", sorted(AIMED))
def test_planted_faults_are_found(planted: str) -> None:
    """A campaign that finds nothing in a runner that is known to be wrong would prove nothing of one that is right."""
    found = campaign(6, 0, SEED, planted=planted, plans=8)
    assert found.all_faults(), found.report(SEED, 0)


@pytest.mark.long
def test_planted_end_that_is_read_as_empty_is_found() -> None:
    found = missing_end(SEED, planted="end-as-empty")
    assert found.all_faults(), found.report(SEED, 0)
