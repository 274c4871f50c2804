"""The account's values: asked for at need, kept for a minute, old after a fill, and given up on in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from runner.core.facts import AccountSummaryEnd, AccountValueSeen, ExecutionSeen, Fact, NoticeSeen
from runner.core.snapshot import Snapshot
from runner.core.ticket import Side
from runner.engine.accounts import KEPT, PATIENCE, Accounts

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILL = ExecutionSeen(
    order_id=1, client_id=1, perm_id=1, order_ref="r", exec_id="1.1", account="DU1", contract="EUR.USD",
    side=Side.BUY, price=Decimal(1), quantity=Decimal(1), at=NOW,
)  # fmt: skip


class Line:
    """Counts what is asked, and tells the time."""

    def __init__(self) -> None:
        self.now, self.asked, self.ended = NOW, 0, list[int]()
        self.accounts = Accounts(self, "DU1", lambda: self.now)

    def request_account_summary(self, tags: Sequence[str]) -> int:
        assert tags == ("NetLiquidation", "$LEDGER:ALL")
        self.asked += 1
        return self.asked

    def cancel_account_summary(self, request: int) -> None:
        self.ended.append(request)

    def tell(self, *facts: Fact) -> None:
        for fact in facts:
            self.accounts.take(fact)

    def answer(self, request: int) -> None:
        rows = [
            ("DU1", "NetLiquidation", "50000.5", "CHF"), ("DU1", "CashBalance", "-12.5", "USD"),
            ("DU1", "CashBalance", "900", "BASE"), ("DU1", "ExchangeRate", "0.9", "USD"),
            ("DU1", "CashBalance", "", "EUR"), ("DU2", "CashBalance", "77", "GBP"),
        ]  # fmt: skip
        for account, tag, value, currency in rows:
            self.tell(AccountValueSeen(request_id=request, account=account, tag=tag, value=value, currency=currency))
        self.tell(AccountSummaryEnd(request_id=request))


def test_values_are_asked_for_once_and_kept_for_a_minute() -> None:
    line = Line()
    assert not line.accounts.decided()
    assert not line.accounts.decided()
    line.answer(1)
    assert line.accounts.decided()
    found = line.accounts.fill(Snapshot(now=NOW))
    assert found.cash == {"USD": Decimal("-12.5")}  # neither the sum, nor what is no number, nor another account's
    assert (found.net_liquidation, found.account_currency) == (Decimal("50000.5"), "CHF")
    assert found.rates == {"USD": Decimal("0.9")}
    assert line.ended == [1]  # a TWS keeps two summaries at most
    line.now += KEPT
    assert line.accounts.decided()
    line.now += timedelta(seconds=1)
    assert not line.accounts.decided()
    assert line.asked == 2


def test_a_fill_makes_them_old_and_a_lost_session_forgets_them() -> None:
    line = Line()
    line.accounts.decided()
    line.tell(FILL)  # while they are still being asked for they may hold it already, or not: the answer counts
    line.answer(1)
    assert line.accounts.decided()
    line.tell(FILL)
    assert not line.accounts.decided()
    line.accounts.forget()
    assert line.accounts.fill(Snapshot(now=NOW)) == Snapshot(now=NOW)


def test_what_does_not_come_is_not_waited_for() -> None:
    for way in ("silence", "refusal"):
        line = Line()
        line.accounts.decided()
        assert line.accounts.due() == NOW + PATIENCE
        if way == "refusal":
            line.tell(NoticeSeen(about=1, code=321, text="no"))
        else:
            line.now += PATIENCE + timedelta(seconds=1)
        assert line.accounts.decided()
        assert line.accounts.fill(Snapshot(now=NOW)).net_liquidation is None
        assert line.asked == 1
        line.now += KEPT + timedelta(seconds=1)  # later it is tried again
        assert not line.accounts.decided()
