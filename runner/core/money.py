"""Exact decimals: money, prices and quantities never pass through a float on their way."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
CENT = Decimal("0.01")


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros: 25000, 1.085, -0.5."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Tell whether value lies on the grid of step."""
    return EXACT.remainder(value, step) == 0


def nearest_multiples(value: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """Return the grid points just below and just above value."""
    below = EXACT.multiply(EXACT.divide_int(value, step), step)
    return below, below + step


def cents(value: Decimal) -> Decimal:
    """Round an amount of money to hundredths, half to even."""
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN, context=EXACT)
