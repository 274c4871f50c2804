"""Quotes that were asked for: what is waited for, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runner.core.contract import ContractSpec
from runner.engine.quotes import FRESH, Quotes

START = datetime(2026, 1, 7, 12, tzinfo=UTC)
EURUSD = ContractSpec(symbol="EUR", currency="USD")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


def test_a_quote_that_nobody_asks_about_any_more_wakes_nobody() -> None:
    """Else a run whose broker is silent goes round without a pause, and on virtual time for ever."""
    clock = Clock()
    quotes = Quotes(lambda _contract: 7, clock.now)
    assert quotes.due() is None
    assert not quotes.decided(EURUSD)
    assert quotes.due() == START + FRESH
    clock.at += FRESH
    assert quotes.due() is None
    assert not quotes.decided(EURUSD), "it may come to the last instant"
    clock.at += timedelta(seconds=1)
    assert quotes.decided(EURUSD)
    assert quotes.of(EURUSD) is None
