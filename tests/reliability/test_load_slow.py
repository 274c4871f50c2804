"""L04: a disk of 200 ms, a starved processor, slow answers: nothing doubled or lost, and what is too late is missed.

    python -m tests.reliability.test_load_slow --seconds 60

The runner is slowed down by a `sitecustomize` that its process finds: it sleeps behind each commit, and takes a
place in the queue for the processor behind four busy loops.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.reliability.oracle import Verdict
from tests.reliability.workload import DEEP, bracket, market
from tests.reliability.world import in_seconds, rows_of, world

DISK = """
import time
from runner.journal.database import Database
execute = Database.execute
def slow(self, statement, *rest):
    found = execute(self, statement, *rest)
    if statement == "COMMIT":
        time.sleep(0.2)
    return found
Database.execute = slow
"""
STARVED = """
import os
os.nice(10)
"""
LATENCY = "faults:\n  - {do: delay, for: 0.5, when: {message: OrderStatus, share: 100}}\n"
LOOPS = 4
PATIENCE = 180.0
SLOWED = {"disk": DISK, "starved": STARVED, "latency": "", "all": DISK + STARVED}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep processors busy, in nobody's way but that of who is as patient."""
    code = "import os\nos.nice(9)\nwhile True: pass"
    loops = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait(20)


def slowed(kind: str, seconds: float, seed: int) -> tuple[Verdict, Mapping[str, int]]:
    """Trade for a while under one of the burdens; returns the verdict and how many fires were in which state."""
    plans = [market("a", "EUR.USD", "buy", (2, 3)), market("b", "GBP.USD", "sell", (2,)), bracket("c", 5)]
    with (
        tempfile.TemporaryDirectory() as folder,
        world(plans, *DEEP, "--seed", str(seed), faults=LATENCY if kind in ("latency", "all") else "") as here,
        busy(LOOPS if kind in ("starved", "all") else 0),
    ):
        Path(folder, "sitecustomize.py").write_text(SLOWED[kind])
        path = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
        runner = here.run(in_seconds(3600), environ={"PYTHONPATH": path})
        deadline = time.monotonic() + PATIENCE
        while "link: ready" not in here.errors():
            assert time.monotonic() < deadline, here.errors()
            time.sleep(0.1)
        time.sleep(seconds)
        runner.terminate()
        code = runner.wait(PATIENCE)
        assert code in (0, 6, 7), here.errors()
        here.settle(25)
        verdict = here.judge()
        assert here.check() == ""
        return verdict, Counter(str(one.state) for one in rows_of(here.journal).recorded)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="niceness is a matter of POSIX")
def test_l04_slow_disk_starved_processor_slow_answers_all_at_once() -> None:
    seed = random.randrange(2**16)
    print("seed", seed)
    verdict, fires = slowed("all", 10, seed)
    print(verdict.line, fires)
    assert verdict.is_clean, verdict.faults
    assert fires["sent"] > 0
    assert set(fires) <= {"sent", "missed", "denied"}


def main() -> int:
    """Run each burden alone, then all together, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    is_clean = True
    for kind in SLOWED:
        verdict, fires = slowed(kind, given.seconds, given.seed)
        print(f"{kind}: {verdict.line}; fires {dict(fires)}", *verdict.faults, sep="\n", flush=True)
        is_clean = is_clean and verdict.is_clean
    return int(not is_clean)


if __name__ == "__main__":
    sys.exit(main())
