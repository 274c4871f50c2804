"""The account, its positions and its profit as a client asks for them, and what it hears of them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.inquiries import Inquiries
from runner.gateway.market import SyntheticMarket
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.messages import (
    AccountDownloadEnd,
    AccountSummary,
    AccountUpdateMulti,
    AccountUpdateTime,
    AccountValue,
    Answer,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPnl,
    CancelPnlSingle,
    CancelPositions,
    CancelPositionsMulti,
    Pnl,
    PnlSingle,
    PortfolioValue,
    Position,
    PositionMulti,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestPnl,
    RequestPnlSingle,
    RequestPositions,
    RequestPositionsMulti,
    WireContract,
)
from tests.integration.gateway_peer import START, errors, kinds, only, order, prices, staged

AT = int(START.timestamp())
ACCOUNT = "DU1234567"
VERSIONS = (157, 178, 200, 213, 226)
EURUSD_ID = 12087792
DOCUMENTED = (
    "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,"
    "PreviousEquityWithLoanValue,GrossPositionValue,ReqTEquity,ReqTMargin,SMA,InitMarginReq,MaintMarginReq,"
    "AvailableFunds,ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,"
    "FullExcessLiquidity,LookAheadNextChange,LookAheadInitMarginReq,LookAheadMaintMarginReq,"
    "LookAheadAvailableFunds,LookAheadExcessLiquidity,HighestSeverity,DayTradesRemaining,Leverage"
)
Told = Sequence[AccountSummary | AccountValue | AccountUpdateMulti]


def values(told: Told) -> dict[tuple[str, str], str]:
    """Return every figure by its name and currency."""
    return {(one.tag if isinstance(one, AccountSummary) else one.key, one.currency): one.value for one in told}


# --- positions


@pytest.mark.parametrize("version", VERSIONS)
def test_positions_follow_the_fills(tmp_path: Path, version: int) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client(max_version=version)
        assert kinds(client.ask(RequestPositions())) == ["PositionEnd"]
        multi = RequestPositionsMulti(request_id=3, account=ACCOUNT, model_code="")
        assert kinds(client.ask(multi)) == ["PositionMultiEnd"]
        told = client.ask(order(1))
        (held,), (again,) = only(Position, told), only(PositionMulti, told)
        assert (held.position, held.average_cost) == (25000, Decimal("1.0852"))
        assert held.contract.local_symbol == "EUR.USD"
        assert (again.request_id, again.position) == (3, 25000)
        assert len(only(PositionMulti, client.ask(multi))) == 1, "the same id again begins anew"
        (flat,) = only(Position, client.ask(order(2, "SELL")))
        assert flat.position == 0
        assert kinds(client.ask(RequestPositions())) == ["PositionEnd"], "what is flat is not held"
        assert client.ask(CancelPositions(), CancelPositionsMulti(request_id=3)) == []
        told = client.ask(order(3))
        assert only(Position, told) == only(PositionMulti, told) == []
        assert errors(client.ask(replace(multi, account="DU9"))) == [(3, 321)]


def test_another_client_hears_of_it_too(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        trader, watcher = stage.client(1), stage.client(2)
        watcher.ask(RequestPositions(), RequestPnl(request_id=1, account=ACCOUNT))
        trader.ask(order(1))
        assert kinds(watcher.ask()) == ["Position", "Pnl"]


# --- summary


@pytest.mark.parametrize("version", VERSIONS)
def test_account_summary(tmp_path: Path, version: int) -> None:
    tags = "NetLiquidation,FullInitMarginReq,AccountType,NoSuchTag,$LEDGER"
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client(max_version=version)
        client.ask(order(1))
        told = client.ask(RequestAccountSummary(request_id=6, group="All", tags=tags))
        assert kinds(told)[-1] == "AccountSummaryEnd"
        found = values(only(AccountSummary, told))
        assert found["NetLiquidation", "USD"] == "999995.50"  # half the spread, and the commission
        assert found["FullInitMarginReq", "USD"] == "678.19"  # 2.5 % of 25,000 x 1.0851
        assert found["AccountType", ""] == "INDIVIDUAL"
        assert found["TotalCashBalance", "EUR"] == "25000.00"
        assert found["TotalCashBalance", "USD"] == "972868.00"
        assert found["TotalCashBalance", "BASE"] == "999995.50"
        assert found["ExchangeRate", "EUR"] == "1.0851"
        assert found["UnrealizedPnL", "USD"] == "-2.50"
        assert not [key for key in found if key[0] in ("NoSuchTag", "BuyingPower")]


def test_every_documented_tag_has_a_value() -> None:
    with staged() as stage:
        client = stage.client()
        told = only(AccountSummary, client.ask(RequestAccountSummary(request_id=6, tags=DOCUMENTED)))
        assert sorted(one.tag for one in told) == sorted(DOCUMENTED.split(","))
        assert {one.value for one in told if one.tag in ("ReqTEquity", "NetLiquidation")} == {"1000000.00"}
        everything = only(AccountSummary, client.ask(RequestAccountSummary(request_id=6, tags="All")))
        assert {"NetLiquidation", "BuyingPower"} <= {one.tag for one in everything}


@pytest.mark.parametrize(
    ("tags", "currencies"),
    [
        ("$LEDGER:EUR", {"EUR"}),
        ("$LEDGER:ALL", {"BASE", "EUR", "USD"}),
        ("$LEDGER", {"BASE", "EUR", "USD"}),
        ("$LEDGER:BASE", {"BASE"}),
        ("$LEDGER:JPY", set()),
    ],
)
def test_the_ledger(tags: str, currencies: set[str]) -> None:
    with staged() as stage:
        client = stage.client()
        client.ask(order(1))
        told = only(AccountSummary, client.ask(RequestAccountSummary(request_id=6, tags=tags)))
        assert {one.currency for one in told} == currencies


def test_stocks_and_futures_are_in_the_ledger() -> None:
    start = START + timedelta(hours=2)
    with staged(start=start) as stage:
        client = stage.client()
        shares = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
        future = WireContract(local_symbol="6EH5", security_type="FUT", exchange="CME")
        client.ask(order(1, contract=shares, total_quantity=Decimal(100)))
        client.ask(order(2, contract=future, total_quantity=Decimal(1)))
        told = client.ask(RequestAccountUpdates(subscribe=True, account=ACCOUNT))
        found = values(only(AccountValue, told))
        rows = {one.contract.security_type: one for one in only(PortfolioValue, told)}
        stock, forward = rows["STK"], rows["FUT"]
        assert found["StockMarketValue", "USD"] == f"{stock.market_value:.2f}" == found["GrossPositionValue", "USD"]
        assert stock.market_value == stock.market_price * 100  # type: ignore[operator]
        assert abs(forward.market_value - forward.market_price * 125_000) < Decimal("0.01")  # type: ignore[operator]
        assert forward.average_cost is not None
        assert forward.average_cost > 100_000, "of a whole contract"
        cash, whole = (Decimal(found[key, "USD"]) for key in ("TotalCashBalance", "NetLiquidationByCurrency"))
        assert stock.market_value is not None
        assert forward.unrealized_pnl is not None
        assert abs(whole - cash - stock.market_value - forward.unrealized_pnl) <= Decimal("0.01")
        assert found["NetLiquidation", "USD"] == found["NetLiquidationByCurrency", "BASE"]


def test_a_summary_is_a_subscription(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        wanted = RequestAccountSummary(request_id=6, tags="NetLiquidation,AccountType,TotalCashValue")
        assert len(only(AccountSummary, client.ask(wanted))) == 3
        changed = values(only(AccountSummary, client.ask(order(1))))
        assert set(changed) == {("NetLiquidation", "USD"), ("TotalCashValue", "USD")}, "only what has changed"
        assert client.ask(CancelAccountSummary(request_id=6)) == []
        assert only(AccountSummary, client.ask(order(2))) == []


def test_two_summaries_at_most() -> None:
    with staged() as stage:
        client = stage.client()
        wanted = RequestAccountSummary(request_id=6, tags="NetLiquidation")
        assert errors(client.ask(wanted, replace(wanted, request_id=7), wanted)) == [], "the same id is the same one"
        assert errors(client.ask(replace(wanted, request_id=8))) == [(8, 322)]
        client.ask(CancelAccountSummary(request_id=7))
        assert errors(client.ask(replace(wanted, request_id=8))) == []
        assert errors(stage.client(2).ask(wanted)) == [], "each client has its own"
        other = stage.client(3)
        assert errors(other.ask(replace(wanted, tags=" ,"))) == [(6, 321)]
        assert errors(other.ask(replace(wanted, group=""))) == [(6, 321)]
        assert errors(other.ask(replace(wanted, group="Advised"))) == [(6, 321)]


# --- updates


@pytest.mark.parametrize("version", VERSIONS)
def test_account_updates_go_on_with_the_fills(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        told = client.ask(RequestAccountUpdates(subscribe=True, account=ACCOUNT))
        assert only(AccountDownloadEnd, told)[0].account == ACCOUNT
        assert kinds(told)[-1] == "AccountDownloadEnd"
        assert only(AccountUpdateTime, told)[0].time == "14:30"
        first = values(only(AccountValue, told))
        assert (first["AccountReady", ""], first["NetLiquidation", "USD"]) == ("true", "1000000.00")
        told = client.ask(order(1))
        assert only(PortfolioValue, told)[0].position == 25000
        changed = values(only(AccountValue, told))
        assert changed["CashBalance", "EUR"] == "25000.00"
        assert ("AccountType", "") not in changed, "only what has changed"
        assert only(AccountDownloadEnd, told) == []
        again = client.ask(RequestAccountUpdates(subscribe=True))
        assert (len(only(PortfolioValue, again)), kinds(again)[-1]) == (1, "AccountDownloadEnd")
        assert errors(client.ask(RequestAccountUpdates(subscribe=False))) == [(-1, 2100)]
        assert client.ask(RequestAccountUpdates(subscribe=False)) == []
        assert only(PortfolioValue, client.ask(order(2))) == []
        assert errors(client.ask(RequestAccountUpdates(subscribe=True, account="U1"))) == [(-1, 321)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_multi_form(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        wanted = RequestAccountUpdatesMulti(request_id=9, account=ACCOUNT)
        told = client.ask(wanted)
        assert kinds(told)[-1] == "AccountUpdateMultiEnd"
        assert {"NetLiquidation", "CashBalance", "BuyingPower"} <= {one.key for one in only(AccountUpdateMulti, told)}
        assert errors(client.ask(wanted)) == [(9, 322)]
        short = client.ask(replace(wanted, request_id=10, ledger_and_nlv=True))
        keys = {one.key for one in only(AccountUpdateMulti, short)}
        assert "NetLiquidation" in keys
        assert "BuyingPower" not in keys
        changed = only(AccountUpdateMulti, client.ask(order(1)))
        assert {one.request_id for one in changed} == {9, 10}
        assert client.ask(CancelAccountUpdatesMulti(request_id=9), CancelAccountUpdatesMulti(request_id=10)) == []
        assert only(AccountUpdateMulti, client.ask(order(2))) == []
        assert errors(client.ask(replace(wanted, account="U1"))) == [(9, 321)]


def test_values_are_told_again_after_three_minutes() -> None:
    venue = Venue(SyntheticMarket(1), GatewaySettings())
    told: list[Answer] = []
    inquiries = Inquiries(venue, lambda *answers: told.extend(answers))
    venue.account.fill("EUR.USD", Decimal(25_000), Decimal("1.08"))
    inquiries.handle(RequestAccountUpdates(subscribe=True), AT)
    inquiries.handle(RequestAccountSummary(request_id=1, tags="NetLiquidation"), AT)
    inquiries.handle(RequestAccountUpdatesMulti(request_id=2), AT)
    assert inquiries.is_streaming
    told.clear()
    for second in range(1, 180):
        inquiries.tick(AT + second)
    assert told == []
    inquiries.tick(AT + 180)
    assert {"AccountValue", "AccountSummary", "AccountUpdateMulti", "PortfolioValue"} <= set(kinds(told))
    told.clear()
    inquiries.tick(AT + 181)
    assert told == []


# --- profit and loss


@pytest.mark.parametrize("version", VERSIONS)
def test_profit_and_loss(tmp_path: Path, version: int) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        client = stage.client(max_version=version)
        wanted = RequestPnl(request_id=2, account=ACCOUNT)
        one = RequestPnlSingle(request_id=2, account=ACCOUNT, contract_id=EURUSD_ID)
        (before, nothing) = client.ask(wanted, one)
        assert isinstance(before, Pnl)
        assert (before.daily, before.unrealized, before.realized) == (0, 0, 0)
        assert isinstance(nothing, PnlSingle)
        assert (nothing.request_id, nothing.position, nothing.value) == (2, 0, 0)
        told = client.ask(order(1))
        (pnl,), (single,) = only(Pnl, told), only(PnlSingle, told)
        assert (pnl.unrealized, pnl.realized, pnl.daily) == (Decimal("-2.5"), -2, Decimal("-4.5"))
        assert (single.position, single.unrealized, single.value) == (25000, Decimal("-2.5"), Decimal("27127.5"))
        assert errors(client.ask(wanted, one)) == [(2, 102), (2, 102)]
        assert client.ask(CancelPnl(request_id=2), CancelPnlSingle(request_id=2)) == []
        told = client.ask(order(2))
        assert only(Pnl, told) == only(PnlSingle, told) == []
        assert errors(client.ask(CancelPnl(request_id=2), CancelPnlSingle(request_id=2))) == [(2, 10185), (2, 10186)]


def test_profit_of_what_is_not_known_and_for_whom_it_is_not() -> None:
    with staged() as stage:
        client = stage.client()
        (unknown,) = client.ask(RequestPnlSingle(request_id=2, account=ACCOUNT, contract_id=1))
        assert isinstance(unknown, PnlSingle)
        assert (unknown.position, unknown.daily, unknown.unrealized) == (0, 0, None)
        wrong = (RequestPnl(request_id=3), RequestPnl(request_id=4, account="DU1"), RequestPnlSingle(request_id=5))
        assert errors(client.ask(*wrong)) == [(3, 321), (4, 321), (5, 321)]


def test_profit_is_told_as_prices_change(tmp_path: Path) -> None:
    venue = Venue(prices(tmp_path, (0, "1.0850", "1.0852"), (2, "1.0860", "1.0862")), GatewaySettings())
    told: list[Answer] = []
    inquiries = Inquiries(venue, lambda *answers: told.extend(answers))
    venue.account.fill("EUR.USD", Decimal(25_000), Decimal("1.0852"))
    inquiries.handle(RequestPnl(request_id=2, account=ACCOUNT), AT)
    inquiries.handle(RequestPnlSingle(request_id=3, account=ACCOUNT, contract_id=EURUSD_ID), AT)
    told.clear()
    inquiries.tick(AT + 1)
    assert told == []
    inquiries.tick(AT + 2)
    assert [one.unrealized for one in (*only(Pnl, told), *only(PnlSingle, told))] == [Decimal("22.5")] * 2


def test_nobody_pays_who_did_not_ask() -> None:
    told: list[Answer] = []
    inquiries = Inquiries(Venue(SyntheticMarket(1), GatewaySettings()), lambda *answers: told.extend(answers))
    inquiries.filled("EUR.USD", AT)
    inquiries.tick(AT)
    assert told == []
    assert not inquiries.is_streaming


def test_each_day_has_its_own_profit(tmp_path: Path) -> None:
    close, opening = 27_000, 27_900  # 22:00 and 22:15, after START
    rows = [(0, "1.0850", "1.0852"), (3600, "1.0860", "1.0862"), (close - 60, "1.0870", "1.0872")]
    market = prices(tmp_path, *rows, (opening + 60, "1.0880", "1.0882"), (opening + 120, "1.0890", "1.0892"))
    with staged(market) as stage:
        client = stage.client()
        client.ask(order(1, total_quantity=Decimal(50_000)))
        stage.pass_until(START + timedelta(seconds=3600))
        client.ask(order(3, "SELL", total_quantity=Decimal(20_000)))
        wanted = RequestPnl(request_id=2, account=ACCOUNT)
        one = RequestPnlSingle(request_id=2, account=ACCOUNT, contract_id=EURUSD_ID)
        (first,), (single,) = _both(client.ask(wanted, one))
        assert single.realized == Decimal(16), "twenty thousand, eight pips"
        assert single.daily == single.realized + 30_000 * (Decimal("1.0861") - Decimal("1.0852"))  # type: ignore[operator]
        assert first.daily == first.unrealized + first.realized  # type: ignore[operator]
        client.ask(CancelPnl(request_id=2), CancelPnlSingle(request_id=2))
        stage.pass_until(START + timedelta(seconds=opening + 60))
        (second,), (later,) = _both(client.ask(wanted, one))
        assert later.daily == 30_000 * (Decimal("1.0881") - Decimal("1.0871")), "since the close"
        assert (later.realized, second.realized) == (0, 0), "nothing today"
        assert later.unrealized == 30_000 * (Decimal("1.0881") - Decimal("1.0852"))
        stage.pass_until(START + timedelta(seconds=opening + 120))
        (third,), (last,) = _both(client.ask(order(4, "SELL", total_quantity=Decimal(30_000))))
        assert last.unrealized == 0
        assert last.daily == 30_000 * (Decimal("1.0890") - Decimal("1.0871"))
        assert last.realized == 30_000 * (Decimal("1.0890") - Decimal("1.0852"))
        assert third.realized == last.realized - 2, "after commission"
        assert stage.client(2).ask(wanted, one) == [third, last], "whenever it is asked for"


def _both(told: list[Answer]) -> tuple[list[Pnl], list[PnlSingle]]:
    return only(Pnl, told), only(PnlSingle, told)
