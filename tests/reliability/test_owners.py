"""A sample of `python -m tests.reliability.owners`: two runners on one journal, and two with one client id."""

from __future__ import annotations

import pytest

from tests.reliability.owners import one_client_id, one_journal

pytestmark = pytest.mark.long


def test_r16_two_runners_on_one_journal() -> None:
    found = one_journal(2, 1)
    print(found.report(1, 0))
    assert found.injected["pairs"] == 2
    assert found.all_faults() == []


def test_c15_r16_two_journals_with_one_client_id() -> None:
    found = one_client_id(1)
    print(found.report(1, 0))
    assert found.all_faults() == []
