"""What the journal keeps of the market at each fire: asked for beside the trading, never waited for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.broker import gateway, run

PLAN = "plan: p\ncontract: EUR.USD\nside: buy\nsize: 25_000\nschedule: {every: 2s}\n"


def _rows(path: Path, statement: str) -> list[tuple[str | None, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_a_market_order_that_needs_no_quote_has_one_in_the_journal(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLAN)
    until = (datetime.now(UTC) + timedelta(seconds=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with gateway() as port:
        done = run(tmp_path, "p.yaml", "--rehearsal", f"127.0.0.1:{port}", "--journal", "j.db", "--until", until)
    assert done.returncode == 0, done.stderr
    rows = _rows(tmp_path / "j.db", "SELECT bid, ask, at, due FROM arrival JOIN fire USING (plan, order_name, fire)")
    assert len(rows) >= 1
    for bid, ask, at, due in rows:
        assert bid is not None
        assert ask is not None
        assert 0 < float(bid) < float(ask)
        late = datetime.fromisoformat(str(at)) - datetime.fromisoformat(str(due))
        assert timedelta() <= late < timedelta(seconds=2)
    rates = _rows(tmp_path / "j.db", "SELECT DISTINCT account_currency FROM rate WHERE currency = 'USD' AND rate = '1'")
    assert rates == [("USD",)]  # asked for once an hour at most
    assert run(tmp_path, "journal", "check", "--journal", "j.db").returncode == 0


def test_a_market_without_quotes_sends_as_well_and_the_absence_is_kept(tmp_path: Path) -> None:
    """Nobody answers the question for a quote: the order leaves at once all the same."""
    (tmp_path / "p.yaml").write_text(PLAN)
    (tmp_path / "mute.yaml").write_text(
        "faults:\n- do: drop\n  when: {message: TickPrice}\n- do: drop\n  when: {message: TickSnapshotEnd}\n"
    )
    until = (datetime.now(UTC) + timedelta(seconds=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with gateway("--faults", str(tmp_path / "mute.yaml")) as port:
        done = run(tmp_path, "p.yaml", "--rehearsal", f"127.0.0.1:{port}", "--journal", "j.db", "--until", until)
    assert done.returncode == 0, done.stderr
    rows = _rows(tmp_path / "j.db", "SELECT at, due, bid FROM arrival JOIN fire USING (plan, order_name, fire)")
    assert len(rows) == len(_rows(tmp_path / "j.db", "SELECT 1 FROM fire WHERE state = 'sent'")) >= 1
    for at, due, bid in rows:
        assert bid is None
        assert datetime.fromisoformat(str(at)) - datetime.fromisoformat(str(due)) < timedelta(seconds=1)


def test_a_simulated_run_keeps_the_quotes_of_its_gateway_where_somebody_can_read_them(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLAN.replace("every: 2s", "every: 1d"))
    span = ("--from", "2025-01-06", "--until", "2025-01-09")
    assert run(tmp_path, "p.yaml", "--simulate", *span, "--journal", "j.db").returncode == 0
    rows = _rows(
        tmp_path / "j.db",
        "SELECT a.at = f.due, a.ask, e.price FROM arrival a JOIN intent i USING (plan, order_name, fire)"
        " JOIN fire f USING (plan, order_name, fire) JOIN execution e USING (order_ref)",
    )
    assert len(rows) == 3
    assert all(ask == price for _, ask, price in rows)  # a market order fills at the ask of its instant
