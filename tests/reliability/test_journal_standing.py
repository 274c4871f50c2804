"""What a claim leaves in the journal, and what it is judged by, to the letter."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path

import pytest

from runner.core.events import FireState
from runner.core.ticket import Role
from runner.journal import claiming
from runner.journal.rows import FireRow
from runner.journal.store import Outcome
from tests.reliability.journals import NOW, PRICE, claim, opened, tickets


def test_a_fire_that_nobody_was_there_for_is_recorded_once_and_without_orders(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "known")
    rows = [FireRow(plan="p", order="main", fire=f, due=NOW, state=FireState.MISSED, reason="down")
            for f in ("known", "missed")]  # fmt: skip
    assert journal.record_unsent(rows) == (rows[1],)
    assert journal.record_unsent(rows) == ()
    assert [(row.fire, row.state, row.reason) for row in journal.fires() if row.fire == "missed"] == [
        ("missed", FireState.MISSED, "down")
    ]
    assert claim(journal, "p", "missed").outcome is Outcome.RECORDED_BEFORE
    assert [row.ticket.key.fire for row in journal.orders()] == ["known"]
    journal.close()


def test_how_a_plan_stands_without_an_order_and_for_whoever_asks(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "a", bracket=True)
    with journal._db.transaction():
        seen = claiming.standing(journal._db, "p", None, NOW)
        other = claiming.standing(journal._db, "q", tickets("q", "a")[0], NOW + timedelta(days=1), epoch="another")
    assert (seen.is_owner, seen.now, seen.open_orders, seen.open_opposite) == (True, NOW, 0, 0)
    assert (seen.fires_today, seen.last_minute, seen.arming, seen.unknown) == (1, 3, None, ())
    assert (other.is_owner, other.fires_today, other.last_minute) == (False, 0, 0)
    assert (other.open_orders, other.open_opposite) == (1, 2)
    journal.close()


def test_the_journal_keeps_what_a_claim_was_counted_with(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "a", bracket=True)
    claim(journal, "p", "b", price=None)
    claim(journal, "p", "no", judge=lambda _: "no")
    kept_rows = journal._db.connection.execute("SELECT fire, role, price, claimed_at FROM intent ORDER BY rowid")
    roles = [role.value for role in Role]
    prices = [("a", role, str(PRICE) if role == Role.ENTRY.value else None) for role in roles]
    rows = kept_rows.fetchall()
    assert [row[:3] for row in rows] == [*prices, ("b", "entry", None), ("no", "entry", None)]
    assert all(row[3] is not None for row in rows)
    fires = journal._db.connection.execute("SELECT claimed_at, epoch FROM fire").fetchall()
    assert all(at is not None and epoch is not None for at, epoch in fires)
    journal.close()


def test_a_claimant_is_a_value() -> None:
    who = claiming.Claimant(run=1, epoch="e")
    with pytest.raises(FrozenInstanceError):
        who.run = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        claiming.Claimant(1, "e")  # type: ignore[misc]
    assert not hasattr(who, "__dict__")
