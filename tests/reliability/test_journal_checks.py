"""What the journal's own checks find, and what its files are like: catalogue R14, R19, X04."""

from __future__ import annotations

import os
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.order_state import OrderState
from runner.core.standing import Arming
from runner.errors import JournalBusy, Refused, UsageError
from runner.journal.backup import backup
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.export import lines
from runner.journal.seals import seal
from runner.journal.sql import migrations
from runner.journal.store import Journal, Outcome
from tests.reliability.journals import NOW, claim, dressed, fill, opened, tickets

FIRST = """
INSERT INTO meta VALUES ('mode', 'rehearsal'), ('account', 'DU1');
INSERT INTO run (started) VALUES ('2025-01-06T14:30:00Z');
INSERT INTO fire VALUES ('p', 'main', 'once', '2025-01-06T14:30:00Z', 'sent', NULL, 1);
INSERT INTO intent (order_ref, plan, order_name, fire, role, attempt, payload, state, client_id, route_id, run)
VALUES (:ref, 'p', 'main', 'once', 'entry', 1, :payload, 'working', 1, 7, 1);
INSERT INTO execution VALUES
('0001.a.01', '0001.a.01.01', :ref, 'EUR.USD', 'BUY', '1.1', '100', '2025-01-06T14:30:01Z');
INSERT INTO commission VALUES ('0001.a.01', '2', 'USD');
INSERT INTO remark (order_ref, at, text) VALUES (:ref, '2025-01-06T14:30:01Z', '399 odd lot');
"""


def first_schema(path: Path) -> str:
    """Write a journal as the first fxrun left it; returns the order_ref of its only order."""
    from runner.journal import payload

    (ticket,) = tickets("p", "once", 1)
    connection = sqlite3.connect(path)
    connection.executescript(f"BEGIN; {migrations()[0]}; PRAGMA user_version=1; COMMIT;")
    for statement in FIRST.strip().split(";\n"):
        values = {"ref": ticket.order_ref, "payload": payload.dump(ticket)}
        connection.execute(statement, {k: v for k, v in values.items() if f":{k}" in statement})
    connection.commit()
    connection.close()
    return ticket.order_ref


def test_r14_an_older_journal_is_brought_up_to_date_with_a_backup_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    ref = first_schema(path)
    journal = Journal(str(path), private=True)
    journal.bind("rehearsal", "DU1")
    (row,) = journal.open_orders()
    assert (row.ticket.order_ref, row.state, row.order_id, row.client_id) == (ref, OrderState.WORKING, 7, 1)
    assert row.claimed_at == row.fire_due
    assert journal.highest_order_id(1) == 7
    (execution,) = journal.executions_of(ref)
    assert (execution.quantity, execution.commission) == (Decimal(100), Decimal(2))
    assert not claim(journal, "p", "once")  # recorded by the old one
    journal.close()
    assert check(path) == ()
    kept = sqlite3.connect(path.with_name("j.db.v1.bak"))
    assert kept.execute("PRAGMA user_version").fetchone() == (1,)
    assert kept.execute("SELECT order_ref FROM intent").fetchall() == [(ref,)]
    kept.close()
    assert stat.S_IMODE(path.with_name("j.db.v1.bak").stat().st_mode) == 0o600


def test_r14_a_command_brings_it_up_to_date_too_but_never_under_a_runner(tmp_path: Path) -> None:
    from runner.journal.lock import RunnerLock

    path = tmp_path / "j.db"
    ref = first_schema(path)
    lock = RunnerLock(path, "process 1")
    with pytest.raises(JournalBusy, match="process 1"):
        Ledger(path)
    lock.release()
    with Ledger(path) as ledger:
        assert [row.ticket.order_ref for row in ledger.orders()] == [ref]


