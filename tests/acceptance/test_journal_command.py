"""`fxrun journal check|export|backup`: on a sound journal, a damaged one, and beside a runner."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from runner.core.order_state import OrderState as S
from runner.journal.control import Ledger
from tests.acceptance.beside import desk, lines_of, record, run, runner_of


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = desk(tmp_path)
    record(path, [("weekday", S.FILLED), ("weekday", S.WORKING)])
    return path


def test_check_of_a_sound_journal(tmp_path: Path, journal: Path) -> None:
    assert run(tmp_path, "journal", "check").stdout == f"PAPER {journal}: sound\n"
    (line,) = lines_of(run(tmp_path, "journal", "check", "--json").stdout, "check")
    assert (line["sound"], line["faults"]) == (True, 0)


def test_check_lists_what_is_wrong_and_is_exit_3(tmp_path: Path, journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("DROP TRIGGER intent_updated")
        connection.execute("UPDATE intent SET filled = '1' WHERE state = 'working'")
        connection.commit()
    done = run(tmp_path, "journal", "check", code=3)
    faults = lines_of(run(tmp_path, "journal", "check", "--json", code=3).stdout, "fault")
    assert faults
    for fault in faults:
        assert fault["message"] in done.stdout


def test_export_has_each_order_and_each_execution(tmp_path: Path, journal: Path) -> None:
    done = run(tmp_path, "journal", "export")
    orders = lines_of(done.stdout, "order")
    assert [(line["plan"], line["order"], line["state"], line["quantity"]) for line in orders] == [
        ("weekday", "main", "filled", "25000"),
        ("weekday", "main", "working", "25000"),
    ]
    for line in orders:
        assert {"order_ref", "perm_id", "fire_time", "filled"} <= line.keys()
    assert run(tmp_path, "journal", "export", "--json").stdout == done.stdout


def test_backup_is_a_whole_journal_for_its_owner_alone_and_replaces_nothing(tmp_path: Path, journal: Path) -> None:
    with runner_of(journal):
        run(tmp_path, "journal", "backup", "copy.db")
    copy = tmp_path / "copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    rows = [row.ticket.order_ref for row in Ledger(journal).orders()]
    assert [row.ticket.order_ref for row in Ledger(copy).orders()] == rows
    assert run(tmp_path, "journal", "check", "--journal", "copy.db").stdout == "PAPER copy.db: sound\n"
    assert "replaces nothing" in run(tmp_path, "journal", "backup", "copy.db", code=2).stderr
    assert "replaces nothing" in run(tmp_path, "journal", "backup", "fxrun.db", code=2).stderr


def test_backup_without_a_name_lies_beside_the_journal(tmp_path: Path, journal: Path) -> None:
    (line,) = lines_of(run(tmp_path, "journal", "backup", "--json").stdout, "backup")
    assert Path(line["file"]).is_file()
    assert line["file"].startswith(f"{journal}.")


def test_the_journal_is_named_before_or_after_the_subcommand(tmp_path: Path, journal: Path) -> None:
    moved = journal.rename(tmp_path / "other.db")
    Path(f"{journal}.mark").exists() and Path(f"{journal}.mark").rename(f"{moved}.mark")
    for args in (("--journal", "other.db", "export"), ("export", "--journal", "other.db")):
        assert len(lines_of(run(tmp_path, "journal", *args).stdout, "order")) == 2
    (tmp_path / "mine.yaml").write_text("journal: other.db\n")
    for args in (("--settings", "mine.yaml", "export"), ("export", "--settings", "mine.yaml")):
        assert len(lines_of(run(tmp_path, "journal", *args).stdout, "order")) == 2


@pytest.mark.parametrize("args", [("check",), ("export",), ("backup", "copy.db")])
def test_a_file_that_is_none_is_exit_2_and_is_not_made(tmp_path: Path, args: tuple[str, ...]) -> None:
    done = run(tmp_path, "journal", *args, "--journal", "missing.db", code=2)
    assert "missing.db" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [("check",), ("export",), ("backup", "copy.db")])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "notes.txt").write_text("not a journal at all" * 100)
    done = run(tmp_path, "journal", *args, "--journal", "notes.txt", code=3)
    assert "notes.txt" in done.stdout + done.stderr
    assert not (tmp_path / "copy.db").exists()
