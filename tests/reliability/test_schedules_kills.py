"""S06: a runner that is killed at the very instant of a fire, and started again: one order or a missed fire, never two.

python -m tests.reliability.test_schedules_kills --kills 500 --seed 1
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.reliability.histogram import Histogram
from tests.reliability.oracle import Verdict
from tests.reliability.workload import DEEP, market
from tests.reliability.world import World, in_seconds, rows_of, world

EVERY = 4  # seconds between two fires
AROUND = 0.05  # seconds before and after a fire in which a kill comes
READY = "link: ready"
PATIENCE = 60.0


def kill_at_a_fire(here: World, draw: random.Random, histogram: Histogram) -> None:
    """Start a runner, wait until it may send, and kill it within 50 ms of the next fire but one second."""
    log = here.folder / f"{here.name}.err"
    begun = log.read_text().count(READY) if log.exists() else 0
    runner = here.run(in_seconds(3600))
    deadline = time.monotonic() + PATIENCE
    while not log.exists() or log.read_text().count(READY) == begun:
        assert time.monotonic() < deadline, here.errors()
        time.sleep(0.01)
    moment = (int(time.time() + 0.5) // EVERY + 1) * EVERY + draw.uniform(-AROUND, AROUND)
    time.sleep(max(0.0, moment - time.time()))
    runner.kill()
    runner.wait(20)
    histogram.add(rows_of(here.journal).open(), f"{'before' if moment % EVERY > EVERY / 2 else 'after'} the fire")


def campaign(kills: int, seed: int) -> tuple[Verdict, Histogram, Counter[str]]:
    """Kill a runner of one world so often; returns the verdict, where it died, and the states of its fires."""
    histogram, draw = Histogram(), random.Random(seed)
    plans = [market("again", "EUR.USD", "buy", (EVERY,)), market("never", "GBP.USD", "sell", (EVERY,), resend=False)]
    with world(plans, *DEEP, "--seed", str(seed)) as here:
        for _ in range(kills):
            kill_at_a_fire(here, draw, histogram)
        here.settle(30)
        verdict = here.judge()
        assert here.check() == ""
        return verdict, histogram, Counter(str(one.state) for one in rows_of(here.journal).recorded)


@pytest.mark.long
@pytest.mark.slow
def test_s06_killed_within_50_ms_of_a_fire_it_sends_once_or_says_missed() -> None:
    seed = random.randrange(2**16)
    print("seed", seed, datetime.now(UTC))
    verdict, histogram, fires = campaign(6, seed)
    print(*histogram.lines(), fires, sep="\n")
    assert verdict.is_clean, verdict.faults
    assert (verdict.doubled, verdict.lost, verdict.unknown_unfounded) == (0, 0, 0)
    assert fires["sent"] > 0


def main() -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    verdict, histogram, fires = campaign(given.kills, given.seed)
    print(*histogram.lines(), verdict.line, f"fires: {dict(fires)}", *verdict.faults, sep="\n")
    return int(not verdict.is_clean)


if __name__ == "__main__":
    sys.exit(main())
