"""`fxrun reconcile` as a process: each way in which journal and broker can differ, and that nothing is changed."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.core.ticket import OrderTicket, OrderType, TimeInForce
from runner.journal.control import Ledger
from runner.journal.store import Journal
from tests.acceptance.broker import client, gateway, journal_of, lines, run, ticket

RESTING: dict[str, Any] = {
    "order_type": OrderType.LIMIT,
    "limit_price": Decimal("0.5"),
    "time_in_force": TimeInForce.GTC,
}


def resting(order: str) -> OrderTicket:
    return ticket(order, **RESTING)


def states(path: Path) -> dict[str, tuple[str, Decimal]]:
    with Ledger(path) as ledger:
        return {row.ticket.order_ref: (row.state.value, row.filled) for row in ledger.orders()}


def kinds(found: list[dict[str, Any]]) -> dict[str, tuple[str, bool]]:
    return {line["order_ref"]: (line["kind"], line["explained"]) for line in found}


def test_what_agrees_is_no_difference(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            working, filled = place(resting("working")), place(ticket("filled"))
        journal_of(tmp_path, [(working, "working", 0), (filled, "filled", 25_000), (resting("no"), "rejected", 0)])
        done = run(tmp_path, "reconcile", "--port", port)
        assert run(tmp_path, "reconcile", "--port", port, "--json").stdout == ""
    assert (done.returncode, done.stderr) == (0, "")
    assert "no difference: 3 orders of the journal, 2 of them at the broker" in done.stdout


def test_each_kind_of_difference_and_nothing_changed(tmp_path: Path) -> None:
    """A runner may have the journal meanwhile; the command takes no lock of it."""
    with gateway("--truth", str(tmp_path / "truth")) as port:
        with client(port) as place:
            taken_over = place(ticket("taken-over"))
            claimed = place(resting("claimed"))
            ended = place(resting("ended"))
            less = place(ticket("less"))
            stray = place(resting("stray"))
            never = place(ticket("never"))
        lost, unsure = resting("lost"), resting("unsure")
        path = journal_of(
            tmp_path,
            [
                (taken_over, "working", 0),
                (claimed, "planned", 0),
                (ended, "cancelled", 0),
                (less, "filled", 20_000),
                (lost, "sent", 0),
                (never, "not_received", 0),
                (unsure, "unknown", 0),
            ],
        )
        before, truth = states(path), (tmp_path / "truth").read_text()
        with closing(Journal(str(path), private=True)):
            done = run(tmp_path, "reconcile", "--port", port, "--json")
        text = run(tmp_path, "reconcile", "--port", port)
        after = (tmp_path / "truth").read_text()
    assert done.returncode == 6
    assert kinds(lines(done)) == {
        taken_over.order_ref: ("state", True),
        claimed.order_ref: ("state", True),
        ended.order_ref: ("state", False),
        less.order_ref: ("filled", False),
        stray.order_ref: ("unknown_to_journal", False),
        never.order_ref: ("state", False),
        lost.order_ref: ("unknown_to_broker", False),
        unsure.order_ref: ("unknown_to_broker", False),
    }
    assert states(path) == before
    assert [line for line in after[len(truth) :].splitlines() if "order" in line] == []
    assert text.returncode == 6
    assert f"fxrun resolve {lost.order_ref} --as filled|lost" in text.stdout
    assert "6 of 8 differences are not explained" in text.stderr


def test_r13_a_journal_that_was_replaced_does_not_know_orders_of_ours(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            working, filled = place(resting("working")), place(ticket("filled"))
        journal_of(tmp_path, [])
        done = run(tmp_path, "reconcile", "--port", port, "--json")
    assert done.returncode == 6
    assert kinds(lines(done)) == {one.order_ref: ("unknown_to_journal", False) for one in (working, filled)}
    assert all("this journal does not know" in line["meaning"] for line in lines(done))


def test_only_explained_differences_are_fine(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            filled = place(ticket("filled"))
        journal_of(tmp_path, [(filled, "sent", 0)])
        done = run(tmp_path, "reconcile", "--port", port, "--json")
    assert done.returncode == 0
    (line,) = lines(done)
    assert (line["explained"], line["journal"]) == (True, "sent, filled 0 of 25000")
    assert line["broker"].startswith("Filled, filled 25000 of 25000")


def test_o16_two_orders_under_one_name(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            one = place(resting("twice"))
            place(resting("twice"))
        journal_of(tmp_path, [(one, "working", 0)])
        done = run(tmp_path, "reconcile", "--port", port, "--json")
    assert done.returncode == 6
    assert kinds(lines(done)) == {one.order_ref: ("doubled", False)}


@pytest.mark.parametrize("message", ["OpenOrdersEnd", "CompletedOrdersEnd", "ExecutionDetailsEnd"])
def test_r05_a_list_without_its_end_is_no_evidence(tmp_path: Path, message: str) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text(f"faults:\n  - do: drop\n    when: {{message: {message}}}\n")
    journal_of(tmp_path, [(resting("lost"), "sent", 0)])
    with gateway("--faults", str(faults)) as port:
        done = run(tmp_path, "reconcile", "--json", settings=f"connection: {{port: {port}, timeout: 1s}}\n")
    assert (done.returncode, done.stdout) == (5, "")
    assert "did not tell the " in done.stderr


def test_the_wrong_journal_is_refused(tmp_path: Path) -> None:
    journal_of(tmp_path, [], account="DU7777777")
    with gateway() as port:
        account = run(tmp_path, "reconcile", "--port", port)
        (tmp_path / "fxrun.db").unlink()
        live = tmp_path / "live"
        live.mkdir()
        journal_of(live, [], mode="live")
        mode = run(tmp_path, "reconcile", "--port", port, "--journal", live / "fxrun.db")
        none = run(tmp_path, "reconcile", "--port", port)
    assert (account.returncode, mode.returncode, none.returncode) == (3, 3, 2)
    assert "belongs to account DU***777, and the broker was asked for DU***567" in account.stderr
    assert "is one of mode live, and a simulated gateway was asked" in mode.stderr
    assert "there is no journal to compare" in none.stderr
