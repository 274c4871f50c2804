"""Two runners on one journal: exactly one runs. Two journals with one client id: the second waits, with that same id.

python -m tests.reliability.owners --count 100 --seed 1
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.reliability.person import FINE, Outcome, Person
from tests.reliability.workload import DEEP, market
from tests.reliability.world import World, in_seconds, world, write_settings

IN_USE = 75
CANNOT = (5, IN_USE)  # no connection, or the id is another's


def one_journal(count: int, seed: int) -> Outcome:
    """Start two runners at a time, that often; each pair leaves one 75 and one that ran."""
    outcome, draw = Outcome(), random.Random(seed)
    with world([market("market", "EUR.USD", "buy", (1, 2))], *DEEP, "--seed", str(seed)) as here:
        person = Person(here, outcome)
        for number in range(count):
            runners = [here.run(in_seconds(3600))]
            time.sleep(draw.choice((0, 0, draw.uniform(0, 0.6))))
            runners.append(here.run(in_seconds(3600)))
            codes = _one_stays(here, runners)
            outcome.injected["pairs"] += 1
            if codes[0] not in FINE or codes[1] != IN_USE:
                outcome.faults.append(f"pair {number}: exits {codes}; {here.errors()[-400:]}")
        outcome.exits[person.settle()] += 1
    return outcome


def _one_stays(here: World, runners: list[subprocess.Popen[bytes]]) -> list[int]:
    """Wait until one has ended and the other has its session, end that, too, and return both exits."""
    ready, deadline = here.ready(), time.monotonic() + 90
    while time.monotonic() < deadline and all(runner.poll() is None for runner in runners):
        time.sleep(0.02)
    while time.monotonic() < deadline and here.ready() == ready and any(runner.poll() is None for runner in runners):
        time.sleep(0.02)
    for runner in runners:
        if runner.poll() is None:
            runner.terminate()
    return sorted(runner.wait(60) for runner in runners)


def one_client_id(seed: int, seconds: float = 20) -> Outcome:
    """Start a second runner with a journal of its own and the client id of the first."""
    outcome = Outcome()
    with world([market("market", "EUR.USD", "buy", (1, 2))], *DEEP, "--seed", str(seed), "--log", "frames") as here:
        other = _other(here)
        first = here.run(in_seconds(3600))
        here.await_ready(0)
        second = other.run(in_seconds(3600))
        time.sleep(seconds)
        second.terminate()
        code = second.wait(60)
        outcome.injected["one client id"] += 1
        if code not in CANNOT:
            outcome.faults.append(f"the second runner ended with exit {code}; {other.errors()[-600:]}")
        first.terminate()
        if first.wait(60) not in FINE:
            outcome.faults.append(f"the first runner ended with exit {first.poll()}; {here.errors()[-600:]}")
        ids = {line["client_id"] for line in here.gateway.lines() if line.get("client_id") is not None}
        if ids - {1, 99}:
            outcome.faults.append(f"somebody logged in with other ids: {ids}")
        outcome.exits[Person(here, outcome).settle()] += 1
    return outcome


def _other(here: World) -> World:
    """Return a world of the same gateway with a plan, settings and a journal of its own."""
    plan = market("other", "GBP.USD", "sell", (1, 2))
    other = replace(here, plans=[plan], name="other", runners=here.runners)
    Path(other.files[0]).write_text(plan.text)
    write_settings(other)
    other.arm()
    return other


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    outcome = one_journal(given.count, given.seed)
    outcome.merge(one_client_id(given.seed))
    print(outcome.report(given.seed, time.monotonic() - began))
    return int(bool(outcome.all_faults()))


if __name__ == "__main__":
    sys.exit(main())
