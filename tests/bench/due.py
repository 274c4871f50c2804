"""From the instant at which 1,000 plans are due to their committed claims, beside a pool of APScheduler.

    python -m tests.bench.due [--plans 1000] [--rounds 3]

Ours is `fxrun serve` in a rehearsal at a `fxrun gateway`, in processes of their own. A claim counts from when
another process sees it in the journal. Theirs is APScheduler's own pool of threads, in a process of its own as well: as
many jobs for one instant, each of which writes one row to an SQLite file and has it synced. They take turns. How long
sending takes is another figure, and follows the pacing: 45 messages in any 1.1 s. Exit 1 if the aim is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.gateway import Figure, show
from tests.reliability.processes import ALWAYS, FXRUN, ROOT
from tests.reliability.world import Plan, World, world

AIM = 100.0  # ms
PACED = 45 / 1.1  # messages a second
LEAD = 30.0  # seconds from a start until the first instant
AFTER = 12.0  # seconds for theirs, once ours are sent
PLAN = """\
plan: {name}
mode: live
contract: EUR.USD
side: buy
size: 25_000
overlap: allow
schedule: {{at: [{instants}]}}
"""


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds from one instant to each row, sorted; and seconds until the last order had left."""

    claims: Sequence[float]
    sent: float | None = None

    def at(self, share: float) -> float:
        """Return the row at that share of them."""
        return self.claims[min(len(self.claims) - 1, int(share * len(self.claims)))]


def watch(path: Path, statement: str, due: datetime, wanted: int) -> list[float]:
    """Look each millisecond how many rows there are; returns when each was seen, in ms after the instant."""
    seen: list[float] = []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as connection:
        start = connection.execute(statement).fetchone()[0] or 0
        time.sleep(max(0.0, due.timestamp() - time.time() - 0.2))
        limit = due.timestamp() + 60
        while len(seen) < wanted and time.time() < limit:
            count = (connection.execute(statement).fetchone()[0] or 0) - start
            now = (time.time() - due.timestamp()) * 1000
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
    return seen


def ours(here: World, due: datetime, plans: int) -> Round:
    """Measure one instant of the service that runs."""
    claims = watch(here.journal, "SELECT max(rowid) FROM intent", due, plans)
    with closing(sqlite3.connect(here.journal)) as connection:
        waiting = "SELECT count(*) FROM intent WHERE state = 'planned'"
        while connection.execute(waiting).fetchone()[0] and time.time() < due.timestamp() + 60:
            time.sleep(0.1)
        sent = time.time() - due.timestamp()
        states = "SELECT f.state, count(*) FROM fire f WHERE f.due = ? GROUP BY 1"
        found = connection.execute(states, (due.strftime(ALWAYS),)).fetchall()
    assert found == [("sent", plans)], found
    return Round(claims, sent)


JOBS = """
import sqlite3, sys, threading, time
from datetime import UTC, datetime, timedelta
from apscheduler.schedulers.background import BackgroundScheduler

path, due, jobs = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
own = threading.local()

def work(number):
    if not hasattr(own, "db"):
        own.db = sqlite3.connect(path, timeout=60, isolation_level=None)
        own.db.execute("PRAGMA synchronous=FULL")
    own.db.execute("INSERT INTO row VALUES (?)", (number,))
    took.append(time.time() - due.timestamp())

took = []
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("CREATE TABLE row (number)")
scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
for number in range(jobs):
    scheduler.add_job(work, "date", run_date=due, args=(number,))
scheduler.start()
while len(took) < jobs:
    time.sleep(0.1)
print(*(f"{one * 1000:.2f}" for one in took))
"""


def theirs(folder: Path, jobs: int) -> Round:
    """Measure as many jobs of APScheduler."""
    path = folder / f"jobs-{time.monotonic_ns()}.db"
    due = (datetime.now(UTC) + timedelta(seconds=4)).replace(microsecond=0)
    command = [sys.executable, "-c", JOBS, str(path), due.isoformat(), str(jobs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return Round(sorted(map(float, done.stdout.split())))


def measure(plans: int, rounds: int) -> tuple[list[Round], list[Round]]:
    """Let both take turns; returns what each of them took."""
    apart = plans / PACED * 1.5 + AFTER
    first = (datetime.now(UTC) + timedelta(seconds=LEAD + plans / 15)).replace(microsecond=0)
    instants = [first + timedelta(seconds=int(apart * number)) for number in range(rounds)]
    written = ", ".join(f'"{at.strftime(ALWAYS)}"' for at in instants)
    names = [f"due-{number:05d}" for number in range(plans)]
    todo = [
        Plan(name=name, text=PLAN.format(name=name, instants=written), pair="EUR.USD", orders={"main": None})
        for name in names
    ]
    options = ("--fill", "depth=1000000", "--cash", "USD=100000000000")
    with tempfile.TemporaryDirectory() as made, world(todo, *options, max_open_orders=1_000_000) as here:
        command = [*FXRUN, "serve", str(here.folder), "--rehearsal", here.address, "--settings", str(here.settings)]
        log = (here.folder / "serve.log").open("w")
        service = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=dict(os.environ))
        here.runners.append(service)
        mine, other = [], []
        for due in instants:
            assert datetime.now(UTC) < due, "this machine was not ready in time; give it fewer --plans"
            mine.append(ours(here, due, plans))
            other.append(theirs(Path(made), plans))
        service.send_signal(signal.SIGTERM)
        service.wait(30)
        log.close()
    return mine, other


def figures(plans: int, mine: Sequence[Round], other: Sequence[Round]) -> list[Figure]:
    """Return what was measured: medians of the rounds."""
    p99, peer = statistics.median(one.at(0.99) for one in mine), statistics.median(one.at(0.99) for one in other)
    told = "; ".join(f"p50 {one.at(0.5):.0f}, p99 {one.at(0.99):.0f}, max {one.claims[-1]:.0f}" for one in mine)
    beside = "; ".join(f"p50 {one.at(0.5):.0f}, p99 {one.at(0.99):.0f}, max {one.claims[-1]:.0f}" for one in other)
    sent = ", ".join(f"{one.sent or 0:.1f}" for one in mine)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    name = f"{plans:,} fires"
    return [
        Figure(name=f"{name} to committed claims, p99", value=p99, unit="ms", aim=AIM, details=told),
        Figure(
            name="of APScheduler's p99", value=p99 / peer, unit="x", aim=1.0, details=f"ms of its rounds: {beside}"
        ),
        Figure(
            name=f"{name} sent", value=max(one.sent or 0 for one in mine), unit="s", aim=plans / PACED * 1.5,
            details=f"{sent} s by round; the pacing allows {PACED:.0f} a second; load {load:.1f} a processor",
        ),
    ]  # fmt: skip


def main() -> int:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    found = figures(chosen.plans, *measure(chosen.plans, chosen.rounds))
    show(found)
    return 0 if all(figure.passes for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
