"""Quotes as a client asks for them: the ticks of each kind of instrument, streams, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from runner.gateway.inquiries import Inquiries
from runner.gateway.market import SyntheticMarket
from runner.gateway.server import Gateway
from runner.gateway.settings import GatewaySettings
from runner.gateway.standalone import FastTime
from runner.gateway.venue import Venue
from runner.wire.messages import (
    Answer,
    CancelMarketData,
    HistoricalDataUpdate,
    MarketDataType,
    RequestHistoricalData,
    RequestMarketData,
    RequestMarketDataType,
    TickGeneric,
    TickPrice,
    TickRequestParameters,
    TickSize,
    TickString,
    WireContract,
)
from tests.integration.gateway_peer import EURUSD, START, Client, errors, kinds, only, prices, staged

AT = int(START.timestamp())
SHARES = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
UNSUBSCRIBED = replace(SHARES, symbol="IBM")
FUTURE = WireContract(local_symbol="6EH5", security_type="FUT", exchange="CME")
GOLD = WireContract(symbol="XAUUSD", security_type="CMDTY", exchange="SMART", currency="USD")
WANTED = RequestMarketData(request_id=4, contract=EURUSD)
VERSIONS = (157, 178, 200, 213, 226)


def ticks(answers: list[Answer]) -> dict[int, Decimal | str | None]:
    """Return what each type of tick was told."""
    found: dict[int, Decimal | str | None] = {one.tick_type: one.price for one in only(TickPrice, answers)}
    found |= {one.tick_type: one.size for one in only(TickSize, answers)}
    return found | {one.tick_type: one.value for kind in (TickString, TickGeneric) for one in only(kind, answers)}


def told(venue: Venue) -> tuple[Inquiries, list[Answer]]:
    """Return the inquiries of a client, and the list of what it hears."""
    heard: list[Answer] = []
    return Inquiries(venue, lambda *answers: heard.extend(answers)), heard


@pytest.mark.parametrize("version", VERSIONS)
def test_a_snapshot(tmp_path: Path, version: int) -> None:
    with staged(prices(tmp_path, (0, "1.0850", "1.0852"))) as stage:
        answers = stage.client(max_version=version).ask(replace(WANTED, snapshot=True))
        assert kinds(answers)[:2] == ["TickRequestParameters", "MarketDataType"]
        assert kinds(answers)[-1] == "TickSnapshotEnd"
        assert only(TickRequestParameters, answers)[0].min_tick == Decimal("0.00005")
        bid, ask = only(TickPrice, answers)[:2]
        assert (bid.tick_type, bid.price, bid.size, bid.attributes) == (1, Decimal("1.0850"), 1_000_000, 1)
        assert (ask.tick_type, ask.price) == (2, Decimal("1.0852"))
        assert ticks(answers)[0] == ticks(answers)[3] == 1_000_000
        assert errors(stage.clients[0].ask(CancelMarketData(request_id=4))) == [(4, 300)], "it is over"


def test_the_day_of_a_pair_is_what_its_quotes_were() -> None:
    market = SyntheticMarket(1)
    with staged(market) as stage:
        found = ticks(stage.client().ask(WANTED))
    opening = int(datetime(2025, 3, 4, 22, 15, tzinfo=UTC).timestamp())
    track = market.track("EUR.USD", (opening, AT + 1), 1, [])
    assert track is not None
    grid = Decimal("0.00001")
    assert (found[6], found[7]) == (max(track.bids) * grid, min(track.bids) * grid)
    last = market.quote("EUR.USD", opening - 901)
    assert last is not None
    assert found[9] == last.bid, "the close of the day before"
    assert set(found) == {0, 1, 2, 3, 6, 7, 9}, "a pair has no last price, no volume and no open"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("contract", [SHARES, FUTURE])
def test_what_is_traded_at_an_exchange_has_a_last_price(contract: WireContract, version: int) -> None:
    with staged(start=datetime(2025, 3, 5, 16, tzinfo=UTC)) as stage:
        found = ticks(stage.client(max_version=version).ask(replace(WANTED, contract=contract)))
    assert set(found) == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 45, 49}
    assert found[4] in (found[1], found[2]), "a trade is made at the bid or at the ask"
    assert (found[45], found[49]) == (str(int(datetime(2025, 3, 5, 16, tzinfo=UTC).timestamp())), 0)
    assert isinstance(found[8], Decimal)
    assert isinstance(found[5], Decimal)
    assert found[8] > found[5] > 0
    assert found[7] <= found[14] <= found[6]  # type: ignore[operator]


def test_gold_is_quoted_like_a_pair() -> None:
    with staged() as stage:
        assert set(ticks(stage.client().ask(replace(WANTED, contract=GOLD)))) == {0, 1, 2, 3, 6, 7, 9}


def test_streaming_and_its_ids() -> None:
    with staged() as stage:
        client = stage.client()
        assert {1, 2} <= set(ticks(client.ask(WANTED)))
        assert errors(client.ask(WANTED)) == [(4, 102)]
        assert client.ask(CancelMarketData(request_id=4)) == []
        assert errors(client.ask(CancelMarketData(request_id=4))) == [(4, 300)]
        nothing = replace(WANTED, contract=replace(SHARES, symbol="NOSUCH"))
        assert errors(client.ask(nothing)) == [(4, 200)]
        several = replace(WANTED, contract=WireContract(symbol="EUR", security_type="FUT", exchange="CME"))
        assert errors(client.ask(several)) == [(4, 200)]
        assert {1, 2} <= set(ticks(client.ask(WANTED)))
        more = [replace(WANTED, request_id=100 + number) for number in range(100)]
        assert errors(client.ask(*more)) == [(199, 101)]


def test_a_quote_is_told_once(tmp_path: Path) -> None:
    venue = Venue(prices(tmp_path, (0, "1.0850", "1.0852"), (1, "1.0850", "1.0853")), GatewaySettings())
    inquiries, heard = told(venue)
    inquiries.handle(WANTED, AT)
    heard.clear()
    inquiries.tick(AT)
    assert heard == []
    inquiries.tick(AT + 1)
    inquiries.tick(AT + 2)
    assert [tick.price for tick in only(TickPrice, heard)] == [Decimal("1.0853")]


def test_high_and_low_follow_the_quotes(tmp_path: Path) -> None:
    rows = [(0, "1.0850", "1.0852"), (1, "1.0840", "1.0842"), (2, "1.0860", "1.0862"), (3, "1.0850", "1.0852")]
    inquiries, heard = told(Venue(prices(tmp_path, *rows), GatewaySettings()))
    inquiries.handle(WANTED, AT)
    extremes = []
    for second in range(1, 4):
        heard.clear()
        inquiries.tick(AT + second)
        extremes.append({kind: price for kind, price in ticks(heard).items() if kind in (6, 7)})
    assert extremes == [{7: Decimal("1.0840")}, {6: Decimal("1.0860")}, {}]


def test_a_new_day_begins_with_its_open_and_the_old_close() -> None:
    venue = Venue(SyntheticMarket(1), GatewaySettings())
    inquiries, heard = told(venue)
    close = int(datetime(2025, 3, 5, 21, tzinfo=UTC).timestamp())
    inquiries.handle(replace(WANTED, contract=SHARES), close - 1)
    last = ticks(heard)[1]
    heard.clear()
    opening = int(datetime(2025, 3, 6, 14, 30, tzinfo=UTC).timestamp())
    inquiries.tick(opening)
    quote = venue.market.quote("AAPL", opening)
    assert quote is not None
    found = ticks(heard)
    assert (found[9], found[14]) == (last, quote.bid)
    assert found[8] == found[5], "one second of trading"


def test_streams_go_on_by_themselves() -> None:
    gateway = Gateway(SyntheticMarket(1), FastTime(20, START), GatewaySettings(speed=20))
    client = Client(gateway.start())
    try:
        bars = RequestHistoricalData(
            request_id=6, contract=EURUSD, bar_size="5 secs", duration="60 S", what_to_show="BID", keep_up_to_date=True
        )
        client.send(client.wire.encode(WANTED, replace(WANTED, request_id=5, contract=SHARES), bars))
        heard: list[Answer] = []
        while len(only(HistoricalDataUpdate, heard)) < 3:
            heard += client.read()
    finally:
        client.close()
        gateway.stop()
    assert {one.request_id for one in only(TickPrice, heard)} == {4, 5}
    assert {one.request_id for one in only(HistoricalDataUpdate, heard)} == {6}


def test_an_exchange_without_subscription_has_delayed_quotes() -> None:
    market = SyntheticMarket(1)
    with staged(market, start=datetime(2025, 3, 5, 16, tzinfo=UTC)) as stage:
        client = stage.client()
        wanted = replace(WANTED, contract=UNSUBSCRIBED)
        (refused,) = client.ask(wanted)
        assert errors([refused]) == [(4, 10089)]
        assert client.ask(RequestMarketDataType(data_type=3)) == []
        answers = client.ask(wanted)
        assert errors(answers) == [(4, 10167)], "a notice: what follows is delayed"
        assert only(MarketDataType, answers)[0].data_type == 3
        found = ticks(answers)
        assert set(found) == {66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 88, 90}
        quote = market.quote("IBM", int(datetime(2025, 3, 5, 15, 45, tzinfo=UTC).timestamp()))
        assert quote is not None
        assert (found[66], found[67]) == (quote.bid, quote.ask)
        live = client.ask(replace(WANTED, request_id=5))
        assert only(MarketDataType, live)[0].data_type == 1, "live where there are live ones"
        assert errors(client.ask(RequestMarketDataType(data_type=9))) == [(-1, 321)]


@pytest.mark.parametrize(
    ("generic", "snapshot", "refused"),
    [
        ("233,236", False, []),
        ("mdoff,292:BRFG", False, []),
        ("", True, []),
        ("999", False, [(4, 321)]),
        ("233,x", False, [(4, 321)]),
        ("233", True, [(4, 321)]),
    ],
)
def test_generic_ticks(generic: str, snapshot: bool, refused: list[tuple[int, int]]) -> None:
    with staged() as stage:
        answers = stage.client().ask(replace(WANTED, generic_ticks=generic, snapshot=snapshot))
        assert errors(answers) == refused
        assert bool(ticks(answers)) is not bool(refused)
