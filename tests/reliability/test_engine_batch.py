"""Fires of one instant, claimed together: what comes between the commit and the bytes of each still holds it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.core.events import FireDone, FireState
from runner.core.limits import Limits
from runner.core.order_state import OrderState
from runner.core.price import fixed
from runner.core.standing import Arming
from runner.core.ticket import OrderTicket
from runner.engine.desk import Pending, Rules
from runner.engine.together import Together
from runner.journal import batch
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.gate import Claimed, Gate
from runner.journal.rows import FireRow
from runner.journal.store import Journal, JournalFailed
from runner.plan.model import Instruction
from runner.risk.checks import ArmingWanted
from runner.schedule.policy import FirePolicy
from tests.reliability.field import MARKET, RESTING, Field, Runner, at, open_field, soon

COUNT = 12
WANTED = ArmingWanted("ab", "DU1234567")
BRACKET = replace(
    MARKET, strategy="bracket", parameters={"take_profit": fixed(Decimal("1.9")), "stop_loss": fixed(Decimal("0.5"))}
)


def names(count: int = COUNT) -> list[str]:
    return [f"p{number:02d}" for number in range(count)]


def due_together(due: datetime, count: int = COUNT, instruction: Instruction = MARKET) -> list[Instruction]:
    return [at(due, plan=name, instruction=instruction) for name in names(count)]


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> list[int]:
    """Do something right after a batch was committed; returns, by batch, how many fires were claimed in it."""
    sizes: list[int] = []
    was = batch.Batch.claim

    def claim(self: batch.Batch, bids: list[batch.Bid]) -> tuple[Claimed, ...]:
        claimed = was(self, bids)
        sizes.append(sum(map(bool, claimed)))
        act()
        return claimed

    monkeypatch.setattr(batch.Batch, "claim", claim)
    return sizes


def wait_all(runner: Runner, count: int = COUNT) -> None:
    runner.wait(lambda: len(done(runner)) == count, f"{count} fires that came to something")


def done(runner: Runner) -> list[FireDone]:
    return [event for event in list(runner.events) if isinstance(event, FireDone)]


def states(field: Field) -> dict[str, FireState | None]:
    with Ledger(field.path) as ledger:
        return {name: fire.state for name in names(99) for fire in ledger.fires(name, 1)}


def test_fires_of_one_instant_are_claimed_in_one_transaction_and_sent_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = between(monkeypatch, lambda: None)
    with open_field(tmp_path) as field:
        due = soon(3)
        mixed = [*due_together(due, 4), *(replace(one, plan=f"q{one.plan}") for one in due_together(due, 4, BRACKET))]
        with field.runner(*mixed) as runner:
            wait_all(runner, 8)
        assert sizes == [8]
        assert [event.state for event in done(runner)] == [FireState.SENT] * 8
        assert [event.plan for event in done(runner)] == [one.plan for one in mixed]
        assert len(field.created()) == 4 + 3 * 4
        assert field.doubled() == []
        ids = [order.order_id for order in field.gateway.orders()]
        assert sorted(ids) == list(range(min(ids), min(ids) + 16))
    assert check(field.path) == ()


def stops(field: Field, what: str) -> None:
    with Ledger(field.path) as ledger:
        now = datetime.now(UTC)
        match what:
            case "halt":
                ledger.halt("enough", now, cancel=False)
            case "disarm":
                for name in names():
                    ledger.arm(Arming(plan=name, digest="other", account=WANTED.account, at=now, until=now))
            case "pause":
                with ledger._db.transaction(durable=True):
                    for name in names():
                        ledger._db.do("put_stop", plan=name, reason="enough", at=now.isoformat())
            case "owner":
                with ledger._db.transaction(durable=True):
                    ledger._db.do("take_over", epoch="another")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("halt", "halted: enough"),
        ("pause", "the plan is paused: enough"),
        ("disarm", "was edited since it was armed"),
        ("owner", "another runner has taken over"),
    ],
)
def test_what_stops_after_the_commit_stops_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, words: str
) -> None:
    """Nothing leaves, each has its row with the reason, and nothing counts of what was not sent."""
    with open_field(tmp_path) as field:
        sizes = between(monkeypatch, lambda: stops(field, what))
        Journal(str(field.path), private=True).close()
        with Ledger(field.path) as ledger:
            now = datetime.now(UTC)
            for name in names():
                arming = Arming(plan=name, digest="ab", account=WANTED.account, at=now, until=now + timedelta(days=1))
                ledger.arm(arming)
        rules = Rules(arming=dict.fromkeys(names(), WANTED), limits=dict.fromkeys(names(), Limits(max_open_orders=99)))
        with field.runner(*due_together(soon(3)), rules=rules) as runner:
            wait_all(runner)
        assert sizes[0] == COUNT
        assert field.created() == {}
        assert {event.state for event in done(runner)} == {FireState.DENIED}
        assert all(words in (event.reason or "") for event in done(runner))
        assert states(field) == dict.fromkeys(names(), FireState.DENIED)
    assert check(field.path) == ()


def test_a_halt_between_two_of_them_stops_the_rest(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(*due_together(soon(3), 90)) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) > 10, "some that were sent")
            stops(field, "halt")
            wait_all(runner, 90)
        sent = len(runner.fires(FireState.SENT))
        assert 10 < sent < 80
        assert len(runner.fires(FireState.DENIED)) == 90 - sent
        assert len(field.created()) == sent
    assert check(field.path) == ()


def test_what_waits_for_the_pacing_beyond_its_deadline_is_missed(tmp_path: Path) -> None:
    policy = FirePolicy(deadline=timedelta(seconds=2))
    with open_field(tmp_path) as field:
        with field.runner(*(replace(one, policy=policy) for one in due_together(soon(3), 150))) as runner:
            wait_all(runner, 150)
        missed = runner.fires(FireState.MISSED)
        assert 20 < len(missed) < 130
        assert len(runner.fires(FireState.SENT)) == 150 - len(missed)
        assert all("s late, the start deadline is 2 s" in (event.reason or "") for event in missed)
        assert len(field.created()) == 150 - len(missed)
        with Ledger(field.path) as ledger:
            assert len(ledger.orders()) == 150 - len(missed)  # of what was missed there is no order
    assert check(field.path) == ()


def test_a_run_that_ends_before_their_turn_leaves_them_to_the_next(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        orders = due_together(soon(4), 80)
        with field.runner(*orders) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) > 10, "some that were sent")
        before = len(runner.fires(FireState.SENT))
        assert before < 70
        assert check(field.path) == ()
        with field.runner(*orders) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) == 80 - before, "the rest")
        assert len(field.created()) == 80
        assert field.doubled() == []
    assert check(field.path) == ()


def test_a_lost_session_lets_them_wait_for_the_next_one(tmp_path: Path) -> None:
    with open_field(tmp_path) as field:
        with field.runner(*due_together(soon(4), 80)) as runner:
            runner.wait(lambda: len(runner.fires(FireState.SENT)) > 10, "some that were sent")
            field.gateway.fault("reset")
            runner.wait(lambda: runner.desk is not None and not runner.desk.queue, "what waited to be given back")
            assert len(runner.fires(FireState.SENT)) < 75  # each of the rest is judged anew, as its turn comes
            wait_all(runner, 80)
            runner.wait(
                lambda: len(field.created()) + len(runner.fires(FireState.MISSED)) == 80, "the end of questions"
            )
        missed = [event.plan for event in runner.fires(FireState.MISSED)]  # what was on its way at that moment
        assert len(missed) <= 1
        assert len({event.plan for event in runner.fires(FireState.SENT)} | set(missed)) == 80
        assert field.doubled() == []
        assert len(field.created()) == 80 - len(missed)
    assert check(field.path) == ()


def test_what_another_day_gives_back_is_claimed_anew_and_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = batch.Batch.let_go

    def let_go(self: batch.Batch, row: FireRow, tickets: tuple[OrderTicket, ...], gate: Gate) -> Claimed:
        tomorrow = replace(gate, now=lambda: gate.now() + timedelta(days=1))
        return was(self, row, tickets, tomorrow if row.plan < "p06" else gate)

    monkeypatch.setattr(batch.Batch, "let_go", let_go)
    with open_field(tmp_path) as field:
        with field.runner(*due_together(soon(3))) as runner:
            wait_all(runner)
        assert len(runner.fires(FireState.SENT)) == COUNT
        assert sorted(field.created().values()) == [1] * COUNT
    assert check(field.path) == ()


def test_a_fire_that_waits_for_its_turn_is_not_overtaken_by_the_next_one_of_its_order(tmp_path: Path) -> None:
    """It was held up when it was due, say by an order of its plan without an answer, and is claimed by itself."""
    due = soon(-9)
    with open_field(tmp_path) as field, field.runner(at(soon(900))) as runner:
        runner.wait_ready()
        assert runner.desk is not None
        first, then, other = (
            Pending(at(instant, plan=plan), instant)
            for plan, instant in (
                ("p00", due),
                ("p00", due + timedelta(seconds=5)),
                ("p01", due + timedelta(seconds=5)),
            )
        )
        together = Together(runner.desk)
        together.offer(then)
        together.offer(other)
        waiting = {one.key: one for one in (first, then, other)}
        ready, later = together._sorted(waiting, datetime.now(UTC))
        assert [pending.key for pending, _ in ready] == [other.key]
        assert later == {}


def test_a_commit_that_fails_sends_none_and_all_of_it_once_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = batch.Batch.claim
    failed: list[int] = []

    def claim(self: batch.Batch, bids: list[batch.Bid]) -> tuple[Claimed, ...]:
        if failed:
            return was(self, bids)
        self._db.execute("PRAGMA query_only=ON")
        try:
            return was(self, bids)
        except JournalFailed:
            failed.append(len(field.created()))
            raise
        finally:
            self._db.execute("PRAGMA query_only=OFF")

    monkeypatch.setattr(batch.Batch, "claim", claim)
    with open_field(tmp_path) as field:
        with field.runner(*due_together(soon(3))) as runner:
            wait_all(runner)
        assert failed == [0]
        assert len(runner.fires(FireState.SENT)) == COUNT
        assert len(field.created()) == COUNT
        assert field.doubled() == []
    assert check(field.path) == ()


def test_limits_count_those_before_in_the_order_of_the_fires(tmp_path: Path) -> None:
    rules = Rules(limits=dict.fromkeys(names(), Limits(max_daily_quantity=Decimal(125_000))))
    with open_field(tmp_path) as field:
        with field.runner(*due_together(soon(3)), rules=rules) as runner:
            wait_all(runner)
        assert [event.plan for event in runner.fires(FireState.SENT)] == names(5)
        assert [event.plan for event in runner.fires(FireState.DENIED)] == names()[5:]
        assert "limits.max_daily_quantity" in (runner.fires(FireState.DENIED)[0].reason or "")
        assert len(field.created()) == 5
    assert check(field.path) == ()


def test_how_many_work_is_counted_as_each_is_sent(tmp_path: Path) -> None:
    """Those that have filled make room for the next, as if each were claimed at its turn; those that rest do not."""
    rules = Rules(limits=dict.fromkeys(names(), Limits(max_open_orders=2)))
    for instruction, sent in ((MARKET, COUNT), (RESTING, 2)):
        (tmp_path / str(sent)).mkdir()
        with open_field(tmp_path / str(sent)) as field:
            with field.runner(*due_together(soon(3), instruction=instruction), rules=rules) as runner:
                wait_all(runner)
            assert [event.plan for event in runner.fires(FireState.SENT)] == names(sent)
            assert all("max_open_orders" in (event.reason or "") for event in runner.fires(FireState.DENIED))
            assert len(field.created()) == sent
        assert check(field.path) == ()


def test_the_fires_that_a_plan_may_have_are_sent_before_it_is_paused_for_one_more(tmp_path: Path) -> None:
    """Its first is claimed with those of other plans; each of the others waits for what is before it."""
    due = soon(3)
    mine = [at(due, order=f"o{number}") for number in range(3)]
    rules = Rules(limits={"p": Limits(max_fires_per_day=2)})
    with open_field(tmp_path) as field:
        with field.runner(*mine, *due_together(due, 3), rules=rules) as runner:
            wait_all(runner, 6)
        mine_came_to = {event.order: event.state for event in done(runner) if event.plan == "p"}
        assert mine_came_to == {"o0": FireState.SENT, "o1": FireState.SENT, "o2": FireState.DENIED}
        assert len(field.created()) == 5
        with Ledger(field.path) as ledger:
            assert list(ledger.pauses()) == ["p"]


def test_a_reject_that_pauses_a_plan_stops_its_other_fires_of_the_instant(tmp_path: Path) -> None:
    due, policy = soon(3), FirePolicy(pause_on_reject=True)
    orders = [replace(at(due, order=f"o{number}"), policy=policy) for number in range(4)]
    with open_field(tmp_path) as field:
        field.gateway.fault("reject", code=201, times=1)
        with field.runner(*orders) as runner:
            wait_all(runner, 4)
        assert [event.state for event in done(runner)] == [FireState.SENT, *[FireState.DENIED] * 3]
        with Ledger(field.path) as ledger:
            kinds = [row.state for row in ledger.orders()]
    assert kinds.count(OrderState.REJECTED) == 1
    assert kinds.count(OrderState.DENIED) == 3


def test_what_needs_a_quote_is_claimed_at_its_turn_with_those_that_need_none(tmp_path: Path) -> None:
    due = soon(3)
    collar = Limits(price_collar=Decimal("0.9"))
    with open_field(tmp_path) as field:
        orders = [at(due, plan="priced", instruction=RESTING), *due_together(due, 3)]
        with field.runner(*orders, rules=Rules(limits={"priced": collar})) as runner:
            wait_all(runner, 4)
        assert {event.state for event in done(runner)} == {FireState.SENT}
        assert len(field.created()) == 4
