from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.fx import IDEALPRO_PAIRS, Pair
from runner.gateway.instruments import INSTRUMENTS, Instrument, find, find_all
from runner.gateway.instruments_listed import third_wednesday
from runner.wire.values import WireContract

PAIRS = [name for name, one in INSTRUMENTS.items() if one.is_pair]
NOW = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())


def asked(**fields: object) -> WireContract:
    return WireContract(**fields)  # type: ignore[arg-type]


def test_the_list_of_pairs_is_that_of_the_other_reading() -> None:
    assert set(PAIRS) == set(IDEALPRO_PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_ticks_and_sizes_agree_with_the_other_reading(name: str) -> None:
    instrument, pair = INSTRUMENTS[name], Pair(*name.split("."))
    assert instrument.local_symbol == name
    assert instrument.min_tick == pair.tick_size
    assert instrument.min_size == pair.minimum
    assert Decimal(1).scaleb(-instrument.decimals) * 10 == pair.pip_size
    assert instrument.spread >= 1


def test_numbers_are_unique_and_those_of_ib() -> None:
    assert len({instrument.con_id for instrument in INSTRUMENTS.values()}) == len(INSTRUMENTS)
    known = {"EUR.USD": 12087792, "AAPL": 265598, "SPY": 756733, "XAUUSD": 69067924}
    assert {name: INSTRUMENTS[name].con_id for name in known} == known
    assert INSTRUMENTS["EUR.USD"].long_name == "European Monetary Union Euro"


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda instrument: instrument.local_symbol)
def test_each_way_of_naming_finds_it(instrument: Instrument) -> None:
    kind, month = instrument.security_type, instrument.contract_month
    for contract in (
        asked(contract_id=instrument.con_id),
        asked(contract_id=instrument.con_id, exchange=instrument.exchange),
        asked(local_symbol=instrument.local_symbol),
        asked(local_symbol=instrument.local_symbol, security_type=kind, exchange=instrument.valid_exchanges[-1]),
        asked(contract_id=instrument.con_id, local_symbol=instrument.local_symbol, security_type=kind),
        asked(
            symbol=instrument.symbol, currency=instrument.currency, security_type=kind, last_trade_date=month,
            strike=instrument.strike or Decimal(0), right=instrument.right,
        ),
    ):  # fmt: skip
        assert find_all(contract) == [instrument]
        assert find(contract) is instrument


@pytest.mark.parametrize(
    "contract",
    [
        {},
        {"contract_id": 1},
        {"contract_id": 12087792, "symbol": "GBP"},
        {"contract_id": 12087792, "symbol": "USD", "currency": "USD"},
        {"contract_id": 12087792, "local_symbol": "GBP.USD"},
        {"contract_id": 265598, "primary_exchange": "NYSE"},
        {"local_symbol": "EUR.USD", "security_type": "STK"},
        {"local_symbol": "EUR.USD", "exchange": "CME"},
        {"local_symbol": "eur.usd"},
        {"symbol": "EUR", "currency": "USD"},
        {"symbol": "USD", "currency": "EUR", "security_type": "CASH"},
        {"symbol": "AAPL", "security_type": "STK", "currency": "EUR"},
        {"symbol": "AAPL", "security_type": "STK", "exchange": "IDEALPRO"},
        {"symbol": "AAPL", "security_type": "STK", "last_trade_date": "202612"},
        {"symbol": "EUR", "security_type": "FUT", "exchange": "SMART", "last_trade_date": "202612"},
        {"symbol": "EUR", "security_type": "FUT", "exchange": "CME", "last_trade_date": "202611"},
        {"local_symbol": "6EZ6", "multiplier": "62500"},
        {"local_symbol": "6EZ6", "multiplier": "many"},
        {"local_symbol": "6EX6"},
        {"security_type": "FUT"},
        {"symbol": "AAPL", "security_type": "OPT", "strike": Decimal(235)},
        {"local_symbol": "AAPL  261218C00230000", "right": "P"},
        {"symbol": "EUR", "security_type": "CONTFUT"},
    ],
    ids=str,
)
def test_what_disagrees_or_says_too_little_finds_nothing(contract: dict[str, object]) -> None:
    assert find_all(asked(**contract), NOW) == []
    assert find(asked(**contract), NOW) is None


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        ({"symbol": "AAPL", "security_type": "STK", "exchange": "SMART", "currency": "USD"}, "AAPL"),
        ({"symbol": "AAPL", "security_type": "STK", "exchange": "SMART", "primary_exchange": "ISLAND"}, "AAPL"),
        ({"symbol": "AAPL", "security_type": "STK", "exchange": "ISLAND"}, "AAPL"),
        ({"symbol": "SPY", "security_type": "STK", "exchange": "ARCA"}, "SPY"),
        ({"symbol": "EUR", "currency": "USD", "security_type": "CASH", "exchange": "SMART"}, "EUR.USD"),
        ({"symbol": "XAUUSD", "security_type": "CMDTY", "exchange": "SMART", "currency": "USD"}, "XAUUSD"),
        ({"symbol": "EUR", "security_type": "FUT", "exchange": "CME", "last_trade_date": "20261214"}, "6EZ6"),
        ({"symbol": "EUR", "security_type": "FUT", "exchange": "CME", "last_trade_date": "202703"}, "6EH7"),
        ({"local_symbol": "6EH7", "multiplier": "125000.0", "trading_class": "6E"}, "6EH7"),
        ({"symbol": "IBDE40", "security_type": "CFD", "currency": "EUR", "exchange": "SMART"}, "IBDE40"),
        ({"symbol": "AAPL", "security_type": "CFD", "currency": "USD"}, "AAPLn"),
        (
            {
                "symbol": "AAPL",
                "security_type": "OPT",
                "currency": "USD",
                "exchange": "SMART",
                "right": "CALL",
                "last_trade_date": "20261218",
                "strike": Decimal("230.0"),
                "multiplier": "100",
            },
            "AAPL  261218C00230000",
        ),
    ],
    ids=str,
)
def test_what_people_write_finds_what_they_mean(contract: dict[str, object], name: str) -> None:
    assert find(asked(**contract), NOW) is INSTRUMENTS[name]


