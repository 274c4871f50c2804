"""Any sequence of claims, records, commands and restarts leaves a journal that its check finds sound."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from runner.core.order_state import OrderState
from runner.core.ticket import Role
from runner.journal.check import check
from runner.journal.control import Ledger
from runner.journal.store import Outcome
from tests.reliability.journals import NOW, PRICE, claim, execute, fill, opened, tickets

PLANS = st.sampled_from(["p", "q"])
FIRES = st.sampled_from(["a", "b", "c", "d"])
STATES = st.sampled_from([state for state in OrderState if state is not OrderState.DENIED])


class Life(RuleBasedStateMachine):
    """A journal with its model: what was claimed, and by whom it was counted."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "j.db"
        self.journal = opened(self.path)
        self.fires: dict[tuple[str, str], int] = {}
        self.refs: list[str] = []
        self.counted = Decimal(0)

    @rule(
        plan=PLANS, fire=FIRES, denied=st.booleans(), priced=st.booleans(), bracket=st.booleans(), again=st.booleans()
    )
    def claims(self, plan: str, fire: str, denied: bool, priced: bool, bracket: bool, again: bool) -> None:
        attempt = 1 + self.fires.get((plan, fire), 0) if again else 1
        claimed = claim(
            self.journal, plan, fire, judge=lambda _: "no" if denied else None, price=PRICE if priced else None,
            attempt=attempt, bracket=bracket,
        )  # fmt: skip
        if (plan, fire) in self.fires and attempt == 1:
            assert claimed.outcome is Outcome.RECORDED_BEFORE
            return
        self.fires[plan, fire] = attempt
        self.refs += [ticket.order_ref for ticket in tickets(plan, fire, attempt, bracket=bracket)]
        if not denied:
            assert claimed.outcome is Outcome.CLAIMED
            self.counted += 25000

    @rule(plan=PLANS, fire=FIRES, state=STATES)
    def answers(self, plan: str, fire: str, state: OrderState) -> None:
        for row in self.journal.open_orders():
            key = row.ticket.key
            if (key.plan, key.fire) == (plan, fire):
                self.journal.record_sent([(row.ticket, row.order_id or 1)], client_id=1)
                self.journal.add_perm(row.ticket.order_ref, 5)
                fill(self.journal, row.ticket, state, Decimal(7))

    @rule(number=st.integers(0, 3))
    def executes(self, number: int) -> None:
        for row in self.journal.open_orders()[:1]:
            execute(self.journal, row.ticket, number)

    @rule(plan=PLANS)
    def commands(self, plan: str) -> None:
        with Ledger(self.path) as ledger:
            ledger.halt("h", NOW, cancel=True)
            ledger.resume(NOW, None)
            for row in ledger.orders(states=[OrderState.UNKNOWN]):
                ledger.resolve(row.ticket.order_ref, "lost", NOW, "x")
        for control in self.journal.controls():
            self.journal.control_done(control.id, "done", NOW)

    @rule()
    def restarts(self) -> None:
        self.journal.close()
        self.journal = opened(self.path)

    @invariant()
    def is_sound(self) -> None:
        assert check(self.path) == ()

    @invariant()
    def has_all(self) -> None:
        with Ledger(self.path) as ledger:
            rows = ledger.orders()
        assert [row.ticket.order_ref for row in rows] == self.refs
        counted = [row for row in rows if row.state is not OrderState.DENIED and row.ticket.role is Role.ENTRY]
        assert sum((row.ticket.quantity for row in counted), Decimal(0)) == self.counted

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


def test_any_life_of_a_journal_leaves_it_sound() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=15, stateful_step_count=12, deadline=None))
