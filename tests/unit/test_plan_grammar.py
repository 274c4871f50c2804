"""Prices, sizes and durations as they are written: what each means, and where what means nothing goes wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.price import Anchor, PriceExpr, Unit
from runner.core.size import SizeExpr, SizeKind
from runner.plan import grammar
from runner.plan.model import Mark
from runner.plan.source import parse
from runner.plan.text import Misread


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1.0850", PriceExpr(None, Decimal("1.0850"))),
        ("bid - 5 pips", PriceExpr(Anchor.BID, Decimal(-5), Unit.PIPS)),
        ("mid + 0.1%", PriceExpr(Anchor.MID, Decimal("0.1"), Unit.PERCENT)),
        ("entry + 2R", PriceExpr(Anchor.ENTRY, Decimal(2), Unit.R)),
        ("ask + 0.0005", PriceExpr(Anchor.ASK, Decimal("0.0005"))),
        ("ask", PriceExpr(Anchor.ASK, Decimal(0))),
        ("20 pips", PriceExpr(None, Decimal(20), Unit.PIPS)),
        ("2R", PriceExpr(None, Decimal(2), Unit.R)),
        ("0.5%", PriceExpr(None, Decimal("0.5"), Unit.PERCENT)),
        (" BID+1_0 Pip ", PriceExpr(Anchor.BID, Decimal(10), Unit.PIPS)),
    ],
)
def test_prices(text: str, meaning: PriceExpr) -> None:
    assert grammar.price(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("30_000", SizeExpr(Decimal(30000))),
        ("0.25 lots", SizeExpr(Decimal("0.25"), SizeKind.LOTS)),
        ("1lot", SizeExpr(Decimal(1), SizeKind.LOTS)),
        ("30_000 USD", SizeExpr(Decimal(30000), SizeKind.MONEY, "USD")),
        ("50% of cash", SizeExpr(Decimal(50), SizeKind.CASH)),
        ("Risk 0.5 %", SizeExpr(Decimal("0.5"), SizeKind.RISK)),
    ],
)
def test_sizes(text: str, meaning: SizeExpr) -> None:
    assert grammar.size(text) == meaning


@pytest.mark.parametrize(
    ("text", "index", "words"),
    [
        ("bidd - 5 pips", 0, 'in place of "bidd"; did you mean "bid"?'),
        ("bid - 5 pipz", 8, 'pips in place of "pipz"; did you mean "pips"?'),
        ("bid -", 5, "a number at its end"),
        ("bid 5 pips", 4, 'expected +, - or nothing more in place of "5"'),
        ("-5 pips", 0, 'in place of "-"'),
        ("bid - 0 pips", 6, "greater than 0"),
        ("20 pips more", 8, 'expected nothing more in place of "more"'),
        ("mid + 101%", 6, "at most 100%"),
        ("1000001", 0, "at most 1000000"),
        ("1.0.5", 0, "a number"),
        ("bid - 01", 6, 'in place of "01"'),
        ("1" * 29, 0, "at most 28 digits"),
        ("1 " * 40, 60, "at most 60 characters"),
        ("", 0, "at its end"),
        ("__import__('os')", 0, "expected a number"),
    ],
)
def test_what_is_no_price(text: str, index: int, words: str) -> None:
    with pytest.raises(Misread) as caught:
        grammar.price(text)
    assert (caught.value.index, words in str(caught.value)) == (index, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "index", "words"),
    [
        ("30_000 usd", 7, 'did you mean "USD"?'),
        ("30_000 USX", 7, "a currency that IDEALPRO trades"),
        ("50% of csh", 7, 'did you mean "cash"?'),
        ("50%", 3, "expected of at its end"),
        ("risk 101%", 5, "at most 100%"),
        ("risk 1", 6, "expected %"),
        ("10000001 lots", 0, "at most 10000000"),
        ("1.123456789 lots", 0, "8 decimal places"),
        ("0.00 USD", 0, "greater than 0"),
    ],
)
def test_what_is_no_size(text: str, index: int, words: str) -> None:
    with pytest.raises(Misread) as caught:
        grammar.size(text)
    assert (caught.value.index, words in str(caught.value)) == (index, True), str(caught.value)


def test_durations() -> None:
    assert grammar.duration("90s") == timedelta(seconds=90)
    for text, index in (("90", 2), ("0s", 0), ("15 min", 2), ("1w", 1), ("9999999999s", 0), ("", 0)):
        with pytest.raises(Misread) as caught:
            grammar.duration(text)
        assert caught.value.index == index, text


@given(
    st.sampled_from(Anchor),
    st.sampled_from(["pips", "%", "R", ""]),
    st.sampled_from("+-"),
    st.decimals("0.01", 100, places=2),
    st.lists(st.sampled_from(["", " ", "  "]), min_size=4, max_size=4),
)
def test_spaces_and_case_do_not_matter(anchor: Anchor, unit: str, sign: str, number: Decimal, gaps: list[str]) -> None:
    text = f"{anchor.value}{gaps[0]}{sign}{gaps[1]}{number}{gaps[2]}{unit}{gaps[3]}"
    found = grammar.price(text)
    assert found == grammar.price(text.upper()) == grammar.price(text.lower())
    assert (found.anchor, found.offset) == (anchor, number if sign == "+" else -number)


@pytest.mark.parametrize(
    ("value", "line", "column"),
    [
        ("bid - 5 pipz", 1, 14),
        ('"bid - 5 pipz"', 1, 15),
        ("'bid - 5 pipz'", 1, 15),
        ('"bid \\x2d 5 \\u0070ipz"', 1, 18),
        ("\n  bid -\n    5 pipz", 3, 7),
        (">-\n  bid - 5 pipz", 2, 11),
    ],
)
def test_the_place_of_a_character_is_that_in_the_file(value: str, line: int, column: int) -> None:
    text = f"key: {value}\n"
    source = parse("plan.yaml", text, text.encode())
    assert source.data == {"key": "bid - 5 pipz"}
    assert source.character_mark(("key",), 8) == Mark(line, column)
