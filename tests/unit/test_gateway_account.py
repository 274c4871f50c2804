"""Cash, positions, margin and cost, against sums done by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.gateway.account import Account, Holding, commission

RATES = {"USD": Decimal(1), "EUR": Decimal("1.1"), "JPY": Decimal("0.0067")}


PRICES = {"AAPL": Decimal(200), "6EZ6": Decimal("1.1"), "XAUUSD": Decimal(2500)}


class Known:
    """What things are worth, given by hand."""

    def value(self, currency: str) -> Decimal:
        return RATES[currency]

    def price(self, key: str) -> Decimal | None:
        return PRICES.get(key)


MARKS = Known()


def account() -> Account:
    return Account("DU1", {"USD": Decimal(1000)})


def test_a_fill_moves_both_currencies_and_the_position() -> None:
    one = account()
    assert one.fill("EUR.USD", Decimal(100), Decimal("1.1")) == 0
    assert one.cash == {"USD": 890, "EUR": 100}
    assert one.holdings["EUR.USD"].units == 100
    assert one.equity(MARKS) == 1000


@pytest.mark.parametrize(
    ("trades", "units", "average", "realized"),
    [
        ([(100, "1.10"), (100, "1.20")], 200, "1.15", "0"),
        ([(100, "1.10"), (-40, "1.20")], 60, "1.10", "4"),
        ([(100, "1.10"), (-100, "1.00")], 0, "0", "-10"),
        ([(100, "1.10"), (-150, "1.20")], -50, "1.20", "10"),
        ([(-100, "1.10"), (50, "1.00")], -50, "1.10", "5"),
        ([(-100, "1.10"), (-100, "1.30")], -200, "1.20", "0"),
    ],
)
def test_average_price_and_realized_profit(
    trades: list[tuple[int, str]], units: int, average: str, realized: str
) -> None:
    holding = Holding()
    for traded, price in trades:
        holding, _ = holding.after(Decimal(traded), Decimal(price))
    assert (holding.units, holding.average, holding.realized) == (units, Decimal(average), Decimal(realized))


TRADES = st.lists(
    st.tuples(
        st.integers(-1_000_000, 1_000_000).filter(bool).map(Decimal),
        st.integers(20_000, 400_000).map(lambda ticks: Decimal(ticks) / 200_000),
    ),
    max_size=12,
)


@given(TRADES, st.decimals("0.5", "2", places=5))
def test_what_is_realized_and_what_is_open_is_what_the_cash_says(
    trades: list[tuple[Decimal, Decimal]], price: Decimal
) -> None:
    one = account()
    for units, paid in trades:
        one.fill("EUR.USD", units, paid)
    holding = one.holdings.get("EUR.USD", Holding())
    profit = holding.realized + holding.units * (price - holding.average)
    by_cash = one.cash["USD"] - 1000 + one.cash.get("EUR", Decimal(0)) * price
    assert abs(profit - by_cash) < Decimal("0.0001")
    assert holding.units == one.cash.get("EUR", Decimal(0))


@pytest.mark.parametrize(
    ("units", "worth", "cost"),
    [("25000", "1.1", "2.00"), ("-25000", "1.1", "2.00"), ("1000000", "1.1", "22.00"), ("200000", "1.08625", "4.34")],
)
def test_commission(units: str, worth: str, cost: str) -> None:
    assert str(commission("EUR.USD", Decimal(units), Decimal(worth), Decimal(worth))) == cost


def test_margin_counts_every_position_by_its_base_currency() -> None:
    one = account()
    one.fill("EUR.USD", Decimal(-100), Decimal("1.1"))
    one.fill("USD.JPY", Decimal(200), Decimal(150))
    assert one.margin(MARKS) == Decimal("0.025") * (110 + 200)
    assert one.preview(MARKS, "EUR.USD", Decimal(100)).after == Decimal("0.025") * 200
