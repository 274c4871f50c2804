"""What the market was as orders left, noted for reports: nothing waits for it, and nothing is decided by it.

The quote is asked for before the claim and noted when it comes, so an order is never later because of a report. What
nobody tells in time is noted as not told. On virtual time the market of the gateway itself is read: a TWS sends the
day's high and low along with a quote, and to find these takes the gateway longer than a fire does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.core.contract import ContractSpec
from runner.core.facts import AccountSummaryEnd, Fact, NoticeSeen, SnapshotEnd, TickSeen
from runner.core.ids import OrderKey
from runner.core.snapshot import Snapshot
from runner.core.standing import Quote
from runner.core.ticket import OrderTicket
from runner.engine.accounts import Accounts
from runner.engine.quotes import FRESH, Quotes
from runner.journal.store import Journal

RATES_KEPT = timedelta(hours=1)  # how often an account is asked for its rates, where no order needs them
Look = Callable[[ContractSpec, datetime], Quote | None]
_TELLING = (TickSeen, SnapshotEnd, NoticeSeen, AccountSummaryEnd)


@dataclass(frozen=True, slots=True)
class _Left:
    key: OrderKey
    contract: ContractSpec
    at: datetime


class Arrivals:
    """`ask` before a claim, `left` once the bytes have; `take` every fact, `close` at the end of a session."""

    def __init__(self, quotes: Quotes, accounts: Accounts | None, journal: Journal, look: Look | None) -> None:
        """Without `accounts` no rates are asked for; `look` tells a quote that need not be asked for."""
        self._quotes = quotes
        self._accounts = accounts
        self._journal = journal
        self._look = look
        self._waiting: list[_Left] = []
        self._asked_rates: datetime | None = None
        self._wants_rates = False

    def ask(self, contract: ContractSpec, now: datetime) -> None:
        """Ask for the quote of a contract unless a fresh one is there; raises ConnectionFailed."""
        if self._look is None:
            self._quotes.decided(contract)
        if self._accounts is None or (self._asked_rates is not None and now - self._asked_rates < RATES_KEPT):
            return
        self._asked_rates, self._wants_rates = now, True
        if self._accounts.decided():
            self._note_rates(now)

    def left(self, tickets: Sequence[OrderTicket], now: datetime) -> None:
        """Note that the orders of a fire have left."""
        if self._look is not None:
            self._journal.put_arrival(tickets[0].key, now, self._look(tickets[0].contract, now))
            return
        self._waiting.append(_Left(tickets[0].key, tickets[0].contract, now))
        self._note(now)

    def take(self, fact: Fact, now: datetime) -> None:
        """Note what a fact tells of orders that have left; raises JournalFailed."""
        if self._waiting and isinstance(fact, _TELLING):
            self._note(now)
        if self._wants_rates and isinstance(fact, AccountSummaryEnd):
            self._note_rates(now)

    def close(self) -> None:
        """Note of what was not told yet that it was not; raises JournalFailed."""
        while self._waiting:
            left = self._waiting.pop()
            self._journal.put_arrival(left.key, left.at, self._quotes.of(left.contract))

    def _note(self, now: datetime) -> None:
        for left in list(self._waiting):
            quote = self._quotes.of(left.contract)
            if quote is not None or now - left.at > FRESH or not self._quotes.is_awaited(left.contract):
                self._journal.put_arrival(left.key, left.at, quote if now - left.at <= FRESH else None)
                self._waiting.remove(left)

    def _note_rates(self, now: datetime) -> None:
        known = Snapshot(now=now) if self._accounts is None else self._accounts.fill(Snapshot(now=now))
        self._wants_rates = False
        if known.account_currency is not None:
            self._journal.put_rates(now, known.account_currency, known.rates)
