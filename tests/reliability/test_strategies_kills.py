"""A runner is killed in the middle of a fire that it works, at every point around a claim and a cancel; then another
one goes on. What the gateway took and filled is compared with what the plan says: nothing twice, nothing lost.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.journal.check import check
from runner.journal.store import Journal
from tests.reliability.processes import FXRUN, ROOT, GatewayProcess

HEAD = 'plan: p\ncontract: EUR.USD\nside: buy\nsize: 60_000\nschedule: {{at: "{due:%Y-%m-%dT%H:%M:%SZ}"}}\n'
CHILDREN = HEAD + "slices: {{count: 4, over: 28s}}\n"
FOLLOWED = HEAD + "order: {{type: limit, price: 0.5}}\nunfilled: {{after: 4s, then: cross}}\n"
AROUND_A_CLAIM = ("before_claim", "in_claim", "after_claim_commit", "before_first_order", "after_last_order",
                  "after_sent_record", "before_fact", "after_fact")  # fmt: skip
OFTEN = "after_last_order"  # bytes have left and nothing is written down: the one place that CI looks at each time


@contextmanager
def gateway(folder: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(folder, "--fill", "depth=100")
    made.start()
    try:
        yield made
    finally:
        made.stop()


def run(folder: Path, port: int, *, crash: str = "") -> int:
    """Run the plan to its end, or to a crash; returns the exit code."""
    command = [*FXRUN, str(folder / "p.yaml"), "--rehearsal", f"127.0.0.1:{port}", "--journal", str(folder / "j.db")]
    environ = {**os.environ, "FXRUN_CRASH_AT": crash}
    with (folder / "out.txt").open("a") as out:
        done = subprocess.run([*command, "--json"], cwd=ROOT, env=environ, stdout=out, stderr=out, timeout=120)
    return done.returncode


def killed(folder: Path, text: str, crash: str) -> tuple[Counter[str], Decimal]:
    """Kill the first runner, let the second one end; returns how often each order was taken, and what was filled."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=15)
    (folder / "p.yaml").write_text(text.format(due=due), encoding="utf-8")
    with gateway(folder) as made:
        assert run(folder, made.port, crash=crash) == -9, (folder / "out.txt").read_text()
        run(folder, made.port)
        lines = made.lines()
    taken = Counter(line["order_ref"] for line in lines if line["event"] == "order" and line.get("order_ref"))
    filled = sum((Decimal(str(line["quantity"])) for line in lines if line["event"] == "execution"), Decimal(0))
    assert check(folder / "j.db") == ()
    journal = Journal(str(folder / "j.db"), private=True)
    try:
        assert journal.works.open() == ()
        assert journal.works.position("p", "EUR.USD") == filled
    finally:
        journal.close()
    return taken, filled


def cases(points: tuple[str, ...], visit: int) -> list[object]:
    return [
        pytest.param(f"{point}:{visit}", marks=pytest.mark.slow if point == OFTEN else pytest.mark.long, id=point)
        for point in points
    ]


@pytest.mark.parametrize("crash", cases(AROUND_A_CLAIM[:6], 2))
def test_children_go_on_after_a_kill_at_the_second_of_them(crash: str, tmp_path: Path) -> None:
    taken, filled = killed(tmp_path, CHILDREN, crash)
    assert set(taken.values()) == {1}
    assert filled == 60_000  # what never arrived was carried into the next one
    assert len(taken) in (3, 4)


@pytest.mark.parametrize("crash", cases(("before_cancel", "after_cancel"), 1) + cases(AROUND_A_CLAIM[:6], 2))
def test_a_replacement_goes_on_after_a_kill_around_its_cancel_and_its_claim(crash: str, tmp_path: Path) -> None:
    taken, filled = killed(tmp_path, FOLLOWED, crash)
    assert filled in (0, 60_000)
    assert len(taken) <= 2
    never_arrives = crash.split(":")[0] in ("after_claim_commit", "before_first_order")
    assert filled == (0 if never_arrives else 60_000)  # a replacement that never arrived is told, not sent again
