"""Kill the runner, again and again, while it trades; then let it settle, and hold its journal against the truth.

    python -m tests.reliability.kills --kills 1000 --orders 20000 --seed 1 [--both] [--plant NAME]

Half of the kills come at any time, from outside; half at a named point (`FXRUN_CRASH_AT`). `--plant` puts a fault into
the runner that the campaign must find: it exits 0 then, and 1 if it finds nothing. Kills come where such a fault shows
then, a dozen if nothing else is said.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner.core.crashpoints import POINTS
from tests.reliability.person import Outcome, Person
from tests.reliability.workload import DEEP, burst, mixed
from tests.reliability.world import World, in_seconds, rows_of, world

OFTEN = ("before_claim", "in_claim", "after_claim_commit", "before_first_order", "between_orders", "after_last_order",
         "after_sent_record", "before_fact", "after_fact", "after_batch_commit", "in_let_go",
         "after_let_go")  # fmt: skip
SELDOM = ("after_claim_commit", "between_orders", "after_batch_commit")  # most fires are claimed together
# at which visit of a point a kill comes, at most
VISITS = {**dict.fromkeys(OFTEN, 40), **dict.fromkeys(SELDOM, 8)}
AIMED = {  # where a planted fault shows: bytes have left, and what the runner knows of it is not on the disk
    "send-before-commit": ("between_orders", "after_last_order"),
    "retry-on-silence": ("after_last_order", "after_sent_record"),
}
PLANTS = (*AIMED, "end-as-empty")
USUAL = (1000, 20_000)  # kills and orders of a campaign
PLANTED = (12, 0)  # of one that has only to find a planted fault
LONGEST = 8.0  # seconds until a kill from outside, once there is a session
EARLY = 0.2  # the share of those that come before that
RESOLVE_EVERY = 8  # kills


class Killer:
    """Kills the runners of one world until it has had enough kills and orders."""

    def __init__(self, here: World, draw: random.Random, *, both: bool = False, planted: str = "") -> None:
        """Kill everywhere, or where a planted fault shows."""
        self._world = here
        self._draw = draw
        self._both = both
        self._planted = planted
        self.outcome = Outcome()
        self._person = Person(here, self.outcome)

    def go(self, kills: int, orders: int) -> Outcome:
        """Kill, settle and judge."""
        while self.outcome.histogram.kills < kills or self._orders() < orders:
            self.once()
            if self.outcome.histogram.kills % RESOLVE_EVERY == 0:
                self._person.look()
        self.end()
        return self.outcome

    def _orders(self) -> int:
        return self._world.gateway.truth.read_bytes().count(b'"event": "order"')

    def once(self, point: str = "") -> None:
        """Start a runner and kill it, at a named point if one is given."""
        draw = self._draw
        point = point or self._aim()
        visits = VISITS.get(point, 1)  # a planted fault shows after a restart, if that lives for a few orders
        crash = f"{point}:{draw.randint(max(1, visits // 4) if self._planted else 1, visits)}" if point else ""
        until = in_seconds(12 if point == "at_close" else 3600)
        begun = self._world.ready()
        runner = self._world.run(until, crash=crash, planted=self._planted)
        asked = self._ask_cancel() if "c" in point and ("cancel" in point or "control" in point) else None
        if self._both and draw.random() < 0.3:
            time.sleep(draw.uniform(0, LONGEST / 2))
            self._world.restart_gateway()
        if point:
            longest = LONGEST * 3
        elif draw.random() < EARLY:
            longest = draw.uniform(0.05, LONGEST / 2)
        else:
            self._world.await_ready(begun)
            longest = draw.uniform(0.05, LONGEST)
        where = self._wait(runner, longest, point)
        if asked is not None:
            asked.wait(30)
        rows = rows_of(self._world.journal)
        if where:
            self.outcome.histogram.add(rows.open(), where)

    def _aim(self) -> str:
        """Draw a named point, or "" for any time."""
        if self._planted in AIMED:
            return self._draw.choice(AIMED[self._planted])
        return self._draw.choice(POINTS) if self._draw.random() < 0.5 else ""

    def _wait(self, runner: subprocess.Popen[bytes], seconds: float, point: str) -> str:
        """Wait for the crash point, else kill; returns where the kill came, "" if the runner ended by itself."""
        try:
            code = runner.wait(seconds)
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.wait(20)
            return "any time"
        self.outcome.exits[code] += 1
        return point if code == -9 else ""

    def _ask_cancel(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "runner", "cancel", "--all", "--settings", str(self._world.settings)]
        root = Path(__file__).parents[2]
        return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self) -> None:
        """Let the last runner settle, and judge."""
        self.outcome.exits[self._person.settle(planted=self._planted)] += 1


def campaign(
    kills: int, orders: int, seed: int, *, both: bool = False, planted: str = "", plans: int = 16, keep: str = ""
) -> Outcome:
    """Run one world; its files are kept in a folder of that name and seed if one is given."""
    folder = Path(f"{keep}-{seed}") if keep else None
    todo = mixed(plans, all_resend=bool(planted))
    with world(todo, *DEEP, "--seed", str(seed), folder=folder) as here:
        return Killer(here, random.Random(seed), both=both, planted=planted).go(kills, orders)


def each_point(seed: int, rounds: int = 1, tries: int = 4) -> Outcome:
    """Run one world whose runners die at every named point, each so many rounds."""
    with world(mixed(8), *DEEP, "--seed", str(seed)) as here:
        killer = Killer(here, random.Random(seed))
        for point in POINTS * rounds:
            before, tried = killer.outcome.histogram.at[point], 0
            while killer.outcome.histogram.at[point] == before and tried < tries:
                killer.once(point)
                tried += 1
        killer.end()
        return killer.outcome


def missing_end(seed: int, *, planted: str = "", keep: str = "") -> Outcome:
    """Kill when the bytes have left; after it no list of the gateway comes to its end, and its next ids go back."""
    folder = Path(f"{keep}-{seed}") if keep else None
    with world([burst("burst", 8, in_seconds(20))], *DEEP, "--seed", str(seed), folder=folder) as here:
        killer = Killer(here, random.Random(seed), planted=planted)
        killer._wait(here.run(in_seconds(600), crash="after_last_order:5"), 60, "after_last_order")
        killer.outcome.histogram.add(rows_of(here.journal).open(), "after_last_order")
        here.gateway.control(do="restart", ids_back=1000, **{"for": 0.2})
        time.sleep(0.5)
        for message in ("OpenOrder", "OrderStatus", "ExecutionDetails", "CompletedOrder", "OpenOrdersEnd",
                        "ExecutionDetailsEnd", "CompletedOrdersEnd"):  # fmt: skip
            here.gateway.control(do="drop", message=message, times=100_000)
        here.run(in_seconds(600), planted=planted)
        deadline = time.monotonic() + 50
        while "not_received" not in rows_of(here.journal).states.values() and time.monotonic() < deadline:
            time.sleep(1)
        time.sleep(3)  # in which it is sent again, if it is
        here.runners[-1].kill()
        here.gateway.control(do="calm")
        killer.end()
        return killer.outcome


def report(outcome: Outcome, seed: int, seconds: float) -> str:
    """Return the figures as text."""
    told = [*outcome.histogram.lines(), f"exits of runners that were not killed from outside: {dict(outcome.exits)}"]
    return "\n".join([*told, outcome.report(seed, seconds)])


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, help=f"{USUAL[0]} if not given, {PLANTED[0]} with --plant")
    parser.add_argument("--orders", type=int, help=f"at least; {USUAL[1]} if not given, {PLANTED[1]} with --plant")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=max(1, (os.cpu_count() or 1)), help="how many run at a time")
    parser.add_argument("--each", type=int, default=0, metavar="ROUNDS", help="only this: every named point in turn")
    parser.add_argument("--both", action="store_true", help="kill the gateway, too")
    parser.add_argument("--plant", choices=PLANTS, default="")
    parser.add_argument("--keep", default="", metavar="PATH", help="keep the files of each world, in PATH-SEED")
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    total = Outcome()
    if given.each:
        total.merge(each_point(given.seed, given.each))
    elif given.plant == "end-as-empty":
        total.merge(missing_end(given.seed, planted=given.plant, keep=given.keep))
    else:
        usual = PLANTED if given.plant else USUAL
        wanted = (usual[0] if given.kills is None else given.kills, usual[1] if given.orders is None else given.orders)
        share = (-(-wanted[0] // given.worlds), -(-wanted[1] // given.worlds))
        with ThreadPoolExecutor(given.worlds) as pool:
            seeds = range(given.seed * 1000, given.seed * 1000 + given.worlds)
            for one in pool.map(
                lambda s: campaign(*share, s, both=given.both, planted=given.plant, keep=given.keep), seeds
            ):
                total.merge(one)
    print(report(total, given.seed, time.monotonic() - began))
    return int(bool(total.all_faults()) is not bool(given.plant))


if __name__ == "__main__":
    sys.exit(main())
