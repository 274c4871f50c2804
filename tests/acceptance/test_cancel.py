"""`fxrun cancel`: what is asked of the runner, and what is said with and without one."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from runner.core.order_state import OrderState as S
from runner.journal.store import Journal
from tests.acceptance.beside import desk, lines_of, record, run, runner_of


def asked(journal: Path) -> list[tuple[str, str]]:
    with closing(Journal(str(journal), private=True)) as opened:
        return [(row.kind, row.target) for row in opened.controls()]


def test_without_a_runner_the_request_stands_and_that_is_said(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    first, second, _third = record(journal, [("weekday", S.WORKING), ("weekday", S.SENT), ("weekday", S.FILLED)])
    done = run(tmp_path, "cancel", "weekday")
    assert "asked for the cancellation of 2 orders" in done.stdout
    assert first in done.stdout
    assert second in done.stdout
    assert "nothing obeys until one runs, by fxrun PLAN --live, or cancel in the TWS" in done.stdout
    assert asked(journal) == [("cancel", "weekday")]


def test_with_a_runner_its_answer_is_printed(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    refs = record(journal, [("weekday", S.WORKING), ("weekday", S.SENT)])
    with runner_of(journal) as runner:
        assert runner.stdin is not None
        import subprocess

        from tests.acceptance.beside import FXRUN, TERMINAL

        with subprocess.Popen(
            [*FXRUN, "cancel", "--all", "--json"], cwd=tmp_path, env=TERMINAL, stdout=subprocess.PIPE, text=True
        ) as cancel:
            while not _is_asked(journal):
                time.sleep(0.05)
            runner.stdin.write("obey\n")
            runner.stdin.flush()
            out, _ = cancel.communicate(timeout=30)
    (line,) = lines_of(out, "cancel")
    assert (line["target"], line["orders"], line["obeyed"], line["note"]) == ("--all", refs, True, "2 cancels sent")


def _is_asked(journal: Path) -> bool:
    import sqlite3

    with closing(sqlite3.connect(journal)) as connection:
        return connection.execute("SELECT count(*) FROM control").fetchone() != (0,)


def test_a_runner_that_does_not_answer_is_waited_for_ten_seconds(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.WORKING)])
    with runner_of(journal):
        began = time.monotonic()
        done = run(tmp_path, "cancel", "weekday.yaml")
        assert time.monotonic() - began >= 10
    assert "has not answered within 10 s" in done.stdout
    assert asked(journal) == [("cancel", "weekday")]


def test_one_order_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    refs = record(journal, [("weekday", S.WORKING), ("weekday", S.WORKING)])
    short = next(refs[0][:n] for n in range(13, 40) if not refs[1].startswith(refs[0][:n]))
    run(tmp_path, "cancel", short)
    assert asked(journal) == [("cancel", refs[0])]
    done = run(tmp_path, "cancel", "fx1:weekday:", code=2)
    assert "is the beginning of 2 orders" in done.stderr
    assert asked(journal) == [("cancel", refs[0])]


@pytest.mark.parametrize("target", ["weekday", "--all", "fx1:weekday:"])
def test_an_order_of_unknown_outcome_is_left_to_a_person(tmp_path: Path, target: str) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.UNKNOWN)])
    done = run(tmp_path, "cancel", target)
    assert "1 order of unknown outcome cannot be cancelled from here" in done.stderr
    assert "nothing to cancel" in done.stdout
    assert asked(journal) == []


@pytest.mark.parametrize("target", ["weekday", "--all"])
def test_nothing_that_works_is_nothing_to_cancel(tmp_path: Path, target: str) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.FILLED)])
    run(tmp_path, "arm", "weekday.yaml", "--yes", "DU1234567")
    assert "nothing to cancel" in run(tmp_path, "cancel", target).stdout
    assert asked(journal) == []


def test_a_name_that_is_none_asks_what_was_meant(tmp_path: Path) -> None:
    journal = desk(tmp_path)
    (ref,) = record(journal, [("weekday", S.WORKING)])
    assert 'did you mean "weekday"?' in run(tmp_path, "cancel", "weekdya", code=2).stderr
    assert f'did you mean "{ref}"?' in run(tmp_path, "cancel", f"{ref[:-2]}00", code=2).stderr
    assert asked(journal) == []


@pytest.mark.parametrize("args", [(), ("weekday", "--all"), ("missing.yaml",), ("weekday", "other")])
def test_what_is_meant_must_be_clear(tmp_path: Path, args: tuple[str, ...]) -> None:
    journal = desk(tmp_path)
    record(journal, [("weekday", S.WORKING)])
    run(tmp_path, "cancel", *args, code=2)
    assert asked(journal) == []
