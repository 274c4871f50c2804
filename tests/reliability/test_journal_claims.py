"""The claim: on the disk before it returns, once whoever asks, judged on what was claimed: R09, R16, R17, B02."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.core.order_state import OrderState
from runner.core.standing import Standing
from runner.errors import JournalBusy
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.sql import migrations, queries
from runner.journal.store import Journal, Outcome
from tests.reliability.journals import NOW, PRICE, claim, fill, opened, tickets

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from decimal import Decimal
from pathlib import Path
from tests.reliability.journals import claim, fill, opened, tickets
from runner.core.order_state import OrderState
"""


def run(script: str, *arguments: object, crash: str = "", wait: bool = True) -> subprocess.Popen[str]:
    """Start a program that works on a journal."""
    environment = {**os.environ, "FXRUN_CRASH_AT": crash, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + script, *map(str, arguments)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
    )  # fmt: skip
    if wait:
        process.communicate(timeout=120)
    return process


def noting(seen: list[Standing]) -> Callable[[Standing], str]:
    """Return a judge that notes how things stand, and denies."""

    def judge(standing: Standing) -> str:
        seen.append(standing)
        return "only asked"

    return judge


def kept(journal: Journal) -> list[Standing]:
    """Return how things stand for a plan of its own."""
    seen: list[Standing] = []
    claim(journal, "probe", f"probe{time.monotonic_ns()}", judge=noting(seen))
    return seen


# --- R09


