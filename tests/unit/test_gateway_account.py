"""Cash, positions, margin and cost, against sums done by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.gateway.account import Account, Holding, commission

RATES = {"USD": Decimal(1), "EUR": Decimal("1.1"), "JPY": Decimal("0.0067")}
CALL = "AAPL  261218C00230000"
PRICES = {
    "AAPL": Decimal(200), "6EZ6": Decimal("1.1"), "XAUUSD": Decimal(2500), "AAPLn": Decimal(200),
    "IBDE40": Decimal(20_000), CALL: Decimal("3.50"),
}  # fmt: skip


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


def test_a_stock_is_bought_with_cash_and_counts_at_its_price() -> None:
    one = account()
    assert one.fill("AAPL", Decimal(3), Decimal(190)) == 0
    assert one.cash == {"USD": 430}
    assert one.equity(MARKS) == 430 + 3 * 200
    assert one.gross(MARKS) == one.market_value("AAPL", MARKS) == 600
    assert one.unrealized("AAPL", MARKS) == 30
    assert one.average_cost("AAPL") == 190
    assert (one.margin(MARKS), one.maintenance(MARKS)) == (300, 150)
    assert one.fill("AAPL", Decimal(-3), Decimal(200)) == 30
    assert one.cash == {"USD": 1030}
    assert one.equity(MARKS) == 1030
    assert one.holdings["AAPL"].realized == 30


def test_a_stock_sold_short_owes_its_value() -> None:
    one = account()
    one.fill("AAPL", Decimal(-2), Decimal(210))
    assert one.cash == {"USD": 1420}
    assert one.equity(MARKS) == 1020
    assert one.gross(MARKS) == 400
    assert one.market_value("AAPL", MARKS) == -400
    assert one.margin(MARKS) == 200


def test_only_the_profit_of_a_future_becomes_cash() -> None:
    one = account()
    assert one.fill("6EZ6", Decimal(2), Decimal("1.0990")) == 0
    assert one.cash == {"USD": 1000}
    assert one.unrealized("6EZ6", MARKS) == 250
    assert one.equity(MARKS) == 1250
    assert one.average_cost("6EZ6") == Decimal("137375")
    assert one.market_value("6EZ6", MARKS) == 275_000
    assert one.gross(MARKS) == 0
    assert (one.margin(MARKS), one.maintenance(MARKS)) == (5500, 5000)
    assert one.fill("6EZ6", Decimal(-3), Decimal("1.1010")) == 500
    assert one.cash == {"USD": 1500}
    assert one.holdings["6EZ6"] == Holding(Decimal(-1), Decimal("1.1010"), Decimal(500))
    assert one.equity(MARKS) == 1500 + 125


def test_gold_is_bought_as_a_stock_is() -> None:
    one = account()
    one.fill("XAUUSD", Decimal(10), Decimal(2490))
    assert one.cash == {"USD": -23_900}
    assert one.equity(MARKS) == 1100
    assert one.margin(MARKS) == 1250


def test_what_was_never_priced_counts_at_what_it_cost() -> None:
    one = account()
    one.fill("IBM", Decimal(4), Decimal(250))
    assert one.equity(MARKS) == 1000
    assert one.unrealized("IBM", MARKS) == 0


@pytest.mark.parametrize("key", ["AAPL", "XAUUSD", "6EZ6", "EUR.USD"])
@given(trades=TRADES)
def test_profit_and_equity_agree_whatever_is_traded(key: str, trades: list[tuple[Decimal, Decimal]]) -> None:
    one = account()
    profit = sum((one.fill(key, units, price) for units, price in trades), Decimal(0))
    assert abs(profit - one.holdings.get(key, Holding()).realized) < Decimal("0.0001")
    if key != "EUR.USD":
        total = 1000 + profit + one.unrealized(key, MARKS)
        assert abs(one.equity(MARKS) - total) < Decimal("0.001")
    told = one.preview(MARKS, key, Decimal(7))
    one.fill(key, Decimal(7), PRICES.get(key, Decimal("1.1")))
    assert told.after == one.margin(MARKS)
    assert told.maintenance_after == one.maintenance(MARKS)


@pytest.mark.parametrize(
    ("key", "quantity", "price", "cost"),
    [
        ("AAPL", "100", "200", "1.00"),  # at least a dollar
        ("AAPL", "1000", "200", "5.00"),
        ("AAPL", "1000", "0.30", "3.00"),  # at most a hundredth
        ("AAPL", "10", "5", "0.50"),
        ("6EZ6", "1", "1.1", "2.47"),
        ("6EZ6", "-12", "1.1", "29.64"),
        ("XAUUSD", "1", "2500", "2.00"),
        ("XAUUSD", "100", "2500", "37.50"),
        ("EUR.USD", "0", "1.1", "0.00"),
    ],
)
def test_the_schedules_of_what_is_no_pair(key: str, quantity: str, price: str, cost: str) -> None:
    assert str(commission(key, Decimal(quantity), Decimal(price), Decimal(1))) == cost


def test_part_fills_pay_as_much_as_the_whole() -> None:
    done = paid = Decimal(0)
    for quantity in (150, 50, 300, 1):
        before = commission("AAPL", done, Decimal(200), Decimal(1))
        done += quantity
        paid += commission("AAPL", done, Decimal(200), Decimal(1)) - before
    assert paid == commission("AAPL", Decimal(501), Decimal(200), Decimal(1))


def test_of_a_cfd_only_the_profit_is_paid() -> None:
    one = account()
    assert one.fill("AAPLn", Decimal(10), Decimal(190)) == 0
    assert (one.cash, one.equity(MARKS), one.gross(MARKS)) == ({"USD": 1000}, 1100, 0)
    assert (one.margin(MARKS), one.maintenance(MARKS)) == (400, 400)  # a fifth of 2,000
    assert one.fill("AAPLn", Decimal(-10), Decimal(195)) == 50
    assert (one.cash, one.equity(MARKS)) == ({"USD": 1050}, 1050)
    one.fill("IBDE40", Decimal(-1), Decimal(20_100))
    assert one.equity(MARKS) == 1050 + 100 * Decimal("1.1")


def test_an_option_is_paid_by_the_hundred() -> None:
    one = account()
    one.fill(CALL, Decimal(2), Decimal("3.00"))
    assert (one.cash, one.equity(MARKS), one.gross(MARKS)) == ({"USD": 400}, 1100, 700)
    assert one.average_cost(CALL) == 300
    assert one.margin(MARKS) == 700
    assert one.fill(CALL, Decimal(-2), Decimal("3.20")) == 40
    assert one.cash == {"USD": 1040}


@pytest.mark.parametrize(
    ("key", "quantity", "price", "cost"),
    [("AAPLn", 1000, 200, "5.00"), ("AAPLn", 10, 200, "1.00"), ("IBDE40", 2, 20_000, "2.20"), (CALL, 4, 3, "2.60")],
)
def test_what_cfds_and_options_cost(key: str, quantity: int, price: int, cost: str) -> None:
    rate = Decimal("1.1") if key == "IBDE40" else Decimal(1)
    assert commission(key, Decimal(quantity), Decimal(price), rate) == Decimal(cost)
