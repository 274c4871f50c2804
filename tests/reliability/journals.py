"""Journals for tests: opened as a runner does, with fires of one EUR.USD order or of a bracket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from runner.core.contract import ContractSpec
from runner.core.facts import CommissionSeen, ExecutionSeen
from runner.core.ids import OrderKey
from runner.core.order_state import OrderState
from runner.core.snapshot import Snapshot
from runner.core.standing import Arming, Quote, Standing
from runner.core.ticket import OrderTicket, OrderType, Role, Side
from runner.journal.control import Ledger
from runner.journal.rows import FireRow, Known, OrderRow
from runner.journal.store import Claimed, Gate, Journal

NOW = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
PRICE = Decimal("1.085")
APPLE = ContractSpec(symbol="AAPL", currency="USD", sec_type="STK", exchange="SMART")


def tickets(plan: str, fire: str, attempt: int = 1, *, bracket: bool = False) -> tuple[OrderTicket, ...]:
    roles = tuple(Role) if bracket else (Role.ENTRY,)
    return tuple(
        OrderTicket(
            key=OrderKey(plan=plan, order="main", fire=fire, role=role.value, attempt=attempt),
            role=role,
            contract=ContractSpec(symbol="EUR", currency="USD"),
            side=Side.BUY if role is Role.ENTRY else Side.SELL,
            quantity=Decimal(25000),
            order_type=OrderType.LIMIT,
            limit_price=PRICE,
        )
        for role in roles
    )


def opened(path: Path, *, private: bool = True) -> Journal:
    journal = Journal(str(path), private=private)
    try:
        journal.bind("rehearsal", "DU1")
        journal.open_run(NOW)
    except BaseException:
        journal.close()
        raise
    return journal


def claim(
    journal: Journal,
    plan: str,
    fire: str,
    *,
    judge: Callable[[Standing], str | None] = lambda _: None,
    now: datetime = NOW,
    deadline: timedelta | None = None,
    price: Decimal | None = PRICE,
    attempt: int = 1,
    bracket: bool = False,
    known: Known | None = None,
) -> Claimed:
    """Claim a fire as a live run does; an attempt above 1 is made again."""
    gate = Gate(
        now=lambda: now,
        deadline=None if deadline is None else NOW + deadline,
        judge=judge,
        client_id=1,
        first_order_id=journal.highest_order_id(1) + 1,
        price=price,
    )
    row = FireRow(plan=plan, order="main", fire=fire, due=NOW, state=None, reason=None)
    return journal.claim(row, tickets(plan, fire, attempt, bracket=bracket), again=attempt > 1, gate=gate, known=known)


def fill(journal: Journal, ticket: OrderTicket, state: OrderState, filled: Decimal, note: str = "") -> None:
    """Record what became of an order."""
    journal.set_order(
        OrderRow(
            ticket=ticket,
            state=state,
            filled=filled,
            average_price=None,
            perm_id=None,
            closed_with_run=False,
            note=note,
        )
    )


def execute(journal: Journal, ticket: OrderTicket, number: int) -> None:
    """Record an execution of all of an order, with its commission."""
    seen = ExecutionSeen(
        order_id=1, client_id=1, perm_id=900 + number, order_ref=ticket.order_ref, exec_id=f"0001.{number}.01",
        account="DU1", contract="EUR.USD", side=ticket.side, price=PRICE, quantity=ticket.quantity, at=NOW,
    )  # fmt: skip
    journal.put_execution(seen, ticket.order_ref, NOW)
    cost = CommissionSeen(exec_id=seen.exec_id, amount=Decimal(2), currency="USD")
    journal.put_commission(cost, Decimal(2))


def dressed(path: Path, fires: int = 6) -> None:
    """Write a journal in which every table has rows, and close it."""
    journal = opened(path)
    dress(journal, fires)
    journal.close()


def dress(journal: Journal, fires: int = 6) -> None:
    """Let a journal have rows in every table."""
    for number in range(fires):
        known = Known(digest="ab", snapshot=Snapshot(now=NOW), goes_on=number == 0)
        claim(journal, f"p{number % 3}", f"f{number}", bracket=number % 2 == 0, known=known)
        group = tickets(f"p{number % 3}", f"f{number}", bracket=number % 2 == 0)
        journal.record_sent([(ticket, 10 + number) for ticket in group[:1]], client_id=1)
        journal.add_perm(group[0].order_ref, 900 + number)
        journal.put_arrival(group[0].key, NOW, Quote(PRICE, PRICE, NOW) if number else None)
        if number % 3 == 0:
            execute(journal, group[0], number)
            row = OrderRow(
                ticket=group[0], state=OrderState.FILLED, filled=group[0].quantity, average_price=PRICE,
                perm_id=900 + number, closed_with_run=False, note="",
            )  # fmt: skip
            journal.set_order(row)
    claim(journal, "p0", "denied", judge=lambda _: "not today")
    claim(journal, "p0", "missed", now=NOW + timedelta(minutes=5), deadline=timedelta(minutes=1))
    journal.add_remark(None, NOW, "2104 farm")
    journal.put_rates(NOW, "USD", {"EUR": PRICE})
    journal.set_link("up", "127.0.0.1", NOW)
    journal.note_plan("p0", "p0.yaml", "ab", NOW)
    journal.record_evaluated("p0", "main", NOW)
    journal.keep_contract(APPLE, replace(APPLE, con_id=265598, local_symbol="AAPL"), NOW)
    with Ledger(Path(journal.path)) as ledger:
        ledger.arm(Arming(plan="p0", digest="ab", account="DU1", at=NOW, until=NOW + timedelta(days=90)))
        ledger.ask_cancel("p1", NOW)
    journal.set_pause("p2", "rejected", NOW)
