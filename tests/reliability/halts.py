"""Halt while a burst of orders is being sent: nothing that is claimed later leaves, now, after a restart, or ever.

    python -m tests.reliability.halts --orders 500 --count 5 --seed 1

Of the fire that was claimed before the halt the bytes may still be on their way; of no other. Also with the broker
down, and with `--cancel`, which cancels what is ours and leaves alone what is not.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from tests.reliability.oracle import OURS
from tests.reliability.person import Outcome, Person
from tests.reliability.workload import DEEP, burst, resting
from tests.reliability.world import World, copied, in_seconds, rows_of, world

QUICK = 1.0  # seconds that the command may take
UNDER_WAY = 0.5  # seconds in which the bytes of a claim that came before arrive


def halt(here: World, outcome: Outcome, *words: str) -> datetime:
    """Halt, and return the instant at which the command was back; a fault if it was slow."""
    cpu, began = _cpu(), time.monotonic()
    done = here.command("halt", *words)
    took, cpu, back = time.monotonic() - began, _cpu() - cpu, datetime.now(UTC)
    outcome.injected["halts"] += 1
    if done.returncode:
        outcome.faults.append(f"halt: exit {done.returncode}: {done.stderr}")
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"halt took {took:.2f} s, {cpu:.2f} s of it at work, at a load of {load:.1f} a processor")
    if (took if load < 1 else cpu) >= QUICK:
        outcome.faults.append(f"halt took {took:.2f} s, {cpu:.2f} s of it at work")
    return back


def _cpu() -> float:
    """Return the seconds that ended children have used, which does not depend on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def orders_at(here: World) -> int:
    """Return how many orders the gateway has taken so far."""
    return here.gateway.truth.read_bytes().count(b'"event": "order"') if here.gateway.truth.exists() else 0


def during_a_burst(orders: int, seed: int) -> Outcome:
    """Halt somewhere within a burst, restart the runner, and see that it stays halted."""
    outcome, draw = Outcome(), random.Random(seed)
    due = in_seconds(25)
    with world([burst("burst", orders, due)], *DEEP, "--seed", str(seed)) as here:
        runner = here.run(in_seconds(600))
        wanted = draw.randint(1, max(1, min(orders // 2, 200)))
        if not _reached(here, wanted, 60):
            outcome.faults.append(f"no {wanted} orders within 60 s; {here.errors()[-600:]}")
        if draw.random() < 0.5:
            here.gateway.kill()
            back = halt(here, outcome)
            time.sleep(UNDER_WAY)
            here.gateway.start()
        else:
            back = halt(here, outcome)
            time.sleep(UNDER_WAY)
        position = len(here.gateway.lines())
        time.sleep(3)
        runner.kill()
        runner.wait(20)
        _claimed_later(here, outcome, back)
        Person(here, outcome).settle()
        _claimed_later(here, outcome, back)
        behind = here.judge(halted_from=position).after_halt
        if behind:
            outcome.faults.append(f"{behind} orders after the halt")
        outcome.faults = [fault for fault in outcome.faults if not fault.endswith("the first came late")]
    return outcome


def _reached(here: World, wanted: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if orders_at(here) >= wanted:
            return True
        time.sleep(0.02)
    return False


def _claimed_later(here: World, outcome: Outcome, back: datetime) -> None:
    """Find claims that came after the halt was there and were not denied."""
    with copied(here.journal) as copy:
        assert copy is not None
        with closing(sqlite3.connect(copy)) as found:
            rows = found.execute("SELECT order_ref, claimed_at, state FROM intent").fetchall()
    for ref, claimed, state in rows:
        if claimed is not None and state != "denied" and datetime.fromisoformat(claimed).astimezone(UTC) > back:
            outcome.faults.append(f"{ref}: claimed at {claimed}, halted before {back}, and {state}")


def with_cancel(seed: int, count: int = 10) -> Outcome:
    """Halt with --cancel: our resting orders go, one that was entered by hand stays."""
    outcome = Outcome()
    with world([resting("rests", [1] * count)], *DEEP, "--seed", str(seed), max_open_orders=14) as here:
        here.gateway.control(do="hand_order", pair="EUR.GBP", side="SELL", quantity=20_000, type="LMT", price=2)
        runner = here.run(in_seconds(600))
        if not _reached(here, count + 1, 30):
            outcome.faults.append(f"no {count} resting orders; {here.errors()[-600:]}")
        halt(here, outcome, "--cancel")
        time.sleep(4)
        ended = sum(line["event"] == "cancel" for line in here.gateway.lines())
        left = here.gateway.control(do="status")["working"]
        ours = sum(state in ("working", "held", "cancel_pending") for state in rows_of(here.journal).states.values())
        if left != 1 or ours:
            outcome.faults.append(
                f"halt --cancel: {ended} cancelled, {left} work, 1 of them by hand; ours open: {ours}"
            )
        if any(line["event"] == "cancel" and OURS not in str(line.get("order_ref")) for line in here.gateway.lines()):
            outcome.faults.append("halt --cancel: an order that is not ours was cancelled")
        runner.terminate()
        runner.wait(30)
    return outcome


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    print(f"seed {given.seed}")
    began = time.monotonic()
    outcome = with_cancel(given.seed)
    for number in range(given.count):
        outcome.merge(during_a_burst(given.orders, given.seed * 1000 + number))
    print(outcome.report(given.seed, time.monotonic() - began))
    return int(bool(outcome.all_faults()))


if __name__ == "__main__":
    sys.exit(main())
