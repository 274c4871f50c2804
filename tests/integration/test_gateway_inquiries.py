"""What a client asks beside orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.inquiries import Inquiries
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.messages import (
    AccountDownloadEnd,
    AccountSummary,
    AccountUpdateMulti,
    AccountValue,
    Answer,
    CancelHistoricalData,
    CancelMarketData,
    CancelPositions,
    ContractData,
    CurrentTime,
    ErrorMessage,
    FamilyCodes,
    HistoricalData,
    MarketRule,
    Pnl,
    PortfolioValue,
    Position,
    PositionMulti,
    Request,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestAutoOpenOrders,
    RequestContractDetails,
    RequestCurrentTime,
    RequestFamilyCodes,
    RequestHistoricalData,
    RequestIds,
    RequestManagedAccounts,
    RequestMarketData,
    RequestMarketRule,
    RequestPnl,
    RequestPositions,
    RequestPositionsMulti,
    RequestUserInfo,
    TickPrice,
    TickSize,
    Unsupported,
    WireContract,
)
from tests.integration.gateway_peer import EURUSD, START, errors, kinds, only, order, prices, staged

SHARES = WireContract(symbol="ZZZZ", security_type="STK", exchange="SMART", currency="USD")

BARS = RequestHistoricalData(
    request_id=5, contract=EURUSD, bar_size="5 secs", duration="1 D", what_to_show="MIDPOINT", date_format=2
)


@pytest.mark.parametrize(
    "contract",
    [EURUSD, WireContract(contract_id=12087792), WireContract(local_symbol="EUR.USD", security_type="CASH")],
)
def test_contract_details(contract: WireContract) -> None:
    with staged() as stage:
        told = stage.client().ask(RequestContractDetails(request_id=4, contract=contract))
        assert kinds(told) == ["ContractData", "ContractDataEnd"]
        (data,) = only(ContractData, told)
        assert (data.request_id, data.contract.contract_id, data.contract.local_symbol) == (4, 12087792, "EUR.USD")
        assert (data.min_tick, data.market_rule_ids) == (Decimal("0.00005"), "239")
        assert data.trading_hours.startswith("20250304:1715-20250305:1700;20250305:1715-20250306:1700;")
        assert "20250309:1715-20250310:1700" in data.trading_hours, "the week begins on Sunday"


def test_a_contract_that_is_not_there() -> None:
    with staged() as stage:
        client = stage.client()
        wrong = WireContract(contract_id=12087792, symbol="GBP")
        for contract in (WireContract(symbol="EUR", currency="XXX", security_type="CASH"), wrong, WireContract()):
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


def test_a_snapshot(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        told = stage.client().ask(RequestMarketData(request_id=4, contract=EURUSD, snapshot=True))
        assert kinds(told)[-1] == "TickSnapshotEnd"
        ticks = [(tick.tick_type, tick.price) for tick in only(TickPrice, told)]
        assert ticks == [(1, Decimal("1.0850")), (2, Decimal("1.0852"))]
        assert [tick.tick_type for tick in only(TickSize, told)] == [0, 3]


def test_streaming_and_its_ids() -> None:
    with staged() as stage:
        client = stage.client()
        wanted = RequestMarketData(request_id=4, contract=EURUSD)
        assert len(only(TickPrice, client.ask(wanted))) == 2
        assert errors(client.ask(wanted)) == [(4, 102)]
        assert client.ask(CancelMarketData(request_id=4)) == []
        assert errors(client.ask(CancelMarketData(request_id=4))) == [(4, 300)]
        assert errors(client.ask(RequestMarketData(request_id=4, contract=SHARES))) == [(4, 200)]
        assert len(only(TickPrice, client.ask(wanted))) == 2


def test_a_quote_is_told_once(tmp_path: Path) -> None:
    venue = Venue(prices(tmp_path, (0, "1.0850", "1.0852"), (1, "1.0850", "1.0853")), GatewaySettings())
    told: list[Answer] = []
    inquiries = Inquiries(venue, lambda *answers: told.extend(answers))
    at = int(START.timestamp())
    inquiries.handle(RequestMarketData(request_id=4, contract=EURUSD), at)
    told.clear()
    inquiries.tick(at)
    assert told == []
    inquiries.tick(at + 1)
    inquiries.tick(at + 2)
    assert [tick.price for tick in only(TickPrice, told)] == [Decimal("1.0853")]


def test_positions_follow_the_fills(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        assert kinds(client.ask(RequestPositions())) == ["PositionEnd"]
        (held,) = only(Position, client.ask(order(1)))
        assert (held.position, held.average_cost) == (25000, Decimal("1.0852"))
        assert held.contract.local_symbol == "EUR.USD"
        (again,) = only(PositionMulti, client.ask(RequestPositionsMulti(request_id=3)))
        assert (again.request_id, again.position) == (3, 25000)
        (flat,) = only(Position, client.ask(order(2, "SELL")))
        assert flat.position == 0
        assert kinds(client.ask(RequestPositions())) == ["PositionEnd"], "what is flat is not held"
        client.ask(CancelPositions())
        assert only(Position, client.ask(order(3))) == []


def _summary(told: list[AccountSummary]) -> dict[tuple[str, str], str]:
    return {(one.tag, one.currency): one.value for one in told}


@pytest.mark.parametrize("version", [100, 123, 124, 178])
def test_a_day_of_bars(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        (told,) = client.ask(BARS)
        assert isinstance(told, HistoricalData)
        assert told.request_id == 5
        assert [int(bar.time) for bar in told.bars][-1] == START.timestamp() - 5
        assert len(told.bars) == (16 * 3600 + 15 * 60) / 5, "since 22:15 UTC"
        assert kinds(client.ask(BARS, BARS, order(1)))[:2] == ["HistoricalData"] * 2


def test_account_summary(tmp_path: Path) -> None:
    tags = "NetLiquidation,FullInitMarginReq,AccountType,NoSuchTag,$LEDGER"
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        client.ask(order(1))
        told = client.ask(RequestAccountSummary(request_id=6, group="All", tags=tags))
        assert kinds(told)[-1] == "AccountSummaryEnd"
        values = _summary(only(AccountSummary, told))
        assert values["NetLiquidation", "USD"] == "999995.50"  # half the spread, and the commission
        assert values["FullInitMarginReq", "USD"] == "678.19"  # 2.5 % of 25,000 x 1.0851
        assert values["AccountType", ""] == "INDIVIDUAL"
        assert values["TotalCashBalance", "EUR"] == "25000.00"
        assert values["TotalCashBalance", "USD"] == "972868.00"
        assert values["TotalCashBalance", "BASE"] == "999995.50"
        assert values["ExchangeRate", "EUR"] == "1.0851"
        assert not [key for key in values if key[0] in ("NoSuchTag", "BuyingPower")]


def test_account_updates_go_on_with_the_fills() -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(RequestAccountUpdates(subscribe=True, account="DU1234567"))
        assert only(AccountDownloadEnd, told)[0].account == "DU1234567"
        assert kinds(told)[-1] == "AccountDownloadEnd"
        assert ("NetLiquidation", "1000000.00") in [(one.key, one.value) for one in only(AccountValue, told)]
        assert only(PortfolioValue, client.ask(order(1)))[0].position == 25000
        assert len(only(PortfolioValue, client.ask(RequestAccountUpdates(subscribe=True)))) == 1
        client.ask(RequestAccountUpdates(subscribe=False))
        assert only(PortfolioValue, client.ask(order(2))) == []
        assert errors(client.ask(RequestAccountUpdates(subscribe=True, account="U1"))) == [(-1, 321)]


def test_the_multi_form_ends() -> None:
    with staged() as stage:
        client = stage.client()
        told = client.ask(RequestAccountUpdatesMulti(request_id=9, account="DU1234567"))
        assert kinds(told)[-1] == "AccountUpdateMultiEnd"
        keys = {one.key for one in only(AccountUpdateMulti, told)}
        assert {"NetLiquidation", "CashBalance", "BuyingPower"} <= keys
        told = client.ask(RequestAccountUpdatesMulti(request_id=9, ledger_and_nlv=True))
        keys = {one.key for one in only(AccountUpdateMulti, told)}
        assert "NetLiquidation" in keys
        assert "BuyingPower" not in keys


def test_profit_and_loss(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        client.ask(order(1))
        (pnl,) = only(Pnl, client.ask(RequestPnl(request_id=2)))
        assert (pnl.unrealized, pnl.realized, pnl.daily) == (Decimal("-2.5"), -2, Decimal("-4.5"))


@pytest.mark.parametrize(
    ("rule", "step"),
    [(239, "0.00005"), (26, "0.01"), (32, "0.01"), (67, "0.25"), (635, "0.0001"), (2806, "0.25"), (240, "0.005")],
)
def test_market_rules(rule: int, step: str) -> None:
    with staged() as stage:
        (told,) = only(MarketRule, stage.client().ask(RequestMarketRule(rule_id=rule)))
        assert [one.increment for one in told.increments] == [Decimal(step)]


def test_the_time_is_the_clocks() -> None:
    with staged() as stage:
        client = stage.client()
        client.send(client.wire.encode(RequestCurrentTime()))
        assert only(CurrentTime, client.read())[0].time == START.timestamp()


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (RequestFamilyCodes(), "FamilyCodes"),
        (RequestUserInfo(request_id=3), "UserInfo"),
        (RequestManagedAccounts(), "ManagedAccounts"),
        (RequestIds(count=1000), "NextValidId"),
    ],
)
def test_small_questions(request_: Request, kind: str) -> None:
    with staged() as stage:
        assert kinds(stage.client().ask(request_)) == [kind]


def test_family_codes_name_the_account() -> None:
    with staged() as stage:
        assert only(FamilyCodes, stage.client().ask(RequestFamilyCodes()))[0].codes[0].account == "DU1234567"


@pytest.mark.parametrize(
    ("request_", "about", "code"),
    [
        (RequestHistoricalData(request_id=5, contract=EURUSD), 5, 321),
        (replace(BARS, what_to_show="TRADES"), 5, 162),
        (replace(BARS, contract=SHARES), 5, 200),
        (replace(BARS, keep_up_to_date=True), 5, 321),
        (CancelHistoricalData(request_id=5), 5, 366),
        (RequestMarketRule(rule_id=1), -1, 321),
        (RequestAutoOpenOrders(auto_bind=True), -1, 321),
        (Unsupported(message_id=88, fields=("12", "0")), 12, 321),
        (Unsupported(message_id=50, fields=("3", "13")), 13, 321),
        (Unsupported(message_id=24, fields=("1",)), -1, 321),
        (Unsupported(message_id=9999), -1, 321),
        (Unsupported(message_id=83, fields=("x", "a")), -1, 321),
    ],
)
def test_what_is_not_on_offer_is_refused_and_never_hangs(request_: Request, about: int, code: int) -> None:
    with staged() as stage:
        (answer,) = only(ErrorMessage, stage.client().ask(request_))
        assert (answer.about, answer.code) == (about, code)
