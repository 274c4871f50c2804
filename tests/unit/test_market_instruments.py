from __future__ import annotations

from decimal import Decimal

import pytest

from runner.core.fx import IDEALPRO_PAIRS, Pair
from runner.gateway.instruments import INSTRUMENTS, Instrument, find


def test_the_list_is_that_of_the_other_reading() -> None:
    assert set(INSTRUMENTS) == set(IDEALPRO_PAIRS)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_ticks_and_sizes_agree_with_the_other_reading(name: str) -> None:
    instrument, pair = INSTRUMENTS[name], Pair(*name.split("."))
    assert instrument.local_symbol == name
    assert instrument.min_tick == pair.tick_size
    assert instrument.min_size == pair.minimum
    assert Decimal(1).scaleb(-instrument.decimals) * 10 == pair.pip_size
    assert instrument.spread >= 1


def test_numbers_are_unique_and_those_of_ib() -> None:
    assert len({instrument.con_id for instrument in INSTRUMENTS.values()}) == len(INSTRUMENTS)
    assert INSTRUMENTS["EUR.USD"].con_id == 12087792
    assert INSTRUMENTS["EUR.USD"].long_name == "European Monetary Union Euro"


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda instrument: instrument.local_symbol)
def test_each_way_of_naming_finds_it(instrument: Instrument) -> None:
    assert find(con_id=instrument.con_id) is instrument
    assert find(local_symbol=instrument.local_symbol) is instrument
    named = find(symbol=instrument.symbol, currency=instrument.currency, sec_type="CASH", exchange="IDEALPRO")
    assert named is instrument
    assert find(con_id=instrument.con_id, local_symbol=instrument.local_symbol, sec_type="CASH") is instrument


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"con_id": 1},
        {"con_id": 12087792, "symbol": "GBP"},
        {"con_id": 12087792, "symbol": "USD", "currency": "USD"},
        {"con_id": 12087792, "local_symbol": "GBP.USD"},
        {"local_symbol": "EUR.USD", "sec_type": "STK"},
        {"local_symbol": "EUR.USD", "exchange": "SMART"},
        {"local_symbol": "eur.usd"},
        {"symbol": "EUR", "currency": "USD"},
        {"symbol": "EUR", "sec_type": "CASH"},
        {"symbol": "USD", "currency": "EUR", "sec_type": "CASH"},
        {"symbol": "EUR", "currency": "USD", "sec_type": "CASH", "exchange": "SMART"},
    ],
    ids=str,
)
def test_what_disagrees_or_says_too_little_finds_nothing(asked: dict[str, str]) -> None:
    assert find(**asked) is None  # type: ignore[arg-type]
