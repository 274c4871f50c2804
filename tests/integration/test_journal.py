"""The journal on a disk: once means once, whoever asks, and a crash forgets nothing that was committed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.contract import ContractSpec
from runner.core.events import FireState
from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.ids import OrderKey, fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.errors import FxrunError, JournalBusy, Refused, UsageError
from runner.journal.rows import FireRow
from runner.journal.store import Journal, JournalFailed

HOLD = """
import sys
from runner.journal.store import Journal
journal = Journal({path!r})
print("held", flush=True)
sys.stdin.read()
"""
DUE = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)


def ticket(role: Role = Role.ENTRY, attempt: int = 1) -> OrderTicket:
    return OrderTicket(
        key=OrderKey(plan="p", order="main", fire=fire_key(DUE), role=role.value, attempt=attempt),
        role=role,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=Decimal("25000"),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.08505"),
    )


def due() -> FireRow:
    return FireRow(plan="p", order="main", fire=fire_key(DUE), due=DUE, state=None, reason=None)


def opened(path: Path | str) -> Journal:
    journal = Journal(str(path))
    journal.bind("simulate", "DU1")
    journal.open_run(DUE)
    return journal


def test_a_fire_is_claimed_once_over_restarts(tmp_path: Path) -> None:
    first = opened(tmp_path / "j.sqlite")
    assert first.claim(due(), [ticket()])
    assert not first.claim(due(), [ticket()])
    first.close()
    second = opened(tmp_path / "j.sqlite")
    assert not second.claim(due(), [ticket()])
    second.close()


def test_again_takes_the_next_attempt(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.sqlite")
    journal.claim(due(), [ticket()])
    assert journal.attempt("p", "main", fire_key(DUE)) == 1
    assert journal.claim(due(), [ticket(attempt=2)], again=True)
    assert [row.ticket.key.attempt for row in journal.orders()] == [1, 2]
    journal.close()


def test_a_claim_with_a_known_intent_leaves_nothing_behind(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.sqlite")
    journal.claim(due(), [ticket()])
    with pytest.raises(JournalFailed):
        journal.claim(due(), [ticket()], again=True)
    assert len(journal.orders()) == 1
    journal.close()


def test_the_ticket_comes_back_as_it_was_intended() -> None:
    journal = opened(":memory:")
    journal.claim(due(), [ticket(), ticket(Role.STOP_LOSS)])
    assert [row.ticket for row in journal.orders()] == [ticket(), ticket(Role.STOP_LOSS)]
    assert {row.state for row in journal.orders()} == {OrderState.PLANNED}
    journal.close()


def test_sent_orders_and_their_fire(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.sqlite")
    journal.claim(due(), [ticket()])
    journal.record_sent([(ticket(), 7)], client_id=1)
    assert journal.fires()[0].state is FireState.SENT
    assert journal.orders()[0].state is OrderState.SENT
    journal.close()


def execution(exec_id: str, quantity: str) -> ExecutionSeen:
    return ExecutionSeen(
        order_id=1, client_id=1, perm_id=9, order_ref=ticket().order_ref, exec_id=exec_id, account="DU1",
        contract="EUR.USD", side=Side.BUY, price=Decimal("1.1"), quantity=Decimal(quantity), at=DUE,
    )  # fmt: skip


def test_a_correction_replaces_and_a_commission_joins() -> None:
    journal = opened(":memory:")
    journal.claim(due(), [ticket()])
    journal.put_execution(execution("0001.a.01.01", "25000"), ticket().order_ref, DUE)
    journal.put_execution(execution("0001.a.01.02", "24000"), ticket().order_ref, DUE)
    journal.put_commission(CommissionSeen(exec_id="0001.a.01.02", amount=Decimal(2), currency="USD"), Decimal(2))
    (row,) = journal.executions()
    assert (row.exec_id, row.quantity, row.commission) == ("0001.a.01.02", Decimal(24000), Decimal(2))
    journal.close()


def test_one_runner_at_a_time_and_the_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    script = HOLD.format(path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(JournalBusy, match=f"process {other.pid}"):
            Journal(str(path))
        other.kill()
    opened(path).close()  # the system let go when the holder died


def test_a_link_to_a_journal_is_that_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link.sqlite").symlink_to(tmp_path / "j.sqlite")
    journal = opened(tmp_path / "j.sqlite")
    root = Path(__file__).parents[2]
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("PYTHONPATH", str(root))
    for other in ("link.sqlite", "../j.sqlite"):
        script = f"from runner.journal.store import Journal; Journal({other!r})"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert f"JournalBusy: {tmp_path / 'j.sqlite'} is in use by process {os.getpid()}" in run.stderr
    journal.close()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_is_not_another_runner() -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Journal("/proc/self/j.sqlite")


def test_bound_to_its_mode_and_account(tmp_path: Path) -> None:
    opened(tmp_path / "j.sqlite").close()
    journal = Journal(str(tmp_path / "j.sqlite"))
    with pytest.raises(Refused, match="belongs to account DU1"):
        journal.bind("simulate", "DU2")
    with pytest.raises(Refused, match="belongs to mode simulate"):
        journal.bind("rehearsal", "DU1")
    journal.close()


def test_what_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("dear diary " * 200)
    with pytest.raises(Refused, match="not a journal"):
        Journal(str(text))
    assert text.read_text() == "dear diary " * 200
    foreign = tmp_path / "other.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(Refused, match="not a journal"):
        Journal(str(foreign))
    with pytest.raises(UsageError, match="does not exist"):
        Journal(str(tmp_path / "nowhere" / "j.sqlite"))
    with pytest.raises(UsageError, match="is a folder"):
        Journal(str(tmp_path))


def test_a_full_disk_claims_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.sqlite")
    pages = journal._db.connection.execute("PRAGMA page_count").fetchone()[0]
    journal._db.connection.execute(f"PRAGMA max_page_count={pages}")
    large = [replace(ticket(attempt=number), limit_price=Decimal(number)) for number in range(1, 200)]
    with pytest.raises(JournalFailed, match=r"full.*nothing more is sent"):
        journal.claim(due(), large)
    assert journal.fires() == ()
    assert journal.orders() == ()
    journal.close()


@pytest.mark.parametrize("damaged", range(2))
def test_a_damaged_journal_says_so(tmp_path: Path, damaged: int) -> None:
    path = tmp_path / "j.sqlite"
    journal = opened(path)
    for number in range(1, 100):
        journal.claim(replace(due(), order=str(number)), [ticket(attempt=number)])
    journal.close()
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192) if damaged else data[: len(data) // 2])
    with pytest.raises(FxrunError, match=r"j\.sqlite"):
        _taken_up(path)


def _taken_up(path: Path) -> None:
    again = Journal(str(path))
    try:
        again.bind("simulate", "DU1")
        again.open_run(DUE)
        again.adopt_open_orders()
    finally:
        again.close()


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    opened(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Refused, match="newer fxrun"):
        Journal(str(path))


def test_open_orders_end_with_their_gateway() -> None:
    journal = opened(":memory:")
    journal.claim(due(), [ticket()])
    assert journal.close_open_orders("gone") == 1
    assert journal.orders()[0].closed_with_run
    assert journal.close_open_orders("gone") == 0
    journal.close()
