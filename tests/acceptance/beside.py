"""What the tests of commands beside a runner share: plans, settings, journals with orders, and a runner's lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.contract import ContractSpec
from runner.core.events import FireState
from runner.core.ids import OrderKey, fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.journal.control import Ledger
from runner.journal.rows import FireRow, OrderRow
from runner.journal.store import Journal

ROOT = Path(__file__).parents[2]
FXRUN = [sys.executable, "-m", "runner"]
LIVE, PAPER = "U7654321", "DU1234567"
PLAN = """\
plan: weekday
mode: live
contract: EUR.USD
side: buy
size: 25_000
order: {type: limit, price: 1.0850, tif: DAY}
bracket: {take_profit: 1.0950, stop_loss: 1.0800}
schedule: {cron: "30 9 * * mon-fri", timezone: America/New_York}
"""
LIMITS = "limits: {max_quantity: 100_000, max_daily_quantity: 300_000}\n"
HOLD = """
import sys
from datetime import UTC, datetime
from runner.journal.store import Journal
journal = Journal({path!r}, private=True)
print("held", flush=True)
for line in sys.stdin:
    if line == "obey\\n":
        row, = journal.controls()
        journal.control_done(row.id, "2 cancels sent", datetime.now(UTC))
"""
TERMINAL = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C", "LC_ALL": "C"}


def run(
    folder: Path, *args: str, code: int | None = 0, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run fxrun in a folder as a user types it; its exit code must be `code`, and it never shows a traceback."""
    done = subprocess.run(
        [*FXRUN, *args],
        cwd=folder, env={**TERMINAL, "XDG_CONFIG_HOME": str(folder / "no-config"), **(env or {})},
        input=stdin, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def lines_of(text: str, kind: str) -> list[dict[str, Any]]:
    """Return the JSON lines of one type."""
    return [line for line in map(json.loads, text.splitlines()) if line["type"] == kind]


def desk(folder: Path, account: str = PAPER, plan: str = PLAN) -> Path:
    """Write a plan and its settings into a folder; returns where its journal will be."""
    (folder / "weekday.yaml").write_text(plan)
    (folder / "fxrun.yaml").write_text(f"account: {account}\n{LIMITS}")
    return folder / "fxrun.db"


def ticket(plan: str, due: datetime, role: Role = Role.ENTRY) -> OrderTicket:
    """Return an order as a plan would send it."""
    return OrderTicket(
        key=OrderKey(plan=plan, order="main", fire=fire_key(due), role=role.value),
        role=role,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=Decimal(25000),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.085"),
    )


def record(
    path: Path, states: Sequence[tuple[str, OrderState]], *, mode: str = "live", account: str = PAPER, note: str = ""
) -> list[str]:
    """Write orders into the journal as a runner does, one fire a minute up to now; returns their order_refs."""
    refs = []
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=len(states))
    with closing(Journal(str(path), private=True)) as journal:
        journal.bind(mode, account)
        journal.open_run(start)
        for number, (plan, state) in enumerate(states):
            due = start + timedelta(minutes=number)
            one = ticket(plan, due)
            row = FireRow(plan=plan, order="main", fire=fire_key(due), due=due, state=None, reason=None)
            assert journal.claim(row, (one,))
            if state is not OrderState.PLANNED:
                journal.record_sent([(one, number + 1)], client_id=1)
                journal.set_order(
                    OrderRow(
                        ticket=one,
                        state=state,
                        filled=one.quantity if state is OrderState.FILLED else Decimal(0),
                        average_price=None,
                        perm_id=900 + number,
                        closed_with_run=False,
                        note=note,
                    )
                )
            refs.append(one.order_ref)
    return refs


def miss(path: Path, plan: str, due: datetime, *, account: str = PAPER) -> None:
    """Write a missed fire into the journal."""
    with closing(Journal(str(path), private=True)) as journal:
        journal.bind("live", account)
        journal.open_run(due)
        row = FireRow(plan=plan, order="main", fire=fire_key(due), due=due, state=FireState.MISSED, reason="120 s late")
        assert journal.claim(row, ())
        journal.note_plan(plan, "weekday.yaml", "0" * 64, None)


def state_of(path: Path, order_ref: str) -> OrderState:
    """Return the state that the journal has for an order."""
    (found,) = [row.state for row in Ledger(path).orders() if row.ticket.order_ref == order_ref]
    return found


@contextmanager
def runner_of(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the journal as a runner; `obey` on its stdin makes it do what it was asked."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(path=str(path))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.terminate()