def test_r09_a_claim_is_synced_before_it_returns_and_records_are_not(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")

    def level() -> int:
        return int(journal._db.connection.execute("PRAGMA synchronous").fetchone()[0])

    told: list[str] = []
    fill(journal, tickets("q", "none")[0], OrderState.WORKING, Decimal(0))  # leaves the lower level behind
    assert level() == 1
    journal._db.connection.set_trace_callback(told.append)
    claim(journal, "p", "once")
    journal._db.connection.set_trace_callback(None)
    outer = [text for text in told if re.match("BEGIN|COMMIT|PRAGMA|ROLLBACK", text)]
    assert outer == ["PRAGMA synchronous=FULL", "BEGIN IMMEDIATE", "COMMIT"]
    assert told[-1] == "COMMIT"
    assert level() == 2
    assert journal._db.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    journal.close()


def test_r09_what_a_claim_returned_from_is_in_the_log_file(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "once")
    log = (tmp_path / "j.db-wal").read_bytes()
    assert tickets("p", "once")[0].order_ref.encode() in log
    journal.close()


# --- the gate


def test_a_denied_fire_keeps_its_reason_its_orders_and_no_number(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claimed = claim(journal, "p", "once", judge=lambda _: "too much", bracket=True)
    assert (bool(claimed), claimed.outcome, claimed.reason) == (False, Outcome.DENIED, "too much")
    (fire,) = journal.fires()
    assert (fire.state, fire.reason) == (FireState.DENIED, "too much")
    assert [row.state for row in journal.orders()] == [OrderState.DENIED] * 3
    assert journal.highest_order_id(1) == 0
    assert claim(journal, "p", "once").outcome is Outcome.RECORDED_BEFORE
    (standing,) = kept(journal)
    assert (standing.today, standing.fires_today, standing.last_minute, standing.open_orders) == ({}, 0, 0, 0)
    journal.close()


@pytest.mark.parametrize(("late", "outcome"), [(60, Outcome.CLAIMED), (61, Outcome.MISSED)])
def test_a_fire_past_its_deadline_is_missed(tmp_path: Path, late: int, outcome: Outcome) -> None:
    journal = opened(tmp_path / "j.db")
    claimed = claim(journal, "p", "once", now=NOW + timedelta(seconds=late), deadline=timedelta(seconds=60))
    assert claimed.outcome is outcome
    if outcome is Outcome.MISSED:
        assert claimed.reason == "61 s late, the start deadline is 60 s"
        assert journal.orders() == ()
        assert journal.fires()[0].state is FireState.MISSED
    journal.close()


def test_a_claim_takes_the_order_ids_and_counts_entries_alone(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "a", bracket=True)
    claim(journal, "p", "b", now=NOW + timedelta(seconds=30))
    assert [(row.client_id, row.order_id) for row in journal.open_orders()] == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert (journal.highest_order_id(1), journal.highest_order_id(2)) == (4, 0)
    seen: list[Standing] = []
    claim(journal, "p", "c", now=NOW + timedelta(seconds=59), judge=noting(seen))
    claim(journal, "p", "d", now=NOW + timedelta(seconds=60), judge=noting(seen))
    claim(journal, "p", "e", now=NOW + timedelta(days=1), judge=noting(seen))
    early, late, next_day = seen
    assert early.today["EUR.USD"].quantity == 50000
    assert early.today["EUR.USD"].notional == 50000 * PRICE
    assert (early.fires_today, early.open_orders, early.last_minute) == (2, 2, 4)  # bought twice; four orders in all
    assert late.last_minute == 1
    assert (next_day.today, next_day.fires_today, next_day.open_orders) == ({}, 0, 2)
    journal.close()


def test_an_entry_without_a_price_makes_the_days_value_unknown(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "a")
    claim(journal, "p", "b", price=None)
    claim(journal, "p", "c")
    (standing,) = kept(journal)
    assert (standing.today["EUR.USD"].quantity, standing.today["EUR.USD"].notional) == (75000, None)
    journal.close()
    assert check(tmp_path / "j.db") == ()


def test_orders_that_ended_are_not_open_and_still_count_for_the_day(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "a")
    fill(journal, tickets("p", "a")[0], OrderState.CANCELLED, Decimal(0))
    (standing,) = kept(journal)
    assert (standing.open_orders, standing.today["EUR.USD"].quantity) == (0, 25000)
    journal.close()


# --- B02, kills


@pytest.mark.parametrize(
    ("crash", "claimed"),
    [("before_claim:3", 2), ("in_claim:3", 2), ("after_claim_commit:3", 3), ("after_sent_record:3", 3)],
)
def test_b02_counts_are_made_of_claims_and_a_killed_one_is_there_whole_or_not_at_all(
    tmp_path: Path, crash: str, claimed: int
) -> None:
    script = """
journal = opened(Path(sys.argv[1]))
for number in range(5):
    claim(journal, "p", f"f{number}", bracket=True)
    journal.record_sent([(tickets("p", f"f{number}")[0], 7)], client_id=1)
"""
    process = run(script, tmp_path / "j.db", crash=crash)
    assert process.returncode == -signal.SIGKILL
    assert check(tmp_path / "j.db") == ()
    journal = opened(tmp_path / "j.db")
    assert len(journal.open_orders()) == 3 * claimed
    (standing,) = kept(journal)
    assert standing.today["EUR.USD"].quantity == 25000 * claimed
    seen: list[Standing] = []
    claim(journal, "p", "next", judge=noting(seen))
    assert seen[0].fires_today == claimed
    journal.close()


def test_b02_a_limit_holds_over_any_number_of_kills(tmp_path: Path) -> None:
    script = """
journal = opened(Path(sys.argv[1]))
limit = lambda standing: "enough" if sum(t.quantity for t in standing.today.values()) >= 100_000 else None
for number in range(9):
    claim(journal, "p", f"{sys.argv[2]}-{number}", judge=limit)
print("done", flush=True)
"""
    for number, point in enumerate(("in_claim:2", "after_claim_commit:1", "before_claim:3", "in_claim:1")):
        assert run(script, tmp_path / "j.db", number, crash=point).returncode == -signal.SIGKILL
    assert run(script, tmp_path / "j.db", "last").returncode == 0
    with Ledger(tmp_path / "j.db") as ledger:
        claimed = [row for row in ledger.orders() if row.state is not OrderState.DENIED]
    assert sum(row.ticket.quantity for row in claimed) == 100_000
    assert check(tmp_path / "j.db") == ()


# --- R16, R17


def test_r16_of_two_runners_that_start_together_one_has_the_journal_and_the_other_is_told(tmp_path: Path) -> None:
    script = """
from runner.errors import JournalBusy
sys.stdin.readline()
try:
    journal = opened(Path(sys.argv[1]))
except JournalBusy as error:
    sys.exit(error.exit_code)
claim(journal, "p", sys.argv[2])
print("mine", flush=True)
sys.stdin.readline()
"""
    for turn in range(5):
        pair = [run(script, tmp_path / "j.db", f"once{turn}", wait=False) for _ in range(2)]
        for process in pair:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        until = time.monotonic() + 60
        while time.monotonic() < until and all(process.poll() is None for process in pair):
            time.sleep(0.02)
        codes = sorted(process.poll() is None for process in pair)
        assert codes == [False, True]
        assert {process.poll() for process in pair} == {None, JournalBusy.exit_code}
        for process in pair:
            process.communicate(timeout=30)
    with Ledger(tmp_path / "j.db") as ledger:
        assert len(ledger.orders()) == 5


def test_r16_two_that_race_for_one_fire_claim_it_once(tmp_path: Path) -> None:
    """Without the runner's lock, as if it had failed: the transaction still lets one through."""
    path = tmp_path / "j.db"
    first = opened(path)
    path.with_name("j.db.lock").unlink()
    second = opened(path)
    outcomes = [claim(journal, "p", f"f{n}").outcome for n in range(20) for journal in (first, second)]
    assert outcomes.count(Outcome.CLAIMED) == 20
    assert outcomes.count(Outcome.RECORDED_BEFORE) == 20
    first.close()
    second.close()


def test_r17_a_lock_of_a_killed_runner_is_free_whatever_process_has_its_number(tmp_path: Path) -> None:
    script = """
journal = opened(Path(sys.argv[1]))
claim(journal, "p", "once")
"""
    assert run(script, tmp_path / "j.db", crash="after_claim_commit").returncode == -signal.SIGKILL
    (tmp_path / "j.db.holder").write_text(f"process {os.getpid()}")  # its number lives on in another process
    with Ledger(tmp_path / "j.db") as ledger:
        assert not ledger.has_runner()
    journal = opened(tmp_path / "j.db")
    assert len(journal.open_orders()) == 1
    journal.close()


def test_r17_a_runner_that_was_overtaken_claims_nothing_any_more(tmp_path: Path) -> None:
    path = tmp_path / "j.db"

    def judge(standing: Standing) -> str | None:
        return None if standing.is_owner else "another runner has taken the journal"

    paused = opened(path)
    assert claim(paused, "p", "a", judge=judge)
    path.with_name("j.db.lock").unlink()  # the lock does not hold the next one back
    taker = opened(path)
    assert claim(taker, "p", "b", judge=judge)
    resumed = claim(paused, "p", "c", judge=judge)
    assert (resumed.outcome, resumed.reason) == (Outcome.DENIED, "another runner has taken the journal")
    assert claim(taker, "p", "d", judge=judge)
    for journal in (paused, taker):
        journal.close()


# --- beside a runner


def test_a_halt_gets_through_while_a_runner_claims_in_a_burst(tmp_path: Path) -> None:
    script = """
journal = opened(Path(sys.argv[1]))
print("begun", flush=True)
for number in range(100_000):
    if claim(journal, "p", f"f{number}", judge=lambda standing: standing.halt).reason:
        break
print(number, flush=True)
"""
    process = run(script, tmp_path / "j.db", wait=False)
    assert process.stdout is not None
    process.stdout.readline()
    with Ledger(tmp_path / "j.db") as ledger:
        while len(ledger.orders()) < 20:
            time.sleep(0.01)
        ledger.halt("stop", NOW, cancel=False)
        after = len(ledger.orders())
        number = int(process.communicate(timeout=60)[0])
        rows = ledger.orders()
    assert [row.state for row in rows[after:]] in ([], [OrderState.DENIED])  # no claim came after it
    assert sum(row.state is not OrderState.DENIED for row in rows) == number
    assert check(tmp_path / "j.db") == ()


SCANNING = {"fires_counted", "entries_counted", "all_orders", "all_executions", "all_works", "all_tallies",
            "all_fire_counts", "fires_without_intents", "intents_without_fire", "open_too_early", "order_states",
            "fire_states", "armings", "plans", "pauses", "executions", "report_fires", "report_orders",
            "report_executions", "report_arrivals", "report_rates", "all_contracts",
            "fires_since", "count_fires", "count_all_fires", "count_all_orders", "last_executions", "keep_plans",
            "runs"}  # fmt: skip


# fire_claimed lists only the fires that are claimed and not told of
_WHOLE_TABLE = re.compile(r"SCAN (?!json_each|CONSTANT|f USING INDEX fire_claimed)")


def test_no_statement_of_a_run_reads_a_whole_table() -> None:
    connection = sqlite3.connect(":memory:")
    connection.create_function("fxrun_seal", -1, lambda *_: 0)
    for script in migrations():
        connection.executescript(script)
    found = []
    for name, statement in queries().items():
        if name in SCANNING:
            continue
        values = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        found += [f"{name}: {step}" for step in plan if _WHOLE_TABLE.match(step)]
    connection.close()
    assert found == []
