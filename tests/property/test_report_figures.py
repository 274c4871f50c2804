"""First in, first out against a count of single units, cells against what a reader of CSV reads back."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from runner.core.money import EXACT
from runner.core.ticket import Side
from runner.report.csv_files import content
from runner.report.pnl import Book
from runner.report.sheets import Column, Sheet

deals = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 40), st.decimals("0.00001", "200", places=5)), max_size=30
)
texts = st.text(max_size=20) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", '"', "a,b", "'", "a\r\nb"]
)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)


@given(deals)
def test_a_book_realizes_what_single_units_do(rows: list[tuple[Side, int, Decimal]]) -> None:
    book = Book()
    units: list[tuple[int, Decimal]] = []  # sign and price of each unit that is open, oldest first
    expected = gained = Decimal(0)
    for side, quantity, price in rows:
        gained = EXACT.add(gained, book.take(side, Decimal(quantity), price))
        for _ in range(quantity):
            if units and units[0][0] != side.sign:
                sign, opened = units.pop(0)
                expected = EXACT.add(expected, sign * (price - opened))
            else:
                units.append((side.sign, price))
    assert gained == expected
    assert book.position == sum(sign for sign, _ in units)
    assert book.cost == sum((sign * price for sign, price in units), Decimal(0))
    assert sum((lot.quantity for lot in book.lots), Decimal(0)) == book.position


@given(st.lists(st.tuples(texts, numbers | st.none(), st.integers()), max_size=8))
def test_cells_are_read_back_and_none_is_a_formula(rows: list[tuple[str, Decimal | None, int]]) -> None:
    sheet = Sheet(name="x", title="x", columns=(Column("a"), Column("b"), Column("c")), rows=tuple(rows))
    _, *read = csv.reader(io.StringIO(content(sheet).decode("utf-8-sig"), newline=""))
    assert len(read) == len(rows)
    for (text, number, count), (a, b, c) in zip(rows, read, strict=True):
        assert a.removeprefix("'") == text.removeprefix("'").encode("utf-8", "replace").decode()
        assert not a.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert (Decimal(b) if b else None) == number
        assert "e" not in b.lower()
        assert int(c) == count
