"""A journal that cannot be written for a while: what was passed over meanwhile has its row afterwards."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.engine import run
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.database import Database
from runner.schedule.policy import FirePolicy
from tests.reliability.field import Runner, every, open_field

SECONDS = 9.0  # for which it cannot be written


def breaks(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every statement fail for a while that is no look, as on a disk that is full."""
    assert runner.desk is not None
    mine, was, until = runner.desk.journal._db, Database.execute, time.monotonic() + SECONDS

    def execute(self: Database, statement: str, values: object = ()) -> sqlite3.Cursor:
        if self is mine and time.monotonic() < until and not statement.startswith("SELECT"):
            raise self._failed("written", sqlite3.OperationalError("database or disk is full"))
        return was(self, statement, values)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "execute", execute)


def test_each_fire_has_its_row_once_the_journal_can_be_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "OVERTAKEN", timedelta(seconds=1))
    order = replace(every(2), policy=FirePolicy(overlap=True))
    with open_field(tmp_path) as field:
        with field.runner(order) as runner:
            runner.wait(lambda: runner.fires(FireState.SENT), "the first")
            breaks(runner, monkeypatch)
            time.sleep(SECONDS)
            before = len(runner.fires(FireState.SENT))
            runner.wait(lambda: len(runner.fires(FireState.SENT)) > before + 1, "more, once it can be written")
        with Ledger(field.path) as ledger:
            fires = sorted(ledger.fires("p", 99), key=lambda one: one.due)
        steps = {(then.due - one.due).total_seconds() for one, then in pairwise(fires)}
        assert steps == {2}
        missed = [one for one in fires if one.state is FireState.MISSED]
        assert len(missed) >= 2
        assert len(runner.fires(FireState.MISSED)) == len(missed)
        assert field.doubled() == []
    assert check(field.path) == ()
