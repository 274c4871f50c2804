"""A sample of `python -m tests.reliability.reconnects`: the connection ends a few times under a runner that trades."""

from __future__ import annotations

import sys

import pytest

from tests.reliability.reconnects import campaign

pytestmark = pytest.mark.long


@pytest.mark.skipif(sys.platform != "linux", reason="handles and threads are counted in /proc")
def test_c22_reconnects_leave_no_handle_and_no_thread_behind() -> None:
    found = campaign(6, 2, 1)
    print(found.report(1, 0))
    assert sum(found.injected.values()) == 6
    assert found.all_faults() == []
