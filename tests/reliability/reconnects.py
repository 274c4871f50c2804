"""End the connection of a runner that trades, hundreds of times; its handles and threads stay as many as they were.

    python -m tests.reliability.reconnects --count 300 --pause 12 --seed 1

`--pause 12` makes 300 in an hour; less is quicker. The connection is reset, closed, or the gateway restarts.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.reliability.cuts import plans
from tests.reliability.person import Outcome, Person
from tests.reliability.workload import DEEP
from tests.reliability.world import World, in_seconds, world

MORE = 2  # handles or threads that a runner may have more at the end than at the beginning
WARM_UP = 5  # reconnects before the first count


def held(pid: int) -> tuple[int, int]:
    """Return how many file handles and threads a process has."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), len(list(Path(f"/proc/{pid}/task").iterdir()))


def lose(here: World, draw: random.Random) -> str:
    """End the connection in one of the ways; returns which."""
    do = draw.choice(("reset", "close", "restart"))
    more = {"for": round(draw.uniform(0.1, 2), 1)} if do == "restart" else {}
    here.gateway.control(do=do, **more)
    return do


def connected(here: World, seconds: float = 30) -> bool:
    """Wait until the runner is connected."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if here.gateway.control(do="status")["clients"]:
            return True
        time.sleep(0.1)
    return False


def campaign(count: int, pause: float, seed: int) -> Outcome:
    """Run it, settle and judge."""
    outcome, draw = Outcome(), random.Random(seed)
    with world(plans(), *DEEP, "--seed", str(seed)) as here:
        person = Person(here, outcome)
        runner = here.run(in_seconds(86_400))
        first = last = (0, 0)
        for number in range(count):
            if not connected(here):
                outcome.faults.append(f"reconnect {number}: no connection within 30 s; {here.errors()[-400:]}")
            time.sleep(draw.uniform(pause / 2, pause * 1.5))
            if runner.poll() is not None:
                outcome.faults.append(f"the runner ended, exit {runner.poll()}: {here.errors()[-400:]}")
                break
            last = held(runner.pid)
            first = last if number == WARM_UP else first
            outcome.injected[lose(here, draw)] += 1
            if number % 10 == 9:
                person.look()
        print(f"handles and threads after {WARM_UP} reconnects: {first}, after {count}: {last}")
        if first != (0, 0) and any(b > a + MORE for a, b in zip(first, last, strict=True)):
            outcome.faults.append(f"handles and threads have grown from {first} to {last}")
        connected(here)
        runner.terminate()
        outcome.exits[runner.wait(30)] += 1
        outcome.exits[person.settle()] += 1
    return outcome


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--pause", type=float, default=12, help="seconds between two, on average")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    outcome = campaign(given.count, given.pause, given.seed)
    print(outcome.report(given.seed, time.monotonic() - began))
    return int(bool(outcome.all_faults()))


if __name__ == "__main__":
    sys.exit(main())
