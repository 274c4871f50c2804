"""Named places at which a test may kill the process, as `kill -9` would: what recovery is proven with.

`FXRUN_CRASH_AT=name:n` kills at the n-th visit of a point; without it a point costs a comparison.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

POINTS = (
    "before_claim",
    "in_claim",  # the transaction is open
    "after_claim_commit",
    "after_batch_commit",  # fires that are due together are claimed, none is sent
    "in_let_go",  # of one of them, the transaction is open; some may be sent
    "after_let_go",  # it may leave now, and has not
    "before_first_order",
    "between_orders",  # of one group
    "after_last_order",  # bytes left, not recorded
    "after_sent_record",
    "before_fact",  # a fact was taken from the queue
    "after_fact",  # and recorded
    "after_login",
    "during_reconcile",
    "after_reconcile",
    "before_cancel",
    "after_cancel",
    "before_control_done",
    "at_close",
)

_wanted, _, _visit = os.environ.get("FXRUN_CRASH_AT", "").partition(":")
_visits: Counter[str] = Counter()


def crashpoint(name: str) -> None:
    """Die here if a test wants it."""
    if name == _wanted:
        _visits[name] += 1
        if _visits[name] == int(_visit or 1):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