def test_r14_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    first_schema(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE intent SET payload = 'no ticket'")
    connection.commit()
    before = list(connection.iterdump())
    with pytest.raises(Refused, match="damaged"):
        Journal(str(path), private=True)
    assert list(connection.iterdump()) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_r14_a_newer_journal_is_refused_by_all(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    opened(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Refused, match="newer fxrun"):
        Journal(str(path), private=True)
    with pytest.raises(Refused, match="newer fxrun"):
        Ledger(path)
    with pytest.raises(Refused, match="newer fxrun"):
        check(path)


def test_every_row_of_every_table_is_sealed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    dressed(path)
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        place = columns.index("seal")
        assert rows, name
        assert all(row[place] == seal(*row[:place], *row[place + 1 :]) for row in rows), name
    connection.close()
    assert len(names) == 22


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE fire SET due = '2025-01-06T14:31:00Z'", "table fire"),
        ("UPDATE intent SET filled = '1'", "table intent"),
        ("UPDATE execution SET quantity = '1'", "table execution"),
        ("UPDATE tally SET quantity = '1'", "table tally"),
        ("UPDATE stop SET reason = 'x'", "table stop"),
        ("UPDATE meta SET value = 'DU2' WHERE key = 'account'", "table meta"),
        ("UPDATE arming SET until = '2099-01-01T00:00:00.000000Z'", "table arming"),
        ("DELETE FROM tally", "tally of EUR.USD"),
        ("DELETE FROM fire_count", "fires of"),
        ("DELETE FROM fire WHERE plan = 'p0'", "its fire is not there"),
        ("DELETE FROM execution; DELETE FROM order_perm; DELETE FROM intent", "its orders are not there"),
        ("DELETE FROM intent WHERE plan = 'p0'", "does not exist"),
        ("DROP TRIGGER intent_updated", "tables are not those"),
    ],
)  # fmt: skip
def test_the_check_finds_what_was_changed_by_hand(tmp_path: Path, damage: str, found: str) -> None:
    path = tmp_path / "j.db"
    dressed(path)
    assert check(path) == ()
    connection = sqlite3.connect(path)
    connection.create_function("fxrun_seal", -1, lambda *_: None)
    if damage.startswith("UPDATE"):
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(damage)
        for _, script in triggers:
            connection.execute(script)
    else:
        connection.executescript(damage)
    connection.commit()
    connection.close()
    assert found in "\n".join(check(path))


