"""A sample of `python -m tests.reliability.halts`: all sending stops while a burst of orders is on its way."""

from __future__ import annotations

from tests.reliability.halts import during_a_burst, with_cancel


def test_b03_halt_during_a_burst_and_after_a_restart() -> None:
    found = during_a_burst(200, 1)
    print(found.report(1, 0))
    assert found.all_faults() == []


def test_b03_halt_cancels_what_is_ours_alone() -> None:
    found = with_cancel(1, 4)
    print(found.report(1, 0))
    assert found.all_faults() == []
