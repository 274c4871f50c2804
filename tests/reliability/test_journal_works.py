"""Fires that are worked: what was known, further orders, positions, and what a restart finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from runner.core.facts import ExecutionSeen
from runner.core.order_state import OrderState
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket, Side
from runner.journal import snapshots
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.rows import FireRow, Known
from runner.journal.store import Gate, Journal, Outcome
from tests.reliability.journals import NOW, PRICE, claim, dressed, execute, opened, tickets

KNOWN = Snapshot(
    now=NOW,
    quote=Quote(Decimal("1.0850"), Decimal("1.08505"), NOW + timedelta(microseconds=5)),
    cash={"USD": Decimal("-12.34"), "EUR": Decimal("1E+5")},
    net_liquidation=Decimal("100000.10"),
    account_currency="EUR",
    rates={"USD": Decimal("0.923456")},
    position=Decimal(-25_000),
)
FIRE = FireRow(plan="p", order="main", fire="f", due=NOW, state=None, reason=None)


def child(number: int) -> OrderTicket:
    (first,) = tickets("p", "f")
    return replace(first, key=replace(first.key, role=f"slice-{number}"), quantity=Decimal(1000 * number))


def more(journal: Journal, number: int, *, reason: str | None = None, days: int = 0) -> Outcome:
    gate = Gate(
        now=lambda: NOW + timedelta(days=days), deadline=None, judge=lambda _: reason, client_id=1,
        first_order_id=journal.highest_order_id(1) + 1, price=PRICE,
    )  # fmt: skip
    return journal.works.claim(FIRE, [child(number)], gate).outcome


def test_what_was_known_comes_back_to_the_digit() -> None:
    assert snapshots.load(snapshots.dump(KNOWN)) == KNOWN
    assert snapshots.load(snapshots.dump(Snapshot(now=NOW))) == Snapshot(now=NOW)


def test_a_restart_finds_what_is_being_worked_and_the_orders_of_it(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "f", known=Known(digest="ab", snapshot=KNOWN, goes_on=True))
    claim(journal, "p", "kept", known=Known(digest="ab", snapshot=KNOWN, goes_on=False))
    claim(journal, "p", "no", known=Known(digest="ab", snapshot=KNOWN, goes_on=True), judge=lambda _: "not today")
    assert more(journal, 2) is Outcome.CLAIMED
    assert more(journal, 3, reason="halted") is Outcome.DENIED
    assert more(journal, 4, days=1) is Outcome.CLAIMED
    journal.close()
    journal = opened(tmp_path / "j.db")
    (work,) = journal.works.open()
    assert (work.fire.fire, work.digest, work.snapshot) == ("f", "ab", KNOWN)
    orders = journal.works.orders(work.fire)
    assert [(row.ticket.key.role, row.state) for row in orders] == [
        ("entry", OrderState.PLANNED),
        ("slice-2", OrderState.PLANNED),
        ("slice-3", OrderState.DENIED),
        ("slice-4", OrderState.PLANNED),
    ]
    journal.works.finish(work.fire, "3000 left")
    assert journal.works.open() == ()
    journal.close()
    assert check(tmp_path / "j.db") == ()
    with Ledger(tmp_path / "j.db") as ledger:
        assert len(ledger.orders()) == 6


def test_further_orders_count_for_the_day_and_not_as_fires(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    claim(journal, "p", "f", known=Known(digest="ab", snapshot=KNOWN, goes_on=True))
    more(journal, 2)
    seen = []
    claim(journal, "p", "g", judge=lambda standing: seen.append(standing) or None)  # type: ignore[func-returns-value]
    assert seen[0].fires_today == 1
    assert seen[0].today["EUR.USD"].quantity == 27_000
    assert seen[0].today["EUR.USD"].notional == Decimal("29295")
    journal.close()


def test_entries_of_one_claim_are_each_counted_at_their_price(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    group = [child(1), child(2)]
    gate = Gate(
        now=lambda: NOW, deadline=None, judge=lambda _: None, client_id=1, first_order_id=1, price=None,
        prices={group[0].order_ref: Decimal(2), group[1].order_ref: Decimal(3)},
    )  # fmt: skip
    assert journal.claim(FIRE, group, gate=gate)
    seen = []
    claim(journal, "p", "g", judge=lambda standing: seen.append(standing) or None)  # type: ignore[func-returns-value]
    assert seen[0].today["EUR.USD"].notional == 1000 * 2 + 2000 * 3
    journal.close()
    assert check(tmp_path / "j.db") == ()


def test_a_position_is_what_the_plans_own_fills_add_up_to(tmp_path: Path) -> None:
    dressed(tmp_path / "j.db")  # p0 bought 25000 twice
    journal = opened(tmp_path / "j.db")
    assert journal.works.position("p0", "EUR.USD") == 50_000
    assert journal.works.position("p1", "EUR.USD") == 0
    claim(journal, "p0", "sold")
    (sold,) = tickets("p0", "sold")
    execute(journal, replace(sold, side=Side.SELL, quantity=Decimal(60_000)), 77)
    assert journal.works.position("p0", "EUR.USD") == -10_000
    corrected = ExecutionSeen(
        order_id=1, client_id=1, perm_id=977, order_ref=sold.order_ref, exec_id="0001.77.02", account="DU1",
        contract="EUR.USD", side=Side.SELL, price=PRICE, quantity=Decimal(55_000), at=NOW,
    )  # fmt: skip
    journal.put_execution(corrected, sold.order_ref, NOW)
    assert journal.works.position("p0", "EUR.USD") == -5_000
    journal.close()


def test_a_simulated_run_counts_its_own_fills_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    for number, expected in ((1, 25_000), (2, 25_000)):
        journal = Journal(str(path))
        journal.bind("simulate", "DU1")
        journal.close_open_orders("gone")
        assert journal.works.open() == ()
        journal.open_run(NOW)
        claim(journal, "p", f"f{number}", known=Known(digest="ab", snapshot=KNOWN, goes_on=True))
        execute(journal, tickets("p", f"f{number}")[0], number)
        assert journal.works.position("p", "EUR.USD") == expected
        journal.close()
