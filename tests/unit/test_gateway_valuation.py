"""What currencies and instruments are worth, from quotes written down."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.market import QuotesMarket
from runner.gateway.valuation import Valuation

NOON = int(datetime(2026, 11, 24, 17, tzinfo=UTC).timestamp())
ROWS = f"""time,pair,bid,ask
{NOON},EUR.USD,1.10,1.12
{NOON},USD.JPY,149.000,151.000
{NOON},EUR.JPY,160.000,162.000
{NOON},AAPL,200.00,200.02
{NOON + 60},AAPL,210.00,210.02
"""


@pytest.fixture
def valuation(tmp_path: Path) -> Valuation:
    file = tmp_path / "quotes.csv"
    file.write_text(ROWS, encoding="utf-8")
    return Valuation(QuotesMarket(file))


def test_a_currency_is_worth_the_middle_either_way_round(valuation: Valuation) -> None:
    assert valuation.value("USD", NOON) == 1
    assert valuation.value("EUR", NOON) == Decimal("1.11")
    assert valuation.value("JPY", NOON) * 150 == pytest.approx(Decimal(1))
    assert valuation.value("SEK", NOON) == 0


def test_an_instrument_has_its_price_at_each_instant(valuation: Valuation) -> None:
    assert valuation.price("AAPL", NOON) == Decimal("200.01")
    assert valuation.price("AAPL", NOON + 60) == Decimal("210.01")
    assert valuation.price("AAPL", NOON) == Decimal("200.01")
    assert valuation.price("SPY", NOON) is None
    marks = valuation.marks(NOON + 60)
    assert (marks.price("AAPL"), marks.value("EUR")) == (Decimal("210.01"), Decimal("1.11"))


def test_what_has_no_quote_now_counts_as_when_it_was_last_asked_for(valuation: Valuation) -> None:
    before = NOON - 60
    assert valuation.price("AAPL", before) is None
    assert valuation.value("EUR", before) == 0
    assert valuation.value("EUR", NOON) == Decimal("1.11")
    assert valuation.value("EUR", before) == Decimal("1.11")


@pytest.mark.parametrize(
    ("key", "price", "rate"),
    [("EUR.USD", "1.1234", "1.1234"), ("EUR.JPY", "161", "1.11"), ("USD.JPY", "150", "1"), ("AAPL", "200", "1")],
)
def test_the_rate_of_a_trade(valuation: Valuation, key: str, price: str, rate: str) -> None:
    assert valuation.rate(key, Decimal(price), NOON) == Decimal(rate)
