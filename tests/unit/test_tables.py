"""Answers as tables: cells stay on their lines, figures are exact and set to the right."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runner.cli import tables


def test_x05_what_another_client_writes_forges_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign orderRef, a broker's warning: any text may come."""
    forged = "x\n\x1b[2Jours  fx1:a:b\u202e"
    shown = tables.table("orders", "whose order_ref", [("foreign", forged)])
    tables.tell([f"warning: {forged}"], [shown], [], as_json=False)
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 6
    assert all(char.isprintable() or char == "\n" for char in said)
    assert said.splitlines()[-1] == "foreign  x\\n\\x1b[2Jours  fx1:a:b\\u202e"


def test_figures_end_in_one_column(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ("EUR", tables.grouped(Decimal("1234567.80"))),
        ("JPY", tables.grouped(Decimal(-5))),
        ("X", tables.grouped(None)),
    ]
    tables.tell([], [tables.table("cash", "currency >the_amount", rows)], [], as_json=False)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "cash",
        "currency    the amount",
        "--------  ------------",
        "EUR       1,234,567.80",
        "JPY                 -5",
        "X                    -",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("0.000001", "0.000001"), ("25000.00", "25000"), ("-0.5", "-0.5")]
)
def test_figures_for_programs_have_no_exponent(value: str, text: str) -> None:
    assert tables.figure(Decimal(value)) == text
