"""Fires claimed together: in one commit, each judged after those before it, and none that leaves by that alone."""

from __future__ import annotations

import signal
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli.commands.reconcile import _rows
from runner.cli.trading import orders_in
from runner.core.events import FireState
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.standing import Standing
from runner.core.ticket import OrderTicket
from runner.journal import payload
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.gate import Bid, Gate, Outcome
from runner.journal.rows import WAITS, FireRow
from runner.journal.store import Journal, JournalFailed
from runner.risk.checks import Proposal, denial
from tests.reliability.journals import NOW, PRICE, opened, tickets
from tests.reliability.test_journal_claims import run

FIRE = "2025-01-06T14:30:00Z"
Judge = Callable[[Standing], str | None]


def bid(
    plan: str,
    *,
    judge: Judge = lambda _: None,
    now: datetime = NOW,
    bracket: bool = False,
    price: Decimal | None = PRICE,
    first: int = WAITS,
    fire: str = FIRE,
) -> Bid:
    group = tickets(plan, fire, bracket=bracket)
    gate = Gate(
        now=lambda: now, deadline=NOW + timedelta(seconds=60), judge=judge, client_id=1, first_order_id=first,
        price=price,
    )  # fmt: skip
    row = FireRow(plan=plan, order="main", fire=fire, due=NOW, state=None, reason=None)
    return Bid(row, group, gate, tuple(map(payload.dump, group)))


def let_go(journal: Journal, one: Bid, first: int) -> Outcome:
    return journal.batch.let_go(one.row, one.tickets, replace(one.gate, first_order_id=first)).outcome


def tables(path: Path, *, without: str = "") -> list[list[tuple[object, ...]]]:
    """Return what the journal has of fires and orders, and of what it counts."""
    intent = "order_ref, plan, role, attempt, payload, state, claimed_at, client_id, pair, side, price, route_id"
    with closing(sqlite3.connect(path)) as found:
        return [
            found.execute(f"SELECT {columns.replace(without, '1') if without else columns} FROM {name}").fetchall()
            for name, columns in (
                ("fire ORDER BY plan", "plan, order_name, fire, due, state, reason, claimed_at"),
                ("intent ORDER BY order_ref", intent),
                ("tally ORDER BY pair", "day, pair, quantity, notional"),
                ("fire_count ORDER BY plan", "day, plan, fires"),
            )
        ]


