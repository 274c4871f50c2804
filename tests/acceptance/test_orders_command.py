"""`fxrun orders` as a process: ours, those of other clients, and those entered by hand."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.core.contract import ContractSpec
from runner.core.ticket import OrderType, TimeInForce
from runner.journal.store import Journal
from tests.acceptance.broker import ACCOUNT, client, gateway, journal_of, lines, run, text_of, ticket

HAND = """
faults:
  - do: hand_order
    pair: EUR.USD
    side: buy
    quantity: 30000
    type: LMT
    price: 0.5
    tif: GTC
    when: {at: 0}
"""
RESTING = {"order_type": OrderType.LIMIT, "limit_price": Decimal("0.5"), "time_in_force": TimeInForce.GTC}


def by_ref(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["order_ref"]: line for line in found}


def test_o18_foreign_orders_are_shown_and_marked_and_left_alone(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text(HAND)
    truth = tmp_path / "truth.jsonl"
    with gateway("--faults", str(faults), "--truth", str(truth)) as port:
        with client(port, 1) as place, client(port, 5) as other:
            ours = place(ticket(**RESTING))
            other(ticket("other", **RESTING), order_ref="somebody's own")
            filled = place(ticket("filled"))
        before = truth.read_text().count("cancel")
        done = run(tmp_path, "orders", "--port", port, "--json")
        text = run(tmp_path, "orders", "--port", port)
        assert truth.read_text().count("cancel") == before
        assert by_ref(lines(run(tmp_path, "orders", "--port", port, "--json"))).keys() == by_ref(lines(done)).keys()
    assert (done.returncode, done.stderr) == (0, "")
    found = by_ref(lines(done))
    assert set(found) == {ours.order_ref, filled.order_ref, "somebody's own", ""}
    mine = found[ours.order_ref]
    assert (mine["ours"], mine["in_journal"], mine["working"], mine["client_id"]) == (True, None, True, 1)
    assert (mine["contract"], mine["side"], mine["quantity"], mine["filled"]) == ("EUR.USD", "buy", "25000", "0")
    assert (mine["order_type"], mine["limit_price"], mine["time_in_force"]) == ("LMT", "0.5", "GTC")
    assert mine["account"] == ACCOUNT
    ended = found[filled.order_ref]
    assert (ended["working"], ended["status"], ended["filled"]) == (False, "Filled", "25000")
    assert [found[ref]["ours"] for ref in ("somebody's own", "")] == [False, False]
    assert found["somebody's own"]["client_id"] == 5
    assert found[""]["client_id"] == 0
    assert "foreign, client 5" in text.stdout
    assert "foreign, by hand" in text.stdout
    said = text_of(text)
    assert said.index("\nworking\n") < said.index("\nended today\n") < said.index(filled.order_ref)


def test_orders_are_looked_up_in_the_journal(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            known, stray = place(ticket(**RESTING)), place(ticket("stray", **RESTING))
        path = journal_of(tmp_path, [(known, "working", 0)])
        found = by_ref(lines(run(tmp_path, "orders", "--port", port, "--json")))
        assert (found[known.order_ref]["in_journal"], found[stray.order_ref]["in_journal"]) == (True, False)
        text = text_of(run(tmp_path, "orders", "--port", port))
        rows = {row.split()[-1]: row for row in text.splitlines() if "fx1:" in row}
        assert sorted(row.split("  ")[0] for row in rows.values()) == ["ours", "ours, not in the journal"]
        with closing(Journal(str(path))):  # a runner has it: the command is no second one
            assert run(tmp_path, "orders", "--port", port).returncode == 0


def test_nothing_there(tmp_path: Path) -> None:
    with gateway() as port:
        done = run(tmp_path, "orders", "--port", port)
        assert run(tmp_path, "orders", "--port", port, "--json").stdout == ""
    assert text_of(done).splitlines()[1:] == ["no working orders", "no order has ended today"]


def test_read_only_is_said_with_what_to_do(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n  - do: read_only\n    when: {at: 0}\n")
    with gateway("--faults", str(faults)) as port:
        done = run(tmp_path, "orders", "--port", port)
    assert (done.returncode, done.stdout) == (4, "")
    assert "321" in done.stderr
    assert "untick Read-Only API" in done.stderr


def test_r05_an_end_that_does_not_come_is_no_empty_list(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n  - do: drop\n    when: {message: CompletedOrdersEnd}\n")
    settings = "connection: {timeout: 1s}\n"
    with gateway("--faults", str(faults)) as port:
        done = run(tmp_path, "orders", "--port", port, settings=settings)
    assert (done.returncode, done.stdout) == (5, "")
    assert "did not tell the completed orders within 1 s" in done.stderr


def test_pairs_of_all_kinds(tmp_path: Path) -> None:
    with gateway() as port:
        with client(port) as place:
            place(
                ticket(
                    contract=ContractSpec(symbol="USD", currency="JPY"),
                    order_type=OrderType.STOP,
                    stop_price=Decimal(900),
                )
            )
        (line,) = lines(run(tmp_path, "orders", "--port", port, "--json"))
    assert (line["contract"], line["order_type"], line["stop_price"], line["limit_price"]) in (
        ("USD.JPY", "STP", "900", None),
        ("USD.JPY", "STP", "900", "0"),
    )
