"""Journals and plans of every fxrun before this one: they go on where they stopped, and nothing is sent twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from runner.errors import Refused
from runner.journal import opening
from runner.journal.control import Ledger
from runner.journal.database import Database
from runner.journal.lock import RunnerLock
from runner.journal.sql import migrations

KEPT = Path(__file__).parents[1] / "fixtures" / "journals"
PLAN = KEPT / "kept.yaml"
OLD = sorted(KEPT.glob("v*.sql"))


def fxrun(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def lines(done: subprocess.CompletedProcess[str], kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in found if line["type"] == kind]


def test_there_is_a_journal_of_every_schema_before_this_one() -> None:
    assert [file.stem for file in OLD] == [f"v{number}" for number in range(1, len(migrations()))]


def test_a_command_waits_for_the_runner_that_brings_a_journal_up_to_date(tmp_path: Path) -> None:
    """A runner that begins a journal has it before its tables are there: halting must not fail just then."""
    path = tmp_path / "j.db"
    with sqlite3.connect(path) as made:
        made.create_function("fxrun_seal", -1, lambda *_: 0)
        made.executescript(OLD[0].read_text(encoding="utf-8"))
    lock = RunnerLock(path, "a runner that begins")

    def begin() -> None:
        with closing(Database(str(path))) as database:
            opening.migrate(database)

    later = Timer(0.3, begin)
    later.start()
    try:
        with Ledger(path) as ledger:
            ledger.halt("enough", datetime.now(UTC), cancel=False)
            assert ledger.halted() is not None
    finally:
        later.join()
        lock.release()


def test_a_command_does_not_wait_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.touch()
    lock = RunnerLock(path, "a runner that hangs")
    try:
        with pytest.raises(Refused, match="is empty"):
            Ledger(path)
    finally:
        lock.release()


@pytest.mark.parametrize("file", OLD, ids=lambda file: file.stem)
def test_a_kept_journal_goes_on(file: Path, tmp_path: Path) -> None:
    journal = str(tmp_path / "j.db")
    with sqlite3.connect(journal) as made:
        made.create_function("fxrun_seal", -1, lambda *_: 0)  # nothing is inserted once its triggers are there
        made.executescript(file.read_text(encoding="utf-8"))
        before = set(made.execute("SELECT order_ref, quantity, price FROM execution"))
        orders = {ref for (ref,) in made.execute("SELECT order_ref FROM intent")}
    made.close()
    done = fxrun(
        str(PLAN), "--simulate", "--from", "2025-03-04", "--until", "2025-03-06", "--journal", journal, "--json"
    )
    assert done.returncode == 0, done.stderr
    fires = {(line["order"], line["fire"]): line for line in lines(done, "fire")}
    again = [line for (_, fire), line in fires.items() if fire < "2025-03-05"]
    assert again
    assert {line["state"] for line in again} == {"skipped"}, "what it had recorded is not sent again"
    new = {line["order_ref"] for line in lines(done, "order") if line["fire"] >= "2025-03-05"}
    assert new
    assert not new & orders
    exported = fxrun("journal", "export", "--journal", journal)
    executions = lines(exported, "execution")
    assert before <= {(one["order_ref"], one["quantity"], one["price"]) for one in executions}
    assert orders | new == {one["order_ref"] for one in lines(exported, "order")}
    checked = fxrun("journal", "check", "--journal", journal)
    assert checked.returncode == 0, checked.stdout
