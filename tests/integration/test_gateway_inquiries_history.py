"""Bars over the wire, bars kept up to date, and the beginning of what there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.inquiries import Inquiries
from runner.gateway.market import SyntheticMarket
from runner.gateway.settings import GatewaySettings
from runner.gateway.venue import Venue
from runner.wire.messages import (
    Answer,
    Bar,
    CancelHeadTimestamp,
    CancelHistoricalData,
    HeadTimestamp,
    HistoricalData,
    HistoricalDataUpdate,
    RequestHeadTimestamp,
    RequestHistoricalData,
    WireContract,
)
from tests.integration.gateway_peer import EURUSD, START, errors, kinds, only, order, prices, staged

AT = int(START.timestamp())
VERSIONS = (157, 178, 200, 213, 226)
SHARES = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
FUTURE = WireContract(local_symbol="6EH5", security_type="FUT", exchange="CME")
BARS = RequestHistoricalData(
    request_id=5, contract=EURUSD, bar_size="5 secs", duration="1 D", what_to_show="MIDPOINT", date_format=2
)
HEAD = RequestHeadTimestamp(request_id=5, contract=EURUSD, what_to_show="BID")


@pytest.mark.parametrize("version", [100, 123, 124, *VERSIONS])
def test_bars_at_every_version(version: int) -> None:
    with staged() as stage:
        told = stage.client(max_version=version).ask(replace(BARS, bar_size="1 min"))
        assert isinstance(told[0], HistoricalData)
        assert kinds(told[1:]) == (["HistoricalDataEnd"] if version >= 196 else []), "told apart since 196"
        assert told[0].request_id == 5
        assert [int(bar.time) for bar in told[0].bars] == list(range(AT - 58_500, AT, 60)), "since 22:15 UTC"


@pytest.mark.parametrize("version", [178, 226])
def test_a_day_of_bars(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        told = client.ask(BARS, BARS, order(1))
        first, again = only(HistoricalData, told)
        assert first == again
        assert len(first.bars) == 58_500 / 5
        assert kinds(told)[-1] == "CommissionReport"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("contract", [SHARES, FUTURE])
def test_trades_have_a_volume(contract: WireContract, version: int) -> None:
    with staged() as stage:
        wanted = replace(BARS, contract=contract, what_to_show="TRADES", bar_size="1 min", duration="600 S")
        (told,) = only(HistoricalData, stage.client(max_version=version).ask(wanted))
        assert len(told.bars) == 10
        assert all(bar.volume > 0 and bar.count == 60 and bar.low <= bar.average <= bar.high for bar in told.bars)


def test_what_a_description_does_not_name() -> None:
    with staged() as stage:
        client = stage.client()
        nothing = replace(BARS, contract=replace(SHARES, symbol="NOSUCH"))
        several = replace(BARS, contract=WireContract(symbol="EUR", security_type="FUT", exchange="CME"))
        assert errors(client.ask(nothing, several)) == [(5, 200), (5, 200)]
        assert errors(client.ask(CancelHistoricalData(request_id=5))) == [(5, 366)], "the answer came whole"


# --- kept up to date


def live(venue: Venue, request: RequestHistoricalData, at: int = AT) -> tuple[Inquiries, list[Answer]]:
    """Return a client's inquiries with bars that are kept up to date, and the list of what it hears from then on."""
    heard: list[Answer] = []
    inquiries = Inquiries(venue, lambda *answers: heard.extend(answers))
    inquiries.handle(replace(request, keep_up_to_date=True), at)
    assert kinds(heard) == ["HistoricalData"]
    heard.clear()
    return inquiries, heard


def updates(heard: list[Answer]) -> list[Bar]:
    return [one.bar for one in only(HistoricalDataUpdate, heard)]


@pytest.mark.parametrize("side", ["BID", "ASK", "MIDPOINT", "TRADES"])
@pytest.mark.parametrize("size", ["5 secs", "1 min", "1 day"])
@pytest.mark.parametrize("step", [1, 7])
def test_what_was_kept_up_to_date_is_what_history_says(side: str, size: str, step: int) -> None:
    venue = Venue(SyntheticMarket(1), GatewaySettings())
    wanted = replace(BARS, contract=SHARES, what_to_show=side, bar_size=size, duration="1 D")
    begin = AT + 3600 + 23
    inquiries, heard = live(venue, wanted, begin)
    end = begin + 20 * step
    for at in range(begin, end, step):
        inquiries.tick(at)
    last_tick = end - step
    kept = {bar.time: bar for bar in updates(heard)}
    assert kept, "something has changed"
    heard.clear()
    inquiries.handle(replace(wanted, request_id=6), last_tick + 1)
    (told,) = only(HistoricalData, heard)
    later = {bar.time: bar for bar in told.bars if bar.time in kept}
    assert later == kept