def test_what_says_too_little_is_ambiguous() -> None:
    pairs = find_all(asked(symbol="EUR", security_type="CASH"), NOW)
    assert len(pairs) > 10
    assert {pair.symbol for pair in pairs} == {"EUR"}
    assert find(asked(symbol="EUR", security_type="CASH"), NOW) is None


def test_a_future_is_there_from_its_listing_to_its_last_trade() -> None:
    contract = asked(symbol="EUR", security_type="FUT", exchange="CME")
    names = [future.local_symbol for future in find_all(contract, NOW)]
    assert names[:5] == ["6EZ6", "6EH7", "6EM7", "6EU7", "6EZ7"]
    assert len(names) == 20
    last = int(datetime(2026, 12, 14, 15, 16, tzinfo=UTC).timestamp())
    assert find(asked(local_symbol="6EZ6"), last - 1) is INSTRUMENTS["6EZ6"]
    assert find(asked(local_symbol="6EZ6"), last) is None
    assert find(asked(contract_id=INSTRUMENTS["6EZ6"].con_id), last) is None
    assert find(asked(local_symbol="6EZ6", include_expired=True), last) is INSTRUMENTS["6EZ6"]
    expired = find_all(asked(symbol="EUR", security_type="FUT", include_expired=True), NOW)
    assert expired[0].local_symbol == "6EH4"


def test_the_last_trade_is_two_days_before_the_third_wednesday() -> None:
    assert [str(third_wednesday(2026, month)) for month in (3, 6, 9, 12)] == [
        "2026-03-18",
        "2026-06-17",
        "2026-09-16",
        "2026-12-16",
    ]
    assert INSTRUMENTS["6EZ6"].last_trade_date == "20261214"


TEXTS = st.one_of(
    st.just(""), st.sampled_from(["EUR", "USD", "FUT", "STK", "CME", "6E", "125000", "nan", "1e99999"]), st.text()
)


@given(
    st.integers(-1, 2**31),
    st.lists(TEXTS, min_size=9, max_size=9),
    st.one_of(st.none(), st.integers(0, 2**40)),
)
def test_whatever_a_contract_says_is_looked_up(con_id: int, texts: list[str], at: int | None) -> None:
    names = (
        "symbol", "security_type", "currency", "local_symbol", "trading_class", "exchange", "primary_exchange",
        "last_trade_date", "multiplier",
    )  # fmt: skip
    contract = asked(contract_id=con_id, **dict(zip(names, texts, strict=True)))
    found = find_all(contract, at)
    for one in found:
        agreed = (one.symbol, one.security_type, one.currency, one.local_symbol, one.trading_class)
        assert all(text in ("", own) for text, own in zip(texts, agreed, strict=False))
    assert find(contract, at) is (found[0] if len(found) == 1 else None)
