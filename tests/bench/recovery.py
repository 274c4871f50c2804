"""How long a runner takes from the start of its process until it may send again, by the size of its journal.

    python -m tests.bench.recovery                       # 10,000 and 100,000 orders, ten executions each: some minutes
    python -m tests.bench.recovery --orders 10000 --executions 1 --starts 3
    python -m tests.bench.recovery --only plans          # loading 10,000 plans

A rehearsal runs first and is killed with `kill -9` while orders of it rest at the gateway; then the journal is filled
through its own interface, as if that runner had lived for long; then runners are started on it and killed once they are
ready, which means: journal opened, its seals read, logged in, open orders, executions and completed orders asked for
and taken in. Starts are the median on the wall's clock, with the worst beside it. Exit 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from runner.core.contract import ContractSpec
from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.core.times import stamp
from runner.journal.gate import Gate
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal
from tests.bench.gateway import Figure, show
from tests.reliability.processes import ACCOUNT, FXRUN, ROOT
from tests.reliability.workload import DEEP, market, resting
from tests.reliability.world import World, in_seconds, world

AIMS = {10_000: 2.0, 100_000: 5.0}
READY = b"link: ready"
PATIENCE = 120.0
EURUSD = ContractSpec(symbol="EUR", currency="USD")
LONG_AGO = datetime(2026, 1, 5, 14, tzinfo=UTC)


# --- a journal with a past


def ticket(number: int) -> OrderTicket:
    """Return the order of one long-gone fire."""
    due = LONG_AGO + timedelta(minutes=number)
    return OrderTicket(
        key=OrderKey(plan="past", order="main", fire=stamp(due), role="entry"),
        role=Role.ENTRY, contract=EURUSD, side=Side.BUY, quantity=Decimal(25_000), order_type=OrderType.MARKET,
    )  # fmt: skip


def fill(journal: Journal, number: int, executions: int) -> None:
    """Record one fire from its claim to its last commission."""
    order, due = ticket(number), LONG_AGO + timedelta(minutes=number)
    row = FireRow(plan="past", order="main", fire=order.key.fire, due=due, state=None, reason=None)
    price = Decimal("1.10005")
    gate = Gate(
        now=lambda: due, deadline=None, judge=lambda _: None, client_id=7, first_order_id=number + 1, price=price
    )
    assert journal.claim(row, (order,), gate=gate)
    journal.record_sent([(order, number + 1)], client_id=7)
    perm_id = 2_000_000_000 + number
    journal.add_perm(order.order_ref, perm_id)
    for part in range(executions):
        exec_id = f"0000e0d5.{number:08x}.{part:02x}.01"
        journal.put_execution(_executed(order, exec_id, number, executions), order.order_ref, due)
        cost = Decimal(2) / executions
        journal.put_commission(CommissionSeen(exec_id=exec_id, amount=cost, currency="USD"), cost)
    journal.set_order(
        OrderRow(
            ticket=order, state=OrderState.FILLED, filled=order.quantity, average_price=price, perm_id=perm_id,
            closed_with_run=False, note="",
        )
    )  # fmt: skip


def _executed(order: OrderTicket, exec_id: str, number: int, executions: int) -> ExecutionSeen:
    return ExecutionSeen(
        order_id=number + 1, client_id=7, perm_id=2_000_000_000 + number, order_ref=order.order_ref, exec_id=exec_id,
        account=ACCOUNT, contract=EURUSD.name, side=order.side, price=Decimal("1.10005"),
        quantity=order.quantity / executions, at=LONG_AGO,
    )  # fmt: skip


def add_past(path: Path, orders: int, executions: int) -> None:
    """Add orders to a journal that nobody has open; in memory where that can be, as each claim is synced."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        moved = Path(folder, path.name)
        for name in _files(path):
            shutil.move(path.with_name(name), Path(folder, name))
        with closing(Journal(str(moved))) as journal:
            journal.bind("rehearsal", ACCOUNT)
            journal.open_run(LONG_AGO)
            for number in range(orders):
                fill(journal, number, executions)
        for name in _files(moved):
            shutil.move(Path(folder, name), path.with_name(name))


def _files(path: Path) -> list[str]:
    return [
        one.name for one in path.parent.iterdir() if one.name.startswith(path.name) and not one.name.endswith(".log")
    ]


