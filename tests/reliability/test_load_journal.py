"""L01, L02: many plans and a long past: counted in memory and rows looked at; `tests.bench.recovery` times."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runner.core.order_state import OrderState
from runner.journal.sql import queries
from runner.journal.store import Journal
from tests.bench.recovery import add_past, plans, recovery, write_plan

ROOT = Path(__file__).parents[2]
PLANS = 1_500
MEMORY = 300 << 20  # for 10,000 plans
LARGE = ("fire", "intent", "execution", "commission", "order_perm", "remark")
CHECKS = {"check.py", "history.py"}  # commands that want every row: of checks, of reports
WHOLE = {"all_orders", "all_executions"}  # so does the export
LAST = {"last_executions"}  # read from the end, as many as are wanted
FEW = {"left_claimed"}  # its index lists only what is claimed and not told of
SUMS = {"count_all_fires", "count_all_orders"}  # of everything, for metrics
ONCE = {"fires"}  # the summary at the end of a run

_LOAD = """
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from runner.plan import load_all
from runner.schedule import merge
paths = sorted(str(path) for path in Path(sys.argv[1]).iterdir())
plans = load_all(paths)
entries = [(i.plan, i.order, i.schedule) for plan in plans for i in plan.instructions]
start = datetime(2026, 7, 1, tzinfo=UTC)
fires = sum(1 for _ in merge(entries, start, start + timedelta(days=1)))
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
print(len(plans), fires, peak)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_l01_ten_thousand_plans_of_ten_fires_a_day_fit_into_300_mb(tmp_path: Path) -> None:
    """Measured on some of them: what each adds, times ten thousand, on top of what a process has without any."""
    peaks = []
    for count in (1, PLANS):
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            write_plan(folder, number)
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, str(folder)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        read, fires, peak = map(int, done.stdout.split())
        assert (read, fires) == (count, 10 * count)
        peaks.append(peak)
    each = (peaks[1] - peaks[0]) / (PLANS - 1)
    assert peaks[0] + 10_000 * each < MEMORY, f"{each:.0f} bytes a plan"


@pytest.fixture
def past(tmp_path: Path) -> Path:
    path = tmp_path / "j.db"
    with closing(Journal(str(path), private=True)) as journal:
        journal.bind("rehearsal", "DU1234567")
    add_past(path, 300, 10)
    return path


def test_l02_a_journal_with_a_past_opens_with_nothing_to_ask_about(past: Path) -> None:
    with closing(Journal(str(past), private=True)) as journal:
        assert journal.open_orders() == ()
        assert journal.highest_order_id(7) == 300
        row = journal.order(next(_refs(past)))
        assert row is not None
        assert row.state is OrderState.FILLED
        assert len(journal.executions_of(row.ticket.order_ref)) == 10


def _refs(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as database:
        yield from (ref for (ref,) in database.execute("SELECT order_ref FROM intent").fetchall())


def steps(database: sqlite3.Connection, statement: str) -> list[str]:
    """Return how SQLite would carry a statement out."""
    names = set(re.findall(r":(\w+)", statement))
    plan = database.execute(f"EXPLAIN QUERY PLAN {statement}", dict.fromkeys(names, "1"))
    return [row[3] for row in plan]


def test_l02_no_statement_of_a_run_looks_at_every_row_of_a_long_table(past: Path) -> None:
    modules = {path.name: path.read_text("utf-8") for path in (ROOT / "runner" / "journal").glob("*.py")}
    asked = {name for name in queries() for file, text in modules.items() if file not in CHECKS and f'"{name}"' in text}
    assert len(asked) > 20
    with closing(sqlite3.connect(past)) as database:
        database.create_function("fxrun_seal", -1, lambda *_: 0, deterministic=True)
        scans = {
            (name, step)
            for name, statement in queries().items()
            if name in asked - WHOLE - LAST - ONCE - FEW - SUMS
            for step in steps(database, statement)
            if (found := re.match(r"SCAN (\w+)", step)) and _table(statement, found[1]) in LARGE
        }
    assert scans == set()


def _table(statement: str, alias: str) -> str:
    """Return the table that a name in a plan stands for."""
    named = re.search(rf"\b(?:FROM|JOIN)\s+(\w+)\s+{alias}\b", statement)
    return named[1] if named else alias


def test_l02_the_check_finds_a_scan() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE intent (order_ref TEXT PRIMARY KEY, state TEXT)")
        assert any(step.startswith("SCAN") for step in steps(database, "SELECT * FROM intent i WHERE i.state = :state"))


@pytest.mark.slow
def test_l01_l02_the_measures_still_measure() -> None:
    """What they find depends on the machine and is not judged here; a start is not ready before it has its session."""
    figures = [*recovery(100, 2, 1), *plans(20)]
    assert [one.name for one in figures] == ["ready with 100 orders", "status with 100 orders", "20 plans read"]
    assert all(one.value > 0 for one in figures)
