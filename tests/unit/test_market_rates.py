from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from runner.gateway import hours
from runner.gateway.instruments import INSTRUMENTS
from runner.gateway.market import CREDIT, SyntheticMarket, last_rate_day
from runner.gateway.rates import anchors

BERLIN = ZoneInfo("Europe/Berlin")


def fixing(*day: int) -> int:
    return int(datetime(*day, 14, 15, tzinfo=BERLIN).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "base", "quote", "rate"),
    [  # the ECB's figures of these days, crosses by hand
        ((2024, 1, 2), "EUR", "USD", Decimal("1.0956")),
        ((2024, 7, 1), "EUR", "USD", Decimal("1.0745")),
        ((1999, 1, 4), "EUR", "USD", Decimal("1.1789")),
        ((1999, 1, 4), "USD", "JPY", Decimal("133.73") / Decimal("1.1789")),
        ((1999, 1, 4), "EUR", "GBP", Decimal("0.7111")),
        ((1999, 1, 4), "GBP", "USD", Decimal("1.1789") / Decimal("0.7111")),
    ],
)
def test_fixings_are_the_ecbs_at_a_quarter_past_two(day: tuple[int, ...], base: str, quote: str, rate: Decimal) -> None:
    found = anchors(base, quote, 10**7)
    assert found is not None
    assert found.prices[list(found.times).index(fixing(*day))] == int((rate * 10**7).to_integral_value())


@pytest.mark.parametrize("name", [name for name, one in INSTRUMENTS.items() if one.is_pair])
def test_every_listed_pair_has_rates_up_to_the_last_day(name: str) -> None:
    found = anchors(*name.split("."), 10**5)
    assert found is not None
    assert found.times[-1] == fixing(*last_rate_day().timetuple()[:3])
    assert all(a < b <= a + 8 * 86_400 for a, b in pairwise(found.times))
    assert min(found.prices) > 0


def test_currencies_the_ecb_does_not_quote_have_none() -> None:
    assert anchors("EUR", "XAU", 10**5) is None
    assert anchors("XAU", "USD", 10**5) is None


def test_the_day_of_the_last_rate_is_known_and_credit_is_given() -> None:
    assert date(2024, 12, 31) < last_rate_day()
    assert "ECB" in CREDIT


@pytest.mark.parametrize("name", ["EUR.USD", "USD.JPY", "GBP.CHF", "EUR.HUF", "USD.CNH"])
@pytest.mark.parametrize("seed", [1, 7])
def test_the_middle_of_the_quote_is_the_cross_at_each_fixing(name: str, seed: int) -> None:
    instrument = INSTRUMENTS[name]
    exact = anchors(instrument.symbol, instrument.currency, 10**8)
    assert exact is not None
    market = SyntheticMarket(seed)
    open_ones = [(at, price) for at, price in zip(exact.times, exact.prices, strict=True) if hours.is_open(at)]
    for at, price in open_ones[::97]:
        quote = market.quote(name, at)
        assert quote is not None
        off = (quote.bid + quote.ask) / 2 - Decimal(price).scaleb(-8)
        assert abs(off) <= Decimal(1).scaleb(-instrument.decimals)


def test_reading_the_rates_does_not_import_their_package() -> None:
    code = (
        "import sys; from runner.gateway.market import SyntheticMarket\n"
        "assert SyntheticMarket(1).quote('EUR.USD', 1_700_000_000)\n"
        "assert 'currency_converter' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