# --- starts


def ready_after(made: World) -> tuple[float, float]:
    """Start a runner, and kill it once it may send; returns the seconds until then, and those of the processor."""
    begun = time.perf_counter()
    command = [*FXRUN, *made.files, "--rehearsal", made.address, "--settings", str(made.settings), "--json"]
    with subprocess.Popen(
        [*command, "--until", in_seconds(600)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
    ) as runner:
        assert runner.stderr is not None
        said = b""
        for line in runner.stderr:
            said += line
            if READY in line:
                break
        seconds = time.perf_counter() - begun
        used = processor(runner.pid)
        runner.kill()
        runner.wait(20)
    assert READY in said, said.decode()
    return seconds, used


def processor(pid: int) -> float:
    """Return the seconds of the processor that a process has had; 0 where the system does not tell."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def recovery(orders: int, executions: int, starts: int) -> Iterator[Figure]:
    """Measure starts on a journal of so many orders, with a few that still rest at the gateway."""
    plans = [resting("rests", (2, 3)), market("trades", "EUR.USD", "buy", (3600,))]
    with world(plans, *DEEP) as made:
        first = made.run(in_seconds(600))
        time.sleep(8)
        first.kill()
        first.wait(20)
        add_past(made.journal, orders, executions)
        size = made.journal.stat().st_size / 1e6
        seconds, used = zip(*(ready_after(made) for _ in range(starts)), strict=True)
        aim = next((aim for count, aim in sorted(AIMS.items()) if orders <= count), AIMS[100_000])
        details = f"median of {starts}; worst {max(seconds):.2f} s; of the processor {max(used):.2f} s; {size:.0f} MB"
        yield Figure(
            name=f"ready with {orders:,} orders", value=statistics.median(seconds), unit="s", aim=aim, details=details
        )
        begun = time.perf_counter()
        done = made.command("status", "--json")
        assert done.returncode in (0, 6, 7), done.stderr
        took = time.perf_counter() - begun
        yield Figure(name=f"status with {orders:,} orders", value=took, unit="s", aim=1.0, details="one command")


# --- plans


_LOAD = """
import sys, time
from pathlib import Path
from runner.plan import load_all
paths = sorted(str(path) for path in Path(sys.argv[1]).iterdir())
begun, used = time.perf_counter(), time.process_time()
plans = load_all(paths)
print(time.perf_counter() - begun, time.process_time() - used, len(plans))
"""


def plans(count: int) -> Iterator[Figure]:
    """Measure how long a process takes to read plans that fire ten times a day."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            write_plan(Path(folder), number)
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, folder], capture_output=True, text=True, check=True, cwd=ROOT, timeout=600
        )
        seconds, used, read = map(float, done.stdout.split())
        assert read == count
        details = f"of the processor; {seconds:.1f} s on the wall"
        yield Figure(name=f"{count:,} plans read", value=used, unit="s", aim=10 * count / 10_000, details=details)


def write_plan(folder: Path, number: int) -> None:
    """Write a plan that fires ten times a day."""
    (folder / f"p{number:05}.yaml").write_text(
        f"plan: p{number:05}\ncontract: EUR.USD\nside: buy\nsize: 25_000\n"
        f"schedule: {{cron: '{number % 60} 8-17 * * mon-fri', timezone: Europe/London}}\n",
        encoding="utf-8",
    )


def main() -> int:
    """Measure; 1 if an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recovery", description="Measure recovery.")
    parser.add_argument("--only", choices=("starts", "plans"))
    parser.add_argument("--orders", nargs="+", type=int, default=sorted(AIMS))
    parser.add_argument("--executions", type=int, default=10, help="of each order")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--plans", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="write the figures to a file too")
    asked = parser.parse_args()
    figures: list[Figure] = []
    if asked.only != "plans":
        for orders in asked.orders:
            figures += recovery(orders, asked.executions, asked.starts)
    if asked.only != "starts":
        figures += plans(asked.plans)
    show(figures)
    if asked.json:
        told = [{"name": one.name, "seconds": one.value, "aim": one.aim, "details": one.details} for one in figures]
        asked.json.write_text(json.dumps(told, indent=2) + os.linesep, encoding="utf-8")
    return 0 if all(one.passes for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
