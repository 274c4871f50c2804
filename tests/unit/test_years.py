"""What a run of years came to: figures worked out by hand, and the bad times against a slower count of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from runner.core.events import Summary
from runner.core.ticket import Side
from runner.gateway.reference import Reference
from runner.journal.rows import ExecutionRow
from runner.report.render_json import last_line
from runner.report.years import Against, Drawdown, Performance, performance
from runner.report.years_text import by_year, lines

D = Decimal
START, UNTIL = date(2024, 12, 28), date(2025, 2, 4)


class Table:
    """Rates written down: one unit of a currency in dollars, by day."""

    def __init__(self, **dollars: Mapping[date, str]) -> None:
        self._dollars = dollars
        self._days = sorted({day for rates in dollars.values() for day in rates})

    def days(self, start: date, until: date) -> Sequence[date]:
        return [day for day in self._days if start <= day < until]

    def cross(self, base: str, quote: str, day: date) -> Decimal | None:
        pays, gets = self._of(base, day), self._of(quote, day)
        return None if pays is None or gets is None else pays / gets

    def _of(self, name: str, day: date) -> Decimal | None:
        if name == "USD":
            return D(1)
        known = [D(rate) for at, rate in sorted(self._dollars.get(name, {}).items()) if at <= day]
        return known[-1] if known else None


EURO = Table(
    EUR={
        date(2024, 12, 30): "1.1000",
        date(2024, 12, 31): "1.1200",
        date(2025, 1, 2): "1.0500",
        date(2025, 1, 31): "1.0800",
        date(2025, 2, 3): "1.1300",
    }
)
MIDDLES = {"1.1010": "1.1009", "1.0490": "1.0491"}


def execution(
    side: Side, quantity: str, price: str, day: date, *, pair: str = "EUR.USD", cost: str | None = "2"
) -> ExecutionRow:
    return ExecutionRow(
        order_ref="r",
        plan="p",
        exec_id="1.1",
        contract=pair,
        side=side,
        price=D(price),
        quantity=D(quantity),
        at=datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC),
        commission=None if cost is None else D(cost),
        commission_currency=None if cost is None else "USD",
    )


BOUGHT = execution(Side.BUY, "1000", "1.1010", date(2024, 12, 30))
SOLD = execution(Side.SELL, "400", "1.0490", date(2025, 1, 2))


def run(rows: Sequence[ExecutionRow], rates: Table = EURO, *, is_synthetic: bool = True) -> Performance:
    def middle(_contract: str, at: datetime) -> Decimal | None:
        price = next((row.price for row in rows if row.at == at), None)
        return None if price is None or str(price) not in MIDDLES else D(MIDDLES[str(price)])

    found = performance(rows, START, UNTIL, rates=rates, middle=middle, is_synthetic=is_synthetic)
    assert found is not None
    return found


def test_a_purchase_and_a_sale_by_hand() -> None:
    """1000 euros for 1101 and 2 dollars, then 400 of them for 419.60 less 2: 600 euros and -685.40 dollars are left."""
    found = run([SOLD, BOUGHT])  # in any order
    assert found.currency == "USD"
    assert found.commission == {"USD": D(4)}
    assert found.spread == {"USD": D("0.14")}  # 1000 x 0.0001 + 400 x 0.0001
    assert found.against == {
        # 1000 x 0.0010 + 400 x 0.0010 = 1.40 dollars, on 1400 euros, or on 1100 + 420 dollars
        "EUR.USD": Against(pips=D(10), percent=pytest.approx(D("0.092105263157894736"), rel=D("1e-15")))
    }
    first, second = found.years
    assert (first.year, first.fills, first.worth, first.result) == (2024, 1, D(17), D(17))  # 1120 - 1103
    assert first.balances == {"EUR": D(1000), "USD": D(-1103)}
    assert (second.year, second.fills, second.worth, second.result) == (2025, 1, D("-7.4"), D("-24.4"))
    assert second.balances == {"EUR": D(600), "USD": D("-685.4")}
    assert found.worst_month == ("2025-01", D("-54.4"))  # 648 - 685.40, from 17
    assert found.longest == Drawdown(since=date(2024, 12, 31), until=None, days=34)
    assert found.deepest == (date(2025, 1, 2), D("72.4"))  # 17 down to 630 - 685.40


def test_a_drawdown_that_was_made_good_counts_from_the_start() -> None:
    """Three dollars down on the first day, up 17 on the next: from nothing on 28 December to 31 December."""
    found = performance([BOUGHT], START, date(2025, 1, 1), rates=EURO, middle=lambda *_: None, is_synthetic=True)
    assert found is not None
    assert found.longest == Drawdown(since=START, until=date(2024, 12, 31), days=3)
    assert found.deepest == (date(2024, 12, 30), D(3))
    assert found.spread == {}


def test_several_quote_currencies_are_added_up_in_dollars() -> None:
    """1000 euros for 950 francs, 1000 dollars for 150000 yen: 1100 - 1140 + 1000 - 1050 = -90 dollars."""
    day = date(2024, 12, 30)
    rates = Table(EUR={day: "1.1"}, CHF={day: "1.2"}, JPY={day: "0.007"})
    rows = [
        execution(Side.BUY, "1000", "0.95", day, pair="EUR.CHF", cost=None),
        execution(Side.BUY, "1000", "150", day, pair="USD.JPY", cost=None),
    ]
    found = run(rows, rates)
    assert found.currency == "USD"
    assert [year.worth for year in found.years] == [D(-90), None]
    assert found.years[1].balances == {"EUR": D(1000), "CHF": D(-950), "USD": D(1000), "JPY": D(-150_000)}
    assert round(found.against["USD.JPY"].pips, 6) == D("714.285714")  # 150 less 1/0.007, in pips of 0.01
    assert round(found.against["EUR.CHF"].pips, 6) == D("333.333333")


def test_without_a_rate_nothing_is_said_of_worth() -> None:
    found = run([BOUGHT], Table(CHF={date(2024, 12, 30): "1.2"}))
    assert found.against == {}
    assert [year.worth for year in found.years] == [None, None]
    assert (found.worst_month, found.longest, found.deepest) == (None, None, None)


def test_without_pairs_there_is_nothing_to_say() -> None:
    stock = execution(Side.BUY, "10", "230", date(2025, 1, 2), pair="AAPL")
    for rows in ([], [stock]):
        assert performance(rows, START, UNTIL, rates=EURO, middle=lambda *_: None, is_synthetic=True) is None


def test_the_report_says_it_in_words() -> None:
    found = run([BOUGHT, SOLD])
    assert lines(found) == [
        "cost: commission 4.00 USD; beyond the middle of the quote 0.14 USD (synthetic intraday path)",
        "against the ECB's reference rate of the day, on average: EUR.USD 10.00 pips, 0.0921 % worse "
        "(synthetic intraday path)",
        "worst month: 2025-01, -54.40 USD (synthetic intraday path)",
        "longest drawdown: since 2024-12-31, 34 days, not made good; deepest on 2025-01-02, -72.40 USD "
        "(synthetic intraday path)",
    ]
    table = by_year(found)
    assert table.title.endswith("(synthetic intraday path)")
    assert [column.title for column in table.columns] == [
        "year", "fills", "EUR", "USD", "worth (USD)", "result (USD)",
    ]  # fmt: skip
    assert table.rows == (
        ("2024", "1", "1_000.00", "-1_103.00", "17.00", "17.00"),
        ("2025", "1", "600.00", "-685.40", "-7.40", "-24.40"),
    )


def test_prices_of_a_file_are_not_called_synthetic() -> None:
    found = run([BOUGHT, SOLD], is_synthetic=False)
    assert not any("synthetic" in text for text in (*lines(found), by_year(found).title))


def test_the_summary_of_a_program_holds_the_same_and_validates() -> None:
    for rows in ([BOUGHT, SOLD], [BOUGHT]):
        record = json.loads(last_line(Summary(plan="p"), run(rows)))
        assert [error.message for error in Draft202012Validator(schemas.load("events")).iter_errors(record)] == []
    record = json.loads(last_line(Summary(plan="p"), run([BOUGHT, SOLD])))["performance"]
    assert record["against_reference"] == {"EUR.USD": {"pips": "10", "percent": "0.092105"}}
    assert record["years"][1] == {
        "year": 2025,
        "fills": 1,
        "balances": {"EUR": "600", "USD": "-685.4"},
        "worth": "-7.4",
        "result": "-24.4",
    }
    assert record["worst_month"] == {"month": "2025-01", "result": "-54.4"}
    assert record["longest_drawdown"] == {"since": "2024-12-31", "until": None, "days": 34}
    assert record["deepest_drawdown"] == {"day": "2025-01-02", "amount": "72.4"}
    assert "performance" not in json.loads(last_line(Summary(plan="p"), None))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_bad_times_are_those_of_a_slower_count(moves: list[int]) -> None:
    """One euro bought for 9999 is worth the rate less that: any walk of rates is a walk of worth."""
    days = [START + timedelta(days=number) for number in range(len(moves))]
    worths = [D(sum(moves[: number + 1])) for number in range(len(moves))]
    rates = Table(EUR={day: str(9999 + worth) for day, worth in zip(days, worths, strict=True)})
    rows = [execution(Side.BUY, "1", "9999", START, cost=None)]
    found = performance(
        rows, START, days[-1] + timedelta(days=1), rates=rates, middle=lambda *_: None, is_synthetic=True
    )
    assert found is not None
    heights = [D(0), *worths]
    falls = [max(heights[: number + 1]) - height for number, height in enumerate(heights)]
    assert (D(0) if found.deepest is None else found.deepest[1]) == max(falls)
    spells, since = [], START
    for day, worth, highest in zip(days, worths, (max(heights[: n + 1]) for n in range(len(days))), strict=True):
        if worth >= highest:
            spells.append((day - since).days if falls[days.index(day)] else 0)
            since = day
    if falls[-1]:
        spells.append((days[-1] - since).days)
    assert (0 if found.longest is None else found.longest.days) == max(spells, default=0)


def test_reference_rates_are_those_of_the_ecb() -> None:
    """The franc on the day it was let go, the pound after the vote, a day without rates, the day before the first."""
    rates = Reference()
    assert rates.cross("EUR", "CHF", date(2015, 1, 14)) == D("1.2010")
    assert rates.cross("EUR", "CHF", date(2015, 1, 15)) == D("1.0280")
    pound = rates.cross("GBP", "USD", date(2016, 6, 24))
    assert pound is not None
    assert round(pound, 6) == round(D("1.1066") / D("0.8075"), 6)
    assert rates.cross("EUR", "USD", date(2025, 12, 25)) == rates.cross("EUR", "USD", date(2025, 12, 24))
    assert rates.cross("EUR", "USD", date(1998, 12, 31)) is None
    assert rates.cross("EUR", "XXX", date(2025, 1, 2)) is None
    assert rates.days(date(2025, 12, 24), date(2025, 12, 30)) == [date(2025, 12, 24), date(2025, 12, 29)]
