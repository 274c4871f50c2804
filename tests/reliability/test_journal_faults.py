"""A journal whose disk is full, whose file is held, read-only or damaged: catalogue R10, R11, R12."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import FxrunError, Refused, UsageError
from runner.journal import database
from runner.journal.check import check
from runner.journal.store import Journal, JournalFailed
from tests.reliability import flips
from tests.reliability.journals import claim, dressed, opened, tickets

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_r10_a_full_disk_claims_nothing_and_the_journal_goes_on_when_it_has_room() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.reliability.disk", "--step", "90000"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "wrong 0" in run.stdout
    assert "at claim" in run.stdout


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a journal wait a moment for another program instead of half a minute."""
    was = database.Database.__init__

    def opened_impatiently(self: database.Database, path: str, **how: bool) -> None:
        was(self, path, **how, patience=0.1)

    monkeypatch.setattr(database.Database, "__init__", opened_impatiently)


@pytest.mark.usefixtures("impatient")
def test_r11_a_journal_that_another_program_holds_claims_nothing_and_resumes(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalFailed, match=r"locked.*nothing more is sent"):
        claim(journal, "p", "once")
    with pytest.raises(JournalFailed, match="locked"):
        journal.record_sent([(tickets("p", "once")[0], 1)], client_id=1)
    other.execute("COMMIT")
    other.close()
    assert journal.open_orders() == ()
    assert claim(journal, "p", "once")
    journal.close()
    assert check(path) == ()


@pytest.mark.usefixtures("impatient")
def test_r11_a_journal_that_another_program_holds_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    opened(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalFailed, match="another program holds the journal"):
        Journal(str(path), private=True)
    other.close()
    opened(path).close()


def test_r11_a_claim_waits_half_a_minute_for_another_program() -> None:
    assert database.PATIENCE == 30


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everything")
def test_r11_a_read_only_journal_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    opened(path).close()
    path.chmod(0o400)
    with pytest.raises(UsageError, match=r"cannot be written.*--journal"):
        Journal(str(path), private=True)


def test_r11_a_journal_that_becomes_read_only_claims_nothing_and_resumes(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    journal._db.connection.execute("PRAGMA query_only=ON")
    with pytest.raises(JournalFailed, match=r"readonly.*nothing more is sent"):
        claim(journal, "p", "once")
    journal._db.connection.execute("PRAGMA query_only=OFF")
    assert journal.open_orders() == ()
    assert claim(journal, "p", "once")
    journal.close()


def test_r12_flipped_bytes_are_found_or_harmless() -> None:
    counts, wrong = flips.campaign(60, 7, fires=6)
    assert wrong == [], "seed 7"
    assert counts["refused"] > 10


def _crashed(folder: Path) -> tuple[Path, dict[str, bytes]]:
    """Return a path, and the files of a journal as a killed runner leaves them."""
    base = flips.model(folder, fires=6)
    return folder / "model.db", base.files


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.8])
def test_r12_a_log_that_was_cut_is_a_lost_tail(tmp_path: Path, part: float) -> None:
    path, files = _crashed(tmp_path)
    cut = {**files, "-wal": files["-wal"][: int(len(files["-wal"]) * part)]}
    result, detail = flips.judge(tmp_path, cut, ())
    assert result == "refused"
    assert "has lost its last" in detail
    assert str(path) in detail


def test_r12_a_lost_shm_is_made_again(tmp_path: Path) -> None:
    base = flips.model(tmp_path, fires=6)
    files = {end: data for end, data in base.files.items() if end != "-shm"}
    assert flips.judge(tmp_path, files, base.allowed) == ("harmless", "")


def test_r12_half_a_file_is_damaged_and_the_message_says_what_is_safe(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    dressed(path, 60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(Refused, match=r"damaged.*nothing was sent.*backup.*fxrun journal check"):
        Journal(str(path), private=True)
    assert check(path) != ()


def test_r12_a_row_that_was_changed_refuses_live_where_the_order_is_open(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    claim(journal, "p", "once")
    journal.close()
    data = path.read_bytes()
    assert data.count(b'"25000"') == 1
    path.write_bytes(data.replace(b'"25000"', b'"95000"'))
    with pytest.raises(Refused, match=r"table intent: 1 damaged row, the first is 'fx1:p:"):
        Journal(str(path), private=True)


def test_r12_a_large_journal_is_held_against_its_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.journal import opening

    monkeypatch.setattr(opening, "LARGE", 0)
    path = tmp_path / "j.db"
    journal = opened(path)
    claim(journal, "p", "once")
    journal.close()
    shutil.copy(path, tmp_path / "kept.db")
    opened(path).close()
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'intent_state'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data = bytearray(path.read_bytes())
    place = data.index(b"planned", (page - 1) * size)
    data[place : place + 7] = b"zlanned"
    path.write_bytes(bytes(data))
    with pytest.raises(FxrunError, match="index intent_state"):
        Journal(str(path), private=True)
