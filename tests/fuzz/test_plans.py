"""A sample of the plans drawn from the whole language; the campaign is `python -m tests.fuzz.plans`."""

from __future__ import annotations

import pytest

from tests.fuzz import plans


@pytest.mark.slow
def test_what_is_taken_runs_and_what_is_not_says_why() -> None:
    codes = plans.fuzz(15, seed=4)
    assert codes[0] >= 4
    assert codes[2] >= 2


def test_a_fault_is_shown_with_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "fxrun", lambda _arguments: 1)
    with pytest.raises(plans.Failed, match=r"validate ended with 1\nplan: drawn-0"):
        plans.fuzz(1, seed=1)
