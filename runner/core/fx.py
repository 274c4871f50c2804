"""Currency pairs: names, pips, ticks and IDEALPRO's order sizes.

Sources: the half-pip grid for orders is IBKR's "high precision forex quotes" page; sizes are the table of
interactivebrokers.com "Spot Currency minimum/maximum order sizes", read 2026-11. The table moves: sizes below the
minimum are executed as odd lots (code 399), so they are warned of and never refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

IDEALPRO_PAIRS = (
    "AUD.CAD", "AUD.CHF", "AUD.HKD", "AUD.JPY", "AUD.NZD", "AUD.SGD", "AUD.USD", "AUD.ZAR",
    "CAD.CHF", "CAD.HKD", "CAD.JPY", "CHF.CZK", "CHF.DKK", "CHF.HUF", "CHF.JPY", "CHF.NOK", "CHF.PLN", "CHF.SEK",
    "CHF.TRY", "CHF.ZAR", "CNH.HKD", "CNH.JPY", "DKK.JPY", "DKK.NOK", "DKK.SEK",
    "EUR.AUD", "EUR.CAD", "EUR.CHF", "EUR.CNH", "EUR.CZK", "EUR.DKK", "EUR.GBP", "EUR.HKD", "EUR.HUF", "EUR.ILS",
    "EUR.JPY", "EUR.MXN", "EUR.NOK", "EUR.NZD", "EUR.PLN", "EUR.SEK", "EUR.SGD", "EUR.TRY", "EUR.USD", "EUR.ZAR",
    "GBP.AUD", "GBP.CAD", "GBP.CHF", "GBP.CNH", "GBP.CZK", "GBP.DKK", "GBP.HKD", "GBP.HUF", "GBP.JPY", "GBP.MXN",
    "GBP.NOK", "GBP.NZD", "GBP.PLN", "GBP.SEK", "GBP.SGD", "GBP.TRY", "GBP.USD", "GBP.ZAR", "HKD.JPY",
    "MXN.JPY", "NOK.JPY", "NOK.SEK", "NZD.CAD", "NZD.CHF", "NZD.JPY", "NZD.USD", "SEK.JPY", "SGD.CNH", "SGD.JPY",
    "USD.CAD", "USD.CHF", "USD.CNH", "USD.CZK", "USD.DKK", "USD.HKD", "USD.HUF", "USD.ILS", "USD.JPY", "USD.MXN",
    "USD.NOK", "USD.PLN", "USD.SEK", "USD.SGD", "USD.TRY", "USD.ZAR", "ZAR.JPY",
)  # fmt: skip

CURRENCIES = tuple(sorted({currency for pair in IDEALPRO_PAIRS for currency in pair.split(".")}))

_MINIMUM = {
    "USD": 25_000, "EUR": 20_000, "GBP": 20_000, "AUD": 25_000, "CAD": 25_000, "CHF": 25_000, "NZD": 35_000,
    "SGD": 35_000, "JPY": 2_500_000, "CNH": 150_000, "DKK": 150_000, "NOK": 150_000, "SEK": 175_000, "HKD": 200_000,
    "MXN": 300_000, "ZAR": 350_000,
}  # fmt: skip

_SPELLING = re.compile(r"([A-Za-z]{3})[./]?([A-Za-z]{3})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Base and quote currency, both ISO codes in capitals: one unit of base costs so much of quote."""

    base: str
    quote: str

    @property
    def name(self) -> str:
        """IB's local symbol, such as EUR.USD."""
        return f"{self.base}.{self.quote}"

    @property
    def pip_size(self) -> Decimal:
        """The unit traders talk in: 0.0001, or 0.01 where the quote currency is the yen."""
        return Decimal("0.01") if self.quote == "JPY" else Decimal("0.0001")

    @property
    def tick_size(self) -> Decimal:
        """The grid orders must lie on: half a pip."""
        return self.pip_size / 2

    @property
    def minimum(self) -> Decimal | None:
        """IDEALPRO's smallest order in base units, None where the table has no figure."""
        size = _MINIMUM.get(self.base)
        return None if size is None else Decimal(size)


def parse_pair(text: str) -> Pair | None:
    """Read EUR.USD, EUR/USD or EURUSD in any case; None if it is not of that form or not traded on IDEALPRO."""
    if (match := _SPELLING.fullmatch(text)) is None:
        return None
    pair = Pair(match[1].upper(), match[2].upper())
    return pair if pair.name in IDEALPRO_PAIRS else None
