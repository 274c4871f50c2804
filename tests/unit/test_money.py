"""Money: exact, however large the order was that somebody only asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runner.core.money import cents


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("1.005", "1.00"), ("1.015", "1.02"), ("-0.125", "-0.12"), ("1.4E+26", "140000000000000000000000000.00")],
)
def test_cents_are_half_to_even_and_have_no_limit_of_28_digits(amount: str, rounded: str) -> None:
    assert str(cents(Decimal(amount))) == rounded
