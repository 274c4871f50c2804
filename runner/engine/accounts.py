"""What the account has and is worth, asked for when an order's size depends on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol

from runner.core.facts import AccountSummaryEnd, AccountValueSeen, ExecutionSeen, Fact, NoticeSeen
from runner.core.snapshot import Snapshot
from runner.errors import ConnectionFailed

KEPT = timedelta(seconds=60)  # how old an answer may be
PATIENCE = timedelta(seconds=10)  # how long one is waited for
_WORTH, _CASH, _RATE = "NetLiquidation", "CashBalance", "ExchangeRate"
_TAGS = (_WORTH, "$LEDGER:ALL")
_WHOLE = "BASE"  # the row of the ledger that sums up the others


class Asker(Protocol):
    """A connection as far as the account is asked for."""

    def request_account_summary(self, tags: Sequence[str]) -> int:
        """Ask; returns the id of the request."""
        ...

    def cancel_account_summary(self, request: int) -> None:
        """End an account summary."""
        ...


@dataclass(slots=True)
class _Asked:
    request: int
    at: datetime
    values: dict[tuple[str, str], str] = field(default_factory=dict)  # tag, currency -> as it was told
    is_over: bool = False


class Accounts:
    """`decided` asks at need; `fill` puts what was told into a snapshot."""

    def __init__(self, connection: Asker, account: str, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._account = account
        self._now = now
        self._asked: _Asked | None = None

    def decided(self) -> bool:
        """Tell whether an answer is there, or none will come; asks where that is not known. Raises ConnectionFailed."""
        asked, now = self._asked, self._now()
        if asked is not None and now - asked.at <= (KEPT if asked.is_over else PATIENCE):
            return asked.is_over
        if asked is not None and not asked.is_over:  # nothing came: for now there is none
            self._asked = _Asked(asked.request, now - KEPT + PATIENCE, is_over=True)
            return True
        self._asked = _Asked(self._connection.request_account_summary(_TAGS), now)
        return False

    def fill(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with what is known of the account, as far as anything is."""
        if self._asked is None:
            return snapshot
        worth = _numbers(self._asked.values, _WORTH)
        currency = next(iter(worth), None)
        return replace(
            snapshot,
            cash=_numbers(self._asked.values, _CASH),
            net_liquidation=None if currency is None else worth[currency],
            account_currency=currency,
            rates=_numbers(self._asked.values, _RATE),
        )

    def due(self) -> datetime | None:
        """Return when waiting for an answer ends; not once that time is over."""
        if self._asked is None or self._asked.is_over:
            return None
        until = self._asked.at + PATIENCE
        return until if until > self._now() else None

    def forget(self) -> None:
        """Drop what was asked in a session that has ended."""
        self._asked = None

    def take(self, fact: Fact) -> None:
        """Take in values and their end; an execution makes what is known old."""
        asked = self._asked
        if asked is None:
            return
        match fact:
            case AccountValueSeen() if fact.request_id == asked.request and fact.account == self._account:
                asked.values[fact.tag, fact.currency] = fact.value
            case AccountSummaryEnd() if fact.request_id == asked.request and not asked.is_over:
                asked.is_over = True
                with suppress(ConnectionFailed):
                    self._connection.cancel_account_summary(asked.request)
            case NoticeSeen() if fact.about == asked.request:
                asked.is_over = True
            case ExecutionSeen() if asked.is_over:
                self._asked = None


def _numbers(values: Mapping[tuple[str, str], str], tag: str) -> dict[str, Decimal]:
    found = {currency: _number(text) for (name, currency), text in values.items() if name == tag}
    return {currency: number for currency, number in found.items() if number is not None and currency != _WHOLE}


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
