"""fxrun with a fault put into it, to see that a campaign finds it: `python -m tests.reliability.planted NAME ...`.

What ships has no switch for this: the fault is put over modules of a process of the tests, before its command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SHIFT = "FXRUN_TEST_SHIFT"  # names a file that holds by how many seconds the clock is wrong


def send_before_commit() -> None:
    """Let the claim of a fire be written when its orders have left, and not before."""
    from runner.journal.batch import Batch
    from runner.journal.gate import Claimed, Outcome
    from runner.journal.store import Journal

    claim, record_sent = Journal.claim, Journal.record_sent
    held: list[tuple[Any, Any, dict[str, Any]]] = []

    def claim_later(self: Journal, row: Any, tickets: Sequence[Any], **rest: Any) -> Any:
        if not tickets or self.attempt(row.plan, row.order, row.fire):
            return claim(self, row, tickets, **rest)
        held.append((row, tickets, rest))
        return Claimed(Outcome.CLAIMED)

    def claim_nothing(_self: Batch, bids: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(Claimed(Outcome.CLAIMED) for _ in bids)

    def let_go_unwritten(_self: Batch, row: Any, tickets: Sequence[Any], gate: Any) -> Any:
        held.append((row, tickets, {"gate": gate}))
        return Claimed(Outcome.CLAIMED)

    def record_then(self: Journal, *words: Any, **rest: Any) -> None:
        while held:
            row, tickets, more = held.pop()
            claim(self, row, tickets, **more)
        record_sent(self, *words, **rest)

    Batch.claim = claim_nothing  # type: ignore[method-assign]
    Batch.let_go = let_go_unwritten  # type: ignore[method-assign]
    Journal.claim = claim_later  # type: ignore[method-assign]
    Journal.record_sent = record_then  # type: ignore[method-assign]


def retry_on_silence() -> None:
    """Send what no answer came for once more after a restart, without asking."""
    from runner.lifecycle.inquest import Inquest

    begin = Inquest.begin

    def begin_and_retry(self: Inquest) -> None:
        begin(self)
        for ref, asked in list(self._open.items()):
            if not asked.was_acknowledged:
                del self._open[ref]
                self.tracker.prove_absent(ref, "no answer came")
                self.absent.append(ref)

    Inquest.begin = begin_and_retry  # type: ignore[method-assign]


def end_as_empty() -> None:
    """Take a list whose End has not come for a whole one."""
    from runner.lifecycle.reconcile import Evidence, Gathering

    evidence = Gathering.evidence

    def whole(self: Gathering, at: datetime) -> Evidence:
        return replace(evidence(self, at), complete=self.spoilt is None)

    Gathering.evidence = whole  # type: ignore[method-assign]


def shifted() -> None:
    """Add to the wall's time what a file says, at each look: a clock that somebody sets while the runner runs."""
    from runner.engine import clock

    path = Path(os.environ[SHIFT])

    def now(self: Any) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(path.read_text() or 0))

    clock.WallClock.now = now  # type: ignore[method-assign]


FAULTS: dict[str, Callable[[], None]] = {
    "send-before-commit": send_before_commit,
    "retry-on-silence": retry_on_silence,
    "end-as-empty": end_as_empty,
    "shifted": shifted,
}


def main() -> int:
    """Plant the fault and run the rest of the command line as fxrun would."""
    name, *rest = sys.argv[1:]
    FAULTS[name]()
    from runner.cli.main import main as run

    return run(rest)


if __name__ == "__main__":
    sys.exit(main())
