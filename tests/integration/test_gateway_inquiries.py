"""Contracts, small questions, and what is not on offer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.gateway.instruments import INSTRUMENTS
from runner.wire.messages import (
    CancelHistoricalData,
    ContractData,
    CurrentTime,
    CurrentTimeInMillis,
    ErrorMessage,
    FamilyCodes,
    MarketRule,
    Request,
    RequestAutoOpenOrders,
    RequestContractDetails,
    RequestCurrentTime,
    RequestCurrentTimeInMillis,
    RequestFamilyCodes,
    RequestHistoricalData,
    RequestIds,
    RequestManagedAccounts,
    RequestMarketRule,
    RequestMatchingSymbols,
    RequestUserInfo,
    SetServerLogLevel,
    SymbolSamples,
    Unsupported,
    WireContract,
)
from tests.integration.gateway_peer import EURUSD, START, errors, kinds, only, staged

VERSIONS = (157, 178, 200, 213, 226)
SHARES = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
NOTHING = replace(SHARES, symbol="NOSUCH")
BARS = RequestHistoricalData(
    request_id=5, contract=EURUSD, bar_size="5 secs", duration="1 D", what_to_show="MIDPOINT", date_format=2
)


# --- contracts


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "contract",
    [EURUSD, WireContract(contract_id=12087792), WireContract(local_symbol="EUR.USD", security_type="CASH")],
)
def test_contract_details(contract: WireContract, version: int) -> None:
    with staged() as stage:
        told = stage.client(max_version=version).ask(RequestContractDetails(request_id=4, contract=contract))
        assert kinds(told) == ["ContractData", "ContractDataEnd"]
        (data,) = only(ContractData, told)
        assert (data.request_id, data.contract.contract_id, data.contract.local_symbol) == (4, 12087792, "EUR.USD")
        assert (data.min_tick, data.market_rule_ids) == (Decimal("0.00005"), "239")
        assert (data.valid_exchanges, data.time_zone) == ("IDEALPRO", "US/Eastern")
        assert data.trading_hours.startswith("20250304:1715-20250305:1700;20250305:1715-20250306:1700;")
        assert "20250308:CLOSED;20250309:1715-20250310:1700" in data.trading_hours, "the week begins on Sunday"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_details_of_shares(version: int) -> None:
    with staged() as stage:
        wanted = RequestContractDetails(request_id=4, contract=SHARES)
        (data,) = only(ContractData, stage.client(max_version=version).ask(wanted))
        assert (data.contract.contract_id, data.contract.primary_exchange) == (265598, "NASDAQ")
        assert (data.min_tick, data.long_name, data.stock_type) == (Decimal("0.01"), "APPLE INC", "COMMON")
        rules, exchanges = data.market_rule_ids.split(","), data.valid_exchanges.split(",")
        assert (set(rules), len(rules)) == ({"26"}, len(exchanges)), "a rule for each exchange"
        assert data.liquid_hours.startswith("20250305:0930-20250305:1600;20250306:0930-20250306:1600;")
        assert data.trading_hours.startswith("20250305:0400-20250305:2000;")


def test_the_details_of_a_future() -> None:
    with staged() as stage:
        client = stage.client()
        wanted = WireContract(symbol="EUR", security_type="FUT", exchange="CME", currency="USD")
        told = only(ContractData, client.ask(RequestContractDetails(request_id=4, contract=wanted)))
        dates = [data.contract.last_trade_date for data in told]
        assert dates[:2] == ["20250317", "20250616"], "what has expired is not there"
        expired = replace(wanted, include_expired=True)
        again = only(ContractData, client.ask(RequestContractDetails(request_id=4, contract=expired)))
        assert [data.contract.last_trade_date for data in again][:2] == ["20240318", "20240617"]
        one = replace(wanted, last_trade_date="202503")
        (data,) = only(ContractData, client.ask(RequestContractDetails(request_id=4, contract=one)))
        assert (data.contract.local_symbol, data.contract.multiplier) == ("6EH5", "125000")
        assert (data.contract_month, data.real_expiration_date, data.time_zone) == ("202503", "20250317", "US/Central")
        assert data.trading_hours.startswith("20250304:1700-20250305:1600;"), "in Chicago's time"


def test_a_contract_that_is_not_there() -> None:
    with staged() as stage:
        client = stage.client()
        wrong = WireContract(contract_id=12087792, symbol="GBP")
        for contract in (replace(EURUSD, currency="XXX"), wrong, WireContract(), NOTHING):
            told = client.ask(RequestContractDetails(request_id=4, contract=contract))
            assert (kinds(told), errors(told)) == (["ErrorMessage"], [(4, 200)])


def test_a_description_that_fits_several() -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(
            RequestContractDetails(request_id=4, contract=WireContract(symbol="NZD", security_type="CASH"))
        )
        names = [data.contract.local_symbol for data in only(ContractData, told)]
        assert names == ["NZD.CAD", "NZD.CHF", "NZD.JPY", "NZD.USD"]
        assert kinds(told)[-1] == "ContractDataEnd"


@pytest.mark.parametrize(
    ("rule", "step"),
    [(239, "0.00005"), (26, "0.01"), (32, "0.01"), (67, "0.25"), (635, "0.0001"), (2806, "0.25"), (240, "0.005")],
)
def test_market_rules(rule: int, step: str) -> None:
    with staged() as stage:
        for version in VERSIONS:
            client = stage.client(version, max_version=version)
            (told,) = only(MarketRule, client.ask(RequestMarketRule(rule_id=rule)))
            assert [one.increment for one in told.increments] == [Decimal(step)]


def test_every_rule_that_a_contract_names_is_there() -> None:
    with staged() as stage:
        client = stage.client()
        for rule in {one.market_rule_id for one in INSTRUMENTS.values()}:
            assert kinds(client.ask(RequestMarketRule(rule_id=rule))) == ["MarketRule"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("pattern", "symbols"),
    [
        ("AA", ["AAPL"]),
        ("aapl", ["AAPL"]),
        ("APPLE", ["AAPL"]),
        ("MXN", ["MXN"]),
        ("XAU", ["XAUUSD"]),
        ("SP", ["SPY"]),
        ("nosuch", []),
        ("", []),
    ],
)
def test_matching_symbols(pattern: str, symbols: list[str], version: int) -> None:
    with staged() as stage:
        wanted = RequestMatchingSymbols(request_id=4, pattern=pattern)
        (told,) = only(SymbolSamples, stage.client(max_version=version).ask(wanted))
        assert (told.request_id, [one.symbol for one in told.samples]) == (4, symbols)


def test_many_symbols_match() -> None:
    with staged() as stage:
        (told,) = only(SymbolSamples, stage.client().ask(RequestMatchingSymbols(request_id=4, pattern="E")))
        assert len(told.samples) == 16
        (euro,) = only(SymbolSamples, stage.client(2).ask(RequestMatchingSymbols(request_id=4, pattern="EUR")))
        futures = [one for one in euro.samples if one.security_type == "FUT"]
        assert len(futures) <= 1, "a future once, whatever its expiries"
        assert INSTRUMENTS["EUR.USD"].con_id in {one.contract_id for one in euro.samples}


# --- small questions


def test_the_time_is_the_clocks() -> None:
    with staged() as stage:
        client = stage.client()
        client.send(client.wire.encode(RequestCurrentTime()))
        assert only(CurrentTime, client.read())[0].time == START.timestamp()


@pytest.mark.parametrize("version", [200, 213, 226])
def test_the_time_in_milliseconds(version: int) -> None:
    with staged(start=datetime(2025, 3, 5, 14, 30, 0, 250_000, tzinfo=UTC)) as stage:
        (told,) = stage.client(max_version=version).ask(RequestCurrentTimeInMillis())
        assert isinstance(told, CurrentTimeInMillis)
        assert told.time_ms == START.timestamp() * 1000 + 250


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("request_", "answers"),
    [
        (RequestFamilyCodes(), ["FamilyCodes"]),
        (RequestUserInfo(request_id=3), ["UserInfo"]),
        (RequestManagedAccounts(), ["ManagedAccounts"]),
        (RequestIds(count=1000), ["NextValidId"]),
        (SetServerLogLevel(level=5), []),
    ],
)
def test_small_questions(request_: Request, answers: list[str], version: int) -> None:
    with staged() as stage:
        assert kinds(stage.client(max_version=version).ask(request_)) == answers


def test_family_codes_name_the_account() -> None:
    with staged() as stage:
        assert only(FamilyCodes, stage.client().ask(RequestFamilyCodes()))[0].codes[0].account == "DU1234567"


# --- what is not on offer


@pytest.mark.parametrize(
    ("request_", "about", "code"),
    [
        (RequestHistoricalData(request_id=5, contract=EURUSD), 5, 321),
        (replace(BARS, what_to_show="TRADES"), 5, 162),
        (replace(BARS, contract=NOTHING), 5, 200),
        (CancelHistoricalData(request_id=5), 5, 366),
        (RequestMarketRule(rule_id=1), -1, 321),
        (RequestAutoOpenOrders(auto_bind=True), -1, 321),
        (Unsupported(message_id=88, fields=("12", "0")), 12, 10188),
        (Unsupported(message_id=50, fields=("3", "13")), 13, 420),
        (Unsupported(message_id=65, fields=("1", "x", "y")), -1, 321),
        (Unsupported(message_id=9999), -1, 321),
        (Unsupported(message_id=86, fields=("x", "a")), -1, 10276),
    ],
)
def test_what_is_not_on_offer_is_refused_and_never_hangs(request_: Request, about: int, code: int) -> None:
    with staged() as stage:
        (answer,) = only(ErrorMessage, stage.client().ask(request_))
        assert (answer.about, answer.code) == (about, code)