def test_r19_only_an_order_that_is_unknown_is_resolved_and_history_stays(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    claim(journal, "p", "once")
    (ticket,) = tickets("p", "once", 1)
    ref = ticket.order_ref
    with Ledger(path) as ledger:
        with pytest.raises(UsageError, match="is planned, and only an order whose outcome is unknown"):
            ledger.resolve(ref, "filled", NOW, "sam")
        fill(journal, ticket, OrderState.UNKNOWN, Decimal(0), "no answer")
        with pytest.raises(UsageError, match="filled or as lost"):
            ledger.resolve(ref, "gone", NOW, "sam")
        with pytest.raises(UsageError, match="no order of this journal"):
            ledger.resolve("fx1:p:none", "lost", NOW, "sam")
        number = ledger.resolve(ref, "filled", NOW, "sam")
        with pytest.raises(UsageError, match="is filled"):
            ledger.resolve(ref, "lost", NOW, "sam")
        (row,) = ledger.orders()
        assert (row.state, row.filled) == (OrderState.FILLED, ticket.quantity)
        assert "by hand" in row.note
        control = ledger.control(number)
        assert (control.kind, control.target, control.detail, control.done_at) == ("resolve", ref, "filled", None)
    assert [row.target for row in journal.controls()] == [ref]
    journal.close()
    connection = sqlite3.connect(path)
    remarks = [text for (text,) in connection.execute("SELECT text FROM remark WHERE order_ref = ?", (ref,))]
    connection.close()
    assert remarks == ["resolved by hand as filled by sam; it was unknown, filled 0: no answer"]
    assert check(path) == ()


def test_r19_lost_means_not_received_and_frees_the_plan(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "once")
    (ticket,) = tickets("p", "once", 1)
    fill(journal, ticket, OrderState.UNKNOWN, Decimal(0), "")
    seen: list[tuple[str, ...]] = []
    claim(journal, "p", "a", judge=lambda standing: seen.append(standing.unknown))
    with Ledger(tmp_path / "j.db") as ledger:
        ledger.resolve(ticket.order_ref, "lost", NOW, "sam")
    claim(journal, "p", "b", judge=lambda standing: seen.append(standing.unknown))
    assert seen == [(ticket.order_ref,), ()]
    assert ticket.order_ref not in [row.ticket.order_ref for row in journal.open_orders()]
    journal.close()


def test_a_ledger_halts_arms_asks_and_reads_beside_a_runner(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    with Ledger(path) as ledger:
        assert ledger.mode_and_account() == ("rehearsal", "DU1")
        assert ledger.has_runner()
        number = ledger.halt("enough", NOW, cancel=True)
        assert journal.halted() == "enough"
        assert claim(journal, "p", "once", judge=lambda standing: standing.halt).reason == "enough"
        assert [(row.id, row.kind, row.target) for row in journal.controls()] == [(number, "cancel", "--all")]
        journal.control_done(number or 0, "2 cancels sent", NOW)
        assert journal.controls() == ()
        assert ledger.control(number or 0).note == "2 cancels sent"
        assert ledger.resume(NOW, None)
        assert not ledger.resume(NOW, None)
        journal.set_pause("p", "three misses", NOW)
        assert dict(ledger.pauses()) == {"p": "three misses"}
        assert ledger.resume(NOW, "p")
        armed = Arming(plan="p", digest="ab", account="DU1", at=NOW, until=NOW + timedelta(days=90))
        ledger.arm(armed)
        assert journal.arming("p") == armed == ledger.armings()[0]
        journal.set_link("up", "127.0.0.1", NOW)
        journal.note_plan("p", "p.yaml", "ab", NOW)
        journal.record_evaluated("p", "main", NOW)
        assert journal.evaluated("p", "main") == NOW
        assert (ledger.link() is not None, ledger.plans()[0].next_fire) == (True, NOW)
        denied = ledger.orders(states=[OrderState.DENIED])
        assert [row.state for row in denied] == [OrderState.DENIED]
        assert ledger.orders(today=NOW.date()) == denied == ledger.orders()
        assert [row.reason for row in ledger.fires("p", 5)] == ["enough"]
        journal.close()
        assert not ledger.has_runner()
    assert check(path) == ()


def test_a_ledger_of_nothing_or_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no journal"):
        Ledger(tmp_path / "none.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(Refused, match="is empty"):
        Ledger(tmp_path / "empty.db")
    (tmp_path / "text.db").write_text("dear diary " * 200)
    with pytest.raises(Refused, match="not a journal"):
        Ledger(tmp_path / "text.db")
    assert "not a journal" in check(tmp_path / "text.db")[0]


def test_an_export_has_the_lines_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    dressed(path)
    found = list(lines(path))
    order = next(line for line in found if line["type"] == "order" and line["perm_id"] is not None)
    assert set(order) == {
        "type", "plan", "order", "fire_time", "order_ref", "perm_id", "state", "quantity", "filled"
    }  # fmt: skip
    assert (order["perm_id"], order["quantity"], order["fire_time"]) == (900, "25000", "2025-01-06T14:30:00Z")
    execution = next(line for line in found if line["type"] == "execution")
    assert set(execution) == {"type", "order_ref", "exec_id", "price", "quantity", "time"}
    assert (execution["price"], execution["time"]) == ("1.085", "2025-01-06T14:30:00Z")


def test_a_backup_is_the_journal_and_overwrites_nothing(tmp_path: Path) -> None:
    path, target = tmp_path / "j.db", tmp_path / "copy.db"
    journal = opened(path)
    claim(journal, "p", "once")
    backup(path, target)
    claim(journal, "p", "later")
    journal.close()
    assert check(target) == ()
    assert [line["order_ref"] for line in lines(target)] == [line["order_ref"] for line in lines(path)][:1]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="exists already"):
        backup(path, target)
    with pytest.raises(UsageError, match="there is no journal"):
        backup(tmp_path / "none.db", tmp_path / "x.db")


# --- X04


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_x04_a_live_journal_is_its_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal = opened(tmp_path / "new" / "j.db")
        claim(journal, "p", "once")
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        journal.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert found.keys() >= {"j.db", "j.db-wal", "j.db-shm", "j.db.lock", "j.db.holder", "j.db.mark"}
    assert set(found.values()) == {0o600}, found


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_x04_what_others_may_read_is_repaired_and_what_they_may_write_refused(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    path = folder / "j.db"
    opened(path).close()
    path.chmod(0o644)
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for mode in (0o620, 0o602):
        path.chmod(mode)
        with pytest.raises(Refused, match=f"chmod go-w '{path}'"):
            Journal(str(path), private=True)
    path.chmod(0o600)
    folder.chmod(0o777)
    with pytest.raises(Refused, match=f"chmod go-w '{folder}'"):
        Journal(str(path), private=True)
    folder.chmod(0o700)
    (folder / "link.db").symlink_to(path)
    with pytest.raises(Refused, match="symbolic link"):
        Journal(str(folder / "link.db"), private=True)
    opened(path).close()


def test_a_journal_that_lost_its_tail_is_refused_until_its_mark_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    claim(journal, "p", "once")
    backup(path, tmp_path / "old.db")
    assert claim(journal, "p", "later").outcome is Outcome.CLAIMED
    journal.close()
    path.write_bytes((tmp_path / "old.db").read_bytes())
    with pytest.raises(Refused, match=r"lost its last 1 claims.*delete the mark"):
        Journal(str(path), private=True)
    assert "are lost" in check(path)[0]
    path.with_name("j.db.mark").unlink()
    opened(path).close()
    assert check(path) == ()


def test_times_are_utc(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "once")
    assert journal.open_orders()[0].claimed_at == NOW == datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
    journal.close()