def test_fires_of_one_instant_are_one_synced_commit(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    told: list[str] = []
    journal._db.connection.set_trace_callback(told.append)
    claimed = journal.batch.claim([bid(f"p{number}") for number in range(50)])
    journal._db.connection.set_trace_callback(None)
    assert [one.outcome for one in claimed] == [Outcome.CLAIMED] * 50
    assert [text for text in told if text.startswith(("BEGIN", "COMMIT", "ROLLBACK"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert journal._db.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    journal.close()


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from((PRICE, None))), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_claims_together_are_judged_and_counted_as_one_after_the_other(
    drawn: list[tuple[int, bool, Decimal | None]],
) -> None:
    """Each is held against a limit of everything that is counted, and the sums are the same to the last figure."""
    limits = Limits(max_daily_quantity=Decimal(110_000), max_orders_per_minute=9, max_fires_per_day=2)

    def bids(first: int) -> list[Bid]:
        made = []
        for number, (plan, bracket, price) in enumerate(drawn):
            group = tickets(f"p{plan}", f"{FIRE}{number}", bracket=bracket)

            def judge(standing: Standing, group: Sequence[OrderTicket] = group) -> str | None:
                return denial(Proposal(tickets=tuple(group), limits=limits, standing=standing, quote=None))

            one = bid(f"p{plan}", judge=judge, bracket=bracket, price=price, first=first, fire=f"{FIRE}{number}")
            made.append(one)
        return made

    with tempfile.TemporaryDirectory() as folder:
        together, alone = Path(folder, "together.db"), Path(folder, "alone.db")
        with closing(opened(together)) as journal:
            mine = [(one.outcome, one.reason) for one in journal.batch.claim(bids(WAITS))]
        with closing(opened(alone)) as journal:
            theirs = [
                (done.outcome, done.reason)
                for one in bids(1)
                for done in [journal.claim(one.row, one.tickets, gate=one.gate)]
            ]
        assert mine == theirs
        assert tables(together, without="route_id") == tables(alone, without="route_id")
        assert check(together) == ()


def test_one_row_that_the_journal_does_not_take_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = opened(path)
    journal.claim(bid("p1").row, bid("p1").tickets, gate=bid("p1", first=1).gate)
    with closing(sqlite3.connect(path)) as other:  # somebody took the fire away and left its order
        other.create_function("fxrun_seal", -1, lambda *_: 0, deterministic=True)
        other.execute("PRAGMA foreign_keys=OFF")
        other.execute("DELETE FROM fire")
        other.commit()
    claimed = journal.batch.claim([bid("p0"), bid("p1"), bid("p2", judge=lambda _: "no"), bid("p3")])
    assert [one.outcome for one in claimed] == [Outcome.CLAIMED, Outcome.DENIED, Outcome.DENIED, Outcome.CLAIMED]
    assert claimed[1].reason is not None
    assert "UNIQUE" in claimed[1].reason
    fires = {row.plan: row.state for row in journal.fires()}
    assert fires == {"p0": None, "p1": FireState.DENIED, "p2": FireState.DENIED, "p3": None}
    assert let_go(journal, bid("p3"), 7) is Outcome.CLAIMED
    journal.close()


def test_a_commit_that_fails_claims_none(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    journal._db.connection.execute("PRAGMA query_only=ON")
    with pytest.raises(JournalFailed, match="nothing more is sent"):
        journal.batch.claim([bid("p0"), bid("p1")])
    journal._db.connection.execute("PRAGMA query_only=OFF")
    assert journal.fires() == ()
    assert journal.orders() == ()
    assert all(journal.batch.claim([bid("p0"), bid("p1")]))
    journal.close()
    assert check(tmp_path / "j.db") == ()


# --- what waits


def test_what_waits_has_no_number_is_asked_about_by_nobody_and_counts(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    journal.batch.claim([bid("p0"), bid("p1", bracket=True)])
    assert journal.open_orders() == ()
    assert journal.highest_order_id(1) == 0
    with Ledger(tmp_path / "j.db") as ledger:
        assert all(row.waits for row in ledger.orders())
        assert orders_in(ledger, {OrderState.PLANNED}) == ()
    assert _rows(tmp_path / "j.db", NOW.date()) == {}
    standing = journal.standing("p0", tickets("p0", FIRE)[0], NOW)
    assert (standing.fires_today, standing.open_orders, standing.last_minute) == (1, 0, 4)
    assert standing.today["EUR.USD"].quantity == 50_000
    assert let_go(journal, bid("p1", bracket=True), 41) is Outcome.CLAIMED
    assert [(row.client_id, row.order_id) for row in journal.open_orders()] == [(1, 41), (1, 42), (1, 43)]
    assert journal.standing("p0", tickets("p0", FIRE)[0], NOW) == replace(standing, open_orders=1, open_opposite=2)
    journal.close()
    assert check(tmp_path / "j.db") == ()


def test_it_is_let_go_once(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j.db")
    journal.batch.claim([bid("p0"), bid("p1")])
    assert let_go(journal, bid("p0"), 5) is Outcome.CLAIMED
    assert let_go(journal, bid("p0"), 6) is Outcome.RECORDED_BEFORE
    assert [row.order_id for row in journal.open_orders()] == [5]
    journal.close()


@pytest.mark.parametrize("price", [PRICE, None])
def test_what_may_not_leave_any_more_is_as_if_it_had_not_been_claimed(tmp_path: Path, price: Decimal | None) -> None:
    """Denied or missed, it has the row it would have had, and nothing of it counts."""
    path, plain = tmp_path / "j.db", tmp_path / "plain.db"
    late = NOW + timedelta(seconds=61)
    with closing(opened(path)) as journal:
        journal.batch.claim([bid(plan, price=price) for plan in ("p0", "p1", "p2", "p3")])
        assert let_go(journal, bid("p0", price=price), 1) is Outcome.CLAIMED
        assert let_go(journal, bid("p1", judge=lambda _: "halted"), 2) is Outcome.DENIED
        assert let_go(journal, bid("p2", now=late), 3) is Outcome.MISSED
        journal.record_unsent(
            [replace(bid("p3").row, state=FireState.MISSED, reason="too late")], claimed=[bid("p3").row]
        )
    with closing(opened(plain)) as journal:
        for one in (
            bid("p0", price=price, first=1),
            bid("p1", judge=lambda _: "halted", first=2),
            bid("p2", now=late, first=3),
        ):
            journal.claim(one.row, one.tickets, gate=one.gate)
        journal.record_unsent([replace(bid("p3").row, state=FireState.MISSED, reason="too late")])
    assert tables(path) == tables(plain)
    assert check(path) == ()


def test_an_order_without_a_price_gives_back_what_the_others_are_worth(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "j.db")) as journal:
        journal.batch.claim([bid("p0"), bid("p1", price=None), bid("p2")])
        assert journal.standing("p0", None, NOW).today["EUR.USD"].notional is None
        journal.batch.give_back([bid("p1").row])
        (tally,) = journal.standing("p0", None, NOW).today.values()
        assert (tally.quantity, tally.notional) == (50_000, 2 * 25_000 * PRICE)
    assert check(tmp_path / "j.db") == ()


def test_giving_back_many_adds_up_the_rest_of_the_day_at_most_once(tmp_path: Path) -> None:
    """Without a price the sum of the day is unknown: it is not added up anew for each that is taken out."""
    told: list[str] = []
    with closing(opened(tmp_path / "j.db")) as journal:
        group = [bid(f"p{number}", price=PRICE if number else None) for number in range(20)]
        journal.batch.claim(group)
        journal._db.connection.set_trace_callback(told.append)
        late = replace(group[19].row, state=FireState.MISSED, reason="too late")
        journal.record_unsent([late], claimed=[late])
        assert let_go(journal, replace(group[18], gate=bid("p18", judge=lambda _: "no").gate), 1) is Outcome.DENIED
        assert [text for text in told if text.startswith("SELECT payload, price FROM intent")] == []
        journal.batch.give_back([one.row for one in group[:17]])
        journal._db.connection.set_trace_callback(None)
        assert len([text for text in told if text.startswith("SELECT payload, price FROM intent")]) == 1
        (tally,) = journal.standing("p0", None, NOW).today.values()
        assert (tally.quantity, tally.notional) == (25_000, 25_000 * PRICE)
    assert check(tmp_path / "j.db") == ()


def test_it_counts_within_the_minute_in_which_it_leaves(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "j.db")) as journal:
        group = [bid("p0"), bid("p1")]
        journal.batch.claim(group)
        later = [NOW + timedelta(seconds=seconds) for seconds in (50, 70, 109, 111)]
        assert let_go(journal, replace(group[0], gate=bid("p0", now=later[0]).gate), 1) is Outcome.CLAIMED
        assert journal.open_orders()[0].claimed_at == later[0]
        minutes = [journal.standing("p0", None, at).last_minute for at in later]
        assert minutes == [2, 2, 2, 1]  # what waits is still to leave
    assert check(tmp_path / "j.db") == ()


def test_on_another_utc_day_it_is_claimed_anew(tmp_path: Path) -> None:
    """What leaves on a day is counted on that day."""
    with closing(opened(tmp_path / "j.db")) as journal:
        journal.batch.claim([bid("p0")])
        tomorrow = NOW + timedelta(days=1)
        one = bid("p0", now=tomorrow)
        one = replace(one, gate=replace(one.gate, deadline=None))
        assert let_go(journal, one, 1) is Outcome.GIVEN_BACK
        assert journal.fire("p0", "main", FIRE) is None
        assert journal.standing("p0", None, NOW).today == {}
        assert journal.claim(one.row, one.tickets, gate=replace(one.gate, first_order_id=1))
        assert journal.standing("p0", None, tomorrow).today["EUR.USD"].quantity == 25_000
    assert check(tmp_path / "j.db") == ()


def test_what_is_unknown_is_open_whatever_its_order_id(tmp_path: Path) -> None:
    """Only what is planned has surely not left: an older fxrun may have made up its mind about such a row."""
    with closing(opened(tmp_path / "j.db")) as journal:
        (one,) = [bid("p0")]
        journal.batch.claim([one])
        journal._db.connection.execute("UPDATE intent SET state = 'unknown'")
        assert [row.state for row in journal.open_orders()] == [OrderState.UNKNOWN]
        assert journal.standing("p0", one.tickets[0], NOW).open_orders == 1
        journal.batch.give_back()
        assert journal.standing("p0", None, NOW).unknown == (one.tickets[0].order_ref,)


def test_another_start_gives_back_what_waits_and_asks_about_what_was_let_go(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with closing(opened(path)) as journal:
        journal.batch.claim([bid("p0"), bid("p1"), bid("p2")])
        let_go(journal, bid("p0"), 1)
    with closing(opened(path)) as journal:
        journal.adopt_open_orders()
        assert [row.ticket.key.plan for row in journal.open_orders()] == ["p0"]
        assert journal.fire("p1", "main", FIRE) is None
        assert all(journal.batch.claim([bid("p1"), bid("p2")]))
    assert check(path) == ()


def test_a_runner_that_was_followed_lets_nothing_go_and_leaves_the_rows_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    first = opened(path)
    first.batch.claim([bid("p0"), bid("p1")])
    first._release()  # its lock is lost, on a disk that keeps none
    second = opened(path)
    second.adopt_open_orders()
    assert all(second.batch.claim([bid("p0"), bid("p1")]))
    assert let_go(first, bid("p0"), 1) is Outcome.RECORDED_BEFORE
    first.adopt_open_orders()
    first.batch.give_back([bid("p1").row])
    assert let_go(second, bid("p0"), 1) is Outcome.CLAIMED
    assert let_go(second, bid("p1"), 2) is Outcome.CLAIMED
    first.close()
    second.close()
    assert check(path) == ()


# --- kills

SCRIPT = """
from tests.reliability.test_journal_batch import bid, let_go
journal = opened(Path(sys.argv[1]))
group = [bid(f"p{number}") for number in range(5)]
journal.batch.claim(group)
for number, one in enumerate(group):
    let_go(journal, one, number + 1)
    journal.record_sent([(one.tickets[0], number + 1)], client_id=1)
"""


@pytest.mark.parametrize(
    ("point", "claimed", "numbered"),
    [
        ("before_claim", 0, 0), ("in_claim", 0, 0), ("after_batch_commit", 5, 0), ("in_let_go:1", 5, 0),
        ("in_let_go:3", 5, 2), ("after_let_go:1", 5, 1), ("after_let_go:5", 5, 5),
    ],
)  # fmt: skip
def test_a_kill_leaves_numbers_only_on_what_may_have_left(
    tmp_path: Path, point: str, claimed: int, numbered: int
) -> None:
    path = tmp_path / "j.db"
    assert run(SCRIPT, path, crash=point).returncode == -signal.SIGKILL
    with Ledger(path) as ledger:
        rows = ledger.orders()
    assert len(rows) == claimed
    assert sum(bool(row.order_id) for row in rows) == numbered
    assert check(path) == ()
    with closing(opened(path)) as journal:
        journal.adopt_open_orders()
        assert len(journal.open_orders()) == numbered
        again = journal.batch.claim([bid(f"p{number}") for number in range(5)])
    assert [one.outcome for one in again].count(Outcome.CLAIMED) == 5 - numbered
    assert check(path) == ()


def test_a_halt_between_is_read_when_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    halted = lambda standing: standing.halt  # noqa: E731
    with closing(opened(path)) as journal:
        journal.batch.claim([bid("p0", judge=halted), bid("p1", judge=halted)])
        with Ledger(path) as ledger:
            ledger.halt("enough", datetime.now(UTC), cancel=False)
        assert let_go(journal, bid("p0", judge=halted), 1) is Outcome.DENIED
        assert [row.state for row in journal.orders() if row.ticket.key.plan == "p0"] == [OrderState.DENIED]
    assert check(path) == ()
