"""A sample of `python -m tests.reliability.steps`: somebody sets the clock of a runner that trades."""

from __future__ import annotations

import pytest

from tests.reliability.steps import HOUR, library, step

pytestmark = pytest.mark.long


def test_s04_an_hour_forth_and_back() -> None:
    found = step(HOUR, 1, whole=False, rest=22)
    print(found.report(1, 0))
    assert found.all_faults() == []


@pytest.mark.long
@pytest.mark.skipif(library() is None, reason="libfaketime is not installed")
def test_s04_an_hour_back_and_forth_for_the_whole_process() -> None:
    found = step(-HOUR, 1, whole=True, rest=22)
    print(found.report(1, 0))
    assert found.all_faults() == []