def test_a_bar_is_told_as_it_changes_and_when_it_closes(tmp_path: Path) -> None:
    rows = [(-60, "1.0850", "1.0852"), (0, "1.0851", "1.0853"), (2, "1.0849", "1.0851"), (5, "1.0855", "1.0857")]
    venue = Venue(prices(tmp_path, *rows), GatewaySettings())
    inquiries, heard = live(venue, replace(BARS, what_to_show="BID", duration="60 S"))
    said = []
    for second in range(7):
        heard.clear()
        inquiries.tick(AT + second)
        said.append([(int(bar.time) - AT, bar.high, bar.low, bar.close) for bar in updates(heard)])
    low, first, new = Decimal("1.0849"), Decimal("1.0851"), Decimal("1.0855")
    assert said == [[(0, first, first, first)], [], [(0, first, low, low)], [], [], [(5, new, new, new)], []]


def test_a_late_tick_tells_the_closed_bar_first(tmp_path: Path) -> None:
    rows = [(-60, "1.0850", "1.0852"), (3, "1.0840", "1.0842"), (6, "1.0860", "1.0862")]
    inquiries, heard = live(Venue(prices(tmp_path, *rows), GatewaySettings()), replace(BARS, what_to_show="BID"))
    inquiries.tick(AT)
    heard.clear()
    inquiries.tick(AT + 7)
    assert [(int(bar.time) - AT, bar.close) for bar in updates(heard)] == [
        (0, Decimal("1.0840")),
        (5, Decimal("1.0860")),
    ]


def test_nothing_is_told_while_the_market_is_closed() -> None:
    friday = int(datetime(2025, 3, 7, 22, tzinfo=UTC).timestamp())
    inquiries, heard = live(Venue(SyntheticMarket(1), GatewaySettings()), BARS, friday + 60)
    for second in range(60):
        inquiries.tick(friday + 60 + second)
    assert heard == []
    sunday = int(datetime(2025, 3, 9, 21, 15, tzinfo=UTC).timestamp())
    inquiries.tick(sunday)
    assert [bar.time for bar in updates(heard)] == [str(sunday)]


@pytest.mark.parametrize("version", VERSIONS)
def test_keeping_up_to_date_ends_with_its_cancel(version: int) -> None:
    with staged() as stage:
        client = stage.client(max_version=version)
        wanted = replace(BARS, bar_size="1 min", keep_up_to_date=True)
        assert kinds(client.ask(wanted))[0] == "HistoricalData"
        assert errors(client.ask(wanted)) == [(5, 322)]
        assert client.ask(CancelHistoricalData(request_id=5)) == []
        assert errors(client.ask(CancelHistoricalData(request_id=5))) == [(5, 366)]
        assert errors(client.ask(replace(wanted, end="20250304 14:30:00 UTC"))) == [(5, 321)]


# --- the beginning


@pytest.mark.parametrize("version", VERSIONS)
def test_since_when_there_are_bars(tmp_path: Path, version: int) -> None:
    with staged(prices(tmp_path, (-3600, "1.0850", "1.0852"))) as stage:
        client = stage.client(max_version=version)
        (text, number) = client.ask(HEAD, replace(HEAD, date_format=2))
        assert isinstance(text, HeadTimestamp)
        assert isinstance(number, HeadTimestamp)
        assert (text.time, number.time) == ("20250305-13:30:00", str(AT - 3600))
        assert client.ask(CancelHeadTimestamp(request_id=5)) == []


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (HEAD, "19990105-00:00:00"),
        (replace(HEAD, contract=FUTURE, what_to_show="TRADES"), "20200317-14:16:00"),
        (replace(HEAD, contract=SHARES, regular_hours_only=True), "19990105-14:30:00"),
        (replace(HEAD, contract=SHARES), "19990105-00:00:00"),
    ],
)
def test_the_made_up_prices_have_a_beginning(request_: RequestHeadTimestamp, first: str) -> None:
    with staged() as stage:
        (told,) = stage.client().ask(request_)
        assert isinstance(told, HeadTimestamp)
        assert told.time == first


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(HEAD, what_to_show="TRADES"), 162),
        (replace(HEAD, what_to_show="NONSENSE"), 321),
        (replace(HEAD, date_format=3), 321),
        (replace(HEAD, contract=replace(EURUSD, symbol="XXX")), 200),
    ],
)
def test_a_beginning_that_is_refused(request_: RequestHeadTimestamp, code: int) -> None:
    with staged() as stage:
        assert errors(stage.client().ask(request_)) == [(5, code)]


def test_no_beginning_where_there_is_nothing(tmp_path: Path) -> None:
    with staged(prices(tmp_path, (60, "1.0850", "1.0852"))) as stage:
        client = stage.client()
        assert errors(client.ask(HEAD, BARS)) == [(5, 162), (5, 162)]
