"""Historical bars: what they are cut from, how a request is read, what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway import hours
from runner.gateway.history import history
from runner.gateway.history_query import MAX_BARS, HistoryRefused, understood
from runner.gateway.instruments import find
from runner.gateway.market import Market, QuotesMarket, SyntheticMarket
from runner.gateway.path import Path as PricePath
from runner.gateway.rates import Anchors
from runner.wire.messages import Bar, HistoricalData, RequestHistoricalData, WireContract
from runner.wire.session import ServerSession

EURUSD = WireContract(symbol="EUR", currency="USD", security_type="CASH", exchange="IDEALPRO")
ASKED = RequestHistoricalData(
    request_id=1, contract=EURUSD, bar_size="1 min", duration="600 S", what_to_show="MIDPOINT", date_format=2
)
MARKET = SyntheticMarket(1)
_FIXINGS = Anchors([86_400 * day for day in range(1, 40)], [29_000_000 + day % 5 * 100_000 for day in range(39)])
PATH = PricePath(7, "EUR.USD", _FIXINGS)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW = at("2025-03-05T14:30:00")  # a Wednesday


def bars(market: Market = MARKET, now: int = NOW, **changes: object) -> tuple[Bar, ...]:
    return answer(market, now, **changes).bars


def answer(market: Market = MARKET, now: int = NOW, **changes: object) -> HistoricalData:
    request = replace(ASKED, **changes)  # type: ignore[arg-type]
    one = find(request.contract, now)
    assert one is not None
    return history(understood(request, one, now), market, request.request_id)


def starts(told: tuple[Bar, ...]) -> list[int]:
    return [int(bar.time) for bar in told]


def refusal(now: int = NOW, **changes: object) -> tuple[int, str]:
    with pytest.raises(HistoryRefused) as refused:
        bars(now=now, **changes)
    return refused.value.code, refused.value.text


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**8), 10**9), st.integers(1, 9000), st.sampled_from([1, 2, 13, 900, 10**6]), st.data())
def test_a_track_is_the_path_in_one_go(start: int, length: int, apart: int, data: st.DataObject) -> None:
    end = start + length
    drawn = data.draw(st.sets(st.integers(start, end - 1), max_size=8))
    wanted = sorted(drawn | {start, end - 1}) if apart > 1 else []
    times, prices = PATH.track((start, end), apart, wanted)
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (start, end - 1)
    assert set(wanted) <= set(times)
    assert all(after - before <= apart for before, after in pairwise(times))
    assert prices == [PATH.price(second) for second in times]


@pytest.mark.parametrize("side", ["BID", "ASK", "MIDPOINT"])
def test_a_bar_is_what_the_quotes_of_its_seconds_were(side: str) -> None:
    told = bars(what_to_show=side, end="20250304 22:16:00 UTC", duration="300 S", bar_size="30 secs")
    first = at("2025-03-04T22:15:00")
    assert starts(told)[-2:] == [first, first + 30]
    assert len(told) == 10, "the break of a quarter of an hour is left out, and its open seconds count"
    for bar in told:
        quotes = [MARKET.quote("EUR.USD", second) for second in range(int(bar.time), int(bar.time) + 30)]
        sides = {"BID": lambda q: q.bid, "ASK": lambda q: q.ask, "MIDPOINT": lambda q: (q.bid + q.ask) / 2}
        prices = [sides[side](quote) for quote in quotes]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert (bar.volume, bar.average, bar.count) == (-1, -1, -1)


def test_a_day_of_five_seconds_is_whole_and_over_at_the_close() -> None:
    told = bars(now=at("2025-03-08T12:00:00"), duration="1 D", bar_size="5 secs")  # a Saturday
    opening, close = at("2025-03-06T22:15:00"), at("2025-03-07T22:00:00")
    assert starts(told) == list(range(opening, close, 5))
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in told)


def test_the_largest_answer_fits_the_frame_of_every_client() -> None:
    told = answer(duration="2 D", bar_size="5 secs", date_format=1)
    assert MAX_BARS * 3 // 4 < len(told.bars) <= MAX_BARS
    wire = ServerSession(123)  # the version with the longest bars
    list(wire.receive(b"API\0\0\0\0\x09v100..178"))
    assert MAX_BARS * len(wire.encode(told)) / len(told.bars) < 0xFFFFFF / 2


def test_bars_are_aligned_and_end_with_the_trading_day() -> None:
    told = bars(duration="2 D", bar_size="1 hour")
    assert all(start % 3600 == 0 or hours.is_open(start - 900) is False for start in starts(told))
    assert starts(told)[0] == at("2025-03-03T22:15:00")
    assert at("2025-03-04T22:15:00") in starts(told)
    assert at("2025-03-04T22:00:00") not in starts(told)
    assert starts(told)[-1] == at("2025-03-05T14:00:00"), "the hour that is not over yet"


def test_the_weekend_is_left_out() -> None:
    told = bars(now=at("2025-03-10T12:00:00"), duration="1 W", bar_size="1 day", date_format=1)
    assert [bar.time for bar in told] == ["20250304", "20250305", "20250306", "20250307", "20250310"]


AAPL = WireContract(symbol="AAPL", security_type="STK", exchange="SMART", currency="USD")
FUTURE = WireContract(local_symbol="6EH5", security_type="FUT", exchange="CME")


def day_of(bar: Bar) -> str:
    return datetime.fromtimestamp(int(bar.time), UTC).strftime("%d %H:%M")


def test_shares_have_regular_hours() -> None:
    now = at("2025-03-06T12:00:00")
    regular = bars(now=now, contract=AAPL, duration="2 D", bar_size="30 mins", regular_hours_only=True)
    assert (day_of(regular[0]), day_of(regular[-1]), len(regular)) == ("04 14:30", "05 20:30", 26)
    whole = bars(now=now, contract=AAPL, duration="2 D", bar_size="30 mins")
    assert (day_of(whole[0]), day_of(whole[-1])) == ("05 09:00", "06 11:30"), "from four in New York, and today's"
    assert starts(bars(duration="1 D", bar_size="1 hour", regular_hours_only=True)) == starts(
        bars(duration="1 D", bar_size="1 hour")
    ), "a pair has one session"


def test_a_day_of_shares_has_the_date_of_new_york() -> None:
    told = bars(now=at("2025-03-06T12:00:00"), contract=AAPL, duration="3 D", bar_size="1 day")
    assert [bar.time for bar in told] == ["20250304", "20250305", "20250306"], "it ends after midnight in UTC"
    short = bars(
        now=at("2024-07-08T12:00:00"), contract=AAPL, duration="3 D", bar_size="1 day", regular_hours_only=True
    )
    assert [bar.time for bar in short] == ["20240702", "20240703", "20240705"], "not on a holiday"


@pytest.mark.parametrize("side", ["TRADES", "BID"])
def test_weeks_and_months_are_made_of_days(side: str) -> None:
    wanted = {"contract": AAPL, "what_to_show": side, "regular_hours_only": True, "duration": "5 W"}
    days = bars(bar_size="1 day", **wanted)
    for size, key in (("1 week", lambda day: day.isocalendar()[:2]), ("1M", lambda day: day.timetuple()[:2])):
        groups: dict[object, list[Bar]] = {}
        for bar in days:
            groups.setdefault(key(datetime.strptime(bar.time, "%Y%m%d")), []).append(bar)  # noqa: DTZ007
        for bar, parts in zip(bars(bar_size=size, **wanted), groups.values(), strict=True):
            assert (bar.time, bar.open, bar.close) == (parts[-1].time, parts[0].open, parts[-1].close)
            assert (bar.high, bar.low) == (max(one.high for one in parts), min(one.low for one in parts))
            assert bar.volume == (sum(one.volume for one in parts) if side == "TRADES" else -1)


def test_trades_lie_between_the_quotes_and_their_volumes_add_up() -> None:
    wanted = {"contract": AAPL, "duration": "600 S", "now": at("2025-03-05T16:00:00")}
    trades = bars(what_to_show="TRADES", **wanted)
    for trade, bid, ask in zip(
        trades, bars(what_to_show="BID", **wanted), bars(what_to_show="ASK", **wanted), strict=True
    ):
        assert bid.low <= trade.low <= trade.high <= ask.high
        assert trade.average == (trade.open + trade.high + trade.low + trade.close) / 4
    short = bars(what_to_show="TRADES", bar_size="5 secs", **wanted)
    assert sum(bar.volume for bar in trades) == sum(bar.volume for bar in short)
    assert trades == bars(what_to_show="ADJUSTED_LAST", **wanted)
    assert all(bar.volume % 100 == 0 for bar in trades), "round lots"


def test_a_future_ends_with_its_last_trade() -> None:
    expired = replace(FUTURE, include_expired=True)
    told = bars(
        now=at("2025-04-01T12:00:00"), contract=expired, what_to_show="TRADES", bar_size="1 hour", duration="1 D"
    )
    assert day_of(told[-1]) == "17 14:00"
    assert told[-1].count == 16 * 60, "until 9:16 in Chicago"


def test_months_and_years_go_by_the_calendar() -> None:
    month = bars(now=at("2025-03-31T12:00:00"), duration="1 M", bar_size="1 day")
    assert (month[0].time, month[-1].time) == ("20250303", "20250331"), "February has no 31st; the 1st is a Saturday"
    year = bars(duration="1 Y", bar_size="1 day")
    assert (year[0].time, year[-1].time, len(year)) == ("20240306", "20250305", 261)


def test_the_whole_of_what_there_is() -> None:
    told = bars(duration="99 Y", bar_size="1 day")
    assert told[0].time == "19990106"


def test_long_spans_keep_open_and_close_exact() -> None:
    told = bars(duration="1 M", bar_size="8 hours")
    for bar in told[:20]:
        start = int(bar.time)
        quote, before = MARKET.quote("EUR.USD", start), MARKET.quote("EUR.USD", start - 1)
        assert quote is not None
        assert before is not None
        assert bar.open == (quote.bid + quote.ask) / 2
    for bar, after in pairwise(told):
        last = MARKET.quote("EUR.USD", int(after.time) - 1)
        assert last is not None
        assert bar.close == (last.bid + last.ask) / 2
    exact = bars(duration="1 D", bar_size="8 hours")
    sampled = told[-len(exact) :]
    for fine, coarse in zip(exact, sampled, strict=True):
        assert fine.low <= coarse.low <= coarse.high <= fine.high
        assert fine.high - coarse.high < Decimal("0.0003")


@pytest.mark.parametrize(
    ("end", "instant"),
    [
        ("20250304 14:30:00", "2025-03-04T14:30:00"),
        ("20250304  14:30:00", "2025-03-04T14:30:00"),
        ("20250304-14:30:00", "2025-03-04T14:30:00"),
        ("20250304 14:30:00 UTC", "2025-03-04T14:30:00"),
        ("20250304 14:30:00 US/Eastern", "2025-03-04T19:30:00"),
        ("20250304 14:30:00 Europe/Berlin", "2025-03-04T13:30:00"),
        ("", "2025-03-05T14:30:00"),
        ("20270304 14:30:00", "2025-03-05T14:30:00"),
    ],
)
def test_where_the_last_bar_ends(end: str, instant: str) -> None:
    assert starts(bars(end=end))[-1] == at(instant) - 60, "and nothing of it lies in the future"


@pytest.mark.parametrize(
    "end",
    ["20250304", "2025-03-04 14:30:00", "20250304-14:30:00 UTC", "20250304 14:30:00 Mars/Base", "20251304 14:30:00",
     "20250304 25:30:00", "now", "20250304 14:30:00 ../etc", "20250304 14:30:00 Europe"],
)  # fmt: skip
def test_an_end_that_is_no_time(end: str) -> None:
    code, text = refusal(end=end)
    assert (code, "End Date/Time" in text) == (321, True)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"bar_size": "7 secs"}, 321, "Legal ones are: 5 secs, 10 secs"),
        ({"bar_size": ""}, 321, "bar size setting is invalid"),
        ({"duration": "1"}, 321, "duration is invalid"),
        ({"duration": "0 D"}, 321, "duration is invalid"),
        ({"duration": "-1 D"}, 321, "duration is invalid"),
        ({"duration": "86401 S"}, 321, "86400 seconds must be made in days"),
        ({"duration": "366 D"}, 321, "365 days must be made in years"),
        ({"date_format": 3}, 321, "format date"),
        ({"what_to_show": "NONSENSE"}, 321, "what to show"),
        ({"keep_up_to_date": True, "end": "20250304 14:30:00"}, 321, "keepUpToDate"),
        ({"keep_up_to_date": True, "bar_size": "1 week"}, 321, "keepUpToDate"),
        ({"what_to_show": "TRADES"}, 162, "No historical data query found for EUR.USD@IDEALPRO Trades"),
        ({"duration": "1 Y", "bar_size": "5 secs"}, 162, f"more than {MAX_BARS} such bars"),
        ({"duration": "1 Y", "bar_size": "15 mins"}, 162, "more than 13000 such bars"),
        ({"end": "19980101 00:00:00 UTC"}, 162, "HMDS query returned no data: EUR.USD@IDEALPRO Midpoint"),
        ({"end": "00010101 00:00:00 Asia/Tokyo"}, 162, "HMDS query returned no data"),
    ],
)
def test_what_is_refused(changes: dict[str, object], code: int, text: str) -> None:
    told = refusal(**changes)
    assert told[0] == code
    assert text in told[1]


def test_times_as_text_and_as_numbers() -> None:
    assert bars(date_format=1)[0].time == "20250305 14:20:00 UTC"
    assert bars(date_format=2)[0].time == str(NOW - 600)


def test_a_file_of_prices(tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text(
        "time,bid,ask\n2025-03-05T14:25:30Z,1.0850,1.0852\n2025-03-05T14:27:05Z,1.0860,1.0861\n"
        "2025-03-05T14:27:50Z,1.0840,1.0843\n2025-03-05T14:30:00Z,9,9\n"
    )
    told = bars(QuotesMarket(file))
    assert starts(told) == [NOW - 60 * left for left in (5, 4, 3, 2, 1)], "nothing before the first row"
    wanted = Decimal("1.0851"), Decimal("1.08605"), Decimal("1.08415"), Decimal("1.08415")
    assert (told[2].open, told[2].high, told[2].low, told[2].close) == wanted
    assert {told[4].open, told[4].high, told[4].low, told[4].close} == {Decimal("1.08415")}, "a price holds"
    with pytest.raises(HistoryRefused, match="returned no data"):
        bars(QuotesMarket(file), end="20250304 00:00:00 UTC")


def test_trades_of_a_file_are_made_each_second_too(tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text("time,bid,ask\n2025-03-05T14:29:50Z,200.10,200.12\n2025-03-05T14:30:30Z,200.20,200.22\n")
    told = bars(
        QuotesMarket(file), now=at("2025-03-05T14:32:00"), contract=AAPL, what_to_show="TRADES", duration="120 S"
    )
    assert [(bar.high, bar.low) for bar in told] == [
        (Decimal("200.22"), Decimal("200.10")),
        (Decimal("200.22"), Decimal("200.20")),
    ], "at the bid and at the ask, though the quotes stood still"
    wanted = {"now": at("2025-03-05T14:32:00"), "contract": AAPL, "what_to_show": "TRADES", "duration": "120 S"}
    assert {bar.open for bar in bars(QuotesMarket(file), bar_size="5 secs", **wanted)} <= {
        Decimal(text) for text in ("200.10", "200.12", "200.20", "200.22")
    }
