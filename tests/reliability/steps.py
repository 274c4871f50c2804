"""Set the clock of a runner that trades: an hour and a day, forth and back. Nothing is sent twice, late, or at once.

    python -m tests.reliability.steps --seed 1

With libfaketime the whole process lives in the wrong time; without it the engine's clock does (`planted.shifted`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.reliability.person import Outcome, Person
from tests.reliability.planted import SHIFT
from tests.reliability.workload import DEEP, market
from tests.reliability.world import Plan, World, in_seconds, rows_of, world

HOUR, DAY = 3600, 86_400
STEPS = (HOUR, -HOUR, DAY, -DAY)
DEADLINE = timedelta(seconds=61)  # a fire's, with the second in which it is due
LIBRARIES = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1",
             "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1")  # fmt: skip
EVERY = 20  # seconds between two fires of an order
ORDERS = 3


def library() -> str | None:
    """Return where libfaketime is, None if it is not installed."""
    return next((path for path in LIBRARIES if Path(path).exists()), None)


def plans() -> list[Plan]:
    """Return three plans of one order each."""
    return [market(f"market-{number}", "EUR.USD", "buy", (EVERY,)) for number in range(ORDERS)]


class WrongClock:
    """A clock of a runner that can be set; `environ` and `planted` are what the runner is started with."""

    def __init__(self, here: World, *, whole: bool) -> None:
        self._file = here.folder / "shift"
        self._whole = whole
        self.set(0)
        self.planted = "" if whole else "shifted"
        self.environ = {SHIFT: str(self._file)}
        if whole:
            self.environ = {
                "LD_PRELOAD": str(library()),
                "FAKETIME_TIMESTAMP_FILE": str(self._file),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }

    def set(self, seconds: int) -> None:
        """Let the clock be wrong by so many seconds."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{seconds:+d}s\n" if self._whole else str(seconds))
        written.replace(self._file)


def step(seconds: int, seed: int, *, whole: bool, rest: float = 25.0) -> Outcome:
    """Let a runner trade, set its clock, let it trade on, set the clock right, and judge."""
    outcome = Outcome()
    with world(plans(), *DEEP, "--seed", str(seed)) as here:
        clock = WrongClock(here, whole=whole)
        runner = here.run(in_seconds(3 * DAY), planted=clock.planted, environ=clock.environ)
        sent = []
        for shift in (seconds, 0):
            time.sleep(rest)
            clock.set(shift)
            outcome.injected[
                f"clock {'+' if seconds > 0 else '-'}{abs(seconds) // HOUR} h, {'and right' if not shift else 'wrong'}"
            ] += 1
            sent.append(len(here.gateway.lines()))
        time.sleep(rest)
        if runner.poll() is not None:
            outcome.faults.append(f"the runner ended, exit {runner.poll()}: {here.errors()[-600:]}")
        runner.terminate()
        outcome.exits[runner.wait(30)] += 1
        _judge(here, outcome, rest)
    return outcome


def _judge(here: World, outcome: Outcome, rest: float) -> None:
    person = Person(here, outcome)
    outcome.exits[person.settle()] += 1
    rows = rows_of(here.journal)
    fires = {row.time: row.state for row in rows.recorded}
    outcome.injected["fires missed"] += sum(state == "missed" for state in fires.values())
    outcome.faults += _late(here)
    orders = sum(line["event"] == "order" for line in here.gateway.lines())
    # what is due in the time of the run, and within the deadline once more after each step
    most = ORDERS * (int(3 * rest + 40) // EVERY + 2 * (int(DEADLINE.total_seconds()) // EVERY) + 4)
    if orders > most:
        outcome.faults.append(f"a burst: {orders} orders, at most {most} were due in time")


def _late(here: World) -> list[str]:
    """Find orders that were claimed past the deadline of their fire, by the clock that the runner had."""
    wrong = []
    claims = rows_of(here.journal).claims
    for line in here.export():
        if line["type"] != "order" or line["state"] in ("denied", "not_received"):
            continue
        claim = claims.get(line["order_ref"])
        due = datetime.fromisoformat(line["fire_time"]).astimezone(UTC)
        if claim is not None and not timedelta(0) <= claim.at - due <= DEADLINE:
            wrong.append(f"{line['order_ref']}: due {due}, claimed {claim.at}")
    return wrong


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    outcome = Outcome()
    whole = [False] if library() is None else [True, False]
    print("clocks: " + ", ".join("of the process" if one else "of the engine" for one in whole))
    for number, seconds in enumerate(STEPS):
        for one in whole:
            found = step(seconds, given.seed * 1000 + number, whole=one)
            print(f"{seconds:+d} s: {found.verdicts[0].line}; {len(found.all_faults())} faults", flush=True)
            outcome.merge(found)
    print(outcome.report(given.seed, time.monotonic() - began))
    return int(bool(outcome.all_faults()))


if __name__ == "__main__":
    sys.exit(main())
